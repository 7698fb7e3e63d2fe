"""The page on this machine that ANAF sends the browser back to: TLS, one path, one answer."""

import asyncio
import contextlib
import errno
import html
import ssl
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

from workers_cli.errors import CliError, UsageError

Visit = Callable[[str], Awaitable[str]]
"""What is done with the query of a visit; returns the words for the page, or raises CliError."""

MOST_BYTES = 16 * 1024
PATIENCE_SECONDS = 10.0
_PAGE = (
    '<!doctype html><html lang="{lang}"><meta charset="utf-8"><title>workers</title>'
    '<body style="font-family: sans-serif; max-width: 40rem; margin: 4rem auto">'
    "<h1>{title}</h1><p>{text}</p></body></html>"
)
_STATUS = {200: "OK", 400: "Bad Request", 404: "Not Found", 500: "Internal Server Error"}


@asynccontextmanager
async def page(uri: str, visit: Visit) -> AsyncIterator[None]:
    """Serve the page of this address while inside.

    Raises:
        UsageError: the port is taken, or the address is not this machine's.
    """
    parts = urlsplit(uri)

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            with contextlib.suppress(OSError, ssl.SSLError):
                writer.write(await _answer(reader, parts.path or "/", visit))
                await writer.drain()
        finally:
            writer.close()

    try:
        # The name, not an address: browsers try both families, and so do we.
        server = await asyncio.start_server(
            answer, parts.hostname, parts.port or 443, ssl=_context(parts.hostname or "localhost")
        )
    except OSError as error:
        raise _cannot(error, uri) from None
    async with server:
        yield


async def _answer(reader: asyncio.StreamReader, path: str, visit: Visit) -> bytes:
    target = await _target(reader)
    if target is None or target.partition("?")[0] != path:
        return _response(404, "workers", "Nu e nimic aici. / There is nothing here.")
    try:
        return _response(200, "Autentificat la ANAF", await visit(target.partition("?")[2]))
    except CliError as error:
        return _response(400, "Autentificare nereușită", f"{error.message}. {error.next_step}.")
    except Exception as error:  # noqa: BLE001 - the terminal tells it; the page must not hang
        return _response(500, "Autentificare nereușită", f"{type(error).__name__}.")


async def _target(reader: asyncio.StreamReader) -> str | None:
    """Return what a GET asks for; None for anything else."""
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            head = await reader.readuntil(b"\r\n\r\n")
    except (TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
        return None
    method, _, rest = head[:MOST_BYTES].decode("latin-1").partition(" ")
    return rest.partition(" ")[0] if method == "GET" else None


def _response(status: int, title: str, text: str) -> bytes:
    body = _PAGE.format(lang="ro", title=html.escape(title), text=html.escape(text)).encode()
    head = (
        f"HTTP/1.1 {status} {_STATUS[status]}\r\n"
        "Content-Type: text/html; charset=utf-8\r\n"
        f"Content-Length: {len(body)}\r\n"
        # The address holds the code: it is passed on to nobody and kept nowhere.
        "Cache-Control: no-store\r\nReferrer-Policy: no-referrer\r\nConnection: close\r\n\r\n"
    )
    return head.encode() + body


def _cannot(error: OSError, uri: str) -> UsageError:
    if error.errno == errno.EADDRINUSE or "in use" in str(error):
        return UsageError(
            f"the port of {uri} is taken by another program",
            "--port with a free one that is registered in ANAF's portal, or --paste",
        )
    return UsageError(
        f"no page can be served at {uri} ({error.strerror or 'not an address of this machine'})",
        "--paste: the browser may fail to open the address, and you paste it here",
    )


def _context(name: str) -> ssl.SSLContext:
    """A certificate for a moment: ANAF registers https only, and the browser warns once."""
    key, certificate = _certificate(name)
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with tempfile.TemporaryDirectory() as folder:  # the library reads files only
        chain = Path(folder, "chain.pem")
        chain.touch(mode=0o600)
        chain.write_bytes(key + certificate)
        made.load_cert_chain(chain)
    return made


def _certificate(name: str) -> tuple[bytes, bytes]:
    # Only here: two megabytes, which no other command needs.
    from cryptography import x509  # noqa: PLC0415
    from cryptography.hazmat.primitives import hashes, serialization  # noqa: PLC0415
    from cryptography.hazmat.primitives.asymmetric import ec  # noqa: PLC0415

    key = ec.generate_private_key(ec.SECP256R1())
    called = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name[:64])])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(subject_name=called, issuer_name=called)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return private, certificate.public_bytes(serialization.Encoding.PEM)
