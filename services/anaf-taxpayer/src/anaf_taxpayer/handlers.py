"""Everything this worker can do: validate a taxpayer, or many."""

from typing import Annotated

from faststream import Context

from workers_contracts.taxpayer import (
    TaxpayersValidated,
    TaxpayerValidated,
    ValidateTaxpayer,
    ValidateTaxpayers,
)
from workers_runtime.identity import Task
from workers_runtime.router import Router

from .lookup import Lookup, refused
from .many import validate_many
from .question import check_day, question_of

router = Router("anaf-taxpayer")


@router.handles(ValidateTaxpayer, emits=[TaxpayerValidated])
async def validate_taxpayer(
    command: ValidateTaxpayer, lookup: Annotated[Lookup, Context("lookup")]
) -> TaxpayerValidated:
    """Check the number itself, then ask ANAF (Romania) or VIES (other EU states)."""
    question = question_of(command)
    check_day(question)
    if question.number.problem:
        return refused(question)
    return await lookup.answer(question)


@router.handles(ValidateTaxpayers, emits=[TaxpayersValidated])
async def validate_taxpayers(
    command: ValidateTaxpayers,
    task: Annotated[Task, Context("task")],
    lookup: Annotated[Lookup, Context("lookup")],
) -> TaxpayersValidated:
    """Ask about all numbers together, and answer with one event."""
    return await validate_many(command, lookup, attempt=task.attempt)
