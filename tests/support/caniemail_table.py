"""Renews src/digest/checking/caniemail.json from an unpacked copy of the npm package `caniemail`.

npm pack caniemail@2.0.2 && tar xzf caniemail-2.0.2.tgz
python -m tests.support.caniemail_table package
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

TABLE = Path(__file__).resolve().parents[2] / "src/digest/checking/caniemail.json"
DATA = "dist/data/caniemail.json"
ORIGIN = "https://www.caniemail.com (github.com/hteumeuleu/caniemail), taken from the npm package caniemail"
LICENCE = """\
MIT License. Copyright (c) 2019 Rémi Parmentier

Permission is hereby granted, free of charge, to any person obtaining a copy of this software and \
associated documentation files (the "Software"), to deal in the Software without restriction, including \
without limitation the rights to use, copy, modify, merge, publish, distribute, sublicense, and/or sell \
copies of the Software, and to permit persons to whom the Software is furnished to do so, subject to the \
following conditions:

The above copyright notice and this permission notice shall be included in all copies or substantial \
portions of the Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT \
LIMITED TO THE WARRANTIES OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN \
NO EVENT SHALL THE AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER LIABILITY, \
WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM, OUT OF OR IN CONNECTION WITH THE \
SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE."""

# What readers use most stands first; the other families follow by name.
FAMILIES = ("apple-mail", "gmail", "outlook", "yahoo", "aol", "samsung-email", "thunderbird", "protonmail")
PLATFORMS = {
    "desktop-webmail": "webmail",
    "mobile-webmail": "mobile web",
    "outlook.windows": "Windows, classic",
}
LEFT_OUT = frozenset(("amp", "bimi", "css-inert-attribute"))  # not made of what a page declares

SIDES = ("top", "right", "bottom", "left")
CORNERS = ("top-left", "top-right", "bottom-right", "bottom-left")
SEMANTIC = ("article", "aside", "details", "figcaption", "figure", "footer", "header", "main", "mark", "nav")
SPECIAL: dict[str, tuple[str, ...]] = {
    "css-border": ("property:border", *(f"property:border-{side}" for side in SIDES)),
    "css-border-inline-block": ("property:border-inline", "property:border-block"),
    "css-border-inline-block-individual": tuple(
        f"property:border-{axis}-{end}" for axis in ("inline", "block") for end in ("start", "end")
    ),
    "css-border-inline-block-longhand": tuple(
        f"property:border-{axis}-{what}"
        for axis in ("inline", "block")
        for what in ("color", "style", "width")
    ),
    "css-border-radius": ("property:border-radius", *(f"property:border-{at}-radius" for at in CORNERS)),
    "css-border-radius-logical": tuple(
        f"property:border-{block}-{inline}-radius"
        for block in ("start", "end")
        for inline in ("start", "end")
    ),
    "css-color-scheme": ("property:color-scheme",),
    "css-column-layout-properties": ("property:columns", "property:column-rule", "property:column-width"),
    "css-comments": ("comment:css",),
    "css-grid-template": tuple(f"property:grid-template-{what}" for what in ("areas", "columns", "rows")),
    "css-important": ("important",),
    "css-intrinsic-size": ("keyword:fit-content", "keyword:min-content", "keyword:max-content"),
    "css-margin": ("property:margin", *(f"property:margin-{side}" for side in SIDES)),
    "css-nesting": ("nesting",),
    "css-overflow": ("property:overflow", "property:overflow-x", "property:overflow-y"),
    "css-padding": ("property:padding", *(f"property:padding-{side}" for side in SIDES)),
    "css-pseudo-class-lang": ("pseudo:lang",),
    "css-scroll-snap": ("property:scroll-snap-type", "property:scroll-snap-align"),
    "css-selector-adjacent-sibling": ("selector:+",),
    "css-selector-attribute": ("selector:[]",),
    "css-selector-chaining": ("selector:chaining",),
    "css-selector-child": ("selector:>",),
    "css-selector-class": ("selector:.",),
    "css-selector-descendant": ("selector:descendant",),
    "css-selector-general-sibling": ("selector:~",),
    "css-selector-grouping": ("selector:,",),
    "css-selector-id": ("selector:#",),
    "css-selector-type": ("selector:type",),
    "css-selector-universal": ("selector:*",),
    "css-sytem-ui": tuple(
        f"keyword:{name}" for name in ("system-ui", "ui-serif", "ui-sans-serif", "ui-monospace")
    ),
    "css-unit-calc": ("function:calc",),
    "css-unit-initial": ("keyword:initial",),
    "css-variables": ("function:var",),
    "html-address": ("element:address",),
    "html-anchor-links": ("link:#",),
    "html-base": ("element:base",),
    "html-comments": ("comment:html",),
    "html-doctype": ("doctype",),
    "html-h1-h6": tuple(f"element:h{level}" for level in range(1, 7)),
    "html-image-maps": ("element:map", "attribute:usemap"),
    "html-lists": ("element:ul", "element:ol", "element:dl"),
    "html-mailto-links": ("link:mailto",),
    "html-meta-color-scheme": ("meta:color-scheme",),
    "html-semantics": tuple(f"element:{name}" for name in SEMANTIC),
    "html-srcset": ("attribute:srcset", "attribute:sizes"),
    "html-svg": ("element:svg",),
    "image-base64": ("format:data",),
    "image-heif": ("format:heif", "format:heic"),
    "image-jpg": ("format:jpg", "format:jpeg"),
    "image-tiff": ("format:tiff", "format:tif"),
}


def looks_for(slug: str, title: str) -> tuple[str, ...]:
    """What in a mail shows that it uses the feature, in the words of digest.checking.usage."""
    if slug in SPECIAL:
        return SPECIAL[slug]
    kind, _, name = slug.partition("-")
    found = (f"format:{name}",) if kind == "image" else (_css if kind == "css" else _html)(title.strip())
    if not found or not all(re.fullmatch(r"[a-z-]+:[a-z0-9=\[\]%:-]+", one) for one in found):
        raise SystemExit(f"{slug}: no rule says how to find “{title}” in a mail: {found}")
    return found


def _css(title: str) -> tuple[str, ...]:
    if title.startswith("@media ("):
        return tuple(f"media:{name}" for name in re.findall(r"\(([a-z-]+)\)", title))
    if title.startswith("@"):
        return (f"at:{title[1:]}",)
    if title.startswith(":"):
        return (f"pseudo:{title.strip(':()')}",)
    if title.endswith(" unit"):
        return (f"unit:{title.removesuffix(' unit')}",)
    if "()" in title:
        return tuple(f"function:{name}" for name in re.findall(r"([a-z-]+)\(\)", title))
    if ":" in title:
        return (f"value:{title.replace(':', '=').replace(' ', '')}",)
    names = re.split(r", | & ", re.sub(r" (property|shorthand)$", "", title))
    return tuple(f"property:{name}" for name in names)


def _html(title: str) -> tuple[str, ...]:
    if title.endswith(" attribute"):
        return (f"attribute:{title.removesuffix(' attribute')}",)
    element = re.fullmatch(r"(?:Embedded )?<([a-z0-9]+)(?: type=\"([a-z]+)\")?>(?: element)?", title)
    if element is None:
        return ()
    return (f"element:{element[1]}[type={element[2]}]" if element[2] else f"element:{element[1]}",)


def table(data: Mapping[str, Any], version: str) -> dict[str, Any]:
    """The compact form: only what some program does not support, for its newest version."""
    features = [_feature(one) for one in data["data"] if one["slug"] not in LEFT_OUT]
    features = [one for one in features if one["no"] or one["part"]]
    used = {family for one in features for family in (*one["no"], *one["part"])}
    return {
        "origin": f"{ORIGIN} {version}",
        "licence": LICENCE,
        "updated": data["last_update_date"][:10],
        "families": {name: data["nicenames"]["family"].get(name, name) for name in sorted(used, key=_rank)},
        "platforms": _platforms(data),
        "features": features,
    }


def _feature(one: Mapping[str, Any]) -> dict[str, Any]:
    """`no` and `part` hold platforms by family; the numbers in `part` are those of `notes`."""
    newest = {
        family: {platform: list(versions.values())[-1] for platform, versions in platforms.items()}
        for family, platforms in one["stats"].items()
    }
    part = {family: _partly(said) for family, said in newest.items()}
    numbers = {number for places in part.values() for found in places.values() for number in found}
    notes = one["notes_by_num"] or {}
    return {
        "slug": one["slug"],
        "title": one["title"].strip(),
        "tested": one["last_test_date"],
        "looks_for": looks_for(one["slug"], one["title"]),
        "no": _kept({family: [on for on in said if said[on][0] == "n"] for family, said in newest.items()}),
        "part": _kept(part),
        "notes": {
            str(number): _plain(notes[str(number)]) for number in sorted(numbers) if str(number) in notes
        },
    }


def _partly(said: Mapping[str, str]) -> dict[str, list[int]]:
    found = {platform: re.findall(r"#(\d+)", words) for platform, words in said.items() if words[0] == "a"}
    return {platform: [int(number) for number in numbers] for platform, numbers in found.items()}


def _kept(by_family: Mapping[str, Any]) -> dict[str, Any]:
    """Without families that have nothing to tell, the best known first."""
    return {family: by_family[family] for family in sorted(by_family, key=_rank) if by_family[family]}


def _plain(note: str) -> str:
    """The note without Markdown's links and marks."""
    return " ".join(re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", note).replace("`", "").split())


def _platforms(data: Mapping[str, Any]) -> dict[str, str]:
    used = {platform for one in data["data"] for said in one["stats"].values() for platform in said}
    return {**{one: data["nicenames"]["platform"].get(one, one) for one in sorted(used)}, **PLATFORMS}


def _rank(family: str) -> tuple[int, str]:
    return (FAMILIES.index(family) if family in FAMILIES else len(FAMILIES), family)


def written(made: Mapping[str, Any]) -> str:
    """JSON with a feature to a line, so that a renewal can be read as a diff."""
    lines = {key: json.dumps(value, ensure_ascii=False) for key, value in made.items() if key != "features"}
    head = "".join(f" {json.dumps(key)}: {value},\n" for key, value in lines.items())
    rows = (json.dumps(one, ensure_ascii=False, separators=(",", ":")) for one in made["features"])
    return "{\n" + head + ' "features": [\n  ' + ",\n  ".join(rows) + "\n ]\n}\n"


def main(folder: str) -> None:
    """Write the table from the package unpacked in `folder`."""
    package = json.loads((Path(folder) / "package.json").read_text(encoding="utf-8"))
    data = json.loads((Path(folder) / DATA).read_text(encoding="utf-8"))
    TABLE.write_text(written(table(data, package["version"])), encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
