"""RO e-Factura: upload, state, lists, download, validation and PDF."""
