"""As whom we come to ANAF: one log-in for all tenants, or one of a tenant's own, from a file."""

import json
import re
import time
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from workers_runtime.errors import TransientError
from workers_runtime.logs import get_logger

from .tokens import moment

_TENANT = re.compile(r"[A-Za-z0-9._:@/+-]{1,128}")
_NAMES = ("client_id", "client_secret", "refresh_token")
_log = get_logger(__name__)


class CredentialsFileError(TransientError):
    """ANAF_CREDENTIALS_FILE cannot be read, or a field in it is wrong; the text names it."""

    code = "anaf_credentials_unreadable"


@dataclass(frozen=True)
class Application:
    """What ANAF's portal gives when an application is registered."""

    client_id: str
    client_secret: str = field(repr=False)


@dataclass(frozen=True)
class Credential:
    """A log-in: the application, and the refresh token with which its chain begins."""

    tenant: str
    """Whose it is; empty for the one that is everybody's."""
    application: Application
    refresh_token: str = field(repr=False)
    since: float = 0.0
    """When a person logged in, in seconds since 1970; 0 when the token does not say."""

    @classmethod
    def given(cls, tenant: str, application: Application, refresh_token: str) -> "Credential":
        """Make one from a token that a person put there; ANAF's tokens say when they were made."""
        return cls(tenant, application, refresh_token, moment(refresh_token, "iat", 0.0))


class CredentialsFile:
    """Log-ins by tenant in one JSON or TOML file, or in all such files of a folder.

    A mounted secret changes under our feet: it is looked at again when it was last looked at
    ``again_seconds`` ago, and read again when something about it changed.
    """

    def __init__(
        self, path: Path, application: Application | None, *, again_seconds: float = 15.0
    ) -> None:
        self._path = path
        self._application = application
        self._again = again_seconds
        self._looked_at = float("-inf")
        self._seen: object = None
        self._found: dict[str, Credential] = {}

    def read(self, *, fresh: bool = False) -> Mapping[str, Credential]:
        """Return the log-ins by tenant.

        Raises:
            CredentialsFileError: it cannot be read and never could; later, what was read stays.
        """
        if not fresh and time.monotonic() - self._looked_at < self._again:
            return self._found
        try:
            self._look()
        except CredentialsFileError as error:
            if self._seen is None:
                raise
            _log.error("credentials file is not read again, the last one counts", reason=str(error))
        self._looked_at = time.monotonic()
        return self._found

    def _look(self) -> None:
        try:
            files = _files(self._path)
            seen = [(file, (about := file.stat()).st_mtime_ns, about.st_ino) for file in files]
        except OSError as error:
            raise _wrong(self._path, f"cannot be read: {error.strerror}") from None
        if seen != self._seen:
            found: dict[str, Credential] = {}
            for file in files:
                self._add(found, file)
            self._found, self._seen = found, seen

    def _add(self, found: dict[str, Credential], file: Path) -> None:
        for tenant, entry in _tables(file).items():
            if not _TENANT.fullmatch(tenant):
                raise _wrong(file, f"'{tenant[:40]}' is no name of a tenant")
            if tenant in found:
                raise _wrong(file, f"tenant '{tenant}' is in another file of the folder too")
            found[tenant] = _credential(file, tenant, entry, self._application)


def _files(path: Path) -> list[Path]:
    if not path.is_dir():
        path.stat()
        return [path]
    # Kubernetes keeps the generations of a mounted secret beside it, under names with dots.
    named = [one for one in sorted(path.iterdir()) if not one.name.startswith(".")]
    return [one for one in named if one.suffix in {".json", ".toml"}]


def _tables(file: Path) -> dict[str, Any]:
    try:
        text = file.read_text(encoding="utf-8")
        found = tomllib.loads(text) if file.suffix == ".toml" else json.loads(text)
    except OSError as error:
        raise _wrong(file, f"cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise _wrong(file, "is not UTF-8 text") from None
    except tomllib.TOMLDecodeError:
        # Not the parser's words: they may quote the line, which holds a secret.
        raise _wrong(file, "is not TOML") from None
    except json.JSONDecodeError as error:
        raise _wrong(file, f"is not JSON (line {error.lineno}, column {error.colno})") from None
    if not isinstance(found, dict):
        raise _wrong(file, "must be an object with a tenant's name for each entry")
    return found


def _credential(
    file: Path, tenant: str, entry: object, application: Application | None
) -> Credential:
    if not isinstance(entry, dict):
        raise _wrong(file, f"{tenant}: must be an object with {', '.join(_NAMES)}")
    if unknown := sorted(set(entry) - set(_NAMES)):
        raise _wrong(file, f"{tenant}.{unknown[0]}: unknown; known are {', '.join(_NAMES)}")
    for name, value in entry.items():
        if not isinstance(value, str) or not value.strip():
            raise _wrong(file, f"{tenant}.{name}: must be a text that is not empty")
    if "refresh_token" not in entry:
        raise _wrong(file, f"{tenant}.refresh_token: is missing")
    own = _application(file, tenant, entry) or application
    if own is None:
        raise _wrong(
            file, f"{tenant}.client_id: is missing, and ANAF_CLIENT_ID is not set for all tenants"
        )
    return Credential.given(tenant, own, entry["refresh_token"].strip())


def _application(file: Path, tenant: str, entry: Mapping[str, str]) -> Application | None:
    given = [name for name in _NAMES[:2] if name in entry]
    if len(given) == 1:
        missing = next(name for name in _NAMES[:2] if name not in entry)
        raise _wrong(file, f"{tenant}.{missing}: is missing beside {given[0]}")
    if not given:
        return None
    return Application(entry["client_id"].strip(), entry["client_secret"].strip())


def _wrong(path: Path, text: str) -> CredentialsFileError:
    return CredentialsFileError(f"ANAF_CREDENTIALS_FILE {path}: {text}", retry_after=60)
