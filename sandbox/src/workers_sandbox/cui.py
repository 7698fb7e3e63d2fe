"""The control digit of a Romanian fiscal code (CUI/CIF)."""

import re

_WEIGHTS = (7, 5, 3, 2, 1, 7, 5, 3, 2)


def digits(text: str) -> str:
    """The fiscal code without `RO` and blanks; empty when the text is something else."""
    match = re.fullmatch(r"\s*(?:RO)?\s*([0-9]{1,13})\s*", text, flags=re.IGNORECASE)
    return match.group(1) if match else ""


def is_valid(code: str) -> bool:
    """Whether the last digit is the control digit of the 1 to 9 digits before it."""
    if not re.fullmatch(r"[0-9]{2,10}", code):
        return False
    body = code[:-1].zfill(9)
    total = sum(int(digit) * weight for digit, weight in zip(body, _WEIGHTS, strict=True))
    return total * 10 % 11 % 10 == int(code[-1])
