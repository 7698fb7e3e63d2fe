"""ANAF's public look-ups: the taxpayer and VAT register, and the RO e-Factura register."""
