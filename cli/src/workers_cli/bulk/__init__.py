"""Thousands of invoices in one go: read, published, followed to their ends, told in a report."""
