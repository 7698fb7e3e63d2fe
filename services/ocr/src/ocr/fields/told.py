"""A document's fields as a process tells them: pages in, fields out, both as JSON."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from workers_contracts.ocr import FullPage

from .find import find


@dataclass(frozen=True)
class Found:
    """The fields of a document as JSON, and what a person should know about them."""

    fields: str = "[]"
    warnings: tuple[str, ...] = ()


def told_fields(pages: Sequence[str], kind: str) -> str:
    """Return the fields found in pages."""
    found = find([FullPage.model_validate_json(page) for page in pages], kind)
    return json.dumps([field.model_dump(mode="json") for field in found])
