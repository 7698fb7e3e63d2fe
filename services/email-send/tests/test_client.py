"""The way out, against Postfix and against a server that says what a test tells it to."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest

from email_send.client import Outgoing
from email_send.config import Settings
from email_send.errors import (
    MailAnswerLostError,
    MailInvalidError,
    RelayConfigurationError,
    RelayUnavailableError,
)
from email_send.relay import MailClient

BODY = b"Subject: x\r\n\r\nhello\r\n"
ANA = "ana@client.example"
MAIL = Outgoing("facturi@prima.example", (ANA,), BODY)
GREETING = {"": "220 liar", "EHLO": "250-liar\r\n250 SIZE 1000", "RSET": "250 Ok", "NOOP": "250 Ok"}
USUAL = {**GREETING, "MAIL": "250 Ok", "RCPT": "250 Ok", "DATA": "354 Go", ".": "250 Ok: 1A"}


class Liar:
    """A plain SMTP server with a script: what it answers to each verb, or what it does."""

    def __init__(self, script: dict[str, str]) -> None:
        self.script = script
        self.seen: list[str] = []
        self.mails: list[bytes] = []
        self.sessions = 0
        self.port = 0

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.sessions += 1
        try:
            if await self._answer("", writer):
                while line := await reader.readline():
                    self.seen.append(line.decode().rstrip())
                    verb = line.split()[0].upper().decode()
                    if not await self._answer(verb, writer):
                        return
                    if verb == "DATA" and self.script["DATA"].startswith("354"):
                        self.mails.append(await reader.readuntil(b"\r\n.\r\n"))
                        if not await self._answer(".", writer):
                            return
        except (ConnectionError, asyncio.IncompleteReadError):
            return
        finally:
            writer.close()

    async def _answer(self, verb: str, writer: asyncio.StreamWriter) -> bool:
        answer = self.script.get(verb, "502 5.5.1 Unknown")
        if answer == "silence":
            await asyncio.sleep(30)
        if answer in ("close", "silence"):
            return False
        writer.write(answer.encode() + b"\r\n")
        await writer.drain()
        return not answer.startswith("221")


@asynccontextmanager
async def serving(**changes: str) -> AsyncIterator[Liar]:
    verbs = {"greeting": "", "dot": "."}
    script = {**USUAL, **{verbs.get(name, name.upper()): a for name, a in changes.items()}}
    liar = Liar(script)
    server = await asyncio.start_server(liar.talk, "127.0.0.1", 0)
    liar.port = server.sockets[0].getsockname()[1]
    talks = server
    try:
        yield liar
    finally:
        talks.close()
        rest = [one for one in asyncio.all_tasks() if "Liar.talk" in repr(one.get_coro())]
        for one in rest:
            one.cancel()
        await asyncio.gather(*rest, return_exceptions=True)


@pytest.fixture
async def make_client() -> AsyncIterator[Callable[..., MailClient]]:
    closing = []

    def make(port: int, **changes) -> MailClient:
        values = {
            "rmq_url": "amqp://127.0.0.1:1/",
            "host": "127.0.0.1",
            "port": port,
            "tls": "none",
            "sender": "facturi@prima.example",
            "answer_seconds": 0.5,
            "data_seconds": 0.5,
        }
        client = MailClient(Settings(**{**values, **changes}))
        closing.append(client)
        return client

    yield make
    for client in closing:
        await client.close()


class Begun:
    """Counts how often a mail's content was about to go out."""

    def __init__(self) -> None:
        self.times = 0

    async def __call__(self) -> None:
        self.times += 1


async def deliver(client: MailClient, mail: Outgoing = MAIL, begun: Begun | None = None):
    return await client.relay("default").deliver(mail, begun or Begun())


async def test_connection_is_used_again_and_mail_is_not_touched(make_client):
    async with serving() as liar:
        client = make_client(liar.port)
        for _ in range(3):
            delivery = await deliver(client)
            assert delivery.content.text == "250 Ok: 1A"
        assert liar.sessions == 1
        assert liar.mails == [BODY + b".\r\n"] * 3
        assert [one.split()[0] for one in liar.seen].count("EHLO") == 1


async def test_connections_never_exceed_the_limit_and_are_made_anew_after_their_mails(make_client):
    async with serving() as liar:
        client = make_client(liar.port, connections=3, mails_per_connection=5)
        await asyncio.gather(*(deliver(client) for _ in range(30)))
        assert len(liar.mails) == 30
        assert 6 <= liar.sessions <= 8


