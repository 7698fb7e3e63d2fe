"""The law as data: what holds from which day, and that a change is a new table."""

from datetime import date
from importlib.resources import files

import pytest

from anaf_efactura import deadline as module
from anaf_efactura.deadline import deadline, holidays, law, read_law, term_of

SHIPPED = files("anaf_efactura").joinpath("terms.toml").read_text(encoding="utf-8")
SEVEN_DAYS = """
[[term]]
from = 2027-07-01
days = 7
count = "working"
law = "OUG 1/2027"
"""
NO_SECOND_OF_JANUARY = """
[[holidays]]
from = 2028-01-02
law = "Legea 1/2027"
fixed = [[1, 1], [7, 1]]
easter = [1]
"""


@pytest.fixture
def change(monkeypatch):
    """Put other tables in the place of the shipped ones."""

    def put(text: str) -> None:
        changed = read_law(text)
        monkeypatch.setattr(module, "law", lambda: changed)
        holidays.cache_clear()

    yield put
    holidays.cache_clear()


def test_every_table_names_its_law():
    rules = (*law().terms, *law().holidays)
    assert all("art." in rule.law for rule in rules)
    assert "OUG 89/2025" in term_of(date(2026, 1, 1)).law
    assert "OUG 89/2025" not in term_of(date(2025, 12, 31)).law


def test_a_new_term_holds_for_invoices_issued_since_its_day(change):
    before = deadline(date(2027, 6, 30))
    change(SHIPPED + SEVEN_DAYS)
    assert deadline(date(2027, 6, 30)) == before == date(2027, 7, 7)
    assert deadline(date(2027, 7, 1)) == date(2027, 7, 12)
    assert term_of(date(2027, 7, 1)).law == "OUG 1/2027"


def test_new_holidays_hold_from_their_day_also_inside_a_year(change):
    change(SHIPPED + NO_SECOND_OF_JANUARY)
    assert date(2027, 1, 2) in holidays(2027)
    # 1 January 2028 is still under the law of before; the year's other days are not.
    assert holidays(2028) == {date(2028, 1, 1), date(2028, 7, 1), date(2028, 4, 17)}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (SHIPPED + SEVEN_DAYS + SEVEN_DAYS, "rising days"),
        (SHIPPED + SEVEN_DAYS.replace("2027", "2020"), "rising days"),
        (SHIPPED + SEVEN_DAYS.replace("working", "lunar"), "count of"),
        (SHIPPED + SEVEN_DAYS.replace("days = 7", "days = 0"), "needs days"),
    ],
)
def test_a_table_that_is_no_rule_is_refused(text, words):
    with pytest.raises(ValueError, match=words):
        read_law(text)
