"""Reading a configuration document: tables, numbers, and keys that nothing reads, each error with its place."""

from collections.abc import Mapping
from typing import Any

from notifyctl.domain.errors import Misconfigured


def check_number(value: Any, where: str, kind: type[float] = float) -> float:
    """A finite number above 0; a whole one where the kind is int. Raises `Misconfigured`."""
    number = isinstance(value, int | float) and not isinstance(value, bool) and 0 < value < float("inf")
    if not number or (kind is int and value != int(value)):
        raise Misconfigured("CFG-VALUE", f"{value!r} is no {'whole ' if kind is int else ''}number above 0", where)
    return float(value)


def table_of(document: Mapping[str, Any], key: str, where: str) -> Mapping[str, Any]:
    """The table under a key, empty where there is none; raises `Misconfigured` for anything else."""
    value = document.get(key, {})
    if not isinstance(value, Mapping):
        raise Misconfigured("CFG-VALUE", "must be a table", f"{where}: {key}", f"write [{key}]")
    return value


def refuse_unknown(table: Mapping[str, Any], known: tuple[str, ...], where: str) -> None:
    """Raise `Misconfigured` for a key that nothing reads: a limit with a typo would be no limit."""
    for key in table:
        if key not in known:
            raise Misconfigured("CFG-UNKNOWN-KEY", f"unknown key {key!r}", where, f"known: {', '.join(known)}")
