"""Renders an edition: its subject, its HTML and its text."""

from __future__ import annotations

from dataclasses import replace

from digest.editions.story import Story
from digest.rendering.branding import Branding
from digest.rendering.cleaning import cleaned
from digest.rendering.environment import Templates
from digest.rendering.mails import render_mail
from digest.rendering.rendered import Rendered, reader_link


def render_edition(templates: Templates, brand: Branding, story: Story, marker: str) -> Rendered:
    """The edition with `unsubscribe` as the one link that is the reader's own."""
    safe = replace(cleaned(story, keep=("intro",)), intro=story.intro.strip())
    values = {
        "story": safe,
        "browser_link": brand.archive_url(story.key),
        "unsubscribe_link": reader_link(marker, "unsubscribe"),
    }
    return render_mail(templates, "edition", {"brand": cleaned(brand), **values}, marker)
