"""What the archive answers, printed for an accountant."""

from collections.abc import Iterator
from typing import Any

Line = tuple[str, str]
"""A text and its style."""

COLUMNS = ("position", "number", "issued", "kind", "direction", "seal", "kept until", "download id")


def rows(documents: list[dict[str, Any]]) -> list[tuple[object, ...]]:
    """Return the rows of a list of entries, for the columns above."""
    return [
        (
            one["position"],
            one.get("number"),
            one.get("issue_date"),
            one["kind"],
            one["direction"],
            "erased" if one.get("erased_at") else one["seal"],
            one["retain_until"],
            one["download_id"],
        )
        for one in documents
    ]


def evidence(data: dict[str, Any]) -> Iterator[Line]:
    """Yield the lines of an evidence bundle."""
    document, seal = data["document"], data["seal"]
    intact = bool(data["intact"])
    yield f"{_named(document)}: {'intact' if intact else 'NOT INTACT'}", _style(ok=intact)
    yield f"  seal      {seal['status']}: {seal.get('signer') or '-'}", ""
    yield f"  verified  {data['verified_at']}", ""
    yield from problems(data["problems"])
    yield f"  bundle    {data['bundle']['uri']}", ""


def rendered(data: dict[str, Any]) -> Iterator[Line]:
    """Yield the lines of a printed invoice."""
    by = "ANAF" if data["source"] == "anaf" else "pdf.render"
    why = f" ({data['why_code']}: {data['why']})" if data.get("why_code") else ""
    yield f"{data.get('number') or '-'}: printed by {by}{why}", ""
    yield f"  pdf       {data['pdf']['uri']}", ""


def audited(data: dict[str, Any]) -> Iterator[Line]:
    """Yield the lines of an audit."""
    intact = bool(data["intact"])
    files = f", {data['verified']} files verified" if data["files"] else ", files not read"
    counts = f"{data['documents']} documents{files}, {data['erased']} erased by law"
    verdict = "intact" if intact else f"{data['problem_count']} PROBLEMS"
    yield f"{verdict}: {counts}", _style(ok=intact)
    yield from problems(data["problems"])
    yield f"  anchor    {data['head_position']}:{data['head_hash']}", ""


def erased(data: dict[str, Any]) -> Iterator[Line]:
    """Yield the lines of an erasure."""
    yield f"{_named(data['document'])}: erased at {data['document']['erased_at']}", ""
    yield f"  files     {data['files_deleted']} deleted, {data['files_kept']} kept", ""


def problems(found: list[dict[str, Any]]) -> Iterator[Line]:
    """Yield a line for each problem."""
    for one in found:
        number = f" ({one['number']})" if one.get("number") else ""
        yield f"  entry {one['position']}{number}: {one['text']['ro']}", "red"


def _named(document: dict[str, Any]) -> str:
    number = document.get("number") or document["download_id"]
    return f"{number} of {document.get('issue_date') or '-'}"


def _style(*, ok: bool) -> str:
    return "green" if ok else "red"
