"""A receipt of a shop, as cash registers print it."""

from random import Random

from . import words
from .sheet import Sheet
from .words import amount


def receipt(random: Random, family: str) -> Sheet:
    """Return a drawn receipt with its fields."""
    goods = [random.choice(words.GOODS) for _ in range(random.randint(6, 14))]
    sheet = Sheet(80, 70 + 10 * len(goods), family, random.choice((7.5, 8, 8.5)))
    code = random.choice(words.CODES)
    day, month = random.randint(1, 28), random.randint(1, 10)
    number = f"{random.randint(1, 9999):04d}"
    sheet.fields = {"supplier_cui": code, "issue_date": f"2026-{month:02d}-{day:02d}"}
    sheet.fields |= {"number": number, "currency": "RON"}
    sheet.text(40, 8, random.choice(words.FIRMS), bold=True, at="c")
    sheet.text(40, 13, words.address(random), size=sheet.size - 1, at="c")
    sheet.text(40, 18, f"C.I.F.: RO{code}", at="c")
    y = 26.0
    total = 0
    for good in goods:
        count, price = random.randint(1, 5), random.randint(120, 9000)
        total += count * price
        sheet.text(5, y, f"{count} x {amount(price)}")
        sheet.text(5, y + 4.5, good)
        sheet.text(75, y + 4.5, f"{amount(count * price)} A", at="r")
        y += 10
    sheet.line(5, y - 3, 75, y - 3)
    vat = round(total * 21 / 121)
    sheet.text(5, y + 3, "TOTAL LEI", size=sheet.size + 3, bold=True)
    sheet.text(75, y + 3, amount(total), size=sheet.size + 3, bold=True, at="r")
    sheet.text(5, y + 9, "TOTAL TVA A - 21%")
    sheet.text(75, y + 9, amount(vat), at="r")
    sheet.text(5, y + 14, "Plată card")
    sheet.text(75, y + 14, amount(total), at="r")
    sheet.text(5, y + 21, f"BON FISCAL NR. {number}")
    sheet.text(75, y + 21, f"{day:02d}.{month:02d}.2026", at="r")
    sheet.text(40, y + 28, "Vă mulțumim și vă așteptăm!", at="c")
    sheet.fields |= {"total": f"{total / 100:.2f}", "vat_total": f"{vat / 100:.2f}"}
    return sheet