async def test_idle_connection_is_ended_politely(make_client):
    async with serving() as liar:
        client = make_client(liar.port, idle_seconds=0.1)
        await deliver(client)
        await asyncio.sleep(0.4)
        assert liar.seen[-1] == "QUIT"


async def test_connection_that_the_server_ended_costs_no_mail(make_client):
    async with serving() as liar:
        client = make_client(liar.port)
        await deliver(client)
        for way in ("421 4.4.2 idle too long", "close", "garbage"):
            liar.script["MAIL"] = way

            async def mend(script=liar.script) -> None:
                while script["MAIL"] != "250 Ok":
                    await asyncio.sleep(0)
                    if liar.seen[-1].startswith("MAIL"):
                        script["MAIL"] = "250 Ok"

            mended = asyncio.create_task(mend())
            begun = Begun()
            assert (await deliver(client, begun=begun)).content.code == 250
            assert begun.times == 1
            await mended
        assert len(liar.mails) == 4


@pytest.mark.parametrize(
    ("script", "error"),
    [
        ({"greeting": "421 4.3.2 busy"}, RelayUnavailableError),
        ({"greeting": "close"}, RelayUnavailableError),
        ({"greeting": "silence"}, RelayUnavailableError),
        ({"greeting": "554 5.7.1 go away"}, RelayConfigurationError),
        ({"mail": "421 4.3.2 busy"}, RelayUnavailableError),
        ({"mail": "silence"}, RelayUnavailableError),
        ({"rcpt": "close"}, RelayUnavailableError),
        ({"rcpt": "what?"}, RelayUnavailableError),
    ],
)
async def test_trouble_before_the_content_says_that_nothing_was_sent(make_client, script, error):
    async with serving(**script) as liar:
        begun = Begun()
        with pytest.raises(error):
            await deliver(make_client(liar.port), begun=begun)
        assert (begun.times, liar.mails) == (0, [])


@pytest.mark.parametrize("answer", ["close", "silence", "what?", "999 what?", "354 Go on"])
async def test_trouble_after_the_content_says_that_nobody_knows(make_client, answer):
    async with serving(dot=answer) as liar:
        client = make_client(liar.port)
        begun = Begun()
        with pytest.raises(MailAnswerLostError):
            await deliver(client, begun=begun)
        assert (begun.times, len(liar.mails)) == (1, 1)
        liar.script["."] = "250 Ok: 2B"
        assert (await deliver(client)).content.code == 250
        assert liar.sessions == 2  # what came late on the old one is read by nobody


async def test_send_that_is_cancelled_leaves_no_connection_out_of_step(make_client):
    async with serving(dot="silence") as liar:
        client = make_client(liar.port, data_seconds=20)
        sending = asyncio.create_task(deliver(client))
        while not liar.mails:
            await asyncio.sleep(0.01)
        sending.cancel()
        with pytest.raises(asyncio.CancelledError):
            await sending
        liar.script["."] = "250 Ok: 2B"
        assert (await deliver(client)).content.text == "250 Ok: 2B"
        assert liar.sessions == 2


async def test_refused_mail_keeps_the_connection(make_client):
    async with serving(rcpt="550 5.1.1 unknown", dot="554 5.7.1 spam") as liar:
        client = make_client(liar.port)
        begun = Begun()
        delivery = await deliver(client, begun=begun)
        assert (delivery.recipients[ANA].text, delivery.content) == ("550 5.1.1 unknown", None)
        assert begun.times == 0
        liar.script["RCPT"] = "250 Ok"
        assert (await deliver(client)).content.text == "554 5.7.1 spam"
        assert liar.sessions == 1


async def test_mail_that_the_server_cannot_take_is_refused_before_it_is_sent(make_client):
    async with serving() as liar:
        client = make_client(liar.port)
        with pytest.raises(MailInvalidError, match="the server takes 1000"):
            await deliver(client, Outgoing(MAIL.sender, (ANA,), b"x" * 1001))
        with pytest.raises(MailInvalidError, match="SMTPUTF8"):
            await deliver(client, Outgoing(MAIL.sender, ("ionuț@x.example",), BODY, utf8=True))
        assert not [one for one in liar.seen if one.startswith("MAIL")]


