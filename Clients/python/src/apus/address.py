"""Where a gateway listens."""
from __future__ import annotations

from dataclasses import dataclass

from .errors import invalid_field


@dataclass(frozen=True)
class Address:
    """``unix:PATH``, ``tcp:HOST:PORT`` or ``tls:HOST:PORT``; an IPv6 host is written in brackets."""

    kind: str
    path: str = ""
    host: str = ""
    port: int = 0

    @classmethod
    def parse(cls, text: str) -> Address:
        """Reads an address. Raises ApusError, INVALID_ARGUMENT, for what is none."""
        kind, _, rest = text.partition(":")
        if kind == "unix" and rest:
            return cls(kind, path=rest)
        host, _, port = rest.rpartition(":")
        bracketed = host.startswith("[") and host.endswith("]")
        if kind in ("tcp", "tls") and host and (bracketed or ":" not in host) and port.isdecimal():
            if 0 < int(port) < 65536:
                return cls(kind, host=host.strip("[]"), port=int(port))
        raise invalid_field("address", f"{text!r} is not unix:PATH, tcp:HOST:PORT or tls:HOST:PORT")
