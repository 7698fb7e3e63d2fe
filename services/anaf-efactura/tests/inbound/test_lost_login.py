"""An installation that only receives hears of a lost log-in as one that files does."""

import pytest

from anaf_efactura.handlers import fetch_message, list_messages, watch_login
from workers_anaf.oauth import TokenRefusedError
from workers_contracts.efactura import WatchLogin
from workers_contracts.efactura_inbound import FetchMessage
from workers_runtime.identity import Task

LOST = "efactura.login_lost"


def looks(items) -> list[WatchLogin]:
    """The looks at the log-in that were asked for."""
    commands = (getattr(each, "command", None) for each in items)
    return [command for command in commands if isinstance(command, WatchLogin)]


async def told(desk, command: WatchLogin, by: str):
    found = await watch_login(command, Task(by, "c1", "", 1, False, 0), desk.parts["login"])
    return [event for event in found or [] if getattr(event, "key", "") == LOST]


async def test_lists_that_are_refused_raise_the_alarm_once(box, sandbox):
    await box.ask()
    sandbox.control.scenario("refresh-token-expired", times=None)
    parts = box.desk.parts
    asked = []
    for number in range(3):
        sent = box.reading
        outcome = await list_messages(
            sent.command, box.task(sent), parts["receiving"], parts["login"]
        )
        box.take(sent, outcome)
        commands = looks(outcome)
        asked.append(len(commands))
        for command in commands:
            (event,) = await told(box.desk, command, f"w{number}")
            assert (event.cause, event.tenant) == ("refused", None)
        assert box.reading is not sent
    # The chain of readings goes on; what was told is not asked for again.
    assert asked == [1, 0, 0]


async def test_download_that_is_refused_raises_the_alarm(box, sandbox):
    await box.ask()
    sandbox.control.inbound(box.cif)
    await box.step(box.reading)
    (fetch,) = [sent for sent in box.fetches if isinstance(sent.command, FetchMessage)]
    sandbox.control.scenario(
        "answer-verbatim", operation="descarcare", message="{}", status=401, times=None
    )
    parts = box.desk.parts
    with pytest.raises(TokenRefusedError) as refused:
        await fetch_message(fetch.command, box.task(fetch), parts["fetching"], parts["login"])
    (command,) = looks(refused.value.follow_ups)
    (event,) = await told(box.desk, command, "w1")
    assert event.cause == "token_refused"
    assert await told(box.desk, command, "w2") == []
