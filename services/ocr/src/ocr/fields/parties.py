"""Who sells and who buys: their fiscal codes and accounts, each with its check digits."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from workers_contracts.ocr import FoundField
from workers_contracts.types import cui_is_valid

from .cells import Cell, Value, labelled, pattern, told

SUPPLIER = pattern(r"\b(furnizor\w*|vanzator\w*|emitent\w*|prestator\w*|seller|supplier|from)\b")
CUSTOMER = pattern(r"\b(client\w*|cumparator\w*|beneficiar\w*|buyer|customer|bill to)\b")
_CODE = re.compile(
    r"(?:\bc\.?\s?u\.?\s?i\.?(?:\s?/\s?c\.?i\.?f\.?)?|\bc\.?\s?i\.?\s?f\.?|\bcod(?:ul)? (?:de )?"
    r"(?:identificare )?(?:fiscal\w?|tva|unic)\w*|\bvat(?: id| no| number| code)?\.?)"
    r"(?:\s?(?:client|cumparator))?\s*[:.]?\s*(r[o0])?\s?(\d{2,10})(?!\d)"
    r"|(?<![a-z0-9])(r[o0])\s?(\d{4,10})(?!\d)"
)
_IBAN = re.compile(
    r"(?<![A-Z0-9])([A-Z]{2}[0-9OIlSB]{2}(?: ?[A-Z0-9]{4}){3,7}(?: ?[A-Z0-9]{1,4})?)"
)
_SWAPS = str.maketrans("OIlSB", "01158")
_FEW = str.maketrans("OIl", "011")


@dataclass(frozen=True)
class _Code:
    digits: str
    cell: Cell
    named_customer: bool


def codes(found: Sequence[Cell]) -> list[FoundField]:
    """Return the supplier's and the customer's fiscal code; a wrong check digit is none."""
    there = _codes(found)
    sellers = [cell for cell, _, _ in labelled(found, SUPPLIER)]
    buyers = [cell for cell, _, _ in labelled(found, CUSTOMER)]
    roles: dict[str, _Code] = {}
    for code in there:
        role = _role(code, sellers, buyers)
        if role and role not in roles and code.digits not in {c.digits for c in roles.values()}:
            roles[role] = code
    # Without a label that tells: who issues stands first.
    for role in ("supplier_cui", "customer_cui"):
        taken = {code.digits for code in roles.values()}
        left = [code for code in there if code.digits not in taken]
        if role not in roles and left and (role == "supplier_cui" or buyers):
            roles[role] = left[0]
    return [
        told(role, code.digits, Value(code.cell, code.digits, 1.0), checked=True)
        for role, code in sorted(roles.items(), reverse=True)
    ]


def _codes(found: Sequence[Cell]) -> list[_Code]:
    result = []
    for cell in _joined(found):
        for match in _CODE.finditer(cell.folded):
            digits = (match[2] or match[4] or "").lstrip("0")
            if len(digits) >= 4 and cui_is_valid(digits):
                result.append(_Code(digits, cell, CUSTOMER.search(cell.folded) is not None))
    return result


def _joined(found: Sequence[Cell]) -> list[Cell]:
    """Return the cells, and each label that ends before its code together with the next cell."""
    result = list(found)
    for first, second in pairwise(found):
        beside = first.page == second.page and first.row == second.row
        if beside and re.fullmatch(r"\W*(r[o0])?\s?\d{2,10}\W*", second.folded):
            text = f"{first.text} {second.text}"
            result.append(
                Cell(second.page, second.row, text, f"{first.folded} {second.folded}",
                     min(first.confidence, second.confidence), second.polygon)
            )  # fmt: skip
    return sorted(result, key=lambda cell: (cell.page, cell.row, cell.left))


def _role(code: _Code, sellers: list[Cell], buyers: list[Cell]) -> str | None:
    if code.named_customer:
        return "customer_cui"
    nearest = min(
        [
            *((_distance(code.cell, label), "supplier_cui") for label in sellers),
            *((_distance(code.cell, label), "customer_cui") for label in buyers),
        ],
        default=(float("inf"), ""),
    )
    return nearest[1] if nearest[0] < float("inf") else None


def _distance(cell: Cell, label: Cell) -> float:
    """Return how far above a label stands; infinite when it is not above, or in another column."""
    if cell.page != label.page or label.top > cell.top + cell.height:
        return float("inf")
    aside = max(label.left - cell.right, cell.left - label.right, 0.0)
    if aside > 12 * cell.height:
        return float("inf")
    return (cell.top - label.top) + 2 * aside


def accounts(found: Sequence[Cell]) -> list[FoundField]:
    """Return the first account whose check digits are right."""
    for cell in found:
        for match in _IBAN.finditer(cell.text):
            compact = match[1].replace(" ", "")
            # What follows an account in the same cell may look like more of it.
            lengths = [24] if compact.startswith("RO") else range(len(compact), 14, -1)
            for length in lengths:
                whole = _right(compact[:length])
                if whole is not None:
                    return [told("iban", whole, Value(cell, whole, 1.0), checked=True)]
    return []


def _right(compact: str) -> str | None:
    """Return an account with right check digits; letters read as digits are tried back."""
    digits = compact[2:4].translate(_SWAPS)
    bank, account = compact[4:8], compact[8:]
    for body in (
        bank + one for one in (account, account.translate(_FEW), account.translate(_SWAPS))
    ):
        whole = compact[:2] + digits + body
        number = "".join(str(int(one, 36)) for one in whole[4:] + whole[:4])
        if len(whole) >= 15 and int(number) % 97 == 1:
            return whole
    return None
