"""An item as the body of a command, with an id that follows from its content."""

import hashlib
import json
from dataclasses import dataclass
from typing import Any

from workers_cli.body import check
from workers_cli.documents import MAX_TEXT, body_with
from workers_cli.errors import BodyTooLargeError, CliError, InputError
from workers_contracts.base import Command
from workers_contracts.efactura import SubmitInvoice, ValidateInvoice
from workers_contracts.topology import MAX_MESSAGE_BYTES
from workers_runtime.identity import derived_id

from .source import Place

_BOMS = (b"\xff\xfe", b"\xfe\xff", b"\xef\xbb\xbf")


@dataclass(frozen=True, slots=True)
class Made:
    """An item that may be published."""

    name: str
    body: bytes
    message_id: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Broken:
    """An item that cannot be, and why."""

    name: str
    sha256: str
    error: CliError


@dataclass(frozen=True)
class Maker:
    """How items become commands.

    Args:
        command: `SubmitInvoice` or `ValidateInvoice`.
        fields: what every command gets that does not say otherwise, for example the cif.
        tenant: whose they are.
        artifacts_url: the workers' store, for what is too large for a message.
    """

    command: type[Command]
    fields: dict[str, Any]
    tenant: str | None
    artifacts_url: str | None

    async def make(self, place: Place) -> Made | Broken:
        """Read an item and check it by its contract; one that is broken stops no other."""
        name, content = place.name, b""
        try:
            content = place.read()
            if place.offset is None:
                return await self._file(place, content)
            fields = _object(content, place.number)
            name = str(fields.pop("item", "") or name)
            return await self._line(name, fields)
        except CliError as error:
            return Broken(name, hashlib.sha256(content).hexdigest(), error)
        except OSError as error:
            return Broken(name, "", _unread(place, name, error))

    async def _file(self, place: Place, content: bytes) -> Made:
        if content.strip() and not _may_be_xml(content):
            raise InputError(
                f"{place.name} is not XML",
                "give a UBL or CII document",
                ro=(f"{place.name} nu este XML.", "Dați un document UBL sau CII."),
            )
        body = await body_with(place.name, content, self.fields, self.artifacts_url)
        return self._made(place.name, body, self.fields, content)

    async def _line(self, name: str, given: dict[str, Any]) -> Made:
        fields = self.fields | given
        # A line is one for `efactura.submit`: asked to judge, what only filing needs is left out.
        surplus = SubmitInvoice.model_fields.keys() - self.command.model_fields.keys()
        fields = {key: each for key, each in fields.items() if key not in surplus}
        content = _json(fields)
        text = fields.get("xml")
        if isinstance(text, str) and len(text) > MAX_TEXT // 4:
            rest = {key: each for key, each in fields.items() if key != "xml"}
            body = await body_with(name, text.encode(errors="replace"), rest, self.artifacts_url)
            return self._made(name, body, {}, content)
        return self._made(name, _json(fields), {}, content)

    def _made(self, name: str, body: bytes, fields: dict[str, Any], content: bytes) -> Made:
        if len(body) > MAX_MESSAGE_BYTES:
            raise BodyTooLargeError(
                f"{name} makes a message of {len(body)} bytes, the limit is {MAX_MESSAGE_BYTES}",
                "give it as an XML file, or its attachments as artifacts",
                ro=(
                    f"{name} face un mesaj de {len(body)} octeți; limita este {MAX_MESSAGE_BYTES}.",
                    "Dați documentul ca fișier XML sau atașamentele prin depozitul de documente.",
                ),
            )
        check(self.command, body)
        digest = hashlib.sha256(content).hexdigest()
        # Not from the body: where the artifact store lies says nothing about the invoice.
        parts = (self.command.key, self.tenant or "", _json(fields).decode(), digest)
        return Made(name, body, derived_id("workers-cli.bulk", *parts), digest)


def maker(
    *, validate_only: bool, cif: str | None, tenant: str | None, artifacts_url: str | None
) -> Maker:
    """Return how the items of a run become commands."""
    command = ValidateInvoice if validate_only else SubmitInvoice
    return Maker(command, {"cif": cif} if cif else {}, tenant, artifacts_url)


def _may_be_xml(content: bytes) -> bool:
    return content.startswith(_BOMS) or content.lstrip().startswith(b"<")


def _object(content: bytes, number: int) -> dict[str, Any]:
    try:
        found = json.loads(content)
    except (ValueError, RecursionError) as error:
        what = str(error) if isinstance(error, json.JSONDecodeError) else "it is not UTF-8 text"
        raise InputError(
            f"line {number} is not JSON: {what}",
            "correct the line",
            ro=(f"Linia {number} nu este JSON{_place(error)}.", "Corectați linia."),
        ) from None
    if not isinstance(found, dict):
        raise InputError(
            f"line {number} is not one JSON object",
            "write the fields of efactura.submit",
            ro=(
                f"Linia {number} nu este un obiect JSON.",
                "Scrieți între acolade câmpurile comenzii efactura.submit.",
            ),
        )
    return found


def _place(error: Exception) -> str:
    return f" (caracterul {error.colno})" if isinstance(error, json.JSONDecodeError) else ""


def _unread(place: Place, name: str, error: OSError) -> CliError:
    return InputError(
        f"{name} cannot be read: {error.strerror}",
        f"ls -l {place.path}",
        ro=(f"{name} nu poate fi citit.", f"Verificați fișierul și drepturile: {place.path}."),
    )


def _json(fields: dict[str, Any]) -> bytes:
    return json.dumps(fields, ensure_ascii=False, sort_keys=True).encode(errors="replace")
