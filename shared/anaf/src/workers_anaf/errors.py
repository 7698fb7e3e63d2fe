"""Every error of this package, in one place for whoever explains codes."""

from .credentials import CredentialsFileError
from .keepers import LoginMissingError, LoginUnreadableError
from .limits import DailyLimitError
from .oauth import LoginRequiredError, TokenEndpointError, TokenRefusedError

__all__ = [
    "CredentialsFileError",
    "DailyLimitError",
    "LoginMissingError",
    "LoginRequiredError",
    "LoginUnreadableError",
    "TokenEndpointError",
    "TokenRefusedError",
]
