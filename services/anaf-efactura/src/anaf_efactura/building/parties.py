"""Parties, addresses, delivery."""

from __future__ import annotations

import re

from workers_anaf.xml import Element
from workers_contracts.efactura_invoice import InvoiceDocument
from workers_contracts.efactura_values import (
    Address,
    Buyer,
    Contact,
    Delivery,
    Identifier,
    Payee,
    Seller,
    TaxRepresentative,
)

from .counties import county_code, sector_code
from .writing import Writer

NOT_VAT = "!VAT"
"""Scheme of a fiscal code that is no VAT identifier; any word but VAT says so."""


def write_parties(writer: Writer, document: InvoiceDocument) -> None:
    """Add seller, buyer, payee, representative and delivery, in the schema's order."""
    root = writer.root
    seller = writer.group(root, "AccountingSupplierParty", "invoice.seller")
    _party(writer, seller, document.seller, "invoice.seller")
    buyer = writer.group(root, "AccountingCustomerParty", "invoice.buyer")
    _party(writer, buyer, document.buyer, "invoice.buyer")
    if document.payee:
        _payee(writer, document.payee)
    if document.tax_representative:
        _representative(writer, document.tax_representative)
    if document.delivery:
        _delivery(writer, document.delivery)


def _party(writer: Writer, parent: Element, party: Seller | Buyer, at: str) -> None:
    element = writer.group(parent, "Party", at)
    _identified(writer, element, "EndpointID", party.electronic_address, f"{at}.electronic_address")
    holder = writer.group(element, "PartyIdentification", at)
    _identified(writer, holder, "ID", party.identifier, f"{at}.identifier")
    name = writer.group(element, "PartyName", at)
    writer.text(name, "Name", party.trading_name, f"{at}.trading_name")
    _address(writer, element, "PostalAddress", party.address, f"{at}.address")
    country = party.address.country
    _registration(writer, element, party.vat_identifier, f"{at}.vat_identifier", country=country)
    _registration(writer, element, party.tax_registration, f"{at}.tax_registration")
    legal = writer.group(element, "PartyLegalEntity", at)
    writer.text(legal, "RegistrationName", party.name, f"{at}.name")
    writer.text(legal, "CompanyID", party.legal_registration, f"{at}.legal_registration")
    if isinstance(party, Seller):
        writer.text(legal, "CompanyLegalForm", party.legal_information, f"{at}.legal_information")
    if party.contact:
        _contact(writer, element, party.contact, f"{at}.contact")


def _registration(
    writer: Writer, parent: Element, code: str | None, at: str, *, country: str | None = None
) -> None:
    if code is None or not code.strip():
        return
    element = writer.group(parent, "PartyTaxScheme", at)
    writer.text(element, "CompanyID", vat_identifier(code, country) if country else code, at)
    if country:
        writer.scheme(element)
    else:
        writer.text(writer.group(element, "TaxScheme", at), "ID", NOT_VAT, at)


def vat_identifier(code: str, country: str) -> str:
    """Return a VAT identifier without blanks, a Romanian one with the prefix that ANAF wants."""
    compact = "".join(code.split()).upper()
    return f"RO{compact}" if country == "RO" and re.fullmatch("[0-9]{2,10}", compact) else compact


def _address(writer: Writer, parent: Element, name: str, address: Address, at: str) -> None:
    element = writer.group(parent, name, at)
    county, city = address.county or "", address.city or ""
    if address.country == "RO":
        county = county_code(county)
        city = sector_code(city) if county == "RO-B" else city
    writer.text(element, "StreetName", address.street, f"{at}.street")
    writer.text(element, "AdditionalStreetName", address.street_2, f"{at}.street_2")
    writer.text(element, "CityName", city, f"{at}.city")
    writer.text(element, "PostalZone", address.post_code, f"{at}.post_code")
    writer.text(element, "CountrySubentity", county, f"{at}.county")
    line = writer.group(element, "AddressLine", at)
    writer.text(line, "Line", address.street_3, f"{at}.street_3")
    country = writer.group(element, "Country", at)
    writer.text(country, "IdentificationCode", address.country, f"{at}.country")


def _contact(writer: Writer, parent: Element, contact: Contact, at: str) -> None:
    element = writer.group(parent, "Contact", at)
    writer.text(element, "Name", contact.name, f"{at}.name")
    writer.text(element, "Telephone", contact.telephone, f"{at}.telephone")
    writer.text(element, "ElectronicMail", contact.email, f"{at}.email")


def _payee(writer: Writer, payee: Payee) -> None:
    at = "invoice.payee"
    element = writer.group(writer.root, "PayeeParty", at)
    holder = writer.group(element, "PartyIdentification", at)
    _identified(writer, holder, "ID", payee.identifier, f"{at}.identifier")
    writer.text(writer.group(element, "PartyName", at), "Name", payee.name, f"{at}.name")
    legal = writer.group(element, "PartyLegalEntity", at)
    writer.text(legal, "CompanyID", payee.legal_registration, f"{at}.legal_registration")


def _representative(writer: Writer, person: TaxRepresentative) -> None:
    at = "invoice.tax_representative"
    element = writer.group(writer.root, "TaxRepresentativeParty", at)
    writer.text(writer.group(element, "PartyName", at), "Name", person.name, f"{at}.name")
    _address(writer, element, "PostalAddress", person.address, f"{at}.address")
    country = person.address.country
    _registration(writer, element, person.vat_identifier, f"{at}.vat_identifier", country=country)


def _delivery(writer: Writer, delivery: Delivery) -> None:
    at = "invoice.delivery"
    element = writer.group(writer.root, "Delivery", at)
    writer.text(element, "ActualDeliveryDate", delivery.date_, f"{at}.date")
    place = writer.group(element, "DeliveryLocation", at)
    _identified(writer, place, "ID", delivery.location, f"{at}.location")
    if delivery.address:
        _address(writer, place, "Address", delivery.address, f"{at}.address")
    receiver = writer.group(element, "DeliveryParty", at)
    writer.text(writer.group(receiver, "PartyName", at), "Name", delivery.name, f"{at}.name")


def _identified(
    writer: Writer, parent: Element, name: str, identifier: Identifier | None, at: str
) -> None:
    if identifier:
        writer.text(parent, name, identifier.value, at, schemeID=identifier.scheme)
