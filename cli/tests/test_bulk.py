"""`workers efactura bulk` on a real broker: outcomes, the window, going on where it was stopped."""

import asyncio
import json
import signal
from pathlib import Path

import aio_pika
import pytest

from workers_cli.bulk import run
from workers_cli.errors import NotConfirmedError
from workers_runtime.redis_pool import connect
from workers_runtime.testing import Bus

pytestmark = pytest.mark.integration
CIF = "12345674"
EXAMPLES = Path(__file__).parents[2] / "contracts" / "examples"


def example(key: str, case: str) -> dict:
    return json.loads((EXAMPLES / key / f"{case}.json").read_text("utf-8"))


SUBMITTED = example("efactura.submitted", "valid-full")
ACCEPTED = example("efactura.accepted", "valid-sealed")
REJECTED = example("efactura.rejected", "valid-local")
FAILED = example("efactura.failed", "valid-authority-down")
JUDGED = example("efactura.validated", "valid-accepted")
REFUSED = example("efactura.validated", "valid-refused")


@pytest.fixture
def folder(alone: Path):
    """Make a folder with so many documents."""

    def make(count: int) -> str:
        (alone / "in").mkdir(exist_ok=True)
        for n in range(count):
            (alone / "in" / f"{n:02d}.xml").write_text(f"<x>{n}</x>")
        return "in"

    return make


def report() -> list[dict]:
    return [json.loads(line) for line in Path("r.jsonl").read_text("utf-8").splitlines()]


def last() -> dict[str, dict]:
    return {line["item"]: line for line in report()}


class Worker:
    """Answers commands in the worker's place: by the text of a document, with the given events."""

    def __init__(self, channel, queue: str) -> None:
        self._channel = channel
        self._queue = queue
        self.got: list[str] = []
        self.bodies: list[dict] = []

    async def answer(self, events: dict[str, list], *, count: int, others=()) -> None:
        """Take commands until there were so many."""
        queue = await self._channel.get_queue(self._queue, ensure=False)
        while len(self.got) < count:
            message = await queue.get(no_ack=True, fail=False)
            if message is None:
                await asyncio.sleep(0.02)
                continue
            body = json.loads(message.body)
            self.got.append(message.message_id)
            self.bodies.append(body)
            told = next((events[text] for text in events if text in body["xml"]), others)
            for key, data in told:
                await self.tell(key, data, message.correlation_id)

    async def tell(self, key: str, data: dict, correlation_id: str) -> None:
        """Publish one event."""
        envelope = {"type": key, "correlationid": correlation_id, "data": data, "time": "t"}
        exchange = await self._channel.get_exchange("workers.events", ensure=False)
        await exchange.publish(aio_pika.Message(json.dumps(envelope).encode()), key)


@pytest.fixture
async def worker(bus: Bus, vhost_url: str):
    """What takes the commands."""
    connection = await aio_pika.connect(vhost_url)
    channel = await connection.channel()
    yield lambda queue="anaf.efactura": Worker(channel, queue)
    await connection.close()


GOOD = [("efactura.submitted", SUBMITTED), ("efactura.accepted", ACCEPTED)]


async def test_every_item_is_told_with_its_end(later, worker, folder):
    folder(4)
    Path("in/bad.xml").write_text("no")
    task = later("efactura", "bulk", "in", "--report", "r.jsonl", "--cif", CIF)
    await worker().answer(
        {
            "<x>1<": [("efactura.rejected", REJECTED)],
            "<x>2<": [("efactura.failed", FAILED)],
        },
        count=4,
        others=GOOD,
    )
    ran = await task
    assert ran.code == 1
    assert "accepted" in ran.out
    found = last()
    assert {item: line["outcome"] for item, line in found.items()} == {
        "00.xml": "accepted", "01.xml": "rejected", "02.xml": "failed", "03.xml": "accepted",
        "bad.xml": "broken",
    }  # fmt: skip
    good = found["00.xml"]
    assert [one["state"] for one in good["states"]] == ["sent", "submitted", "accepted"]
    assert good["upload_index"] == ACCEPTED["upload_index"]
    assert good["archive"] == ACCEPTED["archive"]
    assert good["seal"] == ACCEPTED["seal"]["status"]
    assert found["01.xml"]["errors"][0]["message"] == REJECTED["errors"][0]["message"]
    failed = found["02.xml"]
    assert failed["code"] == failed["errors"][0]["rule"] == FAILED["code"]
    (told,) = failed["errors"]
    assert told["message"].startswith(FAILED["text"]["ro"])
    assert told["message"].endswith("coada anaf.efactura.dead.")
    assert (told["mend"], told["mend_en"]) == (FAILED["mend"]["ro"], FAILED["mend"]["en"])
    assert FAILED["message"] in told["message_en"]
    assert found["bad.xml"]["errors"] == [
        {
            "rule": "unreadable_input",
            "message": "bad.xml nu este XML.",
            "mend": "Dați un document UBL sau CII.",
            "message_en": "bad.xml is not XML",
            "mend_en": "give a UBL or CII document",
        }
    ]


