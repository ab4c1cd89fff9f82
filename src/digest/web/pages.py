"""Turns templates into pages; an operator's own folder replaces the bundled one file by file."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from starlette.responses import HTMLResponse, Response

from digest.audience.names import LONGEST_NAME
from digest.bundled import bundled
from digest.editions.phrasing import clean
from digest.editions.story import Tool
from digest.rendering import bars, standing
from digest.rendering.branding import Branding
from digest.rendering.cleaning import cleaned
from digest.rendering.environment import week
from digest.rendering.languages import Language, first_known, match, read_languages
from digest.web.assets import Assets
from digest.web.guards import PUBLIC
from digest.web.looks import picture_origin
from digest.web.sentences import say
from digest.web.speaking import QUESTION, asked, choose


class Pages:
    """The folder `subscribers/` as this installation shows it: pages, consent wording, style, languages."""

    def __init__(
        self, brand: Branding, own: Path | None = None, languages: Mapping[str, Language] | None = None
    ) -> None:
        """`own` is laid out as the bundled folder: `pages/`, `static/`, `languages/`, `consent.txt`.

        Whatever it lacks is taken from there. `languages` are those of both where they have been read
        already; else raises ConfigError for a catalog of sentences that is broken.
        """
        self._folders = [folder for folder in (own, bundled("subscribers")) if folder is not None]
        self._brand = cleaned(brand)
        # Links inside our pages are paths: they hold behind any proxy and never follow the Host header.
        self.root = urlsplit(brand.base_url).path.rstrip("/")
        self.assets = Assets(self._folders, brand.theme)
        self._languages = languages or read_languages(self._folders)
        self._environment = self._make_environment()

    @property
    def languages(self) -> Mapping[str, str]:
        """What pages can speak: code and the language's own name."""
        return {code: language.name for code, language in self._languages.items()}

    def show(self, page: str, status: int = 200, /, *, public: bool = False, **values: object) -> Response:
        """The page called `page`, in the language of the request that is being answered.

        `public` ones may be kept by caches and found by search engines.
        """
        text = self._environment.get_template(f"pages/{page}.html").render(values, indexed=public)
        headers = {"Vary": "Accept-Language", "Content-Language": self.spoken().code}
        return HTMLResponse(text, status, {**(PUBLIC if public else {}), **headers})

    def speak(self, language: str | None) -> None:
        """Answer this request in what its reader chose for good; None leaves it to their browser."""
        said = asked()
        said.person, said.spoken = language, None

    def spoken(self) -> Language:
        """The language of the page that is being made."""
        said = asked()
        said.spoken = said.spoken or choose(self._languages, said, self._brand.language)
        return self._languages[said.spoken]

    def language_to_keep(self) -> str | None:
        """The language of the page; None where it is the newsletter's, whatever that becomes."""
        spoken = self.spoken().code
        return spoken if spoken != first_known([self._brand.language], self._languages) else None

    def wording(self) -> str:
        """The exact words that somebody agrees to, as shown on the pages and kept with their consent.

        From `consent.CODE.txt` for a language that has one.
        """
        names = [f"consent.{self.spoken().code}.txt", "consent.txt"]
        return clean(self._environment.select_template(names).render())

    def to(self, path: str) -> str:
        """The path below our root; it keeps the language that was asked for."""
        wish = match(asked().wish or "", self._languages)
        return f"{self.root}{path}" + (f"?{QUESTION}={wish}" if wish else "")

    def others(self) -> list[Language]:
        """What a reader may switch to; nobody who chose for good is asked again at every page.

        Nor by the answer to a form: a link opens the address anew, and what was answered is lost.
        """
        said = asked()
        settled = said.posted or (said.person and match(said.person, self._languages))
        return [] if settled or len(self._languages) == 1 else list(self._languages.values())

    def _make_environment(self) -> Environment:
        made = Environment(
            loader=FileSystemLoader(self._folders),
            autoescape=select_autoescape(("html",)),
            undefined=StrictUndefined,
            extensions=["jinja2.ext.i18n"],
            trim_blocks=True,
            lstrip_blocks=True,
        )
        made.policies["ext.i18n.trimmed"] = True
        # One environment for all threads and languages: each sentence is looked up for the request at hand.
        # What the extension adds to an environment has no types.
        made.install_gettext_callables(self._gettext, self._ngettext, newstyle=True)  # type: ignore[attr-defined]
        made.filters.update(self._filters())
        made.globals.update(self._globals())
        return made

    def _globals(self) -> Mapping[str, object]:
        logo = self._brand.theme.logo
        return {
            "brand": self._brand,
            "root": self.root,
            "logo": logo if picture_origin(logo) else None,
            "asset": lambda name: self.root + self.assets.path(name),
            "to": self.to,
            "spoken": self.spoken,
            "others": self.others,
            "wording": self.wording,
            "longest_name": LONGEST_NAME,
            # Not Jinja's own, which takes every sentence for HTML: Python's may hold what a reader typed.
            "_": self._say,
        }

    def _filters(self) -> Mapping[str, object]:
        return {
            "day": lambda moment: self.spoken().day(moment),
            "lasts": lambda span: self.spoken().lasts(span),
            "week": lambda key: self._say(week(key)),
            "percent": self._percent,
            "share": lambda percent: self.spoken().share(percent),
            "split": standing.split,
            "community": standing.community,
            "tone": bars.tone,
            "text_bar": bars.text_bar,
        }

    def _percent(self, tool: Tool) -> str:
        return standing.percent(tool) if tool.panel_ship is None else self.spoken().share(tool.panel_ship)

    def _say(self, sentence: str, **values: object) -> str:
        return self.spoken().say(sentence, values) if values else say(self.spoken(), sentence)

    def _gettext(self, message: str) -> str:
        return self.spoken().translated(message)

    def _ngettext(self, one: str, many: str, count: int) -> str:
        return self.spoken().sentences.ngettext(one, many, count)
