"""Rules about code that no linter knows. Each one is shown to catch what it forbids."""

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

Check = Callable[[ast.Module], Iterator[ast.AST]]
_NETWORK = {
    "aiohttp", "aiosmtplib", "http", "httpx", "requests", "slack_sdk", "smtplib", "socket",
    "urllib", "zeep",
}  # fmt: skip
_PARSERS = {
    "fromstring", "fromstringlist", "parse", "iterparse", "HTML", "XML", "XMLID",
    "XMLParser", "HTMLParser", "XMLPullParser", "ETCompatXMLParser",
}  # fmt: skip
_CONNECTORS = {
    "AsyncClient", "Client", "ClientSession", "Database", "Outbound", "RabbitBroker", "Redis",
    "Settings", "connect", "connect_robust", "create_async_engine", "create_engine", "from_url",
    "load",
}  # fmt: skip


@dataclass(frozen=True)
class Rule:
    """What is forbidden, where, with a snippet that breaks it and one that does not."""

    check: Check
    folders: tuple[str, ...]
    bad: str
    good: str
    except_files: frozenset[str] = field(default_factory=frozenset)


def _imports(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom) and node.level == 0:
        return [f"{node.module}.{alias.name}" for alias in node.names]
    return []


def _importing(*names: str) -> Check:
    def check(tree: ast.Module) -> Iterator[ast.AST]:
        for node in ast.walk(tree):
            if any(
                one == name or one.startswith(f"{name}.")
                for one in _imports(node)
                for name in names
            ):
                yield node

    return check


def _called(node: ast.AST) -> str:
    if not isinstance(node, ast.Call):
        return ""
    return getattr(node.func, "attr", "") or getattr(node.func, "id", "")


def _calling(*names: str) -> Check:
    def check(tree: ast.Module) -> Iterator[ast.AST]:
        return (node for node in ast.walk(tree) if _called(node) in names)

    return check


def _parsing(tree: ast.Module) -> Iterator[ast.AST]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr in _PARSERS:
            if isinstance(node.value, ast.Name) and node.value.id in {
                "etree",
                "ET",
                "html",
                "objectify",
            }:
                yield node
        elif isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "lxml":
            yield from [node] * (_imports(node) != ["lxml.etree"])
    yield from _importing("lxml.html", "lxml.objectify", "xml", "xmltodict", "bs4")(tree)


def _environment(tree: ast.Module) -> Iterator[ast.AST]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr in {"environ", "getenv", "putenv"}:
            yield node
    yield from _importing("os.environ", "os.getenv")(tree)


def _made_at_import(tree: ast.Module) -> Iterator[ast.AST]:
    for statement in tree.body:
        if isinstance(statement, ast.Assign | ast.AnnAssign | ast.Expr) and statement.value:
            yield from (n for n in ast.walk(statement.value) if _called(n) in _CONNECTORS)


def _acknowledging(tree: ast.Module) -> Iterator[ast.AST]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and node.id == "AckPolicy":
            yield node
    yield from _importing("faststream.AckPolicy")(tree)


def _transient_message(tree: ast.Module) -> Iterator[ast.AST]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "aio_pika.Message":
            modes = [ast.unparse(k.value) for k in node.keywords if k.arg == "delivery_mode"]
            if not any(mode.endswith("PERSISTENT") for mode in modes):
                yield node


