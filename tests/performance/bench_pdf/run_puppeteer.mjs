// puppeteer-core with one browser and a context for each document.
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";

const { values: given } = parseArgs({
  options: {
    modules: { type: "string" },
    chromium: { type: "string" },
    html: { type: "string" },
    documents: { type: "string" },
    parallel: { type: "string" },
    "no-sandbox": { type: "boolean" },
  },
});
const puppeteer = createRequire(given.modules)("puppeteer-core");
const html = readFileSync(given.html, "utf-8");
const browser = await puppeteer.launch({
  executablePath: given.chromium,
  headless: "shell",
  args: given["no-sandbox"] ? ["--no-sandbox"] : [],
});

async function one() {
  const context = await browser.createBrowserContext();
  const page = await context.newPage();
  await page.setContent(html);
  const margin = { top: "10mm", right: "10mm", bottom: "10mm", left: "10mm" };
  const pdf = await page.pdf({ format: "A4", printBackground: true, margin, tagged: false });
  await context.close();
  return pdf.length;
}

for (let i = 0; i < 3; i++) await one();
const documents = Number(given.documents);
let left = documents;
const sizes = [];
async function work() {
  while (left > 0) {
    left -= 1;
    sizes.push(await one());
  }
}
const started = performance.now();
await Promise.all(Array.from({ length: Number(given.parallel) }, work));
const seconds = (performance.now() - started) / 1000;
await browser.close();
console.log(JSON.stringify({ per_second: documents / seconds, bytes: Math.min(...sizes) }));
