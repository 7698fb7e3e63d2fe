"""VIES `checkVatService` (SOAP 1.1, document/literal): the EU's check of VAT numbers."""
