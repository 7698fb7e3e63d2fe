"""Log lines: one event each, with the message's identity, without secrets, from every logger."""

import json
import logging

import pytest
import structlog

from workers_runtime.logs import configure_logs, get_logger

JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJ4In0.c2lnbmF0dXJl"


@pytest.fixture(autouse=True)
def _root_logger():
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers, root.level = handlers, level


def fail():
    raise ValueError(f"the host refused {JWT}")


def log_everything() -> None:
    structlog.contextvars.bind_contextvars(message_id="m-1", tid="t-1")
    log = get_logger("module.x")
    log.info("invoice submitted", upload_index=5, token="s3cret", note=f"saw {JWT}")
    log.debug("not shown")
    try:
        fail()
    except ValueError as error:
        log.exception("it broke", reason=error)
    other = logging.getLogger("some.library")
    other.warning("library says %s", JWT)
    try:
        fail()
    except ValueError:
        other.exception("library broke")


def test_json_lines(capsys):
    configure_logs(service="anaf-efactura", level="info", log_format="json")
    log_everything()
    out, err = capsys.readouterr()
    assert out == ""
    lines = [json.loads(line) for line in err.splitlines()]
    assert [line["event"] for line in lines] == [
        "invoice submitted", "it broke", "library says [redacted]", "library broke",
    ]  # fmt: skip
    for line in lines:
        assert line["service"] == "anaf-efactura"
        assert (line["message_id"], line["tid"]) == ("m-1", "t-1")
        assert line["timestamp"].endswith("Z")
        assert line["level"] in {"info", "error", "warning"}
    assert lines[0]["module"] == "module.x"
    assert lines[0]["token"] == "[redacted]"
    assert "Traceback" in lines[1]["exception"]
    assert "Traceback" in lines[3]["exception"]
    assert JWT not in err
    assert "s3cret" not in err


def test_console_lines(capsys):
    configure_logs(service="anaf-efactura", level="INFO", log_format="console")
    log_everything()
    err = capsys.readouterr().err
    assert "invoice submitted" in err
    assert "Traceback" in err
    assert JWT not in err
    assert "s3cret" not in err


def test_romanian_letters_stay_readable(capsys):
    configure_logs(service="x")
    get_logger("x").info("factură respinsă", reason="șters și țări")
    assert "șters și țări" in capsys.readouterr().err


def test_chatty_libraries_are_quiet(capsys):
    configure_logs(service="x", level="DEBUG")
    for name in ("aio_pika.robust_connection", "aiormq.connection", "httpx", "faststream"):
        logging.getLogger(name).error("reconnecting")
    assert capsys.readouterr().err == ""
