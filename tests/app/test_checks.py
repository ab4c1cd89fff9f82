"""The checks of an edition as the newsroom has it: what they are given, and that hostile pages pass."""

from __future__ import annotations

from pathlib import Path

from digest.app import checks, looking, samples
from digest.checking.findings import Level
from tests.support.newsrooms import DAY, TUESDAY, Newsroom, newsroom, tool

W47 = "2026-W47"


def test_an_edition_as_usual_has_no_error(room: Newsroom) -> None:
    """Draft and frozen alike."""
    room.publish("Alpha", "Beta", published_at=TUESDAY - DAY)
    room.plan(W47)
    look = looking.look(room.app, W47)
    assert not [
        f for f in checks.check_edition(room.app, look, offline=True).findings if f.level is Level.ERROR
    ]
    room.approve(W47)
    frozen = looking.look(room.app, W47)
    assert frozen.is_frozen
    assert not look.is_frozen
    assert checks.check_edition(room.app, frozen, offline=True).ok


def test_a_frozen_edition_is_checked_against_the_words_that_were_approved(room: Newsroom) -> None:
    """What the site says since then is no fault of the mail."""
    room.publish(tool("Alpha", 25), "Beta", published_at=TUESDAY - DAY)
    room.plan(W47)
    room.approve(W47)
    report = checks.check_edition(room.app, looking.look(room.app, W47), offline=True)
    room.publish(tool("Alpha", 100), "Beta")
    look = looking.look(room.app, W47)
    assert look.preheader != look.story.preheader
    assert checks.check_edition(room.app, look, offline=True) == report


def test_words_of_a_page_may_look_like_placeholders(room: Newsroom) -> None:
    """A title about templates is a warning, in a draft and frozen."""
    room.publish(
        tool("Jinja {{ 7*7 }}", tagline="Fills __TOKEN__ for you"), "Beta", published_at=TUESDAY - DAY
    )
    room.plan(W47)
    for _ in range(2):
        report = checks.check_edition(room.app, looking.look(room.app, W47), offline=True)
        assert report.ok, report.findings
        assert Level.WARNING in {f.level for f in report.findings if f.check == "leftovers"}
        if not looking.look(room.app, W47).is_frozen:
            room.approve(W47)


def test_links_of_our_own_are_never_asked(room: Newsroom) -> None:
    """The web application need not run while an editor looks."""
    slug = room.publish("Alpha", "Beta", published_at=TUESDAY - DAY)
    room.plan(W47)
    mail = checks.sample_mail(room.app, looking.look(room.app, W47))
    base = room.app.settings.web.base_url
    paths = (f"comparisons/{slug}", f"archive/{W47}", f"preferences/{samples.SAMPLE}")
    ours = {f"{base}/{path}" for path in paths}
    assert ours <= mail.own_links
    assert all(link.startswith(base) for link in mail.own_links)


def test_notices_of_the_operators_are_made_in_every_language(tmp_path: Path) -> None:
    """What breaks in one language alone is found before anybody is owed such a mail."""
    (own := tmp_path / "goodbye").mkdir()
    subject, url = own / "subject.txt", f"sqlite:///{tmp_path / 'digest.db'}"
    with newsroom(url, newsletter={"templates": tmp_path}) as room:
        room.publish("Alpha", "Beta", published_at=TUESDAY - DAY)
        subject.write_text("{{ _('Thank you for reading.') }}")
        assert _of_notices(room) == [(Level.OK, ())]
        broken = "{{ _('Thank you for reading.') }}\n{{ nobody if brand.language == 'de' }}"
        subject.write_text(broken)
        ((level, lines),) = _of_notices(room)
        assert level is Level.ERROR
        assert lines == (f"goodbye: {subject}:2: 'nobody' is undefined",)


def test_our_own_notices_are_not_made_each_time(room: Newsroom) -> None:
    """They are what they were when they were tested."""
    room.publish("Alpha", "Beta", published_at=TUESDAY - DAY)
    assert _of_notices(room) == []


def _of_notices(room: Newsroom) -> list[tuple[Level, tuple[str, ...]]]:
    report = checks.check_edition(room.app, looking.look(room.app, W47), offline=True)
    return [(found.level, found.detail) for found in report.findings if found.check == "notices"]
