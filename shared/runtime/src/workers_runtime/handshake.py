"""Finds out whether a host refuses our certificate, when a request to it only broke."""

import asyncio
import contextlib
import ssl
from urllib.parse import urlsplit

LISTEN_SECONDS = 5.0
"""How long a host is listened to that may have refused the certificate without a word."""


async def refusal_in_handshake(url: str, tls: ssl.SSLContext) -> str:
    """Return how a host refuses our certificate; empty when it does not, or is not there.

    In TLS 1.3 our side of the handshake ends before the host has judged the certificate. So it is
    listened to without a question: who takes the certificate waits for one, who does not says so,
    or only hangs up.
    """
    host = urlsplit(url)
    try:
        async with asyncio.timeout(LISTEN_SECONDS):
            reader, writer = await asyncio.open_connection(host.hostname, host.port or 443, ssl=tls)
            try:
                with contextlib.suppress(ConnectionError):
                    await reader.read(1)
            finally:
                writer.close()
                with contextlib.suppress(OSError):
                    await writer.wait_closed()
    except ssl.SSLCertVerificationError:
        return ""  # the host's own certificate, which we do not trust
    except ssl.SSLError as error:
        return (error.reason or "refused").replace("_", " ").lower()
    except OSError:  # a host that waits for us ends here too: TimeoutError is one
        return ""
    return "the host hangs up"
