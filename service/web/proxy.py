"""Where plain connections may come from when a proxy does TLS: from it and from this machine."""

import ipaddress
from collections.abc import Sequence

from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send


def only_from(app: ASGIApp, proxies: Sequence[str]) -> ASGIApp:
    """Refuse whoever would reach us beside the proxy, without TLS."""
    networks = [ipaddress.ip_network(address, strict=False) for address in proxies]

    async def checked(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            host = (scope.get("client") or ("",))[0]
            if not _allowed(host, networks):
                await Response("come through the proxy\n", 403, media_type="text/plain")(scope, receive, send)
                return
        await app(scope, receive, send)

    return checked


def _allowed(host: str, networks: Sequence[ipaddress.IPv4Network | ipaddress.IPv6Network]) -> bool:
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    return address.is_loopback or any(address in network for network in networks)
