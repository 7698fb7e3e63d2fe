"""A test set of Romanian invoices and receipts, made by seed: nobody's documents, all known text."""
