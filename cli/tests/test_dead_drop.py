"""`workers dead drop`: what goes, what stays, and that it is asked and told."""

import pytest

from workers_runtime.testing import Bus

pytestmark = pytest.mark.integration
QUEUE = "anaf.taxpayer.dead"


async def ids(later) -> list[str]:
    listed = await later("dead", "list", QUEUE, "--json")
    return [one["message_id"] for one in listed.json["messages"]]


async def test_chosen_one_goes_and_the_rest_keeps_its_order(bus: Bus, later, bury):
    for number in range(4):
        await bury(f"m{number}")
    ran = await later("dead", "drop", "anaf.taxpayer", "m1", "--yes")
    assert ran.code == 0
    assert ran.out.strip() == (
        "dropped m1 taxpayer.validate permanent (number): the register refuses"
    )
    assert await ids(later) == ["m0", "m2", "m3"]


async def test_no_is_a_no(bus: Bus, later, bury):
    await bury("m1")
    ran = await later("dead", "drop", QUEUE, "m1", given="n\n")
    assert ran.code == 2
    assert "Drop for good what is in anaf.taxpayer.dead?" in ran.err
    assert await ids(later) == ["m1"]
    assert (await later("dead", "drop", QUEUE, "m1", given="y\n")).code == 0
    assert await ids(later) == []


async def test_all_or_those_with_a_code_go_and_are_told_as_json(bus: Bus, later, bury):
    await bury("m1")
    await bury("m2", code="invalid_message")
    await bury("m3")
    one = await later("dead", "drop", QUEUE, "--code", "invalid_message", "--yes", "--json")
    assert [letter["message_id"] for letter in one.json["dropped"]] == ["m2"]
    assert one.json["dropped"][0]["code"] == "invalid_message"
    rest = await later("dead", "drop", QUEUE, "--all", "--yes", "--json")
    assert [letter["message_id"] for letter in rest.json["dropped"]] == ["m1", "m3"]
    assert await bus.count(QUEUE) == 0
    assert "nothing to drop" in (await later("dead", "drop", QUEUE, "--all", "--yes")).err


async def test_unknown_id_and_no_choice_drop_nothing(bus: Bus, later, bury):
    await bury("m1")
    unknown = await later("dead", "drop", QUEUE, "m1", "m7", "--yes", "--json")
    assert (unknown.code, unknown.error["code"]) == (2, "no_such_message")
    for arguments in ((), ("m1", "--all"), ("m1", "--json")):
        assert (await later("dead", "drop", QUEUE, *arguments, "--json")).code == 2
    assert await ids(later) == ["m1"]
