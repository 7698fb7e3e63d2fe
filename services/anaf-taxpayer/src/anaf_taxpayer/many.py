"""Many numbers in one command: asked together, each with its own result."""

import asyncio
import json
from collections.abc import Sequence
from typing import TypeAlias

from workers_contracts.taxpayer import (
    TaxpayerResult,
    TaxpayersValidated,
    TaxpayerValidated,
    ValidateTaxpayer,
    ValidateTaxpayers,
)
from workers_runtime.errors import PermanentError, TransientError, WorkerError

from .errors import LookupTimeoutError
from .lookup import Lookup, Question, refused
from .question import check_day, check_not_to_come, question_of

SECONDS = 240.0
"""For all numbers; below the limit of a handler."""
PATIENT_TRIES = 3
"""So often all are asked for before an answer goes out that says nothing about some."""
NAME_BYTES = 160
"""Of a name as JSON: five hundred results fit one message."""

Answer: TypeAlias = TaxpayerValidated | WorkerError


async def validate_many(
    command: ValidateTaxpayers, lookup: Lookup, *, attempt: int, seconds: float = SECONDS
) -> TaxpayersValidated:
    """Answer all numbers, with an error code where the authority could not be asked.

    Raises:
        TransientError: nobody could be asked at all, or some could not and it is tried again soon.
        DayRefusedError: nobody answers for the day.
    """
    check_not_to_come(command.as_of)
    asked = [_question(command, number) for number in command.numbers]
    answers = await _all(lookup, set(asked), seconds)
    found = [answers[question] for question in asked]
    missing = [answer for answer in found if isinstance(answer, TransientError)]
    if missing and (attempt < PATIENT_TRIES or len(missing) == len(found)):
        raise missing[0]
    triples = zip(command.numbers, asked, found, strict=True)
    return _event([_result(*triple) for triple in triples])


def _question(command: ValidateTaxpayers, number: str) -> Question:
    return question_of(
        ValidateTaxpayer(
            number=number,
            as_of=command.as_of,
            max_age=command.max_age,
            with_efactura_register=command.with_efactura_register,
        )
    )


async def _all(lookup: Lookup, questions: set[Question], seconds: float) -> dict[Question, Answer]:
    tasks = {each: asyncio.create_task(_one(lookup, each)) for each in questions}
    try:
        await asyncio.wait(tasks.values(), timeout=seconds)
        late = LookupTimeoutError(f"no answer within {seconds:g} s")
        return {each: task.result() if task.done() else late for each, task in tasks.items()}
    finally:
        for task in tasks.values():
            task.cancel()
        await asyncio.gather(*tasks.values(), return_exceptions=True)


async def _one(lookup: Lookup, question: Question) -> Answer:
    if question.number.problem:
        return refused(question)
    try:
        check_day(question)
        return await lookup.answer(question)
    except (TransientError, PermanentError) as error:
        return error


def _result(asked: str, question: Question, answer: Answer) -> TaxpayerResult:
    if isinstance(answer, WorkerError):
        return TaxpayerResult(
            asked=asked,
            number=question.number.digits,
            country=question.number.country,
            valid=None,
            error=answer.code,
            as_of=question.as_of,
        )
    taxpayer, entry = answer.taxpayer, answer.efactura_registration
    return TaxpayerResult(
        asked=asked,
        number=answer.number,
        country=answer.country,
        valid=answer.valid,
        reason=answer.reason,
        error=answer.stale_because.code if answer.stale_because else None,
        stale=answer.stale,
        as_of=answer.as_of,
        checked_at=answer.checked_at,
        name=_short(taxpayer.name) if taxpayer else "",
        vat_registered=taxpayer.vat_registered if taxpayer else None,
        vat_on_collection=taxpayer.vat_on_collection if taxpayer else None,
        split_vat=taxpayer.split_vat if taxpayer else None,
        efactura_registered=entry.registered if entry else None,
    )


def _short(name: str) -> str:
    while len(json.dumps(name, ensure_ascii=False).encode(errors="replace")) > NAME_BYTES + 2:
        name = name[:-1]
    return name


def _event(results: Sequence[TaxpayerResult]) -> TaxpayersValidated:
    said = [each.valid for each in results]
    return TaxpayersValidated(
        results=list(results),
        valid_count=said.count(True),
        invalid_count=said.count(False),
        unanswered_count=said.count(None),
    )
