"""Named templates: a subject, a text and HTML from data. Sandboxed; nothing is fetched.

A template is a pair of files: `<name>.<language>.txt`, whose first line is the subject, and
`<name>.<language>.html`. The operator's own stand before those that are shipped.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Any

from jinja2 import (
    BaseLoader,
    ChoiceLoader,
    FileSystemLoader,
    PackageLoader,
    StrictUndefined,
    Template,
    TemplateError,
    TemplateNotFound,
    UndefinedError,
)
from jinja2.sandbox import ImmutableSandboxedEnvironment

from .errors import MailInvalidError

_MONTHS = ("January", "February", "March", "April", "May", "June", "July", "August", "September",
           "October", "November", "December")  # fmt: skip

_MOST_DIGITS = 18
"""Before the point, of an amount."""


@dataclass(frozen=True)
class Content:
    """What a mail says."""

    subject: str
    text: str
    html: str | None


class Templates:
    """All templates that this worker knows."""

    def __init__(self, own: Path | None = None) -> None:
        loaders: list[BaseLoader] = [FileSystemLoader(own)] if own else []
        loader = ChoiceLoader([*loaders, PackageLoader(__package__ or "email_send", "templates")])
        self._html = _environment(loader, escape=True)
        self._text = _environment(loader, escape=False)

    @property
    def names(self) -> list[str]:
        """The names that a command may give."""
        files = (one for one in self._text.list_templates() if one.endswith(".txt"))
        return sorted({one.split(".")[0] for one in files})

    def render(self, name: str, language: str, data: Mapping[str, Any]) -> Content:
        """Fill a template in.

        Raises:
            MailInvalidError: there is none of this name and language, or a value is missing.
        """
        file = f"{name}.{language}"
        # Null is no value: it would be shown as "None".
        data = {key: value for key, value in data.items() if value is not None}
        try:
            subject, text = (one.render(data) for one in self._parts(f"{file}.txt"))
            html = self._html.get_template(f"{file}.html").render(data)
        except TemplateNotFound:
            raise MailInvalidError(
                f"there is no template {name!r} in {language!r}; there are: "
                f"{', '.join(self.names)}",
                field="template",
            ) from None
        except UndefinedError as error:
            raise MailInvalidError(f"{name} needs more: {error.message}", field="data") from None
        except (TemplateError, ArithmeticError, TypeError, ValueError) as error:
            raise MailInvalidError(f"{name} cannot show this: {error}", field="data") from None
        return Content(subject, text.strip() + "\n", html)

    @lru_cache(maxsize=256)  # noqa: B019 - one object of this class lives as long as its worker
    def _parts(self, file: str) -> tuple[Template, Template]:
        """Return subject and text, each compiled alone: no value of one gets into the other."""
        if self._text.loader is None:
            raise TemplateNotFound(file)
        source, _, _ = self._text.loader.get_source(self._text, file)
        subject, _, body = source.partition("\n")
        made = self._text.from_string(subject.removeprefix("Subject:").strip())
        return made, self._text.from_string(body)


def _environment(loader: BaseLoader, *, escape: bool) -> ImmutableSandboxedEnvironment:
    made = ImmutableSandboxedEnvironment(
        loader=loader,
        autoescape=escape,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters |= {"money": money, "day": day}
    return made


def money(value: object, language: str = "ro") -> str:
    """Return an amount as people write it: 1.190,00 in Romanian, 1,190.00 in English.

    Raises:
        ValueError: it is none. 1e500000000 would be written out, in 600 MB.
    """
    text = str(value)[:60]
    try:
        amount = Decimal(text)
    except ArithmeticError:
        amount = Decimal("NaN")
    if not amount.is_finite() or amount.adjusted() > _MOST_DIGITS:
        raise ValueError(f"{text!r} is no amount of money; write it as 1190.00")
    whole, _, cents = f"{amount:,.2f}".partition(".")
    return f"{whole.replace(',', '.')},{cents}" if language == "ro" else f"{whole}.{cents}"


def day(value: object, language: str = "ro") -> str:
    """Return a date as people write it: 02.03.2026 in Romanian, 2 March 2026 in English."""
    found = date.fromisoformat(str(value)[:10])
    if language == "ro":
        return f"{found:%d.%m.%Y}"
    return f"{found.day} {_MONTHS[found.month - 1]} {found.year}"
