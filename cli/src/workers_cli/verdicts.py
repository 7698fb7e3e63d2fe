"""A verdict on a document, printed for an accountant."""

from collections.abc import Iterator
from typing import Any

Line = tuple[str, str]
"""A text and its style."""

WORDS = {
    "ro": {
        "valid": "corect",
        "refused": "RESPINS",
        "failed": "nu a putut fi verificat",
        "late": "niciun răspuns în timp; rulează workerul anaf-efactura?",
        "errors": ("o eroare", "{n} erori"),
        "warnings": ("un avertisment", "{n} avertismente"),
        "warning": "avertisment",
        "mend": "Remediu",
        "place": "Loc",
        "unchecked": "Neverificat",
        "more": "și încă {n}, care nu au încăput în răspuns",
        "of": "nr. {number} din {date}",
    },
    "en": {
        "valid": "correct",
        "refused": "REFUSED",
        "failed": "could not be judged",
        "late": "no answer in time; is the worker anaf-efactura running?",
        "errors": ("one error", "{n} errors"),
        "warnings": ("one warning", "{n} warnings"),
        "warning": "warning",
        "mend": "Mend",
        "place": "Place",
        "unchecked": "Not checked",
        "more": "and {n} more, which did not fit the answer",
        "of": "no. {number} of {date}",
    },
}


def verdict_lines(
    file: str, data: dict[str, Any] | None, language: str, *, failed: bool = False
) -> Iterator[Line]:
    """Yield the lines of one file's verdict."""
    words: dict[str, Any] = WORDS[language]
    if failed or data is None:
        why = f": {data.get('code')}: {data.get('message')}" if data else ""
        yield f"{file}: {words['failed'] + why if data else words['late']}", "red"
        return
    yield _head(file, data, words), "green" if data.get("valid") else "red"
    findings = data.get("findings") or []
    for number, group in enumerate(_grouped(findings), start=1):
        yield from _finding(number, group, words, language)
    missing = data.get("error_count", 0) + data.get("warning_count", 0) - len(findings)
    if missing > 0:
        yield f"  {words['more'].format(n=missing)}", ""
    for item in data.get("unchecked") or []:
        yield f"  {words['unchecked']}: {item['why'][language]}", "dim"


def _head(file: str, data: dict[str, Any], words: dict[str, Any]) -> str:
    verdict = words["valid"] if data.get("valid") else words["refused"]
    counts = [
        (one if data.get(key) == 1 else many).format(n=data.get(key))
        for key, (one, many) in (
            ("error_count", words["errors"]),
            ("warning_count", words["warnings"]),
        )
        if data.get(key)
    ]
    number, date = data.get("number"), data.get("issue_date")
    which = f" ({words['of'].format(number=number, date=date)})" if number and date else ""
    return f"{file}{which}: {verdict}" + (f", {', '.join(counts)}" if counts else "")


def _grouped(findings: list[dict[str, Any]]) -> list[list[dict[str, Any]]]:
    """Join the rules that say the same of one place: ANAF often has two or three."""
    groups: dict[tuple[str, str, str], list[dict[str, Any]]] = {}
    for finding in findings:
        key = (finding["path"], finding["severity"], finding["mend"]["ro"])
        groups.setdefault(key, []).append(finding)
    return list(groups.values())


def _finding(
    number: int, group: list[dict[str, Any]], words: dict[str, Any], language: str
) -> Iterator[Line]:
    first = group[0]
    rules = ", ".join(dict.fromkeys(finding["rule"] for finding in group))
    mark = f" ({words['warning']})" if first["severity"] == "warning" else ""
    yield f"  {number}. {rules}{mark}: {first['text'][language]}", ""
    yield f"     {words['mend']}: {first['mend'][language]}", ""
    yield f"     {words['place']}: {first['path']}", "dim"
