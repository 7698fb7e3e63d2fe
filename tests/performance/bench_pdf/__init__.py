"""What a PDF costs, beside naive pyppeteer, Playwright and puppeteer-core on the same Chromium."""
