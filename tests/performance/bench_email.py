"""Mails a second at a server 20 ms away, over STARTTLS: the worker against one connection a mail.

A private Postfix, behind a proxy of ours that holds each byte for half the round trip. In each
round all send: smtplib with a new connection a mail, as a usual mail task does; the same in as
many threads as the worker has connections; and this worker's own sending, with its notes in Redis,
as many mails at once as a worker has in hand. The ratio holds on a busy machine; the absolute
numbers do not.

    python tests/performance/bench_email.py [--rounds 3] [--mails 240] [--json FILE]
"""

import argparse
import asyncio
import json
import logging
import smtplib
import ssl
import statistics
import subprocess
import sys
import tempfile
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from email.message import EmailMessage
from pathlib import Path

import structlog

from email_send.config import Settings
from email_send.relay import MailClient
from email_send.sending import Parts, Sender
from email_send.templating import Templates
from workers_contracts.email import SendEmail
from workers_runtime.artifacts import Artifacts
from workers_runtime.identity import Task
from workers_runtime.redis_pool import connect
from workers_stack.servers import PrivateMta, PrivateRedis
from workers_stack.servers.ports import LOOPBACK, free_port

AIM = 6.0
"""Times as fast as one connection a mail, at least."""

NAIVE = "one connection a mail"
CONNECTIONS = 8
"""Of the worker: the default of EMAIL_SEND_CONNECTIONS."""

IN_HAND = 16
"""Commands that a worker has at once: the default of PREFETCH."""

TEXT = "Bună ziua,\n\nfactura PMX-2026-0001 a fost acceptată în e-Factura.\n" * 5


async def proxy(listen: int, target: int, seconds: float) -> None:
    """Pass bytes on, each after `seconds`, in order; without an end."""
    loop = asyncio.get_running_loop()

    async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65_536):
            loop.call_later(seconds, _write, writer, data)
        loop.call_later(seconds, writer.close)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection(LOOPBACK, target)
        await asyncio.gather(pump(reader, back), pump(there, writer), return_exceptions=True)

    server = await asyncio.start_server(serve, LOOPBACK, listen, backlog=200)
    print("ready", flush=True)
    await server.serve_forever()


def _write(writer: asyncio.StreamWriter, data: bytes) -> None:
    if not writer.is_closing():
        writer.write(data)


def one_connection_a_mail(port: int, ca: str, mails: int) -> float:
    """Send with smtplib, one after the other; returns mails a second."""
    context = ssl.create_default_context(cadata=ca)
    started = time.perf_counter()
    for number in range(mails):
        message = EmailMessage()
        message["From"], message["To"] = "facturi@prima.example", "ana@client.example"
        message["Subject"] = f"Factura {number}"
        message.set_content(TEXT)
        with smtplib.SMTP(LOOPBACK, port, local_hostname="bench", timeout=30) as session:
            session.starttls(context=context)
            session.send_message(message)
    return mails / (time.perf_counter() - started)


def in_threads(port: int, ca: str, mails: int) -> float:
    """The same in eight threads at once."""
    started = time.perf_counter()
    with ThreadPoolExecutor(CONNECTIONS) as pool:
        share = mails // CONNECTIONS
        list(pool.map(lambda _: one_connection_a_mail(port, ca, share), range(CONNECTIONS)))
    return share * CONNECTIONS / (time.perf_counter() - started)


async def worker(sender: Sender, mails: int) -> float:
    """Send as the worker does, `IN_HAND` at once; returns mails a second."""
    room = asyncio.Semaphore(IN_HAND)

    async def one(number: int) -> None:
        command = SendEmail(to=["ana@client.example"], subject=f"Factura {number}", text=TEXT)
        first_seen = int(time.time() * 1000)
        async with room:
            task = Task(str(uuid.uuid4()), "c", "", attempt=1, in_doubt=False,
                        first_seen_ms=first_seen)  # fmt: skip
            await sender.send(command, task)

    started = time.perf_counter()
    await asyncio.gather(*(one(number) for number in range(mails)))
    return mails / (time.perf_counter() - started)


async def measure(options: argparse.Namespace) -> dict[str, object]:
    """Start the servers, run the rounds, return every figure."""
    mta, port = PrivateMta(), free_port()
    await mta.start(default_process_limit="200")
    passing = subprocess.Popen(
        [sys.executable, __file__, "--proxy", str(port), str(mta.starttls_port), str(options.ms)],
        stdout=subprocess.PIPE,
    )
    try:
        assert passing.stdout is not None
        passing.stdout.readline()
        async with PrivateRedis() as redis:
            rounds = await _rounds(options, redis.url, mta.certificate.read_text(), port)
    finally:
        passing.kill()
        passing.wait()
        await mta.close()
    found = {name: statistics.median(one[name] for one in rounds) for name in rounds[0]}
    return {
        "round_trip_ms": options.ms,
        "connections": CONNECTIONS,
        "in_hand": IN_HAND,
        "rounds": rounds,
        "medians": found,
        "ratio": found["worker"] / found[NAIVE],
        "aim": AIM,
    }


async def _rounds(
    options: argparse.Namespace, redis_url: str, ca: str, port: int
) -> list[dict[str, float]]:
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings.model_validate(
            {
                "rmq_url": "amqp://127.0.0.1:1/", "redis_url": redis_url, "host": LOOPBACK,
                "port": port, "ca": ca, "sender": "facturi@prima.example",
                "mails_per_second": 1000, "burst": 10_000, "helo": "bench",
                "artifacts_url": f"file://{folder}/artifacts",
            }
        )  # fmt: skip
        client, state = MailClient(settings), connect(redis_url, decode=True)
        artifacts = Artifacts(settings.artifacts_url)
        parts = Parts(settings, client, state, artifacts, Templates(), settings.ways())
        rounds = []
        for _ in range(options.rounds):
            few = max(CONNECTIONS, options.mails // 10)
            rounds.append(
                {
                    NAIVE: await asyncio.to_thread(one_connection_a_mail, port, ca, few),
                    "the same, 8 threads": await asyncio.to_thread(in_threads, port, ca, few * 3),
                    "worker": await worker(Sender(parts), options.mails),
                }
            )
            await client.close()  # each round pays for its own handshakes
        await state.aclose()
    return rounds


def main() -> int:
    """Run as the options say; 1 when the aim is missed."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--mails", type=int, default=240, help="of the worker, a round")
    parser.add_argument("--ms", type=float, default=20.0, help="round trip")
    parser.add_argument("--json", type=Path, help="file for every figure")
    parser.add_argument("--proxy", nargs=3, metavar="N", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.proxy:
        listen, target, ms = options.proxy
        asyncio.run(proxy(int(listen), int(target), float(ms) / 2000))
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    found = asyncio.run(measure(options))
    medians = found["medians"]
    assert isinstance(medians, dict)
    for name, figure in medians.items():
        print(f"{name:>24}: {figure:6.1f} mails/s")
    print(f"{'ratio':>24}: x {found['ratio']:.1f} (aim: {AIM:g})")
    if options.json:
        options.json.write_text(json.dumps(found, indent=1))
    return 0 if float(str(found["ratio"])) >= AIM else 1


if __name__ == "__main__":
    sys.exit(main())
