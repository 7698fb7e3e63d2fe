"""From a checked number to an answer: cache first, then the authority of its country."""

import asyncio
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, Literal

from workers_anaf.romania import today
from workers_contracts.taxpayer import (
    Consultation,
    EfacturaRegistration,
    Staleness,
    Taxpayer,
    TaxpayerValidated,
)
from workers_runtime.errors import TransientError

from .batching import Batcher
from .cache import Cache
from .client import ViesAnswer, ViesClient
from .number import Number

Reason = Literal[
    "malformed", "check_digit", "not_found", "inactive", "struck_off", "not_registered"
]


@dataclass(frozen=True)
class Question:
    """What is asked about a number."""

    number: Number
    as_of: date
    max_age: int | None = None
    """Seconds; None leaves the age to the worker's settings."""
    with_register: bool = False
    """Also the register of RO e-Factura."""

    def is_answered_by(self, answer: TaxpayerValidated) -> bool:
        """Say whether a kept answer is young enough, and says all that is asked."""
        if self.max_age is not None:
            age = datetime.now(UTC) - answer.checked_at
            if self.max_age == 0 or age > timedelta(seconds=self.max_age):
                return False
        wants = self.with_register and self.number.country == "RO"
        return not wants or answer.efactura_registration is not None


class Lookup:
    """Answers numbers that passed their own check."""

    def __init__(
        self,
        register: "Batcher[tuple[str, date], Taxpayer | None]",
        efactura: "Batcher[tuple[str, date], EfacturaRegistration]",
        vies: ViesClient,
        cache: Cache,
    ) -> None:
        self._register = register
        self._efactura = efactura
        self._vies = vies
        self._cache = cache

    async def answer(self, question: Question) -> TaxpayerValidated:
        """Return what the authority says; during an outage what it last said, marked as stale.

        Raises:
            TransientError: the authority cannot be asked, and no older answer will do.
        """
        number = question.number
        kept = await self._cache.get(number.country, number.digits, question.as_of)
        if kept is not None and question.is_answered_by(kept):
            return kept
        try:
            answer = await self._asked(question)
        except TransientError as error:
            older = await self._older(question)
            if older is None:
                raise
            because = Staleness(code=error.code, message=str(error))
            return older.model_copy(update={"stale": True, "stale_because": because})
        await self._cache.put(answer)
        return answer

    async def _older(self, question: Question) -> TaxpayerValidated | None:
        last = await self._cache.last(question.number.country, question.number.digits)
        if last is None or not question.is_answered_by(last):
            return None
        # What was so on another day is no answer about a day of the past.
        about_today = question.as_of == today()
        return last if about_today or last.as_of == question.as_of else None

    async def _asked(self, question: Question) -> TaxpayerValidated:
        if question.number.country == "RO":
            return await self._romanian(question)
        answer = await self._vies.check(question.number.country, question.number.digits)
        return self._european(question, answer)

    async def _romanian(self, question: Question) -> TaxpayerValidated:
        key = (question.number.digits, question.as_of)
        if not question.with_register:
            taxpayer, registration = await self._register.get(key), None
        else:
            taxpayer, registration = await asyncio.gather(
                self._register.get(key), self._efactura.get(key)
            )
        return _event(
            question, "anaf", verdict(taxpayer), taxpayer, efactura_registration=registration
        )

    def _european(self, question: Question, answer: ViesAnswer | None) -> TaxpayerValidated:
        if answer is None:
            return _event(question, "vies", "malformed", None)
        proof = Consultation(
            identifier=answer.proof, requester=self._vies.requester, requested_on=answer.asked_on
        ) if answer.proof else None  # fmt: skip
        if not answer.valid:
            return _event(question, "vies", "not_registered", None, consultation=proof)
        taxpayer = Taxpayer(name=answer.name, address=answer.address, vat_registered=True)
        return _event(question, "vies", None, taxpayer, consultation=proof)


def verdict(taxpayer: Taxpayer | None) -> Reason | None:
    """Return why a Romanian taxpayer may not be used, or None."""
    if taxpayer is None:
        return "not_found"
    if taxpayer.struck_off:
        return "struck_off"
    return "inactive" if taxpayer.inactive else None


def refused(question: Question) -> TaxpayerValidated:
    """Return the answer for a number that fails its own check; nobody was asked."""
    return _event(question, "local", question.number.problem, None)


def _event(
    question: Question,
    source: Literal["local", "anaf", "vies"],
    reason: Reason | None,
    taxpayer: Taxpayer | None,
    **more: Any,
) -> TaxpayerValidated:
    return TaxpayerValidated(
        number=question.number.digits,
        country=question.number.country,
        valid=reason is None,
        reason=reason,
        source=source,
        as_of=question.as_of,
        checked_at=datetime.now(UTC),
        taxpayer=taxpayer,
        **more,
    )
