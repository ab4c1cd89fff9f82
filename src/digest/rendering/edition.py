"""Renders an edition: its subject, its HTML and its text, within the size that mail programs show whole."""

from __future__ import annotations

from dataclasses import replace

from digest.editions.story import Story
from digest.rendering.branding import Branding
from digest.rendering.cleaning import cleaned
from digest.rendering.environment import Templates
from digest.rendering.fitting import fitted
from digest.rendering.mails import render_mail
from digest.rendering.rendered import Rendered, reader_link


def render_edition(templates: Templates, brand: Branding, story: Story, marker: str) -> Rendered:
    """The edition with `unsubscribe` and `preferences` as the links that are the reader's own."""
    safe = replace(cleaned(story, keep=("intro",)), intro=story.intro.strip())
    values = {
        "browser_link": brand.archive_url(story.key),
        "contents_link": f"{brand.archive_url(story.key)}/contents",
        "unsubscribe_link": reader_link(marker, "unsubscribe"),
        "preferences_link": reader_link(marker, "preferences"),
    }

    clean_brand = cleaned(brand)

    def render(told: Story) -> Rendered:
        mail = render_mail(templates, "edition", clean_brand, {**values, "story": told}, marker)
        return replace(mail, briefly=len(told.briefly) + told.unlisted)

    return fitted(safe, render, brand.base_url)
