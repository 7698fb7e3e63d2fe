"""The checks the sandbox makes on a document after upload. Everything else is ANAF's alone.

Checked: the seller's control digit, CustomizationID, the sums BT-109, BT-112 and BT-115, at least
one line. Not checked: the XSD, the other EN 16931 and CIUS-RO rules, code lists, whether the seller
exists.
The texts of the BR- rules have ANAF's shape, their words are the sandbox's.
"""

from collections.abc import Callable, Iterator
from decimal import Decimal

from workers_sandbox.cui import is_valid

from .reading import Reading, decimal, find

CUSTOMIZATION = "urn:cen.eu:en16931:2017#compliant#urn:efactura.mfinante.ro:CIUS-RO:1.0.1"
_GLOBAL = "E: validari globale  SCHEMATRON   eroare: "
_SELLER = (
    "E: AccountingSupplierParty (1) sectiune Party (1) sectiune PartyTaxScheme (1) "
    "sectiune CompanyID (1)  eroare regula: R_BT_32_cui: Cui vanzator incorect / validare CUI "
)
_TOTALS = "LegalMonetaryTotal"


def check(reading: Reading) -> tuple[str, ...]:
    """The messages ANAF would send for this document; empty when the sandbox finds nothing."""
    rules = (_seller, _specification, _lines, _sums) if reading.is_ubl else (_seller,)
    return tuple(text for rule in rules for text in rule(reading))


def _seller(reading: Reading) -> Iterator[str]:
    if not is_valid(reading.seller):
        yield f"{_SELLER}({reading.seller_id})"


def _specification(reading: Reading) -> Iterator[str]:
    if reading.text("CustomizationID") != CUSTOMIZATION:
        yield (
            f"{_GLOBAL}[BR-RO-001]-Identificatorul specificatiei (BT-24) trebuie sa fie "
            f"„{CUSTOMIZATION}”.\n\t#The Specification identifier (BT-24) must be this one."
        )


def _lines(reading: Reading) -> Iterator[str]:
    if not (find(reading.root, "InvoiceLine") or find(reading.root, "CreditNoteLine")):
        yield (
            f"{_GLOBAL}[BR-16]-O factura trebuie sa contina cel putin o linie (BG-25)."
            "\n\t#An Invoice shall have at least one Invoice line (BG-25)."
        )


def _sums(reading: Reading) -> Iterator[str]:
    total = _totals(reading)
    net = total("LineExtensionAmount") - total("AllowanceTotalAmount") + total("ChargeTotalAmount")
    gross = total("TaxExclusiveAmount") + _tax(reading)
    due = (
        total("TaxInclusiveAmount") - total("PrepaidAmount") + total("PayableRoundingAmount")
    )  # fmt: skip
    if total("TaxExclusiveAmount") != net:
        yield f"{_GLOBAL}[BR-CO-13]-BT-109 = BT-106 - BT-107 + BT-108.\n\t#BT-109 is not {net}."
    if total("TaxInclusiveAmount") != gross:
        yield f"{_GLOBAL}[BR-CO-15]-BT-112 = BT-109 + BT-110.\n\t#BT-112 is not {gross}."
    if total("PayableAmount") != due:
        yield f"{_GLOBAL}[BR-CO-16]-BT-115 = BT-112 - BT-113 + BT-114.\n\t#BT-115 is not {due}."


def _totals(reading: Reading) -> Callable[[str], Decimal]:
    return lambda name: reading.amount(f"{_TOTALS}/{name}")


def _tax(reading: Reading) -> Decimal:
    """BT-110: the tax total in the document's currency, which may stand beside one in RON."""
    currency = reading.text("DocumentCurrencyCode")
    amounts = find(reading.root, "TaxTotal/TaxAmount")
    own = (one.text or "" for one in amounts if one.get("currencyID") == currency)
    return decimal(next(own, "0").strip())
