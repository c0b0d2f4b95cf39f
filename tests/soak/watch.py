"""Memory and file handles of every process of the service, in a CSV, and whether they stay what they were."""

import csv
import os
from dataclasses import dataclass, field
from pathlib import Path

QUARTER_HOUR_S = 900.0
MORE_RSS = 1.10  # of the first quarter hour's highest
MORE_HANDLES = 3  # a quarter hour's lowest above the first one's highest; those of pooled connections aside
MOST_POOLED = 120  # a process's handles on the database: pools of 20 and of 8, each may have 24 more for a moment
PAGE = os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True, slots=True)
class Usage:
    """Of one process."""

    pid: int
    role: str  # "node", "worker"; "supervisor" for the parent; "child" for what a worker starts for a time
    rss_bytes: int
    handles: int
    pooled: int  # of these, connections to the database that stay open once they were needed
    threads: int
    cpu_s: float


def usages(parent: int) -> list[Usage]:
    """Of a process and of all below it."""
    found, waiting = [], [parent]
    while waiting:
        pid = waiting.pop(0)
        try:
            found.append(_usage(pid, parent))
            for task in Path(f"/proc/{pid}/task").iterdir():
                waiting += [int(child) for child in (task / "children").read_text().split()]
        except (FileNotFoundError, ProcessLookupError):
            continue
    return found


def _usage(pid: int, parent: int) -> Usage:
    folder = Path(f"/proc/{pid}")
    words = (folder / "cmdline").read_bytes().decode().split("\0")
    role = words[words.index("service.roles") + 1] if "service.roles" in words else "child"
    handles = list((folder / "fd").iterdir())
    stat = (folder / "stat").read_text().rpartition(")")[2].split()
    return Usage(
        pid=pid,
        role="supervisor" if pid == parent else role,
        rss_bytes=int((folder / "statm").read_text().split()[1]) * PAGE,
        handles=len(handles),
        pooled=sum(_is_database(handle) for handle in handles),
        threads=int(stat[17]),
        cpu_s=(int(stat[11]) + int(stat[12])) / os.sysconf("SC_CLK_TCK"),
    )


def _is_database(handle: Path) -> bool:
    try:
        return ".db" in handle.readlink().name
    except OSError:  # closed meanwhile
        return False


@dataclass(slots=True)
class Quarter:
    """What a lasting process used in a quarter of an hour. Handles: without those on the database."""

    highest_rss: int = 0
    lowest_handles: int = 1 << 30
    highest_handles: int = 0
    highest_pooled: int = 0


@dataclass(slots=True)
class Watch:
    """Samples of the lasting processes; judged by quarter hours, or by quarters of a shorter run."""

    csv: Path
    parent: int
    part_s: float = QUARTER_HOUR_S
    quarters: dict[tuple[str, int], Quarter] = field(default_factory=dict)
    pids: dict[str, int] = field(default_factory=dict)
    _peak: int = 0  # of all together since the last line of the CSV

    def look(self, elapsed_s: float) -> list[Usage]:
        """Sample once; between the lines of the CSV as well, so that no peak is missed."""
        found = usages(self.parent)
        self.note(elapsed_s, found)
        return found

    def note(self, elapsed_s: float, found: list[Usage]) -> None:
        """Remember a sample."""
        self._peak = max(self._peak, sum(one.rss_bytes for one in found))
        for one in found:
            if one.role == "child":
                continue
            quarter = self.quarters.setdefault((one.role, int(elapsed_s / self.part_s)), Quarter())
            quarter.highest_rss = max(quarter.highest_rss, one.rss_bytes)
            own = one.handles - one.pooled
            quarter.lowest_handles = min(quarter.lowest_handles, own)
            quarter.highest_handles = max(quarter.highest_handles, own)
            quarter.highest_pooled = max(quarter.highest_pooled, one.pooled)

    def write(self, elapsed_s: float, found: list[Usage]) -> None:
        """Lines of the CSV: one a process, and one for all together."""
        new = not self.csv.exists()
        with self.csv.open("a", newline="") as file:
            out = csv.writer(file)
            if new:
                out.writerow(
                    ["seconds", "process", "pid", "rss_mb", "peak_rss_mb", "handles", "pooled", "threads", "cpu_s"]
                )
            for one in found:
                mb = f"{one.rss_bytes / 1e6:.1f}"
                out.writerow(
                    [
                        f"{elapsed_s:.0f}",
                        one.role,
                        one.pid,
                        mb,
                        "",
                        one.handles,
                        one.pooled,
                        one.threads,
                        f"{one.cpu_s:.1f}",
                    ]
                )
            rss, cpu = sum(one.rss_bytes for one in found), sum(one.cpu_s for one in found)
            handles, pooled = sum(one.handles for one in found), sum(one.pooled for one in found)
            threads = sum(one.threads for one in found)
            mb, peak = f"{rss / 1e6:.1f}", f"{self._peak / 1e6:.1f}"
            out.writerow([f"{elapsed_s:.0f}", "all", "", mb, peak, handles, pooled, threads, f"{cpu:.1f}"])
        self._peak = 0

    def restarted(self, found: list[Usage]) -> list[str]:
        """Roles whose process is another than it was."""
        now = {one.role: one.pid for one in found if one.role != "child"}
        changed = [role for role, pid in self.pids.items() if now.get(role) != pid]
        self.pids = now
        return changed

    def told(self) -> list[str]:
        """A line a process and part."""
        return [
            f"{role}, part {part + 1}: RSS up to {one.highest_rss / 1e6:.1f} MB, {one.lowest_handles} to "
            f"{one.highest_handles} handles, up to {one.highest_pooled} more on the database"
            for (role, part), one in sorted(self.quarters.items())
        ]

    def judge(self) -> list[str]:
        """What grew from the first part to any later one."""
        wrong = []
        for (role, part), quarter in sorted(self.quarters.items()):
            first = self.quarters.get((role, 0))
            if first is None or part == 0:
                continue
            if quarter.highest_rss > first.highest_rss * MORE_RSS:
                wrong.append(
                    f"the {role}'s RSS rose from {first.highest_rss / 1e6:.1f} MB in the first part "
                    f"to {quarter.highest_rss / 1e6:.1f} MB in part {part + 1}"
                )
            if quarter.lowest_handles > first.highest_handles + MORE_HANDLES:
                wrong.append(
                    f"the {role} had at most {first.highest_handles} handles in the first part "
                    f"and at least {quarter.lowest_handles} in part {part + 1}"
                )
            if quarter.highest_pooled > MOST_POOLED:
                wrong.append(f"the {role} had {quarter.highest_pooled} handles on the database in part {part + 1}")
        return wrong
