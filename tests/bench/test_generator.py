"""The load generator against a server that closes every third connection and refuses every seventh push."""

import asyncio
from collections import Counter

from tests.bench.generator import Answers, Load, Traffic, prepared

TRAFFIC = Traffic(seconds=0.2, connections=4, mode="plain", different=False)
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\nsuccess"
CLOSING = b"HTTP/1.1 200 OK\r\nContent-Length: 7\r\nConnection: close\r\n\r\nsuccess"
REFUSED = b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n"


class Server:
    """Keeps what it was sent and how it answered."""

    def __init__(self) -> None:
        self.bodies: Counter[bytes] = Counter()
        self.refused = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        answer = OK
        while answer != CLOSING and (head := await self._head(reader)):
            length = int(head.lower().partition(b"content-length: ")[2].split()[0])
            self.bodies[await reader.readexactly(length)] += 1
            answer = self._answer()
            writer.write(answer)
        writer.close()

    def _answer(self) -> bytes:
        number = self.bodies.total()
        if number % 7 == 0:
            self.refused += 1
            return REFUSED
        return CLOSING if number % 3 == 0 else OK

    async def _head(self, reader: asyncio.StreamReader) -> bytes:
        try:
            return await reader.readuntil(b"\r\n\r\n")
        except asyncio.IncompleteReadError:
            return b""


def generate(port: int) -> Answers:
    with prepared(Load(port, "/wx", TRAFFIC)) as generator:
        return generator.run()


async def test_every_answer_is_counted_and_no_push_is_sent_twice() -> None:
    server = Server()
    async with await asyncio.start_server(server.serve, "127.0.0.1", 0) as listening:
        answers = await asyncio.to_thread(generate, listening.sockets[0].getsockname()[1])
    assert len(answers.latencies) == server.bodies.total() > 50
    assert server.bodies.most_common(1)[0][1] == 1
    assert (answers.non_2xx, answers.broken) == (server.refused, 0)
    assert answers.latencies == sorted(answers.latencies)
    assert set(answers.samples) == {b"success"}
    assert 0 < answers.seconds < 2 * TRAFFIC.seconds


async def test_a_server_that_is_gone_is_told() -> None:
    async with await asyncio.start_server(Server().serve, "127.0.0.1", 0) as listening:
        port = listening.sockets[0].getsockname()[1]
    answers = await asyncio.to_thread(generate, port)
    assert answers.latencies == []
    assert answers.broken > 0
