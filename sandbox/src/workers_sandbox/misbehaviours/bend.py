"""How a misbehaviour changes a normal answer from within."""

from dataclasses import dataclass

OK = "ok"
NOK = "nok"
NOT_TAKEN = "XML cu erori nepreluat de sistem"


@dataclass(frozen=True, slots=True)
class Verdict:
    """The final state of a document and, for a refusal, its messages."""

    state: str = OK
    errors: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Bend:
    """What differs from a plain answer; the default changes nothing."""

    verdict: Verdict | None = None
    state_seconds: float | None = None
    list_seconds: float | None = None
    sealed: bool = True
    past_life: bool = False
    earlier_copy: bool = False
    clock_behind_seconds: float = 0
    quote_moment: bool = True
    page_shift: int = 0
