"""The floor for any worker in Python: redis-py and an aiohttp session around the fewest steps, no promise kept.

    python python_bare.py REDIS_PORT SINK_URL QUEUE [books]

A batch is taken by one script, its bodies are read by one pipeline, its calls are made at once, and one script moves
it to `completed`. Nothing is checked, no lock is held, no error is met, nobody is told. HTML passes through undecoded.
With `books` one script more writes an intent a mail before the calls, and the last one records how they ended.
"""

import asyncio
import sys
import time

import msgspec
from aiohttp import ClientSession, ClientTimeout, DummyCookieJar, TCPConnector
from redis.asyncio import Redis
from yarl import URL

SENDER = "The Backroom <tickets@backroom.example>"
BATCH, LOOPS = 32, 8  # 256 mails at once, in loops that do not wait for one another

TAKE = """
if redis.call('HEXISTS', KEYS[1] .. 'meta', 'paused') == 1 then return {} end
local ids = {}
for n = 1, tonumber(ARGV[1]) do
  local id = redis.call('RPOPLPUSH', KEYS[1] .. 'wait', KEYS[1] .. 'active')
  if not id then return ids end
  ids[n] = id
end
redis.call('ZADD', KEYS[1] .. 'marker', 0, '0')
return ids
"""

INTEND = """
for n = 2, #ARGV do
  local key = 'nf:' .. ARGV[n]
  local fields = {'job', ARGV[n], 'provider', 'resend', 'at', ARGV[1], 'state', 'attempting', 'v', 1, 'why', 'first'}
  redis.call('HSET', key, unpack(fields))
  redis.call('PEXPIRE', key, 7776000000)
  redis.call('ZADD', 'nf:inflight', ARGV[1], ARGV[n])
end
"""

END = """
for n = 3, #ARGV, 2 do
  local id, receipt = ARGV[n], ARGV[n + 1]
  redis.call('LREM', KEYS[1] .. 'active', -1, id)
  redis.call('ZADD', KEYS[1] .. 'completed', ARGV[1], id)
  redis.call('HSET', KEYS[1] .. id, 'returnvalue', receipt, 'finishedOn', ARGV[1])
  if ARGV[2] == 'books' then
    redis.call('HSET', 'nf:' .. id, 'state', 'accepted', 'result_at', ARGV[1], 'outcome', receipt)
    redis.call('ZREM', 'nf:inflight', id)
    redis.call('HINCRBY', 'nf:totals', 'accepted', 1)
    redis.call('HINCRBY', 'nf:calls', 'resend|accepted|definite', 1)
  end
end
"""


class Recipient(msgspec.Struct):
    """Who gets the mail."""

    email: str


class Given(msgspec.Struct):
    """The part of a job that the call needs."""

    id: str
    to: Recipient
    subject: str
    html: msgspec.Raw


class Mail(msgspec.Struct):
    """Resend's document."""

    from_: str = msgspec.field(name="from")
    to: str
    subject: str
    html: msgspec.Raw


class Bare:
    """One process."""

    def __init__(self, redis: Redis, waiting: Redis, session: ClientSession, url: URL, base: str, books: str) -> None:
        self._redis = redis
        self._waiting = waiting
        self._post = session.post
        self._url = url
        self._base = base
        self._books = books
        self._take, self._intend, self._end = map(redis.register_script, (TAKE, INTEND, END))
        self._decode = msgspec.json.Decoder(Given).decode

    async def run(self) -> None:
        """Take and send for ever; sleep on BullMQ's marker when there is nothing."""
        while True:
            if ids := await self._take([self._base], [BATCH]):
                await self._batch(ids)
            else:
                await self._waiting.bzpopmin(self._base + "marker")

    async def _batch(self, ids: list[bytes]) -> None:
        pipe = self._redis.pipeline(transaction=False)
        for name in ids:
            pipe.hget(self._base.encode() + name, "data")
        bodies = await pipe.execute()
        if self._books:
            await self._intend([], [stamp(), *ids])
        receipts = await asyncio.gather(*map(self._call, bodies))
        pairs = [item for pair in zip(ids, receipts, strict=True) for item in pair]
        await self._end([self._base], [stamp(), self._books, *pairs])

    async def _call(self, body: bytes) -> bytes:
        given = self._decode(body)
        mail = msgspec.json.encode(Mail(SENDER, given.to.email, given.subject, given.html))
        async with self._post(self._url, data=mail, headers={"Idempotency-Key": given.id}) as answer:
            assert answer.status == 200, answer
            return await answer.read()


def stamp() -> int:
    """Now, in ms."""
    return int(time.time() * 1000)


async def main(port: str, url: str, queue: str, books: str = "") -> None:
    """Work until ended."""
    headers = {"Authorization": "Bearer re_bench", "Content-Type": "application/json"}
    redis, waiting = Redis(port=int(port)), Redis(port=int(port), socket_timeout=None)
    light = {"connector": TCPConnector(limit=0), "cookie_jar": DummyCookieJar(), "timeout": ClientTimeout(total=None)}
    async with redis, waiting, ClientSession(headers=headers, **light) as session:
        bare = Bare(redis, waiting, session, URL(f"{url}/emails"), f"bull:{queue}:", books)
        await asyncio.gather(*(bare.run() for _ in range(LOOPS)))


asyncio.run(main(*sys.argv[1:]))