async def test_all_accepted_is_success_and_again_sends_nothing(later, worker, folder, bus):
    folder(3)
    given = ("efactura", "bulk", "in", "--report", "r.jsonl", "--cif", CIF, "--tid", "acme")
    task = later(*given, "--json")
    await worker().answer({}, count=3, others=GOOD)
    ran = await task
    assert ran.code == 0
    summary = ran.lines[-1]["summary"]
    assert (summary["accepted"], summary["already_done"]) == (3, 0)
    before = report()
    again = await later(*given, "--json")
    assert again.code == 0
    assert again.lines[-1]["summary"]["already_done"] == 3
    assert report() == before
    assert await bus.count("anaf.efactura") == 0


async def test_documents_may_only_be_judged(later, worker, folder):
    folder(2)
    task = later("efactura", "bulk", "in", "--report", "r.jsonl", "--validate-only")
    judge = worker("anaf.efactura.validate")
    refused = {"<x>1<": [("efactura.validated", REFUSED)]}
    await judge.answer(refused, count=2, others=[("efactura.validated", JUDGED)])
    assert (await task).code == 1
    found = last()
    assert [found[item]["outcome"] for item in ("00.xml", "01.xml")] == ["valid", "refused"]
    finding = REFUSED["findings"][0]
    told = found["01.xml"]["errors"][0]
    assert told["message"] == finding["text"]["ro"]
    assert told["mend"] == finding["mend"]["ro"]
    assert (told["message_en"], told["mend_en"]) == (finding["text"]["en"], finding["mend"]["en"])


async def test_no_more_than_the_window_is_sent_before_an_answer(later, worker, folder, bus):
    folder(8)
    given = ("efactura", "bulk", "in", "--report", "r.jsonl", "--cif", CIF)
    ran = await later(*given, "--max-in-flight", "3", "--timeout", "1.5", "--json")
    assert ran.code == 5
    assert ran.lines[-1]["summary"]["pending"] == 8
    assert await bus.count("anaf.efactura") == 3
    # An answer, though not the last, makes room for the next: ANAF may take its time.
    task = later(*given, "--max-in-flight", "3", "--timeout", "3")
    first = worker()
    await first.answer({}, count=11, others=GOOD[:1])
    assert (await task).code == 5
    assert len(set(first.got)) == 8
    assert {line["outcome"] for line in last().values()} == {"pending"}


async def test_what_ended_meanwhile_is_looked_up_and_not_sent_again(
    later, worker, folder, bus, redis_url
):
    folder(2)
    given = ("efactura", "bulk", "in", "--report", "r.jsonl", "--cif", CIF, "--timeout", "1.5")
    task = later(*given, REDIS_URL=redis_url)
    begun = worker()
    await begun.answer({}, count=2, others=GOOD[:1])
    assert (await task).code == 5
    redis = connect(redis_url)
    envelope = {"type": "efactura.accepted", "time": "t", "data": ACCEPTED}
    for message_id in begun.got:
        await redis.set(f"wrk:result:{message_id}", json.dumps([envelope]))
    await redis.aclose()
    assert (await later(*given, REDIS_URL=redis_url)).code == 0
    assert await bus.count("anaf.efactura") == 0
    line = last()["00.xml"]
    assert [one["state"] for one in line["states"]] == ["sent", "submitted", "accepted"]


async def test_event_that_was_missed_is_found_while_nothing_is_heard(
    later, worker, folder, redis_url, monkeypatch
):
    monkeypatch.setattr(run, "SWEEP_SECONDS", 0.3)
    folder(1)
    task = later("efactura", "bulk", "in", "--report", "r.jsonl", "--cif", CIF, REDIS_URL=redis_url)
    silent = worker()
    await silent.answer({}, count=1)
    redis = connect(redis_url)
    envelope = {"type": "efactura.accepted", "time": "t", "data": ACCEPTED}
    await redis.set(f"wrk:result:{silent.got[0]}", json.dumps([envelope]))
    await redis.aclose()
    assert (await task).code == 0


async def test_connection_that_breaks_counts_nothing_twice(later, worker, folder, monkeypatch):
    calls = []

    async def publish(*arguments):
        calls.append(arguments)
        if len(calls) == 4:
            # The first one again: meanwhile the others end on the new connection.
            await asyncio.sleep(2)
        await real(*arguments)
        if len(calls) == 3:
            raise NotConfirmedError("the confirm was lost", "again")

    real = run.publish
    monkeypatch.setattr(run, "publish", publish)
    monkeypatch.setattr(run, "RECONNECT_SECONDS", 0.2)
    folder(4)
    given = ("efactura", "bulk", "in", "--report", "r.jsonl", "--cif", CIF, "--json")
    task = later(*given, "--max-in-flight", "3")
    while len(calls) < 4:
        await asyncio.sleep(0.02)
    answering = asyncio.create_task(worker().answer({}, count=1_000, others=GOOD))
    ran = await task
    answering.cancel()
    assert ran.code == 0
    assert ran.lines[-1]["summary"]["accepted"] == 4
    final = [line["item"] for line in report() if line["outcome"] == "accepted"]
    assert sorted(final) == ["00.xml", "01.xml", "02.xml", "03.xml"]


