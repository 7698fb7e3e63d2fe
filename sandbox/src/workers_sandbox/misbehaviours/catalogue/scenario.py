"""What a misbehaviour is, and the operations it may act on.

`operations` are where a misbehaviour may be asked for; `usual` where it acts when nothing is said.
A lasting one belongs to its document for good; the others happen once for a document and operation.
"""

from dataclasses import dataclass

UPLOAD = "upload"
STATE = "stareMesaj"
LIST = "listaMesajeFactura"
PAGES = "listaMesajePaginatieFactura"
DOWNLOAD = "descarcare"
TAXPAYER = "taxpayer"
REGISTER = "register"
TOKEN = "token"  # noqa: S105 - the name of an operation
VALIDATE = "validare"
TRANSFORM = "transformare"
SIGNATURE = "signature"
VIES = "vies"
HELLO = "hello"
SLACK_HOOK = "slack.webhook"
SLACK_API = "slack.api"

AUTHORISED = frozenset({UPLOAD, STATE, LIST, PAGES, DOWNLOAD})
PUBLIC = frozenset({TAXPAYER, REGISTER, VALIDATE, TRANSFORM, SIGNATURE, VIES})
ANY = AUTHORISED | PUBLIC | {TOKEN}
SLACK = frozenset({SLACK_HOOK, SLACK_API})
"""Only on request: a webhook's client cannot get over a lost answer by itself."""
LIFE = frozenset({UPLOAD, STATE, DOWNLOAD})
UPLOAD_ONLY = frozenset({UPLOAD})


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """One misbehaviour, as the page and the README tell it.

    Chaos draws only those that a client gets over without a person and within the day.
    """

    id: str
    title: str
    title_ro: str
    at_anaf: str
    good_client: str
    operations: frozenset[str]
    usual: frozenset[str]
    lasting: bool = False
    chaos: bool = False
    variants: tuple[str, ...] = ()
    parameters: tuple[str, ...] = ()

    @property
    def armed_by_upload(self) -> bool:
        """Whether a marked document only prepares it for a call that carries no document."""
        return UPLOAD not in self.operations and DOWNLOAD not in self.operations
