"""TXT records of the DNS. Each name is asked for once, and remembered."""

from notifyctl.domain.errors import Unreachable

PATIENCE = 4.0  # seconds for one name


class Names:
    """Asks the resolvers of this host, or one server (host, port)."""

    def __init__(self, server: tuple[str, int] | None = None) -> None:
        self._server = server
        self._told: dict[str, list[str]] = {}

    async def texts(self, name: str) -> list[str]:
        """The records of a name, none where there are none; raises `Unreachable` when nobody answers."""
        if name not in self._told:
            self._told[name] = await self._ask(name)
        return self._told[name]

    async def _ask(self, name: str) -> list[str]:
        from dns import exception, rdatatype, resolver
        from dns.asyncresolver import Resolver

        try:
            asker = Resolver(configure=self._server is None)
            if self._server:
                asker.nameservers, asker.port = [self._server[0]], self._server[1]
            answer = await asker.resolve(name, rdatatype.TXT, lifetime=PATIENCE, search=False)
        except (resolver.NXDOMAIN, resolver.NoAnswer):
            return []
        except exception.DNSException as error:
            fix = "check the resolver of this host"
            raise Unreachable("NET-DNS", f"nobody tells the records of {name}: {_words(error)}", name, fix) from error
        return [b"".join(record.strings).decode("utf-8", "replace") for record in answer]


def _words(error: Exception) -> str:
    return type(error).__name__
