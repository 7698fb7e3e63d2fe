"""Fields of invoices and receipts, from lines as they are read."""

import pytest

from ocr.fields import find
from ocr.fields.amounts import amounts, dates
from workers_contracts.ocr import FullPage


def page(*rows: tuple) -> FullPage:
    """Return a page: each row holds (x, text) pairs."""
    lines = []
    for number, row in enumerate(rows):
        for x, text in row:
            y, right = 100 + 20 * number, x + 7 * len(text)
            lines.append({
                "text": text, "raw_text": None, "confidence": 0.99, "row": number, "words": None,
                "polygon": [(x, y), (right, y), (right, y + 12), (x, y + 12)],
            })  # fmt: skip
    return FullPage.model_validate({
        "number": 1, "status": "ok", "source": "ocr", "width": 800, "height": 1000, "unit": "px",
        "rotation": 0, "mean_confidence": 0.99, "line_count": len(lines), "dropped_lines": 0,
        "error": None, "text": "", "lines": lines,
    })  # fmt: skip


def found(kind: str, *rows: tuple) -> dict[str, str]:
    return {field.name: field.value for field in find([page(*rows)], kind)}


INVOICE = (
    [(200, "FACTURA")],
    [(200, "Seria PMX nr. 0042 din data de 02.03.2026")],
    [(200, "Scadentă la 01.04.2026")],
    [(20, "Furnizor:"), (420, "Client:")],
    [(20, "Exemplu SRL"), (420, "Alt Exemplu SA")],
    [(20, "CIF: RO12345674"), (420, "Cod fiscal RO87654329")],
    [(20, "IBAN: RO49 AAAA 1B31 0075 9384 0000")],
    [(20, "Produs"), (500, "1.000,00"), (650, "190,00")],
    [(400, "Total fără TVA"), (650, "1.000,00")],
    [(400, "TVA 19%"), (650, "190,00")],
    [(400, "Total de plată"), (650, "1.190,00 lei")],
)


def test_invoice_with_two_columns():
    assert found("invoice", *INVOICE) == {
        "supplier_cui": "12345674", "customer_cui": "87654329", "number": "PMX 0042",
        "issue_date": "2026-03-02", "due_date": "2026-04-01", "iban": "RO49AAAA1B31007593840000",
        "currency": "RON", "net_total": "1000.00", "vat_total": "190.00", "total": "1190.00",
        "vat_rate": "19",
    }  # fmt: skip


def test_sums_that_add_up_and_check_digits_are_marked():
    checked = {field.name: field.checked for field in find([page(*INVOICE)], "invoice")}
    assert [name for name, held in checked.items() if held] == [
        "supplier_cui", "customer_cui", "iban", "net_total", "vat_total", "total",
    ]  # fmt: skip


def test_field_has_its_place():
    total = next(one for one in find([page(*INVOICE)], "invoice") if one.name == "total")
    assert total.text == "1.190,00 lei"
    assert total.polygon[0] == (650, 300)
    assert 0 < total.confidence <= 1


def test_code_with_a_wrong_digit_is_not_told():
    assert "supplier_cui" not in found("invoice", [(20, "Furnizor CIF RO12345675")])


def test_account_with_a_wrong_digit_is_not_told_and_a_letter_for_a_digit_is_put_right():
    assert "iban" not in found("invoice", [(20, "IBAN RO48AAAA1B31007593840000")])
    assert found("invoice", [(20, "IBAN RO49AAAA1B3I007593840000")])["iban"][8:12] == "1B31"


def test_customer_on_the_left_is_not_taken_for_the_supplier():
    rows = (
        [(20, "Cumpărător: Alt Exemplu SA"), (420, "Vânzător: Exemplu SRL")],
        [(20, "CUI 87654329"), (420, "CUI 12345674")],
    )
    fields = found("invoice", *rows)
    assert (fields["supplier_cui"], fields["customer_cui"]) == ("12345674", "87654329")


