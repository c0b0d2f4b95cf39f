"""What the node turned away: every refusal counted, one log line a minute for each reason."""

import logging
import threading
import time
from collections import Counter
from collections.abc import Callable

log = logging.getLogger(__name__)

_MOST_TEXT = 120


def printable(text: object) -> str:
    """`text` from outside, safe to write to a log: control and non-ASCII characters escaped, and not long.

    >>> printable("EVIL" + chr(10) + "AE" + chr(0x202e))
    'EVIL\\\\nAE\\\\u202e'
    """
    shown = str(text)[:_MOST_TEXT].encode("unicode_escape").decode("ascii")
    return shown if len(str(text)) <= _MOST_TEXT else f"{shown}…"


class Refusals:
    """Counts refusals by reason; thread-safe."""

    def __init__(
        self,
        period_s: float = 60.0,
        clock: Callable[[], float] = time.monotonic,
        told: Callable[[str], None] = lambda reason: None,
    ) -> None:
        """`told` hears the reason of each."""
        self._told = told
        self._period_s, self._clock = period_s, clock
        self._lock = threading.Lock()
        self._counts: Counter[str] = Counter()
        self._silent: Counter[str] = Counter()
        self._logged_at: dict[str, float] = {}

    def add(self, reason: str, address: str, detail: object = "") -> None:
        """Count one refusal. `reason` is one of a few fixed texts; what came from outside goes into `detail`."""
        self._told(reason)
        now = self._clock()
        with self._lock:
            self._counts[reason] += 1
            self._silent[reason] += 1
            last = self._logged_at.get(reason)
            if last is not None and now - last < self._period_s:
                return
            self._logged_at[reason] = now
            number = self._silent.pop(reason)
        log.warning("refused %d: %s; last from %s %s", number, reason, printable(address), printable(detail))

    def flush(self) -> None:
        """Log what was counted and not told yet: at the end."""
        with self._lock:
            silent, self._silent = self._silent, Counter()
        for reason, number in silent.items():
            log.warning("refused %d: %s", number, reason)

    def counts(self) -> dict[str, int]:
        """All refusals since the start, by reason."""
        with self._lock:
            return dict(self._counts)
