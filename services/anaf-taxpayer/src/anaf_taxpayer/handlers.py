"""Everything this worker can do: validate a taxpayer."""

from typing import Annotated

from faststream import Context

from workers_anaf.romania import today
from workers_contracts.taxpayer import TaxpayerValidated, ValidateTaxpayer
from workers_runtime.router import Router

from .lookup import Lookup, refused
from .number import read

router = Router("anaf-taxpayer")


@router.handles(ValidateTaxpayer, emits=[TaxpayerValidated])
async def validate_taxpayer(
    command: ValidateTaxpayer, lookup: Annotated[Lookup, Context("lookup")]
) -> TaxpayerValidated:
    """Check the number itself, then ask ANAF (Romania) or VIES (other EU states)."""
    given = "country" in command.model_fields_set
    number = read(command.number, command.country, country_given=given)
    as_of = command.as_of or today()
    if number.problem:
        return refused(number, as_of)
    return await lookup.answer(number, as_of)
