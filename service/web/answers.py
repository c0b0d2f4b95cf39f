"""Answers with what HTTP offers: entity tags, ranges, pages of lists."""

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, is_dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

from fastapi import Request
from fastapi.responses import FileResponse, Response

from service.web.errors import NotFound

MOST = 200
RANGE = re.compile(r"bytes=(\d*)-(\d*)")


def json_answer(request: Request, value: object, status: int = 200) -> Response:
    """A value as JSON, with an entity tag."""
    body = json.dumps(value, default=_plain, ensure_ascii=False).encode("utf-8", "backslashreplace")
    return _tagged(request, body, "application/json", hashlib.sha256(body).hexdigest()[:32], status)


def list_answer(request: Request, items: Sequence[object], limit: int, key: str) -> Response:
    """A page of a list; `next` is the address of the page after it.

    key  of the last item, '' when the list ends here
    """
    following = None
    if key and len(items) >= limit:
        asked = {name: value for name, value in request.query_params.items() if name != "after"}
        following = f"{request.url.path}?{urlencode(asked | {'after': key})}"
    return json_answer(request, {"items": items, "next": following})


def bytes_answer(request: Request, body: bytes, media_type: str, name: str = "") -> Response:
    """Bytes with an entity tag and by ranges (RFC 9110 14); with a name they are to be saved."""
    tag = hashlib.sha256(body).hexdigest()[:32]
    answer = _tagged(request, body, media_type, tag, 200)
    answer.headers["accept-ranges"] = "bytes"
    if name:
        answer.headers["content-disposition"] = attachment(name)
    asked = request.headers.get("range", "")
    if answer.status_code == 200 and asked and request.headers.get("if-range", f'"{tag}"') == f'"{tag}"':
        return _ranged(answer, body, asked)
    return answer


def file_answer(request: Request, path: Path, media_type: str, name: str = "", root: Path | None = None) -> Response:
    """A file with an entity tag and by ranges. Raises NotFound when it is not there, or not below `root`."""
    real = path.resolve()
    if not real.is_file() or (root is not None and not real.is_relative_to(root.resolve())):
        raise NotFound("this file is not there any more")
    stat = real.stat()
    tag = f'"{hashlib.sha256(f"{real}{stat.st_mtime_ns}{stat.st_size}".encode()).hexdigest()[:32]}"'
    if _matches(request, tag):
        return Response(status_code=304, headers={"etag": tag})
    headers = {"etag": tag, "cache-control": "private, no-cache"}
    if name:
        headers["content-disposition"] = attachment(name)
    return FileResponse(real, media_type=media_type, stat_result=stat, headers=headers)


def attachment(name: str) -> str:
    """A Content-Disposition that lets a file be saved under a name, whatever its letters."""
    plain = re.sub(r"[^A-Za-z0-9._-]", "_", name)
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"


def _tagged(request: Request, body: bytes, media_type: str, digest: str, status: int) -> Response:
    tag = f'"{digest}"'
    headers = {"etag": tag, "cache-control": "private, no-cache"}
    if request.method == "GET" and _matches(request, tag):
        return Response(status_code=304, headers=headers)
    return Response(body, status, headers, media_type)


def _matches(request: Request, tag: str) -> bool:
    known = [one.strip().removeprefix("W/") for one in request.headers.get("if-none-match", "").split(",")]
    return tag in known or "*" in known


def _ranged(answer: Response, body: bytes, asked: str) -> Response:
    found = RANGE.fullmatch(asked.strip())
    if not found or not any(found.groups()):
        return answer  # several ranges, or another unit: the whole is right too
    first, last = found.groups()
    start = int(first) if first else max(0, len(body) - int(last))
    end = min(int(last), len(body) - 1) if first and last else len(body) - 1
    if start > end:
        return Response(status_code=416, headers={"content-range": f"bytes */{len(body)}"})
    part = Response(body[start : end + 1], 206, _without_length(answer.headers), answer.media_type)
    part.headers["content-range"] = f"bytes {start}-{end}/{len(body)}"
    return part


def _without_length(headers: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in headers.items() if name not in ("content-length", "content-type")}


def _plain(value: object) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    return str(value)
