"""Register entries in the shape of the v9 look-up and of the RO e-Factura register."""

from collections.abc import Sequence
from typing import Any

from .register import Company, holds


def entry(company: Company, day: str) -> dict[str, Any]:
    """One element of `found` of the v9 look-up, as of `day`."""
    return {
        "date_generale": _general(company, day),
        "inregistrare_scop_Tva": {
            "scpTVA": company.is_vat_payer(day),
            "perioade_TVA": _vat_periods(company),
        },
        "inregistrare_RTVAI": _vat_on_collection(company, day),
        "stare_inactiv": {
            "dataInactivare": company.inactive_from,
            "dataReactivare": company.reactivated,
            "dataPublicare": company.inactive_from,
            "dataRadiere": company.struck_off,
            "statusInactivi": company.is_inactive(day),
        },
        "inregistrare_SplitTVA": {
            "dataInceputSplitTVA": company.split_vat_from,
            "dataAnulareSplitTVA": company.split_vat_to,
            "statusSplitTVA": holds(company.split_vat_from, company.split_vat_to, day),
        },
        "adresa_sediu_social": _address(company, "s"),
        "adresa_domiciliu_fiscal": _address(company, "d"),
    }


def _general(company: Company, day: str) -> dict[str, Any]:
    return {
        "cui": company.cui,
        "data": day,
        "denumire": company.name,
        "adresa": (
            f"{_place(company)}, {company.city.upper()}, "
            f"{company.street.upper()}, NR.{company.street_number}"
        ),
        "nrRegCom": company.trade_register or "-",
        "telefon": "",
        "fax": "",
        "codPostal": company.post_code,
        "act": "",
        "stare_inregistrare": _registration(company),
        "data_inregistrare": company.registered,
        "cod_CAEN": company.activity,
        "iban": "",
        "statusRO_e_Factura": holds(company.e_factura_from, company.e_factura_to, day),
        "data_inreg_Reg_RO_e_Factura": company.e_factura_from,
        "organFiscalCompetent": f"Administraţia Finanţelor Publice {company.city}",
        "forma_de_proprietate": "PROPR.PRIVATA-CAPITAL PRIVAT AUTOHTON",
        "forma_organizare": "PERSOANA JURIDICA",
        "forma_juridica": "SOCIETATE COMERCIALĂ CU RĂSPUNDERE LIMITATĂ",
    }


def _place(company: Company) -> str:
    return company.county if company.plate == "B" else f"JUD. {company.county}"


def _registration(company: Company) -> str:
    if company.struck_off:
        return f"RADIERE din data {_romanian(company.struck_off)}"
    return f"INREGISTRAT din data {_romanian(company.registered)}"


def _romanian(day: str) -> str:
    return ".".join(reversed(day.split("-")))


def _vat_periods(company: Company) -> list[dict[str, str]] | None:
    return [
        {
            "data_inceput_ScpTVA": start,
            "data_sfarsit_ScpTVA": end,
            "data_anul_imp_ScpTVA": end,
            "mesaj_ScpTVA": "Anulare la cerere" if end else "",
        }
        for start, end in company.vat_periods()
    ] or None


def _vat_on_collection(company: Company, day: str) -> dict[str, Any]:
    start, end = company.vat_on_collection_from, company.vat_on_collection_to
    return {
        "dataInceputTvaInc": start,
        "dataSfarsitTvaInc": end,
        "dataActualizareTvaInc": start,
        "dataPublicareTvaInc": start,
        "tipActTvaInc": "Inregistrare" if start else "",
        "statusTvaIncasare": holds(start, end, day),
    }


def _address(company: Company, prefix: str) -> dict[str, str]:
    fields = {
        "denumire_Strada": company.street,
        "numar_Strada": company.street_number,
        "denumire_Localitate": company.city,
        "cod_Localitate": company.city_code,
        "denumire_Judet": company.county,
        "cod_Judet": company.county_code,
        "cod_JudetAuto": company.plate,
        "tara": "",
        "detalii_Adresa": "",
        "cod_Postal": company.post_code,
    }
    return {f"{prefix}{name}": value for name, value in fields.items()}


def e_factura_entry(company: Company, day: str) -> dict[str, Any]:
    """One element of `found` of the RO e-Factura register; one that gave up is still listed."""
    listed = holds(company.e_factura_from, company.e_factura_to, day)
    return {
        "cui": company.cui,
        "denumire": company.name,
        "adresa": f"{_place(company)}, {company.city.upper()}",
        "registru": "RO e-Factura",
        "categorie": "Operatori economici",
        "dataInscriere": company.e_factura_from,
        "dataRenuntare": company.e_factura_to,
        "dataRadiere": company.struck_off,
        "dataOptiuneB2G": "",
        "stare": "Inscris" if listed else "Renuntat",
    }


def envelope(
    found: Sequence[dict[str, Any]], missing: Sequence[int], *, null_arrays: bool
) -> dict[str, Any]:  # fmt: skip
    """`found` and `notFound`; live answers carry nothing else."""
    empty: list[Any] | None = None if null_arrays else []
    return {"found": list(found) or empty, "notFound": list(missing) or empty}
