"""ANAF's register as values."""

import copy
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anaf_taxpayer.register import read_answer
from workers_contracts.taxpayer import VatPeriod

DAY = date(2026, 10, 5)
ROW = {
    "date_generale": {
        "cui": 12345674,
        "data": "2026-10-05",
        "denumire": "FURNIZOR TEST SRL",
        "adresa": "MUNICIPIUL BUCUREŞTI, SECTOR 3, STR. EXEMPLULUI, NR.1",
        "nrRegCom": "J40/1234/2020",
        "telefon": "",
        "codPostal": "31000",
        "stare_inregistrare": "INREGISTRAT din data 01.02.2020",
        "cod_CAEN": "6201",
        "statusRO_e_Factura": False,
    },
    "inregistrare_scop_Tva": {
        "scpTVA": True,
        "perioade_TVA": [
            {
                "data_inceput_ScpTVA": "2020-03-01",
                "data_sfarsit_ScpTVA": "",
                "data_anul_imp_ScpTVA": "",
                "mesaj_ScpTVA": "",
            }
        ],
    },
    "inregistrare_RTVAI": {"statusTvaIncasare": False},
    "stare_inactiv": {"dataRadiere": "", "statusInactivi": False},
    "inregistrare_SplitTVA": {"statusSplitTVA": False},
    "adresa_sediu_social": {
        "sdenumire_Localitate": "Sector 3 Mun. Bucureşti",
        "scod_JudetAuto": "B",
        "scod_Postal": "31000",
    },
}


def answer(**changes):
    """An answer with one row; ``part__field=value`` changes it, None takes a part away."""
    row = copy.deepcopy(ROW)
    for name, value in changes.items():
        part, _, field = name.partition("__")
        if field:
            row[part][field] = value
        elif value is None:
            del row[part]
        else:
            row[part] = value
    return {"found": [row], "notFound": [99999999]}


def taxpayer(**changes):
    return read_answer(answer(**changes)).on("12345674", DAY)


def test_documented_answer():
    found = read_answer(answer())
    assert found.answers("99999999", DAY)
    assert found.on("99999999", DAY) is None
    assert not found.answers("19", DAY)
    holder = found.on("12345674", DAY)
    assert holder.name == "FURNIZOR TEST SRL"
    assert holder.address.startswith("MUNICIPIUL BUCUREȘTI")
    assert (holder.county, holder.city, holder.postal_code) == ("RO-B", "SECTOR3", "031000")
    assert holder.vat_registered
    assert holder.vat_periods == [VatPeriod(start=date(2020, 3, 1), end=None)]
    assert not holder.inactive
    assert not holder.struck_off


def test_envelope_of_the_instruction_file_is_the_same():
    assert read_answer({"cod": 200, "message": "SUCCESS", **answer()}) == read_answer(answer())


@pytest.mark.parametrize("cod", [500, "500", 400, 429])
def test_error_inside_a_200_is_no_answer(cod):
    assert read_answer({"cod": cod, "message": "EROARE", "found": [], "notFound": []}) is None


@pytest.mark.parametrize(
    "data", [None, [], "x", 5, {}, {"message": "x"}, {"found": "x", "notFound": []}, {"found": 5}]
)
def test_other_json_is_no_answer(data):
    assert read_answer(data) is None


@pytest.mark.parametrize("missing", [{"found": None}, {"notFound": None}, {}])
def test_null_arrays_are_empty_ones(missing):
    found = read_answer({"found": None, "notFound": [19], **missing})
    assert found.rows == {}


def test_period_may_be_one_object():
    period = {"data_inceput_ScpTVA": "2020-03-01", "data_sfarsit_ScpTVA": "2021-01-01"}
    assert taxpayer(inregistrare_scop_Tva__perioade_TVA=period).vat_periods == [
        VatPeriod(start=date(2020, 3, 1), end=date(2021, 1, 1))
    ]


@pytest.mark.parametrize("value", [None, "", [], [None], [{}], [{"data_inceput_ScpTVA": "x"}]])
def test_periods_that_say_nothing_are_none(value):
    assert taxpayer(inregistrare_scop_Tva__perioade_TVA=value).vat_periods == []


