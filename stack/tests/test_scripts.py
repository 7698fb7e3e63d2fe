"""The wrapper and the lock: what they do without network."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TOOLS = ("cat", "cksum", "dirname", "id", "rm", "sh")


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A workspace with the wrapper, the scripts, one package and its lock."""
    tree = tmp_path / "tree"
    (tree / "sandbox").mkdir(parents=True)
    (tree / "requirements").mkdir()
    shutil.copy(ROOT / "justw", tree)
    shutil.copytree(ROOT / "scripts", tree / "scripts")
    (tree / "justfile").touch()
    (tree / "pyproject.toml").write_text('[tool.workers]\nmembers = ["sandbox"]\n')
    (tree / "sandbox" / "pyproject.toml").write_text(
        '[project]\nname = "sandbox"\ndependencies = ["httpx>=0.28"]\n'
    )
    for name, lines in {"dev": ["pytest>=9"], "uv": ["uv>=0.9"], "bench": ["celery>=5"]}.items():
        (tree / "requirements" / f"{name}.in").write_text("\n".join(lines))
    (tree / "requirements" / "uv.txt").write_text("uv==0.9.1\n")
    (tree / "requirements" / "bench.txt").write_text("celery==5.7.0\n")
    (tree / "requirements" / "dev.txt").write_text("httpx==0.28.1\npytest==9.0.1\n")
    (tree / "requirements" / "sandbox.txt").write_text("httpx==0.28.1\n")
    return tree


@pytest.fixture
def justw(tree: Path, tmp_path: Path):
    """Run the wrapper on a machine that has only the tools it is told to have."""
    programs = tmp_path / "bin"
    programs.mkdir()
    for tool in TOOLS:
        (programs / tool).symlink_to(shutil.which(tool))

    def run(*arguments: str, **given: str) -> "subprocess.CompletedProcess[str]":
        environment = {"PATH": str(programs), "HOME": str(tmp_path), **given}
        return subprocess.run(
            [tree / "justw", *arguments],
            check=False,
            env=environment,
            capture_output=True,
            text=True,
        )

    return run


def check(tree: Path) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, tree / "scripts" / "lock.py", "--check"]
    return subprocess.run(command, check=False, capture_output=True, text=True)


def test_wrapper_finds_the_named_python_behind_a_shim_that_refuses(tree, justw, tmp_path):
    behind = tmp_path / ".pyenv" / "versions" / "3.13.0" / "bin" / "python3.13"
    behind.parent.mkdir(parents=True)
    for program, text in (
        (tmp_path / "bin" / "python3.13", "exit 127"),
        (behind, 'echo "$*" >> "$0.log"; [ "$1" = -c ]'),
    ):
        program.write_text(f"#!/bin/sh\n{text}\n")
        program.chmod(0o755)
    justw("test", WORKERS_PYTHON="python3.13")
    assert "-m venv .tools" in Path(f"{behind}.log").read_text()


def test_wrapper_installs_no_other_python_than_the_named_one(tree, justw, tmp_path):
    installer = tmp_path / "bin" / "apt-get"
    installer.write_text('#!/bin/sh\necho "$*" >> "$0.log"\n')
    installer.chmod(0o755)
    done = justw("test", WORKERS_PYTHON="python3.99")
    assert "needs Python 3.11 or newer" in done.stderr
    assert not Path(f"{installer}.log").exists()


def test_wrapper_runs_the_recipe_at_once_when_nothing_changed(tree, justw):
    just = tree / ".venv" / "bin" / "just"
    just.parent.mkdir(parents=True)
    just.write_text('#!/bin/sh\necho "$@"\n')
    just.chmod(0o755)
    text = b"".join(
        (tree / name).read_bytes()
        for name in (
            "requirements/dev.txt",
            "scripts/ocr_models.py",
            "pyproject.toml",
            "sandbox/pyproject.toml",
        )
    )
    stamp = subprocess.run(["cksum"], input=text, capture_output=True, check=True).stdout
    (tree / ".venv" / "stamp").write_bytes(stamp)
    done = justw("test", "-k", "two words")
    assert done.stdout.endswith(f"--working-directory {tree} test -k two words\n")
    assert done.stderr == ""

    (tree / "sandbox" / "pyproject.toml").write_text("[project]\n")
    assert justw("test").stderr == (
        "justw: needs Python 3.11 or newer: install one, or name it in WORKERS_PYTHON\n"
    )


def test_lock_that_holds_everything_is_fine(tree):
    done = check(tree)
    assert (done.returncode, done.stderr) == (0, "")


def test_dependency_that_is_not_locked_is_named(tree):
    (tree / "sandbox" / "pyproject.toml").write_text(
        '[project]\nname = "sandbox"\ndependencies = ["httpx>=0.29", "lxml"]\n'
    )
    done = check(tree)
    assert done.returncode == 1
    assert done.stderr.splitlines() == [
        "requirements/dev.txt pins 0.28.1, but 'httpx>=0.29' is declared",
        "requirements/dev.txt pins nothing, but 'lxml' is declared",
        "requirements/sandbox.txt pins 0.28.1, but 'httpx>=0.29' is declared",
        "requirements/sandbox.txt pins nothing, but 'lxml' is declared",
        "run `./justw lock`",
    ]


def test_deployable_without_a_lock_is_named(tree):
    (tree / "requirements" / "sandbox.txt").unlink()
    assert "requirements/sandbox.txt is missing" in check(tree).stderr


def test_no_lock_names_an_index():
    for lock in (ROOT / "requirements").glob("*.txt"):
        assert "://" not in lock.read_text(), lock.name
        assert "--hash=sha256:" in lock.read_text(), lock.name


@pytest.mark.parametrize("script", ["lock.py", "members.py", "typecheck.py"])
def test_every_script_explains_itself(script):
    command = [sys.executable, ROOT / "scripts" / script, "--help"]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert done.returncode == 0
    assert f"python scripts/{script}" in done.stdout
