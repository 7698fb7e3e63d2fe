"""Everything this worker can do: validate a taxpayer."""

from typing import Annotated

from faststream import Context

from workers_contracts.taxpayer import TaxpayerValidated, ValidateTaxpayer
from workers_runtime.router import Router

from .lookup import Lookup, refused
from .question import question_of

router = Router("anaf-taxpayer")


@router.handles(ValidateTaxpayer, emits=[TaxpayerValidated])
async def validate_taxpayer(
    command: ValidateTaxpayer, lookup: Annotated[Lookup, Context("lookup")]
) -> TaxpayerValidated:
    """Check the number itself, then ask ANAF (Romania) or VIES (other EU states)."""
    question = question_of(command)
    if question.number.problem:
        return refused(question)
    return await lookup.answer(question)