async def test_without_tls_nothing_is_said_that_tls_should_cover(make_client):
    """A server, or who stands before it, that takes STARTTLS away."""
    async with serving() as liar:
        secret = {"tls": "starttls", "username": "facturi", "password": "hidden-word"}
        client = make_client(liar.port, **secret)
        with pytest.raises(RelayConfigurationError, match="STARTTLS"):
            await deliver(client)
        assert "STARTTLS" in await client.problem()
        liar.script["EHLO"] = "250-liar\r\n250-AUTH PLAIN LOGIN\r\n250 STARTTLS"
        for answer in ("454 4.7.0 not now", "220 Go", "502 5.5.1 no"):
            liar.script["STARTTLS"] = answer
            with pytest.raises((RelayConfigurationError, RelayUnavailableError)):
                await deliver(make_client(liar.port, **secret))
        assert liar.sessions == 4
        words = " ".join(liar.seen)
        assert "AUTH" not in words
        assert "MAIL" not in words


async def test_health_check_says_what_is_wrong(make_client):
    async with serving() as liar:
        client = make_client(liar.port)
        assert await client.problem() is None
        liar.script["NOOP"] = "421 4.3.2 going down"
        assert "421" in await client.problem() or "going down" in await client.problem()
        liar.script["NOOP"] = "silence"
        assert "default: 127.0.0.1" in await client.problem()
        port = liar.port
    gone = make_client(port)
    for _ in range(3):
        assert "Error connecting" in await gone.problem()
    async with serving() as again:
        gone.relay("default")._account = gone.relay("default")._account.model_copy(
            update={"port": again.port}
        )
        assert "Error connecting" in await gone.problem()  # left alone: not even asked
        assert again.sessions == 0


@pytest.fixture
def at_postfix(make_client, mta):
    def make(tls: str = "starttls", **changes) -> MailClient:
        port = mta.starttls_port if tls == "starttls" else mta.implicit_port
        ca = mta.certificate.read_text()
        return make_client(port, tls=tls, **{"ca": ca, "answer_seconds": 10, **changes})

    return make


async def test_postfix_takes_mail_over_both_kinds_of_tls_and_refuses_by_recipient(mta, at_postfix):
    await mta.start()
    wanted = (ANA, "gone@client.example", "full@client.example", "ionuț@client.example")
    for tls in ("starttls", "implicit"):
        client = at_postfix(tls, data_seconds=10)
        assert await client.problem() is None
        mail = Outgoing(MAIL.sender, wanted, BODY, utf8=True)
        delivery = await deliver(client, mail)
        told = [delivery.recipients[one].code for one in wanted]
        assert told == [250, 550, 452, 250]
        assert delivery.recipients[wanted[1]].text.startswith("550 5.1.1 <gone@client.example>")
        assert "queued as" in delivery.content.text
    found = mta.wait_mails(4)
    assert {str(one["Delivered-To"]) for one in found} == {ANA, "ionuț@client.example"}
    relayed = await deliver(at_postfix(), Outgoing(MAIL.sender, ("a@elsewhere.example",), BODY))
    assert relayed.recipients["a@elsewhere.example"].code == 554


async def test_postfix_whose_certificate_is_not_trusted_gets_no_word(mta, at_postfix):
    await mta.start()
    for tls in ("starttls", "implicit"):
        client = at_postfix(tls, ca="", username="a", password="hidden-word")
        with pytest.raises(RelayConfigurationError, match=r"(?i)certificate"):
            await deliver(client)
        assert "ertificate" in await client.problem()


async def test_postfix_that_ended_idle_sessions_or_was_restarted_costs_no_mail(mta, at_postfix):
    await mta.start(smtpd_timeout="1s")
    client = at_postfix(data_seconds=10)
    await deliver(client)
    await asyncio.sleep(2.2)
    await deliver(client)
    await mta.stop()
    with pytest.raises(RelayUnavailableError):
        await deliver(client)
    await mta.start()
    await deliver(client)
    mta.wait_mails(3)


async def test_refused_account_is_tried_once_by_mails_and_health_check_together(make_client):
    async with serving(greeting="554 5.7.1 go away") as liar:
        client = make_client(liar.port)
        for _ in range(3):
            with pytest.raises(RelayConfigurationError, match="go away") as refused:
                await deliver(client)
            assert 290 < refused.value.retry_after <= 300
            assert "go away" in await client.problem()
        assert liar.sessions == 1
