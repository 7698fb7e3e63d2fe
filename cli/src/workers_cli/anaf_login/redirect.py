"""The two addresses of a log-in: where the browser goes, and with what it comes back. No I/O."""

import secrets
from dataclasses import dataclass
from urllib.parse import parse_qs, urlencode, urlsplit

from workers_cli.errors import UsageError

from .errors import LoginFailedError, WrongStateError

AUTHORIZE = "/anaf-oauth2/v1/authorize"


@dataclass(frozen=True)
class Redirect:
    """One log-in: the address that ANAF has registered, and the state that makes it ours."""

    uri: str
    state: str

    @classmethod
    def begin(cls, uri: str) -> "Redirect":
        """Begin a log-in.

        Raises:
            UsageError: ANAF accepts no such address.
        """
        if not _registrable(uri):
            raise UsageError(
                f"'{uri}' cannot be registered at ANAF: it must be https:// with a host and a "
                "path, and nothing after them",
                "--redirect-uri as it stands in ANAF's portal",
            )
        return cls(uri, secrets.token_urlsafe(32))

    def authorize_url(self, origin: str, client_id: str) -> str:
        """Return where a browser with the certificate has to go."""
        query = {
            "response_type": "code",
            "client_id": client_id,
            "redirect_uri": self.uri,
            "token_content_type": "jwt",
            "state": self.state,
        }
        return f"{origin.rstrip('/')}{AUTHORIZE}?{urlencode(query)}"

    def code_in(self, query: str) -> str:
        """Return the code with which the browser came back.

        Raises:
            WrongStateError: it belongs to another log-in.
            LoginFailedError: ANAF refused.
        """
        given = {name: values[0] for name, values in parse_qs(query).items()}
        state, refusal = given.get("state", ""), given.get("error", "")
        # A refusal need not say whose it is: it gives nothing away.
        if not secrets.compare_digest(state.encode(), self.state.encode()) and not (
            refusal and not state
        ):
            raise WrongStateError(
                "the answer belongs to another log-in (wrong state)",
                "close older tabs of ANAF's log-in, and run the command again",
            )
        if refusal:
            raise _refused(refusal, given.get("error_description", ""))
        if not given.get("code"):
            raise LoginFailedError(
                "the address holds no code", "paste all of it, with what stands behind the ?"
            )
        return given["code"]


def _registrable(uri: str) -> bool:
    try:
        parts = urlsplit(uri)
        named = bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:  # an address of no form, or a port that is none
        return False
    return uri.isascii() and parts.scheme == "https" and named and not parts.query + parts.fragment


def _refused(error: str, description: str) -> LoginFailedError:
    told = f"{error} {description}".strip()[:200]
    if error == "access_denied":
        step = (
            "log in with the qualified certificate of a person who has the rights in SPV: plug "
            "the token in before the browser starts, and choose its certificate"
        )
    else:
        step = "compare ANAF_CLIENT_ID and the redirect address with ANAF's portal"
    return LoginFailedError(f"ANAF refused the log-in: {told}", step)