PRODUCT = ("shared", "services", "registry-service")
RULES = {
    "only the runtime publishes": Rule(
        _calling("publish", "basic_publish", "publish_batch"),
        ("services", "shared/anaf", "shared/ledger"),
        bad="await broker.publish(event)",
        good="return InvoiceSubmitted()",
    ),
    "only client.py speaks to the outside": Rule(
        _importing(*_NETWORK),
        ("services",),
        bad="from httpx import AsyncClient",
        good="from .client import EFacturaClient",
        except_files=frozenset({"client.py"}),
    ),
    "the shared ANAF part speaks through the runtime": Rule(
        _importing(*_NETWORK - {"httpx"}),
        ("shared/anaf", "shared/ledger"),
        bad="import urllib.request",
        good="from workers_runtime.outbound import Outbound",
    ),
    "only the gate parses XML": Rule(
        _parsing,
        PRODUCT,
        bad="from lxml import etree\nroot = etree.fromstring(data)",
        good="from lxml import etree\nerror = etree.LxmlError\ntext = etree.tostring(root)",
        # HTML is no XML: it has no entities to expand and no addresses to fetch.
        except_files=frozenset({"workers_anaf/xml.py", "email_send/text.py"}),
    ),
    "only the gate opens archives": Rule(
        _importing("zipfile", "tarfile", "gzip", "zlib", "bz2", "lzma", "shutil.unpack_archive"),
        PRODUCT,
        bad="import zipfile",
        good="from .archive import read",
        # bundle.py only packs.
        except_files=frozenset({"archive.py", "archiving/bundle.py"}),
    ),
    "only settings read the environment": Rule(
        _environment,
        PRODUCT,
        bad="import os\nurl = os.environ['RMQ_URL']",
        good="import os\npid = os.getpid()",
        except_files=frozenset(
            {
                "config.py",
                "failpoints.py",
                "testing/process.py",
                "testing/as_installed/sitecustomize.py",
            }
        ),
    ),
    "nothing is connected or read at import": Rule(
        _made_at_import,
        (*PRODUCT, "contracts"),
        bad="settings = Settings()",
        good="def build():\n    return Settings()",
    ),
    "only the runtime acknowledges": Rule(
        _acknowledging,
        ("services", "shared/anaf", "shared/ledger"),
        bad="from faststream import AckPolicy",
        good="from faststream import Context",
    ),
    "every published message is persistent": Rule(
        _transient_message,
        ("shared/runtime", "services"),
        bad="aio_pika.Message(b'')",
        good="aio_pika.Message(b'', delivery_mode=DeliveryMode.PERSISTENT)",
        # A heartbeat expires within a minute: one that survives a broker's restart proves nothing.
        except_files=frozenset({"workers_runtime/heartbeat.py"}),
    ),
    "a handler never sleeps": Rule(
        _calling("sleep"),
        ("services",),
        bad="await asyncio.sleep(5)",
        good="return [event, Later(CheckInvoice(), seconds=5)]",
    ),
    "a client or pickle never runs what it reads": Rule(
        _importing("pickle", "marshal", "shelve", "dill"),
        PRODUCT,
        bad="import pickle",
        good="import json",
    ),
}


def _applies(rule: Rule, file: Path, root: Path) -> bool:
    path = file.relative_to(root).as_posix()
    inside = any(path.startswith(f"{folder}/") for folder in rule.folders)
    return inside and not any(path.endswith(f"/{name}") for name in rule.except_files)


@pytest.mark.parametrize("name", RULES)
def test_rule_holds(name, root, shipped, parsed):
    rule = RULES[name]
    files = [file for file in shipped if _applies(rule, file, root)]
    assert files, "the rule looks at nothing"
    found = [
        f"{file.relative_to(root)}:{node.lineno}"
        for file in files
        for node in rule.check(parsed(file))
    ]
    assert not found, f"{name}: {', '.join(found)}"


@pytest.mark.parametrize("name", RULES)
def test_rule_catches_what_it_forbids(name):
    rule = RULES[name]
    assert list(rule.check(ast.parse(rule.bad)))
    assert not list(rule.check(ast.parse(rule.good)))


@pytest.mark.parametrize("name", [name for name, rule in RULES.items() if rule.except_files])
def test_exceptions_of_a_rule_are_still_needed(name, root, shipped, parsed):
    rule = RULES[name]
    for exception in rule.except_files:
        files = [f for f in shipped if f.as_posix().endswith(f"/{exception}")]
        needed = [f for f in files if any(True for _ in rule.check(parsed(f)))]
        assert needed, f"{name}: the exception for {exception} is no longer needed; take it out"
