"""A thousand look-ups over the real bus, by the real worker: few calls, and none for nonsense."""

import asyncio
import time

import pytest

from workers_contracts.types import cui_is_valid
from workers_runtime.testing import Bus
from workers_sandbox.settings import Settings as SandboxSettings

pytestmark = pytest.mark.integration
KEY, ANSWER = "taxpayer.validate", "anaf.taxpayer.validated"


@pytest.fixture
def sandbox_settings() -> SandboxSettings:
    """ANAF's own limits: a look-up a second, a hundred codes each; what breaks them is refused."""
    return SandboxSettings(lookup_policy="refuse", lookup_interval=1.0)


@pytest.fixture
def start(sandbox, start_worker):
    """Start the worker with its default configuration against the sandbox."""
    return lambda: start_worker("anaf_taxpayer", ANAF_PUBLIC_URL=sandbox.url)


def codes(count: int, *, right: bool = True) -> list[str]:
    """Return fiscal codes with a right or a wrong control digit."""
    stems = (f"{40_000_00 + n}{digit}" for n in range(count) for digit in range(10))
    if right:
        return [code for code in stems if cui_is_valid(code)]
    return [code for code in stems if not cui_is_valid(code)][:count]


async def publish(bus: Bus, numbers: list[str]) -> None:
    """Ask for all of them at once."""
    await asyncio.gather(
        *(bus.publish(KEY, {"number": n}, message_id=n, correlation_id=n) for n in numbers)
    )


async def answers(bus: Bus, numbers: list[str], seconds: float) -> dict[str, dict]:
    """Wait until each number has its answer."""
    deadline = time.monotonic() + seconds
    while len(found := {event.correlation_id: event.data for event in bus.events}) < len(numbers):
        assert time.monotonic() < deadline, f"{len(found)} of {len(numbers)}"
        await asyncio.sleep(0.1)
    return found


async def test_thousand_look_ups_are_at_most_eleven_calls(bus: Bus, start, sandbox, request):
    numbers = codes(1000)
    assert len(set(numbers)) == 1000
    for number in numbers[::100]:
        sandbox.control.taxpayer(int(number), f"FIRMA {number} SRL")
    # They wait before the worker comes: what we measure is its batching, not our publishing.
    await publish(bus, numbers)
    start()
    found = await answers(bus, numbers, 120)
    assert {event.key for event in bus.events} == {ANSWER}
    assert [found[number]["number"] for number in numbers] == numbers
    for number in numbers[::100]:
        assert found[number]["taxpayer"]["name"] == f"FIRMA {number} SRL"
    assert {found[number]["reason"] for number in numbers[1::100]} == {"not_found"}
    calls = sandbox.control.requests()
    request.node.user_properties.append(("calls", len(calls)))
    assert len(calls) <= 11
    assert sandbox.control.violations() == []


async def test_wrong_check_digit_causes_no_call(bus: Bus, start, sandbox):
    numbers = codes(200, right=False)
    start()
    await publish(bus, numbers)
    found = await answers(bus, numbers, 60)
    assert {(each["reason"], each["source"]) for each in found.values()} == {
        ("check_digit", "local")
    }
    assert sandbox.control.requests() == []
