"""Who may talk to the node: called AE titles, partners by AE title and address, and how many at a time."""

import threading
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import Protocol

from service.node.tls import fingerprint, tidy_fingerprint
from service.shared_counts import Counts, OwnCounts

ASSOCIATIONS, UNLISTED = "associations", "associations of unlisted callers"  # keys of counts


@dataclass(frozen=True, slots=True)
class Partner:
    """Someone who may call. `name` is what a quota counts by."""

    name: str
    quota: int = 16  # associations at a time
    listed: bool = True  # False: let in because the node is open to all; gets no reserved slots


class Access(Protocol):
    """The node's question to the settings."""

    def answers(self, called_ae: str) -> bool:
        """Whether something here answers to this called AE title."""
        ...

    def partner(self, calling_ae: str, address: str, certificate: bytes | None = None) -> Partner | None:
        """Who calls; None when this AE title may not call from there. `certificate`: the peer's, DER, with TLS."""
        ...

    def expects(self, address: str) -> bool:
        """Whether some listed partner may call from this address."""
        ...


@dataclass(frozen=True, slots=True)
class Rule:
    """One `[[partners]]` entry: an AE title, where it may call from, and how often at a time."""

    ae_title: str
    networks: tuple[IPv4Network | IPv6Network, ...] = ()  # none: from anywhere
    quota: int = 16
    fingerprints: frozenset[str] = frozenset()  # of certificates it must show, one of them; none: any or none

    @classmethod
    def of(
        cls, ae_title: str, addresses: Sequence[str] = (), quota: int = 16, fingerprints: Sequence[str] = ()
    ) -> "Rule":
        """From texts: hosts ("10.1.2.3") or networks ("10.1.0.0/16"), SHA-256 fingerprints. Raises ValueError."""
        networks = tuple(ip_network(each, strict=False) for each in addresses)
        return cls(ae_title.strip(), networks, quota, frozenset(tidy_fingerprint(each) for each in fingerprints))

    def allows(self, address: str) -> bool:
        if not self.networks:
            return True
        try:
            where = ip_address(address.partition("%")[0])
        except ValueError:
            return False
        where = getattr(where, "ipv4_mapped", None) or where
        return any(where in network for network in self.networks)


class PartnerList:
    """Default deny: called AE titles this node answers to, and rules for who may call."""

    def __init__(
        self,
        called: Collection[str] | Callable[[str], bool],
        rules: Sequence[Rule] = (),
        *,
        open_to_all: bool = False,
        open_quota: int = 64,
    ) -> None:
        """`open_to_all`: any AE title may call; those without a rule share `open_quota` associations an AE title."""
        self._called = called if callable(called) else frozenset(title.strip() for title in called).__contains__
        self._rules = tuple(rules)
        self._open, self._open_quota = open_to_all, open_quota

    def answers(self, called_ae: str) -> bool:
        return self._called(called_ae.strip())

    def partner(self, calling_ae: str, address: str, certificate: bytes | None = None) -> Partner | None:
        title = calling_ae.strip()
        shown = None if certificate is None else fingerprint(certificate)
        owners = {rule.ae_title for rule in self._rules if shown in rule.fingerprints}
        if owners and title not in owners:
            return None  # another partner's certificate
        for rule in self._rules:
            proven = not rule.fingerprints or shown in rule.fingerprints
            if rule.ae_title == title and rule.allows(address) and proven:
                return Partner(title, rule.quota)
        return Partner(title, self._open_quota, listed=False) if self._open and title else None

    def expects(self, address: str) -> bool:
        return any(rule.allows(address) for rule in self._rules)


class Slots:
    """How many associations run, altogether and for each partner, in all processes; thread-safe."""

    def __init__(self, total: int, reserved: int, counts: Counts | None = None) -> None:
        """`reserved` of `total` are kept for listed partners. `counts` is shared with the other processes."""
        self._total, self._reserved = total, min(reserved, total)
        self._counts: Counts = counts or OwnCounts()
        self._lock = threading.Lock()
        self._used: Counter[str] = Counter()

    def take(self, partner: Partner) -> str | None:
        """Take a slot; or why there is none."""
        counts, key = self._counts, _key(partner)
        with counts.turn():
            if counts.total(ASSOCIATIONS) >= self._total:
                return "all associations in use"
            if not partner.listed and counts.total(UNLISTED) >= self._total - self._reserved:
                return "only reserved associations left"
            if counts.total(key) >= partner.quota:
                return "the partner's quota is used up"
            if not counts.change(key, 1):
                return "all associations in use"
            counts.change(ASSOCIATIONS, 1)
            counts.change(UNLISTED, int(not partner.listed))
        with self._lock:
            self._used[partner.name] += 1
        return None

    def give_back(self, partner: Partner) -> None:
        counts = self._counts
        with counts.turn():
            counts.change(_key(partner), -1)
            counts.change(ASSOCIATIONS, -1)
            counts.change(UNLISTED, -int(not partner.listed))
        with self._lock:
            self._used[partner.name] -= 1
            if not self._used[partner.name]:
                del self._used[partner.name]

    def used(self) -> dict[str, int]:
        """Associations running in this process, by partner."""
        with self._lock:
            return dict(self._used)


def _key(partner: Partner) -> str:
    return f"{'partner' if partner.listed else 'anyone'} {partner.name}"
