"""Failpoints act in the environment ``test`` only, and once when told so."""

import time

import pytest

from workers_runtime import failpoints
from workers_runtime.errors import OutcomeUnknownError, PermanentError, QuotaError, TransientError


@pytest.fixture
def killed(monkeypatch):
    calls: list[int] = []
    monkeypatch.setattr(failpoints.os, "kill", lambda _pid, number: calls.append(number))
    return calls


@pytest.mark.parametrize("environment", ["production", "dev", "", "TEST"])
async def test_nothing_happens_outside_tests(monkeypatch, killed, environment):
    for order in (*failpoints.CRASHES, *failpoints.FAULTS, "slow:60"):
        monkeypatch.setenv("WORKERS_FAILPOINT", order)
        started = time.monotonic()
        for place in failpoints.CRASHES:
            failpoints.hit(place, environment)
        await failpoints.interfere(environment)
        assert time.monotonic() - started < 30
    assert killed == []


@pytest.mark.parametrize("place", failpoints.CRASHES)
def test_crash_at_its_place_once(monkeypatch, killed, tmp_path, place):
    monkeypatch.setenv("WORKERS_FAILPOINT", f"{place}@{tmp_path}/once")
    for other in failpoints.CRASHES:
        if other != place:
            failpoints.hit(other, "test")
    assert killed == []
    failpoints.hit(place, "test")
    failpoints.hit(place, "test")
    assert killed == [9]


@pytest.mark.parametrize(
    ("name", "error"),
    [("transient", TransientError), ("quota", QuotaError), ("permanent", PermanentError),
     ("unknown", OutcomeUnknownError), ("unexpected", KeyError)],
)  # fmt: skip
async def test_fault_in_place_of_the_handler(monkeypatch, name, error):
    monkeypatch.setenv("WORKERS_FAILPOINT", name)
    for _ in range(2):
        with pytest.raises(error):
            await failpoints.interfere("test")


async def test_slowness_has_its_seconds(monkeypatch, tmp_path):
    monkeypatch.setenv("WORKERS_FAILPOINT", f"slow:1@{tmp_path}/once")
    started = time.monotonic()
    await failpoints.interfere("test")
    assert time.monotonic() - started >= 1
    started = time.monotonic()
    await failpoints.interfere("test")
    assert time.monotonic() - started < 1


async def test_no_order_is_no_fault(monkeypatch, killed):
    monkeypatch.delenv("WORKERS_FAILPOINT", raising=False)
    await failpoints.interfere("test")
    failpoints.hit("after_claim", "test")
    assert killed == []
