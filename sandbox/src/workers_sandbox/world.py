"""Everything the sandbox remembers, in one place that a reset makes new."""

from .chance import Numbers
from .clock import Clock
from .efactura.documents import Documents
from .journal import Journal
from .keys import Keys, earlier_starts, load
from .misbehaviours.selection import Faults
from .oauth.grants import Grants
from .quotas import DailyCounters, MinuteWindow, Spacing
from .settings import Settings
from .slack.workspace import Workspace
from .smtp.mailbox import Mailbox
from .taxpayer.register import Register
from .vies.numbers import VatNumbers


class World:
    """State of one sandbox. Keys outlive a reset, so that seals stay trusted."""

    def __init__(self, settings: Settings) -> None:
        self.keys: Keys = load(settings.key_dir)
        # Who keeps a ledger between the starts would meet the same indices again: ANAF's never are.
        self._earlier_starts = earlier_starts(settings.key_dir) if settings.keep_counting else 0
        self._first_settings = settings
        self.reset()

    def reset(self) -> None:
        """Back to the state of a fresh start, with the settings of the start."""
        self.settings = self._first_settings
        self.clock = Clock()
        self.numbers = Numbers(self.settings.seed, self._earlier_starts)
        self.journal = Journal(self.clock)
        self.daily = DailyCounters()
        self.minute = MinuteWindow()
        self.lookups = Spacing()
        self.oauth = Grants(self.keys.token, self.clock, self.settings.client_id)
        self.taxpayers = Register()
        self.documents = Documents()
        self.faults = Faults(self.settings.seed)
        self.vat_numbers = VatNumbers()
        self.slack = Workspace()
        self.mailbox = Mailbox()
