"""Memory and file handles of every process of the service, in a CSV, and whether they stay what they were."""

import csv
import os
from dataclasses import dataclass, field
from pathlib import Path

QUARTER_HOUR_S = 900.0
MORE_RSS = 1.10  # of the first quarter hour's highest
MORE_HANDLES = 3  # of a quarter hour's lowest
PAGE = os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True, slots=True)
class Usage:
    """Of one process."""

    pid: int
    role: str  # "node", "worker"; "supervisor" for the parent; "child" for what a worker starts for a time
    rss_bytes: int
    handles: int
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
    stat = (folder / "stat").read_text().rpartition(")")[2].split()
    return Usage(
        pid=pid,
        role="supervisor" if pid == parent else role,
        rss_bytes=int((folder / "statm").read_text().split()[1]) * PAGE,
        handles=len(os.listdir(folder / "fd")),
        threads=int(stat[17]),
        cpu_s=(int(stat[11]) + int(stat[12])) / os.sysconf("SC_CLK_TCK"),
    )


@dataclass(slots=True)
class Quarter:
    """What a lasting process used in a quarter of an hour."""

    highest_rss: int = 0
    lowest_handles: int = 1 << 30


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
        self._peak = max(self._peak, sum(one.rss_bytes for one in found))
        for one in found:
            if one.role == "child":
                continue
            quarter = self.quarters.setdefault((one.role, int(elapsed_s / self.part_s)), Quarter())
            quarter.highest_rss = max(quarter.highest_rss, one.rss_bytes)
            quarter.lowest_handles = min(quarter.lowest_handles, one.handles)
        return found

    def write(self, elapsed_s: float, found: list[Usage]) -> None:
        """Lines of the CSV: one a process, and one for all together."""
        new = not self.csv.exists()
        with self.csv.open("a", newline="") as file:
            out = csv.writer(file)
            if new:
                out.writerow(["seconds", "process", "pid", "rss_mb", "peak_rss_mb", "handles", "threads", "cpu_s"])
            for one in found:
                mb = f"{one.rss_bytes / 1e6:.1f}"
                out.writerow(
                    [f"{elapsed_s:.0f}", one.role, one.pid, mb, "", one.handles, one.threads, f"{one.cpu_s:.1f}"]
                )
            rss, cpu = sum(one.rss_bytes for one in found), sum(one.cpu_s for one in found)
            handles, threads = sum(one.handles for one in found), sum(one.threads for one in found)
            mb, peak = f"{rss / 1e6:.1f}", f"{self._peak / 1e6:.1f}"
            out.writerow([f"{elapsed_s:.0f}", "all", "", mb, peak, handles, threads, f"{cpu:.1f}"])
        self._peak = 0

    def restarted(self, found: list[Usage]) -> list[str]:
        """Roles whose process is another than it was."""
        now = {one.role: one.pid for one in found if one.role != "child"}
        changed = [role for role, pid in self.pids.items() if now.get(role) != pid]
        self.pids = now
        return changed

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
            if quarter.lowest_handles > first.lowest_handles + MORE_HANDLES:
                wrong.append(
                    f"the {role} had at least {first.lowest_handles} handles in the first part "
                    f"and {quarter.lowest_handles} in part {part + 1}"
                )
        return wrong
