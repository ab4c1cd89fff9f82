"""Style sheets and pictures: found by version, kept by browsers, and the newsletter's own colours."""

from __future__ import annotations

import os
import re
from dataclasses import replace
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from digest.app.parts import App
from digest.rendering.contrast import ratio
from digest.rendering.theme import DARK, LIGHT, Logo, Palette, Theme
from digest.web.assets import Assets
from digest.web.looks import picture_origin, theme_css
from tests.web.conftest import Backstage, browser, settings

LOGO = {"logo": "https://img.example.org/logo.png", "logo_width": 200, "logo_height": 40}


def linked(page: str, name: str) -> str:
    """The address under which a page names one of its files."""
    found = re.search(rf'"(/static/{re.escape(name)}\?v=[0-9a-f]+)"', page)
    assert found, name
    return found[1]


@pytest.mark.parametrize("name", ["style.css", "theme.css", "favicon.svg"])
def test_a_version_is_kept_for_good(client: TestClient, name: str) -> None:
    """What a page links to may be kept for a year; without or with another version for five minutes."""
    path = linked(client.get("/subscribe").text, name)
    answer = client.get(path)
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert client.get(f"/static/{name}").headers["cache-control"] == "public, max-age=300"
    assert client.get(f"/static/{name}?v=0").headers["cache-control"] == "public, max-age=300"
    assert client.get(f"/static/{name}?v=0").content == answer.content


def test_who_has_it_is_not_sent_it_again(client: TestClient) -> None:
    """304 without a body to whoever names the version, however they do it (RFC 9110 §13.1.2)."""
    first = client.get("/static/style.css")
    tag = first.headers["etag"]
    for named in (tag, f"W/{tag}", f'"other", {tag}', "*"):
        again = client.get("/static/style.css", headers={"If-None-Match": named})
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["etag"] == tag
        assert again.headers["content-security-policy"]
    for named in ('"other"', tag[1:-1], ""):
        assert client.get("/static/style.css", headers={"If-None-Match": named}).content == first.content


def test_a_changed_file_has_another_address(tmp_path: Path) -> None:
    """An operator who changes their style sees it, though browsers keep what they have."""
    (tmp_path / "static").mkdir()
    own = tmp_path / "static" / "style.css"
    own.write_text("a{}", "utf-8")
    assets = Assets([tmp_path], Theme())
    before = assets.path("style.css")
    own.write_text("b{}", "utf-8")
    os.utime(own, ns=(1, 1))
    assert assets.path("style.css") != before
    assert assets.path("none.css") == "/static/none.css"


def test_an_own_theme_file_wins(tmp_path: Path) -> None:
    """Somebody who would rather write the colours by hand may."""
    assets = Assets([tmp_path], Theme())
    made = assets.get("theme.css")
    (tmp_path / "static").mkdir()
    (tmp_path / "static" / "theme.css").write_text(":root{}", "utf-8")
    found = assets.get("theme.css")
    assert made
    assert found
    assert (found.content, found.kind) == (b":root{}", made.kind)


def values(css: str) -> tuple[dict[str, str], dict[str, str]]:
    """The properties of the light and the dark mode."""
    light, dark = css.split("@media")
    light_values, dark_values = (dict(re.findall(r"--([a-z-]+): ([^;]+);", part)) for part in (light, dark))
    return light_values, dark_values


@pytest.mark.parametrize(
    "theme",
    [
        Theme(),
        Theme(light=replace(LIGHT, paper="#ffff00", ink="#ffffaa", muted="#ffff88", accent="#ffff00")),
        Theme(light=replace(LIGHT, paper="#ffffff", box="#000000", ink="#777777", rule="#ffffff")),
        Theme(dark=replace(DARK, paper="#000000", ink="#000000", muted="#111111", skip="#000000")),
        Theme(light=replace(LIGHT, **dict.fromkeys(Palette.__dataclass_fields__, "#808080"))),
    ],
)
def test_words_can_be_read(theme: Theme) -> None:
    """Whatever colours an operator chose: every word on its ground, and what must be seen (WCAG 2.2)."""
    for mode in values(theme_css(theme)):
        for name in ("ink", "muted", "ship-text", "split-text", "skip-text"):
            assert ratio(mode[name], mode["paper"]) >= 4.5, name
            assert ratio(mode[f"box-{name}"], mode["box"]) >= 4.5, name
        assert ratio(mode["on-accent"], mode["accent"]) >= 4.5
        assert ratio(mode["edge"], mode["paper"]) >= 3
        assert ratio(mode["focus"], mode["paper"]) >= 3


def test_the_style_names_only_what_the_theme_has(client: TestClient) -> None:
    """Every variable of style.css is one of theme.css, and no colour stands in it but black for paper."""
    light, dark = values(client.get("/static/theme.css").text)
    style = client.get("/static/style.css").text
    assert set(re.findall(r"var\(--([a-z-]+)\)", style)) <= set(light)
    assert set(light) - set(dark) == {"headings", "text"}
    assert set(re.findall(r"#[0-9a-f]{3,6}\b", style)) <= {"#000"}


def test_the_settings_colours(app: App, backstage: Backstage) -> None:
    """What [theme] and [theme_dark] say is what the pages are shown in."""
    looks: dict[str, object] = {"accent": "#123456", "headings": "Charter,serif"}
    ours = settings(app.settings.database.url, theme=looks, theme_dark={"paper": "#000001"})
    light, dark = values(browser(App(ours, app.clock, app.database)).get("/static/theme.css").text)
    assert (light["accent"], light["headings"]) == ("#123456", "Charter,serif")
    assert (light["paper"], dark["paper"]) == (LIGHT.paper, "#000001")


def test_a_logo_may_come_from_its_own_site_only(app: App, backstage: Backstage) -> None:
    """It stands in the masthead with the name for those who do not see it, and nothing else is let in."""
    ours = settings(app.settings.database.url, theme=LOGO, newsletter={"name": "Weekly"})
    answer = browser(App(ours, app.clock, app.database)).get("/subscribe")
    assert '<img src="https://img.example.org/logo.png" width="200" height="40" alt="Weekly">' in answer.text
    assert "img-src 'self' https://img.example.org data:;" in answer.headers["content-security-policy"]


@pytest.mark.parametrize("host", ["a;script-src *", "a,b", "user@a", "a b", "'self'"])
def test_a_logos_address_opens_nothing_else(host: str) -> None:
    """A host that could end the list in the policy is none."""
    assert not picture_origin(Logo(f"https://{host}/logo.png", 1, 1))
    assert not picture_origin(None)
