"""The film renderer's child process: `python -m service.film_child` draws films under limits (`media.limited`)."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from media.limited import describe, serve
from printmgr import pipeline
from printmgr.errors import PrintError, ResourceLimit
from printmgr.film.identity import Identity
from service.spool import load_print

STEPS: dict[str, Callable[..., object]] = {
    "render": pipeline.render_step,
    "preview": pipeline.preview_step,
    "named": pipeline.named_step,
}
NO_ROOM, FAILED = "no-room", "failed"


def make(order: Mapping[str, Any]) -> dict[str, str]:
    """Do a step of a print: {spool, print_id, step, identity}; what became of it."""
    more = [Identity(**order["identity"])] if order["identity"] else []
    try:
        STEPS[order["step"]](load_print(Path(order["spool"]), order["print_id"]), *more)
    except ResourceLimit as error:
        return {"error": NO_ROOM, "detail": str(error)}
    except PrintError as error:
        return {"error": FAILED, "detail": str(error)}
    except Exception as error:  # noqa: BLE001  # the thread top of this process; libraries raise anything
        return {"error": FAILED, "detail": describe(error)}
    return {"error": "", "detail": ""}


if __name__ == "__main__":
    serve(make)
