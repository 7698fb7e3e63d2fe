"""Romanian invoices and receipts, made by seed: nobody's documents, and all their text known."""
