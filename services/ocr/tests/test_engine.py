"""The engine in a process of its own: no network, the right models, the right line."""

import subprocess
import sys
from importlib.resources import files

import pytest

from ocr import models
from ocr.config import Settings
from ocr.engine.selftest import TEXT
from ocr.health import SelfTest

OFFLINE = """
import sys
seen = []
watched = ("socket.connect", "socket.getaddrinfo", "socket.gethostbyname", "socket.sendto")
sys.addaudithook(lambda name, args: seen.append(name) if name in watched else None)
import ocr.engine.preload
from ocr.engine import selftest
from ocr.engine.values import Models
from pathlib import Path
text = selftest.read(Path(sys.argv[1]).read_bytes(), Models(sys.argv[2]))
assert "paddle" not in sys.modules
print(text, *seen, sep="|")
"""


@pytest.fixture
def folder() -> str:
    """The installed models."""
    where = Settings(rmq_url="amqp://127.0.0.1:1/").models().folder
    assert models.missing(where) is None
    return where


def test_nothing_is_asked_of_the_network(folder):
    image = str(files("ocr") / "selftest.png")
    command = [sys.executable, "-c", OFFLINE, image, folder]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == TEXT


def test_missing_models_tell_what_to_do(tmp_path):
    assert "./justw install" in models.missing(str(tmp_path))


@pytest.mark.integration
async def test_models_are_tested_and_the_cause_is_told(processes, folder, tmp_path):
    settings = Settings(rmq_url="amqp://127.0.0.1:1/")
    good = SelfTest(processes, settings.models(), preload=True)
    good.start()
    await good._running
    assert await good.problem() is None
    await good.close()
    broken = tmp_path / "models"
    for name in models.NEEDED:
        (broken / name).mkdir(parents=True)
        (broken / name / "inference.onnx").write_bytes(b"no model")
        (broken / name / "inference.yml").write_text("Global: {model_name: PP-OCRv6_small_det}")
    wrong = SelfTest(
        processes, Settings(rmq_url="amqp://127.0.0.1:1/", models_dir=str(broken)).models(),
        preload=True,
    )  # fmt: skip
    wrong.start()
    await wrong._running
    assert "do not load" in await wrong.problem()
    await wrong.close()


@pytest.mark.integration
async def test_document_waits_for_models(make_desk, line, saved, tmp_path):
    from ocr.errors import ModelsUnavailableError  # noqa: PLC0415

    desk = make_desk(models_dir=str(tmp_path))
    with pytest.raises(ModelsUnavailableError, match="no models"):
        await desk.send(saved(line))
