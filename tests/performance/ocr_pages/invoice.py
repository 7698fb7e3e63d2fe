"""An invoice in three layouts."""

from datetime import date, timedelta
from random import Random

from . import words
from .sheet import Sheet
from .words import amount


def invoice(random: Random, family: str) -> Sheet:
    """Return a drawn invoice with its fields."""
    sheet = Sheet(210, 297, family, random.choice((9, 9.5, 10, 10.5)))
    _head(sheet, random)
    sheet.fields["currency"] = "RON"
    end = _items(sheet, random, 100)
    _foot(sheet, random, end)
    return sheet


def _head(sheet: Sheet, random: Random) -> None:
    style = random.randrange(3)
    series, number = random.choice(("PMX", "FCT", "ABC")), f"{random.randint(1, 9999):04d}"
    issued = date(2026, random.randint(1, 10), random.randint(1, 28))
    due = issued + timedelta(days=random.choice((14, 30, 45)))
    seller, buyer = random.sample(words.CODES, 2)
    shown = "%d.%m.%Y" if style != 1 else "%d/%m/%Y"
    sheet.fields |= {
        "supplier_cui": seller, "customer_cui": buyer,
        "issue_date": issued.isoformat(), "due_date": due.isoformat(),
    }  # fmt: skip
    sheet.text(105, 20, "FACTURĂ FISCALĂ" if style else "FACTURĂ", size=18, bold=True, at="c")
    if style == 0:
        sheet.fields["number"] = f"{series} {number}"
        sheet.text(105, 28, f"Seria {series} nr. {number}", at="c")
        sheet.text(105, 34, f"Data emiterii: {issued.strftime(shown)}", at="c")
        sheet.text(105, 40, f"Data scadenței: {due.strftime(shown)}", at="c")
    else:
        sheet.fields["number"] = f"{series}-2026-{number}"
        rows = (
            ("Număr factură:" if style == 1 else "Factura nr.", sheet.fields["number"]),
            ("Data facturii:", issued.strftime(shown)),
            ("Termen de plată:" if style == 1 else "Scadență:", due.strftime(shown)),
        )
        for step, (label, value) in enumerate(rows):
            sheet.text(130, 30 + 6 * step, label)
            sheet.text(196, 30 + 6 * step, value, at="r")
    _party(sheet, random, 14, "Furnizor" if style != 2 else "Vânzător", seller, style)
    _party(sheet, random, 112, "Client" if style != 2 else "Cumpărător", buyer, style)


def _party(sheet: Sheet, random: Random, x: float, role: str, code: str, style: int) -> None:
    sheet.text(x, 52, f"{role}:", bold=True)
    sheet.text(x, 58, random.choice(words.FIRMS), bold=True)
    sheet.text(x, 64, f"{'CIF' if style == 0 else 'Cod fiscal'}: RO{code}")
    sheet.text(x, 70, f"Reg. com.: J{random.randint(1, 40)}/{random.randint(10, 3000)}/2019")
    sheet.text(x, 76, words.address(random), size=sheet.size - 1)
    if x < 100:
        account = words.iban(random)
        sheet.fields["iban"] = account
        sheet.text(x, 82, f"IBAN: {words.spaced(account) if style else account}")
        sheet.text(x, 88, "Banca: Banca Națională de Încercări", size=sheet.size - 1)


def _items(sheet: Sheet, random: Random, y: float) -> float:
    columns = ((16, "Nr."), (26, "Denumire produs sau serviciu"), (112, "U.M."))
    for x, title in columns:
        sheet.text(x, y, title, bold=True)
    for x, title in ((138, "Cantitate"), (164, "Preț unitar"), (196, "Valoare")):
        sheet.text(x, y, title, bold=True, at="r")
    sheet.line(14, y + 2, 198, y + 2)
    net = 0
    for number in range(1, random.randint(6, 16)):
        y += 7
        count, price = random.randint(1, 40), random.randint(150, 90_000)
        net += count * price
        sheet.text(16, y, str(number))
        sheet.text(26, y, random.choice(words.GOODS))
        sheet.text(112, y, random.choice(words.UNITS))
        sheet.text(138, y, str(count), at="r")
        sheet.text(164, y, amount(price), at="r")
        sheet.text(196, y, amount(count * price), at="r")
    sheet.line(14, y + 2, 198, y + 2)
    rate = random.choice((21, 11))
    vat = (net * rate + 50) // 100
    sheet.fields |= {
        "net_total": f"{net / 100:.2f}", "vat_total": f"{vat / 100:.2f}",
        "total": f"{(net + vat) / 100:.2f}", "vat_rate": str(rate),
    }  # fmt: skip
    rows = (
        ("Total fără TVA", amount(net), False),
        (f"TVA {rate}%", amount(vat), False),
        ("Total de plată", f"{amount(net + vat)} lei", True),
    )
    for label, value, bold in rows:
        y += 8
        sheet.text(130, y, label, bold=bold)
        sheet.text(196, y, value, bold=bold, at="r")
    return y


def _foot(sheet: Sheet, random: Random, y: float) -> None:
    for note in random.sample(words.NOTES, 2):
        y += 8
        sheet.text(16, y, note, size=sheet.size - 1)
    sheet.text(16, y + 10, f"Întocmit de: {random.choice(('Ioniță Ștefan', 'Mâță Cătălina'))}")
    sheet.text(196, y + 10, f"Delegat: auto B-{random.randint(10, 99)}-ȚĂR", at="r")
