"""Plays a worker: answers every command as the number in it asks. FAKE_FAULT makes it misbehave."""

import asyncio
import json
import os
import re
from pathlib import Path

import aio_pika
from pages import serve

FAULT = os.environ.get("FAKE_FAULT", "")
FOLDER = Path(os.environ["ANAF_EFACTURA_TRUSTED_SEALS"]).parent
ARCHIVE = {"uri": "file:///archive.zip", "sha256": "00", "size": 1, "media_type": "zip"}
REASON = {"rule": "BR-CO-15", "message": "Totalul este greșit.", "path": None}


PDF = {"uri": "file:///invoice.pdf", "sha256": "00", "size": 1, "media_type": "pdf"}


def events_for(command: dict) -> list[tuple[str, dict]]:
    if "template" in command and "artifact" in command:
        assert command["artifact"] == ARCHIVE
        return [("pdf.rendered", {"artifact": PDF, "pages": 2 if FAULT == "pages" else 1})]
    if command.get("document") == "invoice":
        assert command["artifact"] == PDF
        read = {"supplier_cui": "12345674", "number": command["reference"], "total": "242.00"}
        fields = [{"name": name, "value": value} for name, value in read.items()]
        return [("ocr.extracted", {"fields": fields, "result": {"uri": "file:///text.json"}})]
    if "attachments" in command:
        assert command["attachments"][0]["artifact"] == PDF
        return [("email.sent", {"accepted": 1})]
    if "text" in command:
        return [("slack.notified", {"transport": "web_api"})]
    if command.keys() == {"cif"}:
        numbers = (FOLDER / "uploads.txt").read_text().split()
        held = ["OTHER-1", next(one for one in numbers if one.endswith("-1"))]
        return [
            ("efactura.receiving", {}),
            *(("efactura.received", {"number": one}) for one in held),
        ]
    if "number" in command:
        return [("anaf.taxpayer.validated", {"valid": command["number"] == "12345674"})]
    number = re.search("<cbc:ID>(DEMO-[^<]+)", command["xml"])[1]
    if number.endswith("-3"):
        return [("efactura.rejected", {"stage": "local", "errors": [REASON]})]
    with (FOLDER / "uploads.txt").open("a") as uploads:
        print(*[number] * (2 if FAULT == "twice" and "timeout" in number else 1), file=uploads)
    if "nok" in number:
        return [
            ("efactura.submitted", {}),
            ("efactura.rejected", {"stage": "anaf", "errors": [REASON]}),
        ]
    return [("efactura.submitted", {}), ("efactura.accepted", {"archive": ARCHIVE})]


async def main() -> None:
    assert (FOLDER / "seal.pem").read_text() == "A SEAL"
    if FAULT == "start":
        raise SystemExit("the fake worker cannot start")
    connection = await aio_pika.connect(os.environ["RMQ_URL"])
    channel = await connection.channel()
    commands = await channel.declare_exchange("workers.commands", "topic", durable=True)
    events = await channel.declare_exchange("workers.events", "topic", durable=True)
    queue = await channel.declare_queue(exclusive=True)
    await queue.bind(commands, "#")
    serve(int(os.environ["HTTP_PORT"]), {"/health/ready": dict})
    print("fake worker is ready", flush=True)  # noqa: T201 - tests read it
    if FAULT == "crash":
        await asyncio.sleep(1)
        raise SystemExit("the fake worker fell over")
    async with queue.iterator() as messages:
        async for message in messages:
            for kind, data in events_for(json.loads(message.body)):
                event = {"type": kind, "correlationid": message.correlation_id, "data": data}
                await events.publish(aio_pika.Message(json.dumps(event).encode()), kind)
            await message.ack()


asyncio.run(main())
