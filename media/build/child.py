"""The transcoder's child process: `python -m media.build.child` takes orders, a line of JSON each, under limits."""

import json
import os
import resource
import sys
from pathlib import Path
from typing import TextIO

from media.build.codec import TooLarge, convert


def limit(memory_bytes: int, cpu_s: int) -> None:
    """Bound this process from now on: address space, and processor time from what it has used already."""
    resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, resource.getrlimit(resource.RLIMIT_AS)[1]))
    used = resource.getrusage(resource.RUSAGE_SELF)
    soft = int(used.ru_utime + used.ru_stime) + cpu_s
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CPU, (soft, resource.getrlimit(resource.RLIMIT_CPU)[1]))


def serve(orders: TextIO, answers: TextIO) -> None:
    """Read an order a line, {source, target, memory_bytes, cpu_s} with transfer_syntax_uid or icon_size; answer it."""
    for line in orders:
        order = json.loads(line)
        target = Path(order["target"])
        try:
            limit(order["memory_bytes"], order["cpu_s"])
            if "icon_size" in order:
                from media.build.icons import draw_icon

                draw_icon(Path(order["source"]), target, order["icon_size"])
            else:
                convert(Path(order["source"]), target, order["transfer_syntax_uid"])
            answer = {"error": "", "detail": ""}
        except TooLarge as error:
            answer = {"error": "too-large", "detail": str(error)}
        except Exception as error:  # noqa: BLE001  # the thread top of this process; decoders raise anything
            answer = {"error": "transcode-failed", "detail": _describe(error)}
        if answer["error"]:
            target.unlink(missing_ok=True)
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


def _describe(error: Exception) -> str:
    """What went wrong in a line; decoders' texts name attributes and sizes, not patients."""
    return " ".join(f"{type(error).__name__}: {error}".split())[:200]


def main() -> None:
    """Keep the answers apart from what decoders print."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    serve(sys.stdin, answers)


if __name__ == "__main__":
    main()
