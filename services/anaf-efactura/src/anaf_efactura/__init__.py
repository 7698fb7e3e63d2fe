"""The e-Factura worker: invoices to ANAF, sealed archives back."""
