"""Make a new worker that runs and passes its tests as it is; then put your work in its place.

python scripts/create-worker.py --tag bank.statement --command statement.import

Writes services/bank-statement, its messages with their examples in contracts/, its service in
docker-compose.yml and a changelog fragment. Everything else finds the worker by its folder.
"""

import argparse
import json
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from members import ROOT, members
from worker_names import Names, NamingError, names

TEMPLATES = Path(__file__).resolve().parent / "worker-template"
SUFFIX = ".template"
COMPOSE = "docker-compose.yml"
_VOLUMES = "\nvolumes:\n"


def main(arguments: list[str] | None = None) -> int:
    """Make the worker; 2 and one line when that cannot be."""
    options = _parser().parse_args(arguments)
    try:
        made = names(options.tag, options.command, options.event)
        files = rendered(made)
        _refuse_what_exists(made, files)
    except NamingError as error:
        print(f"create-worker: {error}", file=sys.stderr)
        return 2
    for path, text in files.items():
        file = ROOT / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, "utf-8")
        print(f"{path}")
    _tidy([path for path in files if path.endswith(".py")])
    print(_next_steps(made))
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="create-worker", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--tag", required=True, help="its queue, for example bank.statement")
    parser.add_argument("--command", help="key of its command; the tag when not given")
    parser.add_argument("--event", help="key of its event; the command's past when not given")
    return parser


def rendered(made: Names) -> dict[str, str]:
    """Return every file of the new worker by its path, docker-compose.yml included."""
    files: dict[str, str] = {}
    for template in sorted((TEMPLATES / "service").rglob(f"*{SUFFIX}")):
        inside = template.relative_to(TEMPLATES / "service").as_posix().removesuffix(SUFFIX)
        inside = inside.replace("src/", f"src/{made.package}/")
        files[f"services/{made.folder}/{inside}"] = _filled(template, made)
    module = _filled(TEMPLATES / f"contracts/module.py{SUFFIX}", made)
    files[f"contracts/src/workers_contracts/{made.module}.py"] = module
    files |= _examples(made)
    files[f"changelog.d/{made.folder}.md"] = _filled(TEMPLATES / f"changelog.md{SUFFIX}", made)
    files[COMPOSE] = _compose(made)
    return files


def _filled(template: Path, made: Names) -> str:
    text = template.read_text("utf-8").replace("@version@", _version())
    for name, value in made.values().items():
        text = text.replace(f"@{name}@", value)
    return text


def _version() -> str:
    settings = (ROOT / "contracts" / "pyproject.toml").read_text("utf-8")
    return settings.partition('version = "')[2].partition('"')[0]


def _examples(made: Names) -> dict[str, str]:
    keys = {"command": made.key, "event": made.event, "failed": made.failed}
    files = {}
    for template in sorted((TEMPLATES / "examples").glob(f"*{SUFFIX}")):
        which, _, case = template.name.removesuffix(SUFFIX).partition(".")
        files[f"contracts/examples/{keys[which]}/{case}"] = _filled(template, made)
    for key in (made.event, made.failed):
        # One envelope a domain is enough, and it may be another worker's.
        path = f"contracts/examples/envelopes/{key.partition('.')[0]}.json"
        if not (ROOT / path).exists() and path not in files:
            folder = f"contracts/examples/{key}/valid-"
            data = next(text for name, text in files.items() if name.startswith(folder))
            files[path] = _envelope(made, key, json.loads(data))
    return files


def _envelope(made: Names, key: str, data: dict[str, object]) -> str:
    content = {
        "specversion": "1.0",
        "id": "0b9a4a52-7a55-4b8e-a3a3-2f1f0a9d6c01",
        "source": f"/workers/{made.tag}",
        "type": key,
        "time": "2026-03-02T09:15:04.000Z",
        "subject": data.get("reference") or data.get("message_id"),
        "datacontenttype": "application/json",
        "correlationid": data["correlation_id"],
        "causationid": "5b1d6a3e-0d0c-4f43-8a57-0a3a3f5c7a11",
        "tid": "tenant-demo",
        "traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        "data": data,
    }
    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"


def _compose(made: Names) -> str:
    text = (ROOT / COMPOSE).read_text("utf-8")
    services, found, volumes = text.partition(_VOLUMES)
    if not found:
        raise NamingError(f"{COMPOSE} has no `volumes:` at its end: put the service in by hand")
    service = _filled(TEMPLATES / f"compose.yml{SUFFIX}", made).rstrip("\n")
    return f"{services}\n{service}\n{_VOLUMES}{volumes.rstrip()}\n  {made.folder}:\n"


def _refuse_what_exists(made: Names, files: dict[str, str]) -> None:
    if any(one.folder.name == made.folder for one in members(ROOT)):
        raise NamingError(f"services/{made.folder} exists already: choose another --tag")
    for key in (made.key, made.event, made.failed):
        if (ROOT / "contracts" / "examples" / key).exists():
            raise NamingError(f"the message {key} is taken: give another --command or --event")
    for path in files:
        if path != COMPOSE and (ROOT / path).exists():
            raise NamingError(f"{path} exists already: {_advice(path)}")


def _advice(path: str) -> str:
    if path.startswith("contracts/src/"):
        return "its domain is taken; give a --command with another first word"
    return "choose another --tag, or remove what is left of an earlier try"


def _tidy(paths: list[str]) -> None:
    """Sort the imports and wrap the lines: both depend on the names."""
    for command in (["check", "--fix-only"], ["format"]):
        program = str(Path(sys.executable).with_name("ruff"))
        subprocess.run([program, *command, "--quiet", *paths], cwd=ROOT, check=True)


def _next_steps(made: Names) -> str:
    return f"""
Made services/{made.folder}: it takes {made.key} and answers {made.event}. Now run

    ./justw schemas env docs dockerfiles lock
    ./justw test-unit services/{made.folder} contracts tests/architecture
    ./justw test tests/conformance -k {made.folder}

and put your work into client.py, handlers.py and the messages in
contracts/src/workers_contracts/{made.module}.py: docs/how-to/add-a-worker.md tells how."""


if __name__ == "__main__":
    sys.exit(main())