@pytest.mark.parametrize("part", [name for name in ROW if name != "date_generale"])
def test_missing_part_is_no_crash(part):
    assert taxpayer(**{part: None}).name == "FURNIZOR TEST SRL"


def test_cedillas_become_commas():
    assert taxpayer(date_generale__denumire="ŞTEFAN ŢĂRUŞ ţş").name == "ȘTEFAN ȚĂRUȘ țș"


@pytest.mark.parametrize(
    ("city", "expected"),
    [
        ("Sector 3 Mun. Bucureşti", "SECTOR3"),
        ("SECTORUL 6", "SECTOR6"),
        ("Sector 9", "Sector 9"),
        ("Cluj-Napoca", "Cluj-Napoca"),
        ("", ""),
    ],
)
def test_sector_is_written_as_cius_ro_wants(city, expected):
    assert taxpayer(adresa_sediu_social__sdenumire_Localitate=city).city == expected


@pytest.mark.parametrize(
    ("seat", "general", "expected"),
    [("31472", "", "031472"), ("", "31000", "031000"), ("400001", "1", "400001"), ("", "", ""),
     ("n/a", "", "n/a"), (31472, "", "031472")],
)  # fmt: skip
def test_leading_zero_of_the_postal_code_is_restored(seat, general, expected):
    changes = {"adresa_sediu_social__scod_Postal": seat, "date_generale__codPostal": general}
    assert taxpayer(**changes).postal_code == expected


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"stare_inactiv__dataRadiere": "2024-01-01"}, True),
        ({"date_generale__stare_inregistrare": "RADIERE din data 01.01.2024"}, True),
        ({"date_generale__stare_inregistrare": "Radiere din oficiu"}, True),
        ({"date_generale__stare_inregistrare": "TRANSFER(SOSIRE) din data 26.11.2014"}, False),
    ],
)
def test_struck_off(changes, expected):
    assert taxpayer(**changes).struck_off is expected


@pytest.mark.parametrize("county", ["", "XYZ", "b", "1", None])
def test_county_that_is_none_is_left_out(county):
    assert taxpayer(adresa_sediu_social__scod_JudetAuto=county).county is None


def test_trade_register_may_be_a_dash():
    assert taxpayer(date_generale__nrRegCom="-").trade_register == ""


def test_row_without_a_name_is_an_unknown_code():
    found = read_answer(answer(date_generale__denumire=""))
    assert found.answers("12345674", DAY)
    assert found.on("12345674", DAY) is None


def test_one_code_on_two_days_has_two_answers():
    first, second = answer(), answer(date_generale__data="2020-01-01")
    second["found"][0]["inregistrare_scop_Tva"]["scpTVA"] = False
    found = read_answer({"found": first["found"] + second["found"], "notFound": []})
    assert found.on("12345674", DAY).vat_registered
    assert not found.on("12345674", date(2020, 1, 1)).vat_registered
    assert not found.answers("12345674", date(2019, 1, 1))


def test_known_on_one_day_and_unknown_on_another():
    found = read_answer({**answer(), "notFound": [12345674]})
    assert found.on("12345674", DAY) is not None
    assert found.on("12345674", date(2000, 1, 1)) is None
    assert found.answers("12345674", date(2000, 1, 1))


def test_row_without_a_readable_day_still_answers():
    assert taxpayer(date_generale__data="05.10.2026") is not None


def test_row_about_another_day_is_no_answer():
    found = read_answer(answer(date_generale__data="2020-01-01"))
    assert found.on("12345674", DAY) is None
    assert not found.answers("12345674", DAY)
    assert found.answers("12345674", date(2020, 1, 1))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(JSON)
def test_no_json_raises(data):
    read_answer(data)
    read_answer({"found": data, "notFound": data})
    read_answer({"found": [data], "notFound": [data]})


@given(st.sampled_from(list(ROW)), JSON)
def test_no_changed_part_raises(part, value):
    row = {**ROW, part: value}
    read_answer({"found": [row], "notFound": []})


@given(st.sampled_from(list(ROW)), st.data())
def test_no_changed_field_raises(part, data):
    field = data.draw(st.sampled_from(list(ROW[part])))
    row = {**ROW, part: {**ROW[part], field: data.draw(JSON)}}
    read_answer({"found": [row], "notFound": []})
