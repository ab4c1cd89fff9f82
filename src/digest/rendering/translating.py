"""Says the sentences of a mail's templates in its language, which stands among its values as `spoken`."""

from __future__ import annotations

from datetime import timedelta
from functools import cache

from jinja2 import Environment, pass_context
from jinja2.runtime import Context
from markupsafe import escape

from digest.editions.phrasing import clean
from digest.rendering.languages import ENGLISH, Language, read_languages


def teach(environment: Environment) -> None:
    """Let templates say `{% trans %}…{% endtrans %}`, `_("…", name=value)` and `days|in_days`."""
    environment.add_extension("jinja2.ext.i18n")
    environment.policies["ext.i18n.trimmed"] = True
    # What the extension adds to an environment has no types.
    environment.install_gettext_callables(_gettext, _ngettext, newstyle=True)  # type: ignore[attr-defined]
    environment.globals["_"] = _say
    environment.filters["in_days"] = _in_days


@pass_context
def _gettext(context: Context, sentence: str) -> str:
    return _plain(context, _spoken(context).translated(clean(sentence)))


@pass_context
def _ngettext(context: Context, one: str, many: str, count: int) -> str:
    return _plain(context, _spoken(context).sentences.ngettext(clean(one), clean(many), count))


@pass_context
def _say(context: Context, sentence: str, **values: object) -> str:
    """Not Jinja's own, which takes every sentence for HTML and each percent sign for a value's place."""
    return clean(_spoken(context).say(sentence, values))


@pass_context
def _in_days(context: Context, days: int) -> str:
    """`30 days`."""
    return _spoken(context).lasts(timedelta(days=days))


def _plain(context: Context, said: str) -> str:
    # HTML and text parts share their sentences, which are mere words: whatever tags a catalog has are shown.
    line = clean(said)
    return escape(line) if context.eval_ctx.autoescape else line


def _spoken(context: Context) -> Language:
    found: Language | None = context.get("spoken")
    return found or _english()


@cache
def _english() -> Language:
    return read_languages([])[ENGLISH]
