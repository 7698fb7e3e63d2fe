"""From a checked number to an answer: cache first, then the authority of its country."""

from datetime import UTC, date, datetime
from typing import Literal

from workers_contracts.taxpayer import Taxpayer, TaxpayerValidated

from .batching import Batcher
from .cache import Cache
from .client import ViesClient
from .number import Number

Reason = Literal[
    "malformed", "check_digit", "not_found", "inactive", "struck_off", "not_registered"
]


class Lookup:
    """Answers numbers that passed their own check."""

    def __init__(
        self,
        register: "Batcher[tuple[str, date], Taxpayer | None]",
        vies: ViesClient,
        cache: Cache,
    ) -> None:
        self._register = register
        self._vies = vies
        self._cache = cache

    async def answer(self, number: Number, as_of: date) -> TaxpayerValidated:
        """Return what the authority says of a number on a day."""
        kept = await self._cache.get(number.country, number.digits, as_of)
        if kept is not None:
            return kept
        asked = self._romanian if number.country == "RO" else self._european
        answer = await asked(number, as_of)
        await self._cache.put(answer)
        return answer

    async def _romanian(self, number: Number, as_of: date) -> TaxpayerValidated:
        taxpayer = await self._register.get((number.digits, as_of))
        return _event(number, as_of, "anaf", verdict(taxpayer), taxpayer)

    async def _european(self, number: Number, as_of: date) -> TaxpayerValidated:
        answer = await self._vies.check(number.country, number.digits)
        if answer is None:
            return _event(number, as_of, "vies", "malformed", None)
        if not answer.valid:
            return _event(number, as_of, "vies", "not_registered", None)
        taxpayer = Taxpayer(name=answer.name, address=answer.address, vat_registered=True)
        return _event(number, as_of, "vies", None, taxpayer)


def verdict(taxpayer: Taxpayer | None) -> Reason | None:
    """Return why a Romanian taxpayer may not be used, or None."""
    if taxpayer is None:
        return "not_found"
    if taxpayer.struck_off:
        return "struck_off"
    return "inactive" if taxpayer.inactive else None


def refused(number: Number, as_of: date) -> TaxpayerValidated:
    """Return the answer for a number that fails its own check; nobody was asked."""
    return _event(number, as_of, "local", number.problem, None)


def _event(
    number: Number,
    as_of: date,
    source: Literal["local", "anaf", "vies"],
    reason: Reason | None,
    taxpayer: Taxpayer | None,
) -> TaxpayerValidated:
    return TaxpayerValidated(
        number=number.digits,
        country=number.country,
        valid=reason is None,
        reason=reason,
        source=source,
        as_of=as_of,
        checked_at=datetime.now(UTC),
        taxpayer=taxpayer,
    )
