"""The checks of an edition as it stands: one reader's copy of it, looked at from all sides."""

from __future__ import annotations

from collections.abc import Iterator

from digest.app.looking import Look
from digest.app.parts import App
from digest.app.samples import as_read, sample_links, sample_message
from digest.checking.findings import Finding, Level, listed
from digest.checking.mail import Mail
from digest.checking.report import Report, check
from digest.editions.phrasing import clean, shorten
from digest.editions.story import Story
from digest.errors import RenderError
from digest.rendering.fitting import budget
from digest.rendering.notices import NOTICES

NAME_WIDTH = 48  # the shortest form in which a name may stand in a line of the text part


def check_edition(app: App, look: Look, *, offline: bool = False) -> Report:
    """Look at everything; raises the look's problem where there is nothing to check.

    `offline` asks no link whether it answers.
    """
    return check(sample_mail(app, look), offline=offline, besides=check_notices(app))


def check_notices(app: App) -> Iterator[Finding]:
    """Whether each notice can be made in every language, for an operator with templates of their own.

    Ours can be in all: a catalog that could break one is refused when it is read.
    """
    if app.settings.newsletter.templates is None:
        return
    faults = listed(fault for name in NOTICES for fault in _faults(app, name))
    if faults:
        yield Finding("notices", Level.ERROR, "sending would stop at notices that cannot be made", faults)
    else:
        yield Finding("notices", Level.OK, "every notice can be made in every language")


def _faults(app: App, name: str) -> Iterator[str]:
    for code in {app.renderer.language(name, code): None for code in app.languages}:
        try:
            app.renderer.notice(name, {}, app.marker(f"notice:{name}"), code)
        except RenderError as error:
            yield from (f"{name}: {line}" for line in str(error).splitlines())


def sample_mail(app: App, look: Look) -> Mail:
    """One reader's copy, and what it was to say."""
    rendered = look.require()
    read = as_read(app, rendered)
    return Mail(
        subject=read.subject,
        preheader=look.preheader,
        html=read.html,
        text=read.text,
        message=sample_message(app, rendered, look.key),
        own_links=_own_links(app, look.story),
        items=() if look.is_frozen else _named(look.story),
        said=tuple(_said(look.story)),
        shortened=rendered.briefly,
        budget=budget(len(look.story.comparisons)),
    )


def _own_links(app: App, story: Story) -> frozenset[str]:
    """The links that lead to our own web application, which need not run while an editor looks."""
    archive = app.branding.archive_url(story.key)
    ours = {one.url for one in story.comparisons if one.url.startswith(app.branding.base_url)}
    return frozenset({*sample_links(app).values(), archive, f"{archive}/contents", *ours})


def _named(story: Story) -> tuple[str, ...]:
    """What the text part must say as well: the headline and every tool."""
    names = (shorten(tool.name, NAME_WIDTH).removesuffix("…") for tool in story.board)
    return (story.headline, *names)


def _said(story: Story) -> Iterator[str]:
    """Everything that comes from the site or from an editor, in which anything may stand."""
    yield from (clean(text) for text in (story.subject, story.preheader, story.headline, story.intro))
    for tool in story.board:
        told = (tool.name, tool.category, tool.tagline, tool.description, tool.entry or "")
        yield from (clean(text) for text in (*told, *(quote.text for quote in tool.quotes)))
