"""What is written in one turn of the event loop leaves in one piece, and never too late."""

import asyncio

import aiormq
import pytest

from workers_runtime.gathering import GatheringWriter, gather


@pytest.fixture
async def pieces(monkeypatch):
    """A writer to a listening socket, what its transport was given, and what arrived."""
    arrived, ended = asyncio.get_running_loop().create_future(), asyncio.Event()

    async def read_all(reader, writer):
        arrived.set_result(await reader.read())
        writer.close()
        await writer.wait_closed()
        ended.set()

    server = await asyncio.start_server(read_all, "127.0.0.1", 0)
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader()
    protocol = asyncio.StreamReaderProtocol(reader)
    transport, _ = await loop.create_connection(lambda: protocol, *server.sockets[0].getsockname())
    writes: list[bytes] = []
    real = transport.write
    monkeypatch.setattr(transport, "write", lambda data: (writes.append(bytes(data)), real(data)))
    yield GatheringWriter(transport, protocol, reader, loop), writes, arrived
    transport.close()
    await asyncio.wait_for(ended.wait(), 5)
    server.close()
    await server.wait_closed()


async def test_bytes_of_one_turn_leave_together_at_its_end(pieces):
    writer, writes, _ = pieces
    writer.write(b"one ")
    writer.writelines([b"two ", b"three "])
    assert writes == []
    await asyncio.sleep(0)
    assert writes == [b"one two three "]
    writer.write(b"four")
    await asyncio.sleep(0)
    assert writes == [b"one two three ", b"four"]


async def test_drain_sends_at_once(pieces):
    writer, writes, _ = pieces
    writer.write(b"now")
    await writer.drain()
    assert writes == [b"now"]
    await asyncio.sleep(0)
    assert writes == [b"now"]


@pytest.mark.parametrize("how", ["close", "write_eof"])
async def test_what_was_written_before_the_end_arrives(pieces, how):
    writer, _, arrived = pieces
    writer.write(b"the last word")
    getattr(writer, how)()
    assert await asyncio.wait_for(arrived, 5) == b"the last word"


@pytest.mark.integration
async def test_connections_of_the_amqp_library_gather(vhost_url, monkeypatch):
    for name in ("TCPTransportFactory", "TLSTransportFactory"):
        # Put back afterwards: other tests see the library as it is.
        monkeypatch.setattr(aiormq.connection, name, getattr(aiormq.connection, name))
    gather()
    connection = await aiormq.connect(vhost_url)
    channel = await connection.channel()
    declared = await channel.queue_declare("gathered")
    await asyncio.gather(
        *(channel.basic_publish(b"%d" % n, routing_key="gathered") for n in range(50))
    )
    assert (await channel.queue_declare("gathered")).message_count == 50
    assert declared.message_count == 0
    await connection.close()
