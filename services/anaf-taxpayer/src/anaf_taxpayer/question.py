"""A command as a question: number read, day checked. No I/O."""

from datetime import date

from workers_anaf.romania import today
from workers_contracts.taxpayer import ValidateTaxpayer

from .errors import DayRefusedError
from .lookup import Question
from .number import Number, read


def question_of(command: ValidateTaxpayer) -> Question:
    """Return what a command asks.

    Raises:
        DayRefusedError: nobody answers for the day it names.
    """
    given = "country" in command.model_fields_set
    number = read(command.number, command.country, country_given=given)
    return Question(
        number,
        _day(number, command.as_of),
        max_age=command.max_age,
        with_register=command.with_efactura_register,
    )


def _day(number: Number, as_of: date | None) -> date:
    now = today()
    if as_of is None or as_of == now:
        return now
    if as_of > now:
        raise DayRefusedError(
            f"as_of is {as_of}, and today is {now} in Romania: nobody knows a day to come; "
            "give today or an earlier day, or leave as_of out",
            field="as_of",
        )
    if number.country != "RO" and not number.problem:
        raise DayRefusedError(
            f"as_of is {as_of}, and VIES answers for today only: leave as_of out",
            field="as_of",
        )
    return as_of
