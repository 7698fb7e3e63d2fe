"""OCR: text, its places and invoice fields from images and PDF."""
