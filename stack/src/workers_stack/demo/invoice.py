"""A small valid UBL invoice (CIUS-RO 1.0.1) between two invented companies."""

from datetime import date, timedelta
from decimal import Decimal

SELLER = "12345674"
SELLER_NAME = "Furnizor Test SRL"
BUYER = "87654329"
BUYER_NAME = "Client Test SA"
GROSS = Decimal("242.00")
"""Total with VAT of an invoice of two hours."""

_RATE = Decimal("21.00")
_CENT = Decimal("0.01")

_PARTY = """<cac:Party>
      <cac:PostalAddress>
        <cbc:StreetName>{street}</cbc:StreetName>
        <cbc:CityName>{city}</cbc:CityName>
        <cbc:CountrySubentity>{county}</cbc:CountrySubentity>
        <cac:Country><cbc:IdentificationCode>RO</cbc:IdentificationCode></cac:Country>
      </cac:PostalAddress>
      <cac:PartyTaxScheme>
        <cbc:CompanyID>RO{cui}</cbc:CompanyID>
        <cac:TaxScheme><cbc:ID>VAT</cbc:ID></cac:TaxScheme>
      </cac:PartyTaxScheme>
      <cac:PartyLegalEntity>
        <cbc:RegistrationName>{name}</cbc:RegistrationName>
        <cbc:CompanyID>{register}</cbc:CompanyID>
      </cac:PartyLegalEntity>
    </cac:Party>"""

_INVOICE = """<?xml version="1.0" encoding="UTF-8"?>
<Invoice xmlns="urn:oasis:names:specification:ubl:schema:xsd:Invoice-2"
         xmlns:cac="urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2"
         xmlns:cbc="urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2">
  <cbc:CustomizationID>urn:cen.eu:en16931:2017#compliant#urn:efactura.mfinante.ro:CIUS-RO:1.0.1</cbc:CustomizationID>
  <cbc:ID>{number}</cbc:ID>
  <cbc:IssueDate>{issued}</cbc:IssueDate>
  <cbc:DueDate>{due}</cbc:DueDate>
  <cbc:InvoiceTypeCode>380</cbc:InvoiceTypeCode>
  <cbc:DocumentCurrencyCode>RON</cbc:DocumentCurrencyCode>
  <cac:AccountingSupplierParty>
    {seller}
  </cac:AccountingSupplierParty>
  <cac:AccountingCustomerParty>
    {buyer}
  </cac:AccountingCustomerParty>
  <cac:TaxTotal>
    <cbc:TaxAmount currencyID="RON">{tax}</cbc:TaxAmount>
    <cac:TaxSubtotal>
      <cbc:TaxableAmount currencyID="RON">{net}</cbc:TaxableAmount>
      <cbc:TaxAmount currencyID="RON">{tax}</cbc:TaxAmount>
      <cac:TaxCategory><cbc:ID>S</cbc:ID><cbc:Percent>{rate}</cbc:Percent>
        <cac:TaxScheme><cbc:ID>VAT</cbc:ID></cac:TaxScheme></cac:TaxCategory>
    </cac:TaxSubtotal>
  </cac:TaxTotal>
  <cac:LegalMonetaryTotal>
    <cbc:LineExtensionAmount currencyID="RON">{net}</cbc:LineExtensionAmount>
    <cbc:TaxExclusiveAmount currencyID="RON">{net}</cbc:TaxExclusiveAmount>
    <cbc:TaxInclusiveAmount currencyID="RON">{gross}</cbc:TaxInclusiveAmount>
    <cbc:PayableAmount currencyID="RON">{gross}</cbc:PayableAmount>
  </cac:LegalMonetaryTotal>
  <cac:InvoiceLine>
    <cbc:ID>1</cbc:ID>
    <cbc:InvoicedQuantity unitCode="HUR">{hours}</cbc:InvoicedQuantity>
    <cbc:LineExtensionAmount currencyID="RON">{net}</cbc:LineExtensionAmount>
    <cac:Item>
      <cbc:Name>Servicii de consultanță</cbc:Name>
      <cac:ClassifiedTaxCategory><cbc:ID>S</cbc:ID><cbc:Percent>{rate}</cbc:Percent>
        <cac:TaxScheme><cbc:ID>VAT</cbc:ID></cac:TaxScheme></cac:ClassifiedTaxCategory>
    </cac:Item>
    <cac:Price><cbc:PriceAmount currencyID="RON">{price}</cbc:PriceAmount></cac:Price>
  </cac:InvoiceLine>
</Invoice>
"""


def render(
    number: str, issued: date, *, hours: int = 2, gross_error: Decimal = Decimal("0.00")
) -> str:
    """The invoice as text; `gross_error` is added to the total with VAT to make it wrong.

    `number` must hold only characters that need no escaping in XML.
    """
    price = Decimal("100.00")
    net = price * hours
    tax = (net * _RATE / 100).quantize(_CENT)
    return _INVOICE.format(
        number=number,
        issued=issued.isoformat(),
        due=(issued + timedelta(days=30)).isoformat(),
        seller=_PARTY.format(
            street="Strada Exemplului nr. 1",
            city="SECTOR3",
            county="RO-B",
            cui=SELLER,
            name=SELLER_NAME,
            register="J40/1234/2020",
        ),
        buyer=_PARTY.format(
            street="Bulevardul Verificării nr. 2",
            city="Cluj-Napoca",
            county="RO-CJ",
            cui=BUYER,
            name=BUYER_NAME,
            register="J12/4321/2019",
        ),
        net=net,
        tax=tax,
        gross=net + tax + gross_error,
        rate=_RATE,
        hours=hours,
        price=price,
    )
