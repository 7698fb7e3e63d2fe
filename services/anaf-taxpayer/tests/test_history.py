"""What held on a day of the past, and the register of RO e-Factura."""

import asyncio
from datetime import date, timedelta

import pytest

from anaf_taxpayer.efactura_register import read_registrations
from anaf_taxpayer.errors import DayRefusedError
from anaf_taxpayer.periods import holds, vat_periods
from anaf_taxpayer.register import read_answer
from workers_anaf.romania import today
from workers_contracts.taxpayer import Period, VatPeriod

HISTORY = {
    "registered": "2015-01-01",
    "vat_before": [["2016-01-01", "2018-07-01"]],
    "vat_from": "2020-01-01",
    "vat_on_collection_from": "2021-01-01",
    "vat_on_collection_to": "2022-01-01",
    "split_vat_from": "2018-01-01",
    "split_vat_to": "2020-02-01",
    "inactive_from": "2018-07-01",
    "reactivated": "2019-12-01",
    "e_factura_from": "2022-03-01",
    "e_factura_to": "2024-01-01",
}


@pytest.fixture
def company(sandbox) -> str:
    sandbox.control.taxpayer(19, "ISTORIC TEST SRL", **HISTORY)
    return "19"


STATES = {
    "2015-06-01": (False, False, False, False),
    "2017-01-01": (True, False, False, False),
    "2018-03-01": (True, False, True, False),
    "2019-01-01": (False, False, True, True),
    "2021-06-01": (True, True, False, False),
    "2023-01-01": (True, False, False, False),
}
"""VAT, VAT on collection, split VAT, inactive."""


async def test_state_on_a_day(worker, company):
    days = [date.fromisoformat(day) for day in STATES]
    events = await asyncio.gather(*(worker.ask(company, as_of=day) for day in days))
    for event, expected in zip(events, STATES.values(), strict=True):
        found = event.taxpayer
        held = (found.vat_registered, found.vat_on_collection, found.split_vat, found.inactive)
        assert held == expected, event.as_of
        assert event.reason == ("inactive" if found.inactive else None)


async def test_whole_history_comes_with_every_answer(worker, company):
    found = (await worker.ask(company)).taxpayer
    assert [(each.start, each.end) for each in found.vat_periods] == [
        (date(2016, 1, 1), date(2018, 7, 1)),
        (date(2020, 1, 1), None),
    ]
    assert found.vat_periods[0].note == "Anulare la cerere"
    assert found.vat_periods[0].cancelled_on == date(2018, 7, 1)
    assert found.inactive_periods == [Period(start=date(2018, 7, 1), end=date(2019, 12, 1))]
    assert found.vat_on_collection_periods == [Period(start=date(2021, 1, 1), end=date(2022, 1, 1))]
    assert found.split_vat_periods == [Period(start=date(2018, 1, 1), end=date(2020, 2, 1))]
    assert found.registered_on == date(2015, 1, 1)
    assert found.efactura_registered_on == date(2022, 3, 1)


async def test_company_was_there_before_it_was_struck_off(worker):
    before, after = date(2023, 6, 29), date(2023, 6, 30)
    one, two = await worker.ask("92222220", as_of=before), await worker.ask("92222220", as_of=after)
    assert (one.valid, one.taxpayer.struck_off) == (True, False)
    assert (two.valid, two.reason) == (False, "struck_off")
    assert one.taxpayer.struck_off_on == two.taxpayer.struck_off_on == after


@pytest.mark.parametrize(
    ("gone", "state", "struck_off", "on"),
    [
        ("2024-01-01", "", False, date(2024, 1, 1)),
        ("2019-01-01", "", True, date(2019, 1, 1)),
        ("", "RADIERE din data 02.03.2019", True, date(2019, 3, 2)),
        ("", "RADIERE din data 02.03.2021", False, date(2021, 3, 2)),
        ("", "RADIERE din data 41.03.2021", True, None),
        ("ieri", "", True, None),
    ],
)
def test_day_of_striking_off_comes_from_either_field(gone, state, struck_off, on):
    general = {"cui": 19, "denumire": "X", "data": "2020-01-01", "stare_inregistrare": state}
    row = {"date_generale": general, "stare_inactiv": {"dataRadiere": gone}}
    found = read_answer({"found": [row]}).on("19", date(2020, 1, 1))
    assert (found.struck_off, found.struck_off_on) == (struck_off, on)


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({"scpTVA": True}, True), ({"scpTVA": False}, False), ({"scpTVA": "true"}, True),
        ({"scpTVA": "False"}, False), ({}, True), ({"scpTVA": None}, True), ({"scpTVA": 1}, True),
        ({"scpTVA": "DA"}, True),
    ],
)  # fmt: skip
def test_periods_decide_where_anaf_says_nothing(said, expected):
    spans = [{"data_inceput_ScpTVA": "2019-01-01", "data_sfarsit_ScpTVA": "2021-01-01"}]
    row = {
        "date_generale": {"cui": 19, "denumire": "X", "data": "2020-01-01"},
        "inregistrare_scop_Tva": {**said, "perioade_TVA": spans},
    }
    found = read_answer({"found": [row]}).on("19", date(2020, 1, 1))
    assert found.vat_registered is expected


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        (date(2019, 12, 31), False), (date(2020, 1, 1), True), (date(2020, 12, 31), True),
        (date(2021, 1, 1), False), (date(2022, 1, 1), True), (None, True),
    ],
)  # fmt: skip
def test_span_has_its_first_day_and_not_its_end(day, expected):
    spans = [
        VatPeriod(start=date(2020, 1, 1), end=date(2021, 1, 1)),
        VatPeriod(start=date(2022, 1, 1)),
    ]
    assert holds(spans, day) is expected


