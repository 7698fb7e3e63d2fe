"""From a command to a document of the ledger, which is filed and followed as an invoice is."""

from datetime import UTC, datetime

from anaf_efactura.draft import SERVICE, Draft
from anaf_efactura.filing import Filing
from anaf_efactura.life import Filer, State
from workers_contracts.efactura_messages import SendMessage
from workers_ledger.archive import Archive, Wanted
from workers_ledger.documents import Document, new_document
from workers_runtime.identity import Task
from workers_runtime.router import Outcome

from .refusing import problems
from .words import RASP, digest, xml_of


class Sending:
    """Sends messages to suppliers, each at most once."""

    def __init__(self, filing: Filing, index: Archive, *, most_characters: int) -> None:
        self._filing = filing
        self._index = index
        self._most = most_characters

    async def send(self, command: SendMessage, task: Task) -> Outcome:
        """Do what the command means for the message as the ledger knows it."""
        number = await self._number_of(command.about_index, task.tenant)
        draft = draft_of(command, task, number=number, most=self._most)
        return await self._filing.file(draft, xml_of(command.about_index, command.text))

    async def _number_of(self, about_index: str, tenant: str) -> str | None:
        """Return the number of the invoice, when it is in the tenant's archive."""
        links = await self._index.find(tenant, Wanted(upload_index=about_index), limit=2)
        return next((link.entry.number for link in links if link.entry.number), None)


def draft_of(command: SendMessage, task: Task, *, number: str | None, most: int) -> Draft:
    """Return what is to be sent, or why it cannot be."""
    told = digest(command.about_index, command.text)
    asked_at = datetime.fromtimestamp(task.first_seen_ms / 1000, UTC)
    filer = Filer(task.message_id, told, asked_at, task.replay)
    return Draft(_document(command, task, told, number), filer, problems(command.text, most=most))


def _document(command: SendMessage, task: Task, told: str, number: str | None) -> Document:
    return new_document(
        SERVICE,
        tenant=task.tenant,
        # The same index with zeros in front is the same invoice, as it is in the digest.
        business_key="|".join((command.cif, "message", command.about_index.lstrip("0"), told)),
        content_sha256=told,
        state=State.NEW.value,
        cif=command.cif,
        correlation_id=task.correlation_id,
        data={
            "command": task.message_id,
            "parameters": {"standard": RASP, "b2c": False, "flags": {}},
            "about": command.about_index,
            "about_number": number,
        },
    )
