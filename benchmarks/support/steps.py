"""Takes the time of each step of a rendering while it happens, and shows what one step hands to the next."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any
from unittest.mock import patch

import mjml

from digest.rendering import edition, linting, mails
from digest.rendering.environment import Templates

CLEAN, FILL_HTML, LINT, COMPILE = (
    "make the values safe",
    "fill the MJML template",
    "lint",
    "compile (mjml-python)",
)
INLINE, FILL_TEXT = "inline the styles (premailer)", "fill the templates of subject and text"
STEPS = (CLEAN, FILL_HTML, LINT, COMPILE, INLINE, FILL_TEXT)
REST = "measure the size, and all else"


def parts(work: Callable[[], object]) -> dict[str, float]:
    """The milliseconds that one run of `work` spends in each step, and in what is none."""
    with _watched() as spent:
        start = time.perf_counter()
        work()
        whole = (time.perf_counter() - start) * 1000
    missing = [step for step in STEPS if step not in spent]
    assert not missing, f"the rendering never came by: {', '.join(missing)}"
    return {**{step: spent[step] for step in STEPS}, REST: whole - sum(spent.values())}


def compiled_source(work: Callable[[], object]) -> str:
    """The MJML that one run of `work` hands to the compiler."""
    with patch.object(mjml, "mjml2html", wraps=mjml.mjml2html) as compiler:
        work()
    assert compiler.call_count == 1, "expected a rendering that compiles once"
    return str(compiler.call_args.args[0])


@contextmanager
def _watched() -> Iterator[dict[str, float]]:
    spent: dict[str, float] = defaultdict(float)
    with ExitStack() as patches:
        for owner, name, step in (
            (edition, "cleaned", CLEAN),
            (Templates, "filled", _template),
            (linting, "lint", LINT),
            (mjml, "mjml2html", COMPILE),
            (mails, "styled", INLINE),
            (mails, "inline_styles", INLINE),
        ):
            patches.enter_context(patch.object(owner, name, _timed(getattr(owner, name), step, spent)))
        yield spent


def _template(_templates: Templates, name: str, *_values: object) -> str:
    return FILL_HTML if name.endswith(".mjml") else FILL_TEXT


def _timed(
    function: Callable[..., Any], step: str | Callable[..., str], spent: dict[str, float]
) -> Callable[..., Any]:
    def run(*args: Any, **named: Any) -> Any:
        start = time.perf_counter()
        try:
            return function(*args, **named)
        finally:
            spent[step if isinstance(step, str) else step(*args)] += (time.perf_counter() - start) * 1000

    return run
