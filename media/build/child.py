"""The transcoder's child process: `python -m media.build.child` takes orders, a line of JSON each, under limits."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from media.build.codec import TooLarge, convert
from media.build.withheld import Withheld
from media.limited import describe, serve


def make(order: Mapping[str, Any]) -> dict[str, str]:
    """Do {source, target} and what is to be made (media.build.transcode.Task); what became of it."""
    target = Path(order["target"])
    try:
        if "icon_size" in order:
            from media.build.icons import draw_icon

            draw_icon(Path(order["source"]), target, order["icon_size"])
        elif "deidentify" in order:
            from media.build.deidentified_file import deidentify_file

            deidentify_file(Path(order["source"]), target, order["deidentify"], Path(order["told"]))
        else:
            convert(Path(order["source"]), target, order["transfer_syntax_uid"])
        answer = {"error": "", "detail": ""}
    except TooLarge as error:
        answer = {"error": "too-large", "detail": str(error)}
    except Withheld as reason:
        answer = {"error": reason.reason.value, "detail": reason.detail}
    except Exception as error:  # noqa: BLE001  # the thread top of this process; decoders raise anything
        failed = "not-deidentified" if "deidentify" in order else "transcode-failed"
        answer = {"error": failed, "detail": describe(error)}
    if answer["error"]:
        target.unlink(missing_ok=True)
    return answer


if __name__ == "__main__":
    serve(make)
