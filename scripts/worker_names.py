"""Every name of a new worker, from its tag and the keys of its messages."""

import keyword
import re
import sys
from dataclasses import dataclass, fields

_TAG = re.compile(r"[a-z][a-z0-9]*(\.[a-z][a-z0-9]*)?")
_KEY = re.compile(r"[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*){1,2}")
RESERVED = frozenset({"worker", "workers", "registry", "sandbox", "test", "tests", "envelopes"})
"""First words that the product itself uses."""
_SERVERS = frozenset({"rabbitmq", "redis", "postgres", "workers", "sandbox", "registry"})
_IRREGULAR = {"send": "sent", "do": "done", "find": "found", "make": "made", "pay": "paid"}


class NamingError(ValueError):
    """A name cannot be used; the message says which, why, and what to write."""


@dataclass(frozen=True)
class Names:
    """What a new worker is called, in each place."""

    tag: str
    folder: str
    package: str
    PREFIX: str
    key: str
    event: str
    failed: str
    module: str
    noun: str
    Noun: str
    Command: str
    Event: str
    Failed: str
    handler: str

    def values(self) -> dict[str, str]:
        """Return every name by the word that stands for it in the templates."""
        return {one.name: getattr(self, one.name) for one in fields(self)}


def names(tag: str, command: str | None, event: str | None) -> Names:
    """Return the names that follow.

    Raises:
        NamingError: one of them has a wrong form or is reserved.
    """
    _check_tag(tag)
    if command is None and "." not in tag:
        raise NamingError(f"--tag {tag} has one word: give --command too, for example {tag}.read")
    key = _checked("--command", command or tag, "statement.import")
    noun, verb = key.split(".", 1)
    happened = _checked("--event", event or f"{noun}.{participle(verb)}", "statement.imported")
    if happened in (key, f"{noun}.failed"):
        raise NamingError(f"--event {happened} is the key of another message: give another one")
    folder = tag.replace(".", "-")
    return Names(
        tag=tag,
        folder=folder,
        package=folder.replace("-", "_"),
        PREFIX=folder.replace("-", "_").upper() + "_",
        key=key,
        event=happened,
        failed=f"{noun}.failed",
        module=noun,
        noun=noun,
        Noun=_camel(noun),
        Command=_camel(verb) + _camel(noun),
        Event="".join(map(_camel, happened.split(".")[-2:])),
        Failed=f"{_camel(noun)}Failed",
        handler=f"{verb}_{noun}".replace(".", "_"),
    )


def participle(verb: str) -> str:
    """Return what has happened when a verb was done: import, imported; notify, notified."""
    last = verb.rsplit(".", 1)[-1]
    if last in _IRREGULAR:
        return _IRREGULAR[last]
    if last.endswith("e"):
        return f"{last}d"
    if last.endswith("y") and last[-2:-1] not in "aeiou":
        return f"{last[:-1]}ied"
    return f"{last}ed"


def _check_tag(tag: str) -> None:
    if not _TAG.fullmatch(tag):
        raise NamingError(
            f"--tag {tag!r} is not one or two words of lower-case letters and digits with a dot "
            "between them: write for example bank.statement"
        )
    package = tag.replace(".", "_")
    if tag in _SERVERS or package in sys.stdlib_module_names or keyword.iskeyword(package):
        raise NamingError(f"--tag {tag} is the name of something else: add a word, {tag}.reader")


def _checked(option: str, key: str, example: str) -> str:
    if not _KEY.fullmatch(key):
        raise NamingError(
            f"{option} {key!r} is not two words of lower-case letters with a dot between them: "
            f"write for example {example}"
        )
    domain = key.split(".", 1)[0]
    if domain in RESERVED or keyword.iskeyword(domain):
        raise NamingError(f"{option} {key}: {domain!r} is reserved; begin with another word")
    return key


def _camel(text: str) -> str:
    return "".join(part.capitalize() for part in re.split(r"[._]", text))
