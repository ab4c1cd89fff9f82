"""Notices reach each reader in their language, by a real server, and are rendered once for each."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from digest.audience.models import Standing
from digest.bundled import bundled
from digest.delivery.notices import owe_notice
from digest.delivery.sending import Engine
from digest.rendering.languages import read_languages
from digest.rendering.rendered import Rendered
from digest.rendering.renderer import Renderer
from tests.support.letters import Letter, read_letter
from tests.support.offices import Office
from tests.support.posts import Post
from tests.support.stories import BRANDING
from tests.support.tables import add_subscriber

GERMAN = "Bitte bestätigen Sie Ihr Abonnement von Weekly Verdicts"
ENGLISH = "Confirm your subscription to Weekly Verdicts"
# What readers chose, or what was left of it; a code that no catalog is called by is nobody's fault.
CHOSEN = {
    "ann@example.org": ("de", GERMAN),
    "bob@example.org": (None, ENGLISH),
    "cid@example.org": ("de-AT", GERMAN),
    "dan@example.org": ("tlh", ENGLISH),
    "eve@example.org": ("x" * 500, ENGLISH),
    "fay@example.org": ("de", GERMAN),
}


class Counting(Renderer):
    """Counts what it renders."""

    rendered = 0

    def notice(self, *asked: Any) -> Rendered:
        """One more."""
        self.rendered += 1
        return super().notice(*asked)


def ask(post: Post) -> None:
    """Everybody is owed a confirmation."""
    with post.database.write() as session:
        for email, (language, _) in CHOSEN.items():
            reader = add_subscriber(session, email, Standing.PENDING)
            reader.language, reader.text_only = language, email.startswith("fay")
            owe_notice(session, "confirm", reader, post.clock.now())


def speaking(engine: Engine, language: str = "en") -> tuple[Engine, Counting]:
    """The same in every language there is, for a newsletter in one of them."""
    brand = replace(BRANDING, language=language)
    renderer = Counting(brand, None, read_languages([bundled("subscribers")]))
    return replace(engine, messages=replace(engine.messages, renderer=renderer)), renderer


def received(post: Post) -> dict[str, Letter]:
    """What came, by address."""
    letters = [read_letter(mail.data) for mail in post.server.received]
    return {letter.to: letter for letter in letters}


def test_each_in_their_language(post_office: Any) -> None:
    """Subject, HTML and text alike; rendered once for a language and shape, whatever codes are stored."""
    with post_office() as post:
        ask(post)
        engine, renderer = speaking(post.engine())
        assert not engine.run().stopped
    letters = received(post)
    assert {email: letter.subject for email, letter in letters.items()} == {
        email: subject for email, (_, subject) in CHOSEN.items()
    }
    assert renderer.rendered == len({"German", "English", "German as text"})
    german, english = letters["ann@example.org"], letters["bob@example.org"]
    assert '<html lang="de" dir="ltr"' in (german.page or "")
    assert ">Waren Sie das?</h1>" in (german.page or "")
    assert "Waren Sie das?\n=============" in german.text.replace("\r\n", "\n")
    assert '<html lang="en" dir="ltr"' in (english.page or "")
    assert "Is this you?\n============" in english.text.replace("\r\n", "\n")
    assert letters["fay@example.org"].page is None
    assert "Waren Sie das?" in letters["fay@example.org"].text


def test_the_newsletters_language_for_who_chose_none(post_office: Any) -> None:
    """Or one that we do not have."""
    with post_office() as post:
        ask(post)
        assert not speaking(post.engine(), "de-CH")[0].run().stopped
    assert {letter.subject for letter in received(post).values()} == {GERMAN}


@pytest.mark.parametrize("language", ["de", None])
def test_only_notices_are_claimed_with_a_language(office: Office, language: str | None) -> None:
    """An edition is the editors', whoever reads it."""
    with office.database.write() as session:
        reader = office.reader(session, "r1@example.org")
        reader.language = language
        owe_notice(session, "welcome", reader, office.edition(session).slot)
    jobs = office.claim(office.one)
    assert {job.notice: job.language for job in jobs if job.email == "r1@example.org"} == {
        "welcome": language,
        None: None,
    }
