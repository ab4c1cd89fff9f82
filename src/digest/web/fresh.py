"""Answers that whoever has them already need not load again (RFC 9110 §13)."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import Response


def fresh(request: Request, content: bytes, kind: str, headers: Mapping[str, str]) -> Response:
    """`content` of the media type `kind`, or 304 to whoever names its ETag in If-None-Match."""
    tag = f'"{hashlib.sha256(content).hexdigest()[:32]}"'
    kept = {**headers, "ETag": tag}
    if has(request.headers.getlist("if-none-match"), tag):
        return Response(status_code=304, headers=kept)
    return Response(content, headers={**kept, "Content-Type": kind})


def has(named: list[str], tag: str) -> bool:
    """Whether If-None-Match headers name the tag, strongly or weakly (RFC 9110 §13.1.2)."""
    tags = (one.strip().removeprefix("W/") for line in named for one in line.split(","))
    return any(one in {tag, "*"} for one in tags)
