"""A command as a question: number read, day checked. No I/O."""

from datetime import date

from workers_anaf.romania import today
from workers_contracts.taxpayer import ValidateTaxpayer

from .errors import DayRefusedError
from .lookup import Question
from .number import read


def question_of(command: ValidateTaxpayer) -> Question:
    """Return what a command asks; `check_day` says whether anybody answers it."""
    given = "country" in command.model_fields_set
    return Question(
        read(command.number, command.country, country_given=given),
        command.as_of or today(),
        max_age=command.max_age,
        with_register=command.with_efactura_register,
    )


def check_not_to_come(as_of: date | None) -> None:
    """Raise DayRefusedError for a day that nobody can know."""
    now = today()
    if as_of is not None and as_of > now:
        raise DayRefusedError(
            f"as_of is {as_of}, and today is {now} in Romania: nobody knows a day to come; "
            "give today or an earlier day, or leave as_of out",
            field="as_of",
        )


def check_day(question: Question) -> None:
    """Raise DayRefusedError for a day about which the number's authority does not answer."""
    check_not_to_come(question.as_of)
    number = question.number
    if number.country != "RO" and not number.problem and question.as_of < today():
        raise DayRefusedError(
            f"as_of is {question.as_of}, and VIES answers for today only: leave as_of out",
            field="as_of",
        )
