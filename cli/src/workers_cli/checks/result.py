"""The result of one check."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Check:
    """One line of the doctor."""

    name: str
    state: Literal["ok", "wrong", "unchecked"]
    detail: str
    next: str = ""


def ok(name: str, detail: str) -> Check:
    """Return a check that found nothing wrong."""
    return Check(name, "ok", detail)


def wrong(name: str, detail: str, next_step: str) -> Check:
    """Return a check that found something."""
    return Check(name, "wrong", detail, next_step)


def unchecked(name: str, why: str) -> Check:
    """Return a check that could not be made."""
    return Check(name, "unchecked", why)
