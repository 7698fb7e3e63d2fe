"""What the sandbox reads in a document: enough to route, check and recognise it."""

from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from lxml import etree

from workers_sandbox.cui import digits

UBL_INVOICE = "urn:oasis:names:specification:ubl:schema:xsd:Invoice-2"
UBL_CREDIT_NOTE = "urn:oasis:names:specification:ubl:schema:xsd:CreditNote-2"
CII = "urn:un:unece:uncefact:data:standard:CrossIndustryInvoice:100"
BUYER_MESSAGE = "mfp:anaf:dgti:spv:reqMesaj:v1"

ROOTS = {
    "UBL": f"{{{UBL_INVOICE}}}Invoice",
    "CN": f"{{{UBL_CREDIT_NOTE}}}CreditNote",
    "CII": f"{{{CII}}}CrossIndustryInvoice",
    "RASP": f"{{{BUYER_MESSAGE}}}header",
}
"""The root element of each value of `standard`."""

_SAX = "org.xml.sax.SAXParseException"


class UnreadableError(Exception):
    """A document that is not XML or has the wrong root; the text is ANAF's."""


@dataclass(frozen=True, slots=True)
class Reading:
    """A document's facts; absent text is empty."""

    root: Any
    number: str
    issue_date: str
    seller: str
    seller_id: str
    buyer: str

    @property
    def is_ubl(self) -> bool:
        """Whether the checks of UBL documents apply."""
        return self.root.tag in (ROOTS["UBL"], ROOTS["CN"])

    def text(self, path: str) -> str:
        """The text at a path of local names, `a/b/c`; empty when absent."""
        return _text(self.root, path)

    def amount(self, path: str) -> Decimal:
        """The amount at a path; 0 when absent or not a number."""
        return decimal(self.text(path))


def decimal(text: str) -> Decimal:
    """A number of a document; 0 when it is none."""
    try:
        value = Decimal(text)
    except InvalidOperation:
        return Decimal(0)
    return value if value.is_finite() else Decimal(0)


def read(body: bytes, standard: str | None = None) -> Reading:
    """Read a document; UnreadableError when it is not XML or not what `standard` says."""
    root = _root(body)
    allowed = [ROOTS[standard]] if standard else list(ROOTS.values())
    if root.tag not in allowed:
        name = etree.QName(root).localname
        where = f"{_SAX}; lineNumber: {root.sourceline}; columnNumber: 1"
        cause = f"cvc-elt.1.a: Cannot find the declaration of element '{name}'. "
        raise UnreadableError(f"Fisierul transmis nu este valid. {where}; {cause}")
    if root.tag == ROOTS["RASP"]:
        return _buyer_message(root)
    return _cii(root) if root.tag == ROOTS["CII"] else _ubl(root)


def _root(body: bytes) -> Any:
    # libxml2 stops at 10 000 000 bytes of one text, ANAF at 10 MB of the file. Its limits go only
    # for a document that cannot declare entities.
    huge = len(body) > 9_000_000 and b"<!DOCTYPE" not in body
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=huge
    )
    try:
        root = etree.fromstring(body, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        line, column = getattr(error, "position", (1, 1))
        where = f"{_SAX}; lineNumber: {line}; columnNumber: {column}"
        raise UnreadableError(
            f"Fisierul transmis nu este valid. {where}; {_cause(error)}"
        ) from error
    if root.getroottree().docinfo.doctype:
        cause = "DOCTYPE is disallowed when the feature disallow-doctype-decl set to true."
        where = f"{_SAX}; lineNumber: 1; columnNumber: 10"
        raise UnreadableError(f"Fisierul transmis nu este valid. {where}; {cause}")
    return root


def _buyer_message(root: Any) -> Reading:
    for name in ("index_incarcare", "message"):
        if not root.get(name):
            where = f"{_SAX}; lineNumber: {root.sourceline}; columnNumber: 1"
            cause = f"cvc-complex-type.4: Attribute '{name}' must appear on element 'header'."
            raise UnreadableError(f"Fisierul transmis nu este valid. {where}; {cause}")
    return Reading(root, root.get("index_incarcare"), "", "", "", "")


def _cause(error: Exception) -> str:
    return str(getattr(error, "msg", error))


def find(parent: Any, path: str) -> list[Any]:
    """Elements below `parent` by local names, whatever their prefix."""
    steps = "/".join(f"*[local-name()='{name}']" for name in path.split("/"))
    found: list[Any] = parent.xpath(steps)
    return found


def _text(parent: Any, path: str) -> str:
    return next(((one.text or "").strip() for one in find(parent, path)), "")


def _ubl(root: Any) -> Reading:
    seller_id = _party_id(root, "AccountingSupplierParty/Party")
    buyer_id = _party_id(root, "AccountingCustomerParty/Party")
    return Reading(
        root=root,
        number=_text(root, "ID"),
        issue_date=_text(root, "IssueDate"),
        seller=digits(seller_id),
        seller_id=seller_id,
        buyer=digits(buyer_id),
    )


def _party_id(root: Any, party: str) -> str:
    tax = _text(root, f"{party}/PartyTaxScheme/CompanyID")
    return tax or _text(root, f"{party}/PartyLegalEntity/CompanyID")


def _cii(root: Any) -> Reading:
    trade = "SupplyChainTradeTransaction/ApplicableHeaderTradeAgreement"
    seller_id = _text(root, f"{trade}/SellerTradeParty/SpecifiedTaxRegistration/ID")
    buyer_id = _text(root, f"{trade}/BuyerTradeParty/SpecifiedTaxRegistration/ID")
    raw = _text(root, "ExchangedDocument/IssueDateTime/DateTimeString")
    return Reading(
        root=root,
        number=_text(root, "ExchangedDocument/ID"),
        issue_date=f"{raw[:4]}-{raw[4:6]}-{raw[6:8]}",
        seller=digits(seller_id),
        seller_id=seller_id,
        buyer=digits(buyer_id),
    )
