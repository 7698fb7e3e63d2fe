"""Clients of the sandbox: one on a real socket, one in this process for tables of texts."""

import re
import time
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import httpx
import pytest

from workers_sandbox.app import build
from workers_sandbox.settings import Settings
from workers_sandbox.testing import SandboxServer

SELLER, BUYER = "12345674", "87654329"


@dataclass
class Anaf:
    """A plain client without any cleverness: what it sees is what ANAF sends."""

    http: httpx.Client
    environment: str = "prod"

    def call(self, method: str, path: str, **more) -> httpx.Response:
        return self.http.request(method, f"/{self.environment}/FCTEL/rest/{path}", **more)

    def upload(self, body: bytes, standard: str = "UBL", cif: str = SELLER, **query):
        params = {"standard": standard, "cif": cif, **query}
        return self.call("POST", "upload", params=params, content=body)

    def state(self, index: str) -> httpx.Response:
        return self.call("GET", "stareMesaj", params={"id_incarcare": index})

    def download(self, message_id: str) -> httpx.Response:
        return self.call("GET", "descarcare", params={"id": message_id})

    def days(self, cif: str = SELLER, zile: object = 60, **query) -> httpx.Response:
        params = {"zile": zile, "cif": cif, **query}
        return self.call("GET", "listaMesajeFactura", params=params)

    def page(self, page: object = 1, *, cif: str = SELLER, ago: float = 0, **query):
        now = time.time() * 1000
        window = {"startTime": int(now - 59 * 86_400_000), "endTime": int(now - ago * 1000)}
        params = {**window, "cif": cif, "pagina": page, **query}
        return self.call("GET", "listaMesajePaginatieFactura", params=params)

    def settled(self, index: str, timeout: float = 5) -> httpx.Response:
        """Ask until the state is final."""
        deadline = time.monotonic() + timeout
        while "in prelucrare" in (answer := self.state(index)).text:
            assert time.monotonic() < deadline, "still in processing"
            time.sleep(0.02)
        return answer

    def sent(self, body: bytes, **query) -> tuple[str, str]:
        """Upload and wait: (index, download id)."""
        index = value(self.upload(body, **query).text, "index_incarcare")
        return index, value(self.settled(index).text, "id_descarcare")


def value(xml: str, attribute: str) -> str:
    found = re.search(rf'{attribute}="([^"]*)"', xml)
    assert found, f"no {attribute} in {xml}"
    return found.group(1)


@pytest.fixture
def attribute() -> Callable[[str, str], str]:
    return value


@pytest.fixture(scope="session")
def invoice() -> Callable[..., bytes]:
    """A valid invoice with another number and any further replacements."""
    text = (Path(__file__).parent / "data" / "invoice.xml").read_text("utf-8")

    def made(number: str = "PMX-2026-0001", **replacements: str) -> bytes:
        changed = text.replace("PMX-2026-0001", number)
        for old, new in replacements.get("change", {}).items():
            assert old in changed, f"{old} is not in the invoice"
            changed = changed.replace(old, new)
        return changed.encode()

    return made


@pytest.fixture
def anaf(sandbox: SandboxServer) -> Iterator[Anaf]:
    with httpx.Client(
        base_url=sandbox.url, headers=sandbox.authorization, timeout=5, trust_env=False
    ) as http:
        yield Anaf(http)


@pytest.fixture
def public(sandbox: SandboxServer) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=sandbox.url, timeout=5, trust_env=False) as http:
        yield http


@pytest.fixture
async def local(sandbox_settings: Settings, sandbox_keys: Path) -> AsyncIterator[httpx.AsyncClient]:
    """The application in this process, with an access token."""
    app = build(replace(sandbox_settings, key_dir=sandbox_keys, state_delay=0, list_delay=0))
    token = app.state.world.oauth.refresh("sandbox-refresh-token")["access_token"]
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app=app),
        base_url="http://sandbox",
        headers={"Authorization": f"Bearer {token}"},
    ) as client:
        yield client