def test_receipt():
    fields = found(
        "receipt",
        [(100, "Magazin Exemplu SRL")],
        [(100, "C.I.F.: RO12345674")],
        [(20, "2 x 10,00"), (300, "20,00 A")],
        [(20, "SUBTOTAL"), (300, "20,00")],
        [(20, "TOTAL LEI"), (300, "20,00")],
        [(20, "TOTAL TVA A - 21%"), (300, "3,47")],
        [(20, "BON FISCAL NR. 0123"), (300, "12.03.2026")],
    )
    assert fields["supplier_cui"] == "12345674"
    assert fields["number"] == "0123"
    assert fields["issue_date"] == "2026-03-12"
    assert (fields["total"], fields["vat_total"]) == ("20.00", "3.47")


def test_bare_number_counts_under_the_title_of_an_invoice():
    rows = [(20, "Nr. PMX-2026-0001"), (400, "Moneda RON")], [(20, "Nr. crt."), (90, "Produs")]
    assert found("invoice", [(20, "Factură")], *rows)["number"] == "PMX-2026-0001"
    assert "number" not in found("invoice", *rows)


def test_rates_stand_in_their_column():
    rows = [(20, "Produs"), (300, "Cota TVA")], [(20, "Pâine 50%"), (310, "11%")], [(310, "21%")]
    fields = [one.value for one in find([page(*rows)], "invoice") if one.name == "vat_rate"]
    assert fields == ["11", "21"]


def test_totals_with_and_without_vat_are_told_apart():
    fields = found(
        "invoice",
        [(300, "Total without VAT"), (600, "7,636.84")],
        [(300, "Total VAT"), (600, "1,576.77")],
        [(300, "Total with VAT"), (600, "9,213.61")],
        [(300, "Amount due"), (600, "9,213.61 RON")],
    )
    assert (fields["net_total"], fields["vat_total"]) == ("7636.84", "1576.77")
    assert fields["total"] == "9213.61"


def test_english_invoice():
    fields = found(
        "invoice",
        [(20, "Invoice no. INV-2026-17")],
        [(20, "Issue date: 2026-03-02"), (400, "Due date: 2026-04-02")],
        [(20, "Seller: Example Ltd"), (400, "Buyer: Other Ltd")],
        [(20, "VAT ID: RO12345674"), (400, "VAT ID: RO87654329")],
        [(300, "Net total"), (600, "1,000.00")],
        [(300, "VAT 19%"), (600, "190.00")],
        [(300, "Amount due"), (600, "1,190.00 EUR")],
    )
    assert fields["number"] == "INV-2026-17"
    assert (fields["issue_date"], fields["due_date"]) == ("2026-03-02", "2026-04-02")
    assert fields["total"] == "1190.00"
    assert fields["currency"] == "EUR"
    assert fields["customer_cui"] == "87654329"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1.234,56", "1234.56"), ("1 234,56", "1234.56"), ("1,234.56", "1234.56"),
        ("1234.56 lei", "1234.56"), ("-12,00", "-12.00"), ("0,99", "0.99"),
    ],
)  # fmt: skip
def test_amounts_as_people_write_them(text, value):
    assert [str(one) for one in amounts(text)] == [value]


@pytest.mark.parametrize("text", ["02.03.2026", "21,00%", "12345", "1.234", "RO12345674"])
def test_what_is_no_amount(text):
    assert amounts(text) == []


@pytest.mark.parametrize(
    "text", ["2.3.2026", "02/03/2026", "02-03-2026", "2026-03-02", "2 martie 2026", "2 mar 2026"]
)
def test_dates_as_people_write_them(text):
    assert [one.isoformat() for one in dates(text)] == ["2026-03-02"]


@pytest.mark.parametrize("text", ["31.02.2026", "00.01.2026", "1.13.2026", "2 luni 2026"])
def test_what_the_calendar_has_not(text):
    assert list(dates(text)) == []


def test_empty_pages_have_no_fields():
    assert find([page()], "invoice") == []


def test_text_full_of_percentages_has_few_rates():
    text = "TVA " + " ".join(f"{number}%" for number in range(100))
    rates = [field for field in find([page([(20, text)])], "invoice") if field.name == "vat_rate"]
    assert len(rates) == 10