def test_periods_are_in_order_and_nonsense_is_left_out():
    rows = [{"data_inceput_ScpTVA": "2022-01-01"}, 7, {}, {"data_inceput_ScpTVA": "2020-01-01"}]
    assert [each.start.year for each in vat_periods(rows)] == [2020, 2022]


async def test_day_to_come_is_refused_by_the_name_of_its_field(worker, sandbox):
    with pytest.raises(DayRefusedError, match="day to come") as told:
        await worker.ask("12345674", as_of=today() + timedelta(days=1))
    assert told.value.field == "as_of"
    assert sandbox.control.requests() == []


async def test_vies_is_not_asked_about_the_past(worker, sandbox):
    with pytest.raises(DayRefusedError, match="today only"):
        await worker.ask("DE123456788", as_of=today() - timedelta(days=1))
    assert sandbox.control.requests() == []
    assert (await worker.ask("DE123456788", as_of=today())).valid


async def test_register_of_efactura_only_when_it_is_asked_for(worker, company, sandbox):
    assert (await worker.ask(company)).efactura_registration is None
    assert sandbox.control.requests("register") == []
    event = await worker.ask(company, with_efactura_register=True)
    entry = event.efactura_registration
    assert (entry.registered, entry.since, entry.until) == (
        False, date(2022, 3, 1), date(2024, 1, 1),
    )  # fmt: skip
    assert (entry.category, entry.state) == ("Operatori economici", "Renuntat")
    # Kept together: neither register is asked again.
    again = await worker.ask(company, with_efactura_register=True)
    assert again == event
    assert len(sandbox.control.requests("register")) == 1
    assert sandbox.control.violations() == []


async def test_register_of_efactura_on_a_day(worker, company):
    ask = {"with_efactura_register": True}
    then = await worker.ask(company, as_of=date(2023, 1, 1), **ask)
    assert then.efactura_registration.registered
    before = await worker.ask(company, as_of=date(2022, 2, 1), **ask)
    assert not before.efactura_registration.registered


@pytest.mark.parametrize("status", [200, 404])
async def test_code_that_is_not_in_the_register(worker, sandbox, status):
    sandbox.control.settings(lookup_empty_status=status)
    event = await worker.ask("12345674", with_efactura_register=True)
    assert event.valid
    assert event.efactura_registration.registered is False


async def test_european_number_has_no_entry_in_anafs_register(worker, sandbox):
    event = await worker.ask("DE123456788", with_efactura_register=True)
    assert event.valid
    assert event.efactura_registration is None
    assert await worker.ask("DE123456788", with_efactura_register=True) == event


@pytest.mark.parametrize(
    ("row", "registered"),
    [
        ({"dataInscriere": "2022-01-01"}, True),
        ({"dataInscriere": "2022-01-01", "dataRenuntare": "2023-01-01"}, False),
        ({"dataInscriere": "2022-01-01", "dataRadiere": "2023-01-01"}, False),
        ({"dataInscriere": "2022-01-01", "dataRadiere": "2025-01-01"}, True),
        ({"dataInscriere": "2024-06-01"}, False),
        ({"denumire": "X"}, True),
    ],
)
def test_entry_of_the_register(row, registered):
    found = read_registrations({"found": [{"cui": "19", **row}], "notFound": None})
    assert found.answers("19")
    assert found.on("19", date(2024, 1, 1)).registered is registered


def test_entry_that_held_goes_before_the_newest():
    rows = [
        {"cui": 19, "registru": "old", "dataInscriere": "2022-01-01"},
        {"cui": 19, "registru": "new", "dataInscriere": "2025-01-01"},
    ]
    found = read_registrations({"found": rows, "notFound": []})
    assert found.on("19", date(2024, 1, 1)).register_name == "old"
    assert found.on("19", date(2026, 1, 1)).register_name == "new"


def test_empty_row_of_the_register_is_an_unknown_code():
    found = read_registrations({"found": [{"cui": 19, "denumire": ""}], "notFound": []})
    assert found.answers("19")
    assert not found.on("19", date(2024, 1, 1)).registered
