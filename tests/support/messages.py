"""Every sentence that pages and notices show readers; run as a program it brings the catalogs up to date."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from io import BytesIO
from pathlib import Path
from typing import Final

from babel.messages import Catalog
from babel.messages.extract import extract
from babel.messages.pofile import write_po

from digest.bundled import bundled
from digest.rendering import languages
from digest.rendering.mails import FILES
from digest.rendering.notices import NOTICES
from digest.rendering.theme import Wording
from digest.web import problems, samples, sentences

# As digest.web.pages and digest.rendering.translating read templates.
OPTIONS: Final = {
    "trimmed": "true",
    "newstyle_gettext": "true",
    "trim_blocks": "true",
    "lstrip_blocks": "true",
}
WIDTH: Final = 100


def messages() -> Catalog:
    """The sentences of all templates and those that Python makes, in the order in which they come."""
    found = Catalog(fuzzy=False)
    _extract(found, [*_pages(), *notices()])
    for sentence in of_python():
        found.add(sentence)
    return found


def of_notices() -> frozenset[str]:
    """The sentences that notices say, in both their parts."""
    found = Catalog(fuzzy=False)
    _extract(found, notices())
    return frozenset({str(message.id) for message in found if message.id} | {Wording().why})


def _extract(found: Catalog, files: Iterable[Path]) -> None:
    for file in files:
        with file.open("rb") as content:
            for _, message, comments, _ in extract("jinja2.ext:babel_extract", content, options=OPTIONS):
                found.add(message, locations=[(_place(file), 0)], auto_comments=comments)


def of_python() -> Iterator[str]:
    """What Python says on pages, and what the settings say in notices."""
    yield Wording().why
    for said in (problems.DAMAGED, problems.OTHER, *problems.BY_STATUS.values()):
        yield from (said.title, said.message)
    yield from (samples.TITLE, samples.MESSAGE)
    yield from sentences.SENTENCES


def update(file: Path) -> int:
    """Write a catalog anew with the sentences there are now; how many lack a translation."""
    catalog, head = languages.read_catalog(file), file.read_text("utf-8").partition("\n\n")[0]
    catalog.update(messages(), no_fuzzy_matching=True)
    catalog.obsolete.clear()
    output = BytesIO()
    write_po(output, catalog, width=WIDTH, include_lineno=False, omit_header=True)
    file.write_text(f"{head}\n\n{output.getvalue().decode().strip()}\n", "utf-8")
    return sum(not message.string for message in catalog if message.id)


def notices() -> list[Path]:
    """The templates of every notice."""
    return [bundled("email") / name / file for name in NOTICES for file in FILES]


def _pages() -> list[Path]:
    folder = bundled("subscribers")
    return [*sorted((folder / "pages").glob("*.html")), folder / "consent.txt"]


def _place(file: Path) -> str:
    """`pages/front.html`, `email/confirm/body.txt`."""
    folder = bundled("subscribers")
    return file.relative_to(folder if file.is_relative_to(folder) else bundled("email").parent).as_posix()


if __name__ == "__main__":
    for path in sorted((bundled("subscribers") / languages.FOLDER).glob("*.po")):
        print(f"{path.name}: {update(path)} sentences lack a translation")
