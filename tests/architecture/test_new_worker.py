"""`create-worker` makes a worker that passes what every worker has to pass, unedited."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

FOLDER = "services/bank-statement"
CHECKED = (
    FOLDER,
    "contracts/tests/test_examples.py",
    "tests/architecture/test_names.py",
    "tests/architecture/test_messages.py",
    "tests/architecture/test_compose.py",
)
# The new worker's own examples; everything of the other files.
CHOSEN = "statement or (not test_examples and not test_new_worker)"


@pytest.fixture(scope="module")
def copy(root, tmp_path_factory) -> Path:
    """The tree without what is hidden or made."""
    made = {"node_modules", "dist", "__pycache__", "htmlcov"}

    def ignored(folder: str, names: list[str]) -> set[str]:
        return {n for n in names if n in made or (n[0] == "." and Path(folder, n).is_dir())}

    target = tmp_path_factory.mktemp("new-worker") / "tree"
    shutil.copytree(root, target, ignore=ignored, ignore_dangling_symlinks=True)
    return target


def _files(copy: Path) -> set[str]:
    found = [path.relative_to(copy) for path in copy.rglob("*") if path.is_file()]
    return {p.as_posix() for p in found if p.parts[0][0] != "." and "__pycache__" not in p.parts}


def _run(copy: Path, *arguments: str) -> subprocess.CompletedProcess:
    """Run a program of the copy on the copy's packages, not on the installed ones."""
    sources = [*copy.glob("*/src"), *copy.glob("*/*/src")]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, sources))}
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=copy,
        env=environment,
        capture_output=True,
        text=True,
        timeout=500,
        check=False,
    )


def _create(copy: Path, *options: str) -> subprocess.CompletedProcess:
    return _run(copy, "scripts/create-worker.py", *options)


def test_new_worker_passes_unedited_and_names_what_to_run_next(copy):
    before, compose = _files(copy), (copy / "docker-compose.yml").read_text("utf-8")
    made = _create(copy, "--tag", "bank.statement", "--command", "statement.import")
    assert made.returncode == 0, made.stderr
    assert "./justw schemas env docs dockerfiles lock" in made.stdout
    outside = {path for path in _files(copy) - before if not path.startswith(f"{FOLDER}/")}
    assert {path.split("/")[0] for path in outside} == {"contracts", "changelog.d"}
    # What was in the compose file stays, and in its order.
    lines = iter((copy / "docker-compose.yml").read_text("utf-8").splitlines())
    assert all(line in lines for line in compose.splitlines())
    # `./justw lock` asks a package index; a neighbour's lock holds all that the new worker needs.
    locks = copy / "requirements"
    shutil.copy(locks / "anaf-taxpayer.txt", locks / "bank-statement.txt")
    for command in (
        ("-m", "workers_contracts", "schemas"),
        ("scripts/env_example.py",),
        ("scripts/reference.py",),
        ("scripts/dockerfiles.py",),
        ("scripts/lock.py", "--check"),
        ("-m", "ruff", "check", "--quiet", FOLDER, "contracts/src"),
        ("-m", "ruff", "format", "--check", "--quiet", FOLDER, "contracts/src"),
        ("-m", "pytest", "-q", "-p", "no:cacheprovider", "-k", CHOSEN, *CHECKED),
    ):
        done = _run(copy, *command)
        assert done.returncode == 0, f"{command}\n{done.stdout[-3000:]}{done.stderr[-3000:]}"
    assert (
        f"{FOLDER}/tests/test_handlers.py"
        in _run(copy, "-m", "pytest", "--collect-only", "-q", FOLDER).stdout
    )


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--tag", "Bank"], "write for example bank.statement"),
        (["--tag", "bank-statement"], "with a dot between them"),
        (["--tag", "a.b.c"], "one or two words"),
        (["--tag", "json", "--command", "feed.read"], "--tag json is the name of something else"),
        (["--tag", "redis", "--command", "feed.read"], "--tag redis is the name of something"),
        (["--tag", "reader"], "give --command too"),
        (["--tag", "feed.read", "--command", "Feed"], "write for example statement.import"),
        (["--tag", "feed.read", "--command", "worker.read"], "'worker' is reserved"),
        (["--tag", "feed.read", "--command", "import.read"], "'import' is reserved"),
        (["--tag", "feed.read", "--event", "feed.failed"], "is the key of another message"),
        (["--tag", "feed.read", "--event", "registry.read"], "'registry' is reserved"),
        (["--tag", "anaf.taxpayer"], "services/anaf-taxpayer exists already"),
        (["--tag", "feed.read", "--command", "taxpayer.read"], "message taxpayer.failed is taken"),
        (["--tag", "feed.read", "--command", "types.read"], "its domain is taken"),
        (
            ["--tag", "feed.read", "--event", "efactura.accepted"],
            "message efactura.accepted is taken",
        ),
    ],
)
def test_a_name_that_cannot_be_is_refused_with_what_to_do(
    options, words, script, capsys, copy, monkeypatch
):
    program = script("create-worker")
    monkeypatch.setattr(program, "ROOT", copy)
    before = sorted(copy.rglob("*"))
    assert program.main(options) == 2
    error = capsys.readouterr().err
    assert error.startswith("create-worker: ")
    assert words in error
    assert error.count("\n") == 1
    assert sorted(copy.rglob("*")) == before


def test_names_follow_from_tag_and_keys(script):
    names = script("worker_names").names
    made = names("bank.statement", "statement.import", None)
    assert (made.folder, made.package, made.PREFIX) == (
        "bank-statement",
        "bank_statement",
        "BANK_STATEMENT_",
    )
    assert (made.Command, made.Event, made.Failed) == (
        "ImportStatement",
        "StatementImported",
        "StatementFailed",
    )
    assert (made.event, made.failed, made.handler) == (
        "statement.imported",
        "statement.failed",
        "import_statement",
    )
    assert names("email.send", None, None).event == "email.sent"
    assert names("reader", "book.notify", None).event == "book.notified"
    assert names("a.b", "c.validate", "a.c.validated").Event == "CValidated"
