"""The engine's own scripts, run in this process by a Lua 5.1 as Redis embeds one, on the keys of the simulation."""

import json
from collections.abc import Callable, Sequence
from typing import Any

import msgspec
from lupa import lua51
from redis.exceptions import ResponseError

from simulation.keyspace import Keyspace, Status, number

Call = Callable[..., Any]


class Interpreter:
    """One Lua for all histories of a process; scripts are compiled once."""

    def __init__(self) -> None:
        self._lua = lua51.LuaRuntime(encoding=None, register_eval=False)
        self._scripts: dict[str, Any] = {}
        self._keys: Keyspace | None = None
        self._null = object()
        self._table = self._lua.table
        self._lua.globals()[b"redis"] = self._lua.table_from({b"call": self._call, b"pcall": self._pcall})
        self._lua.globals()[b"cjson"] = self._lua.table_from({b"decode": self._from_json, b"encode": self._to_json})
        self._lua.globals()[b"cmsgpack"] = self._lua.table_from({b"unpack": self._unpack})

    def run(self, text: str, keyspace: Keyspace, keys: Sequence[bytes], args: Sequence[bytes]) -> Any:
        """Run a script to its end; its reply, or `ResponseError`."""
        script = self._scripts.get(text)
        if script is None:
            script = self._scripts[text] = self._lua.execute(b"return function(KEYS, ARGV)\n%s\nend" % text.encode())
        self._keys = keyspace
        try:
            return self._reply(script(self._lua.table(*keys), self._lua.table(*args)))
        except lua51.LuaError as error:
            raise ResponseError(str(error)) from error

    def _call(self, name: bytes, *args: Any) -> Any:
        assert self._keys is not None
        reply = self._keys.call(name, *[item if type(item) is bytes else _text(item) for item in args])
        if type(reply) in (bytes, int):
            return reply
        if type(reply) is list:  # flat, as every list is that a command answers with
            return self._table(*[False if item is None else item for item in reply])
        return self._value(reply)

    def _pcall(self, name: bytes, *args: Any) -> Any:
        try:
            return self._call(name, *args)
        except ResponseError as error:
            return self._lua.table_from({b"err": str(error).encode()})

    def _value(self, value: Any) -> Any:
        """A value for Lua: what Redis makes of a reply, JSON or MessagePack."""
        if value is None:
            return False
        if isinstance(value, Status):
            return self._lua.table_from({b"ok": value.encode()})
        if isinstance(value, str):
            return value.encode()
        if isinstance(value, list):
            return self._lua.table(*[self._value(item) for item in value])
        if isinstance(value, dict):
            return self._lua.table_from({name.encode(): self._value(item) for name, item in value.items()})
        return value

    def _reply(self, value: Any) -> Any:
        """What a client gets: numbers whole, a table up to its first hole."""
        if lua51.lua_type(value) == "table":
            row, place = [], 1
            while (item := value[place]) is not None:
                row.append(self._reply(item))
                place += 1
            return row
        if value is False:
            return None
        return int(value) if isinstance(value, int | float) else value

    def _from_json(self, text: bytes) -> Any:
        value = json.loads(text)
        return self._null if value is None else self._value(value)

    def _to_json(self, table: Any) -> bytes:
        """Only lists of texts are written, as cjson would."""
        texts = [item.decode() for item in table.values()]
        return json.dumps(texts, ensure_ascii=False, separators=(",", ":")).replace("/", "\\/").encode()

    def _unpack(self, data: bytes) -> Any:
        return self._value(msgspec.msgpack.decode(data))


def _text(value: Any) -> bytes:
    return value.encode() if isinstance(value, str) else number(value)
