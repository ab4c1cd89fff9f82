"""What is said of a failure: to the log its kind and place, to the page as little as will do."""

from __future__ import annotations

import traceback

from starlette.responses import HTMLResponse

from digest.logs import get_logger


def log_failure(error: Exception, sentence: str, action: str) -> None:
    """Kind and place only: the words of a database error hold addresses, those of others may."""
    frames = traceback.extract_tb(error.__traceback__)
    trace = [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames]
    get_logger().error(sentence, action=action, error=type(error).__name__, trace=trace)


def bare_page(status: int, title: str, sentence: str) -> HTMLResponse:
    """A page that needs no template, for when templates may be what is broken; both texts are HTML."""
    return HTMLResponse(bare_html(title, sentence), status)


def bare_html(title: str, sentence: str, onward: str = "") -> str:
    """The same as text; `onward` is an address, with its `&` and quotes escaped, that it leads to at once."""
    refresh = f'<meta http-equiv="refresh" content="0; url={onward}">' if onward else ""
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<link rel="icon" href="data:,"><title>{title}</title>{refresh}'
        f"<h1>{title}</h1><p>{sentence}</p></html>"
    )