async def test_same_content_is_sent_once_and_told_for_each(later, worker, folder, bus):
    folder(1)
    Path("in/copy.xml").write_bytes(Path("in/00.xml").read_bytes())
    task = later("efactura", "bulk", "in", "--report", "r.jsonl", "--cif", CIF)
    single = worker()
    while await bus.count("anaf.efactura") == 0:
        await asyncio.sleep(0.02)
    await asyncio.sleep(0.3)
    await single.answer({}, count=1, others=GOOD)
    # Should the copy have come after the first one's end, it is told again by the worker.
    if not task.done() and await bus.count("anaf.efactura"):
        await single.answer({}, count=2, others=GOOD)
    assert (await task).code == 0
    assert {line["outcome"] for line in last().values()} == {"accepted"}
    assert set(last()) == {"00.xml", "copy.xml"}
    assert len(set(single.got)) == 1


async def test_json_lines_are_filed_as_they_are(later, worker, alone: Path):
    rows = [
        {"item": "F-1", "cif": CIF, "xml": "<a/>", "b2c": True},
        {"cif": "87654329", "xml": "<b/>"},
    ]
    Path("f.jsonl").write_text("\n".join(map(json.dumps, rows)) + "\nnonsense\n")
    task = later("efactura", "bulk", "f.jsonl", "--report", "r.jsonl")
    filer = worker()
    await filer.answer({}, count=2, others=GOOD)
    assert (await task).code == 1
    assert filer.bodies == [{"cif": CIF, "xml": "<a/>", "b2c": True}, rows[1]]
    assert {item: line["outcome"] for item, line in last().items()} == {
        "F-1": "accepted", "f.jsonl:2": "accepted", "f.jsonl:3": "broken",
    }  # fmt: skip


async def test_lines_of_one_name_have_an_end_each_also_when_it_goes_on(later, worker, alone: Path):
    rows = [{"item": "F-1", "cif": CIF, "xml": xml} for xml in ("<a/>", "<b/>", "<c/>")]
    Path("f.jsonl").write_text("\n".join(map(json.dumps, rows)))
    task = later("efactura", "bulk", "f.jsonl", "--report", "r.jsonl", "--max-in-flight", "1")
    await worker().answer({"<b/>": [("efactura.rejected", REJECTED)]}, count=3, others=GOOD)
    assert (await task).code == 1
    assert {item: line["outcome"] for item, line in last().items()} == {
        "F-1": "accepted", "F-1 (f.jsonl:2)": "rejected", "F-1 (f.jsonl:3)": "accepted",
    }  # fmt: skip
    again = await later("efactura", "bulk", "f.jsonl", "--report", "r.jsonl", "--json")
    assert again.lines[-1]["summary"]["already_done"] == 3


async def test_ctrl_c_tells_what_is_pending_and_how_to_go_on(start_cli, worker, folder, bus):
    folder(2)
    process = start_cli("efactura", "bulk", "in", "--report", "r.jsonl", "--cif", CIF)
    while await bus.count("anaf.efactura") != 2:
        assert process.poll() is None
        await asyncio.sleep(0.05)
    process.send_signal(signal.SIGINT)
    out, err = await asyncio.to_thread(process.communicate)
    assert process.returncode == 130
    assert "pending  2" in out
    assert "the same command again" in err


async def test_end_without_news_says_for_what_the_items_wait(
    later, bus, folder, redis_url, waiting_note
):
    folder(2)
    given = ("efactura", "bulk", "in", "--report", "r.jsonl", "--cif", CIF, "--timeout", "3")
    ran = await later(*given, REDIS_URL=redis_url)
    assert ran.code == 5
    assert "workers waiting" in ran.err
    assert " × " not in ran.out
    sent = [(await bus.take("anaf.efactura")).message_id for _ in range(2)]
    for message_id in (*sent, "of-somebody-else"):
        await waiting_note(message_id, 900, code="anaf_login_required", tenant="")
    again = await later(*given, REDIS_URL=redis_url)
    assert again.code == 5
    assert "2 × anaf_login_required: " in again.out
    assert "next: workers efactura login" in again.out
    listed = await later(*given, "--json", REDIS_URL=redis_url)
    assert listed.lines[-1]["summary"]["waiting"] == {"anaf_login_required": 2}
