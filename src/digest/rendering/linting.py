"""Finds what is wrong with a filled MJML template, before the compiler lets it pass or dies of it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from digest.errors import Place
from digest.rendering.attributes import Fault, html_tag, mjml_tag, suggestion
from digest.rendering.mjml_rules import REFUSED, parents, rules
from digest.rendering.positions import Filled

MAX_DEPTH = 100
_ENOUGH = 500
# A tag, an end of a condition, a comment or the start of a condition, or a sign that begins none of these.
# What stands under a condition for Outlook is read like all else: the compiler reads it so.
_PIECE = re.compile(
    r"""
      <(/?)([A-Za-z][\w:.-]*+)((?:"[^"]*"|'[^']*'|[^<>"'])*+)>
    | (<!\[endif\]-->|<!--<!\[endif\]-->)
    | (<!--\[if[ ][^\[\]<>]*\]>(?:<!-->)?)
    | (<!--.*?(?:-->|\Z))
    | <
    """,
    re.DOTALL | re.VERBOSE,
)
_ONCE = frozenset(("mjml", "mj-head", "mj-body"))
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_WORD = re.compile(r"[^ \t\r\n]")
# mjml-python takes neither these nor conditions everywhere.
_NO_COMMENT = frozenset(
    (
        *("mj-attributes", "mj-carousel", "mj-carousel-image", "mj-accordion-element"),
        *("mj-breakpoint", "mj-divider", "mj-image", "mj-spacer"),
    )
)
_BLANKS = (" ", "\t", "\r")
_NO_CONDITION = frozenset(("mj-button", "mj-table"))
_NO_BLANKS = frozenset(
    (
        *("mj-head", "mj-attributes", "mj-social", "mj-navbar"),
        *("mj-accordion", "mj-accordion-element", "mj-carousel"),
    )
)


def lint(filled: Filled) -> tuple[Place, ...]:
    """Every fault, in the order of the filled text; the same fault in the same line once."""
    reader = _Reader(filled.text)
    reader.read()
    found = sorted(reader.found, key=lambda fault: fault[0])
    return tuple(dict.fromkeys(Place(*filled.place(offset), message) for offset, message in found))


class _Reader:
    """Walks over a document once, knowing which tags are open."""

    def __init__(self, text: str) -> None:
        self.found: list[Fault] = []
        self._text = text
        self._names: list[str] = []
        self._starts: list[int] = []
        self._inside = 0  # how many tags were open when HTML or words began; 0 among MJML's own tags
        self._end = 0  # where MJML's last own tag ended
        self._seen: set[str] = set()
        self._defined: set[str] = set()
        self._called: list[Fault] = []
        self._condition = -1  # where the condition for Outlook began that we are under

    def read(self) -> None:
        """Fill `found`. It stops where tags nest too deep, and where enough is found for one sitting."""
        for match in _CONTROL.finditer(self._text):
            self._fault(match.start(), f"the control character {match[0]!r} cannot stand in a mail")
        for piece in _PIECE.finditer(self._text):
            closing, name, attributes = piece.group(1, 2, 3)
            if not self._inside:
                self._words(piece.start())
                self._end = piece.end()
            if name is None:
                self._aside(piece)
            elif closing:
                self._close(name, attributes, piece)
            elif self._open(name, attributes, piece) and len(self._names) > MAX_DEPTH:
                self._fault(piece.start(), f"tags nest more than {MAX_DEPTH} levels deep")
                return
            if len(self.found) >= _ENOUGH:
                return
        self._finish()

    def _open(self, name: str, attributes: str, piece: re.Match[str]) -> bool:
        if self._inside:
            opens = self._open_html(name, attributes, piece)
        else:
            opens = self._open_mjml(name, attributes, piece)
        if opens:
            self._names.append(name)
            self._starts.append(piece.start())
        return opens

    def _open_html(self, name: str, attributes: str, piece: re.Match[str]) -> bool:
        tag = html_tag(name, attributes)
        if tag.faults:
            self._report(tag.faults, piece)
        if name[:2].lower() == "mj":
            self._fault(piece.start(), self._out_of_place(name))
        return tag.opens

    def _open_mjml(self, name: str, attributes: str, piece: re.Match[str]) -> bool:
        parent = self._names[-1] if self._names else ""
        problem = self._misplaced(name, parent)
        if problem:
            self._fault(piece.start(), problem)
        rule = rules().get(name)
        if rule is None:
            return html_tag(name, attributes).opens
        tag = mjml_tag(name, attributes, parent == "mj-attributes")
        self._report(tag.faults, piece)
        self._called += [(piece.start(3) + offset, word) for offset, word in tag.classes]
        if parent != "mj-attributes":
            self._count(name, piece)
        elif name == "mj-class":
            self._defined.add(tag.name)
        if rule.holds != "tags" and tag.opens and parent != "mj-attributes":
            self._inside = len(self._names) + 1
        return tag.opens

    def _count(self, name: str, piece: re.Match[str]) -> None:
        if name in _ONCE and name in self._seen:
            self._fault(piece.start(), f"a second <{name}>: there can be only one")
        self._seen.add(name)

    def _misplaced(self, name: str, parent: str) -> str | None:
        """What is wrong with where the tag stands; below a tag that is itself unknown, nothing is."""
        around = rules().get(parent)
        if parent and around is None:
            return None
        if name not in rules():
            return self._out_of_place(name)
        if around is None:
            return None if name == "mjml" else f"<{name}> stands outside <mjml>"
        return None if name in around.children else self._out_of_place(name)

    def _out_of_place(self, name: str) -> str:
        if name in REFUSED:
            return f"<{name}> {REFUSED[name]}"
        if name not in rules():
            return _unknown(name)
        around = self._names[-1]
        if around == "mj-class":
            return "<mj-class> cannot hold tags in mjml-python: write the attributes on <mj-class> itself"
        homes = " or ".join(f"<{parent}>" for parent in parents(name)) or "<mj-attributes>"
        return f"<{name}> cannot stand in <{around}>: it belongs into {homes}"

    def _close(self, name: str, attributes: str, piece: re.Match[str]) -> None:
        if attributes and not attributes.isspace():
            self._fault(piece.start(), f"</{name}> cannot have attributes")
        if self._names and self._names[-1] == name:
            self._names.pop()
            self._starts.pop()
        else:
            self._close_crosswise(name, piece)
        if len(self._names) < self._inside:
            self._plain(name, piece)
            self._inside, self._end = 0, piece.end()

    def _close_crosswise(self, name: str, piece: re.Match[str]) -> None:
        if name not in self._names:
            alone = "" if html_tag(name, "").opens else f": write <{name}> alone"
            self._fault(piece.start(), f"</{name}> closes nothing{alone}")
            return
        while (inner := self._names.pop()) != name:
            self._fault(self._starts.pop(), f"<{inner}> is not closed before </{name}>")
        self._starts.pop()

    def _plain(self, name: str, piece: re.Match[str]) -> None:
        """Titles, previews and styles hold words only."""
        rule = rules().get(name)
        if rule is None or rule.holds != "words":
            return
        words = self._text[self._end : piece.start()]
        if "<" in words:
            self._fault(self._end + words.index("<"), f"<{name}> holds plain words: no tags, no comments")
        if name == "mj-title" and '"' in words:
            self._fault(self._end + words.index('"'), '<mj-title> becomes an attribute: write &quot; for "')

    def _aside(self, piece: re.Match[str]) -> None:
        """Whatever is no tag."""
        end, start, comment = piece.group(4, 5, 6)
        if start or end:
            self._switch(bool(start), piece.start())
        elif comment:
            self._comment(comment, piece.start())
        else:
            self._fault(piece.start(), _bare(self._text, piece.start()))

    def _switch(self, on: bool, offset: int) -> None:
        if on == (self._condition >= 0):
            self._fault(offset, "a condition stands in a condition" if on else "<![endif] ends no condition")
        self._condition = offset if on else -1
        around = self._names[self._inside - 1] if self._inside else ""
        if not around or around in _NO_CONDITION:
            where = f"in <{around}>" if around else "among MJML's tags"
            self._fault(offset, f"a condition for Outlook cannot stand {where}: use <mj-text> or <mj-raw>")

    def _comment(self, comment: str, offset: int) -> None:
        words = comment[4:-3]
        if len(comment) < len("<!---->") or not comment.endswith("-->"):
            self._fault(offset, "the comment is never closed: expected -->")
        elif words.startswith("[if"):
            self._fault(offset, "expected a condition as in <!--[if mso]> … <![endif]-->")
        elif "--" in words or words.endswith("-") or words.startswith((">", "->")):
            self._fault(offset, "a comment cannot hold --, begin with > or end with -")
        elif _NO_COMMENT.intersection(self._names[-2:]):
            self._fault(offset, f"<{self._names[-1]}> cannot hold a comment here: write {{# … #}}")

    def _words(self, end: int) -> None:
        """What stands before this offset and behind the last tag, where MJML has no place for words."""
        around = self._names[-1] if self._names else ""
        word = _WORD.search(self._text, self._end, end)
        if around in _NO_BLANKS and word is None and self._text[self._end : end].startswith(_BLANKS):
            self._fault(self._end, f"a blank in <{around}> stops the compiler: part its tags by line breaks")
        if word is None or (around and around not in rules()):
            return
        text = " ".join(self._text[word.start() : end].split())
        where = f"directly in <{around}>" if around else "outside <mjml>"
        self._fault(word.start(), f"text {where} is lost: put {text[:40]!r} into <mj-text>")

    def _finish(self) -> None:
        if not self._inside:
            self._words(len(self._text))
        if self._condition >= 0:
            self._fault(self._condition, "the condition is never ended: expected <![endif]-->")
        for name, start in zip(self._names, self._starts, strict=True):
            self._fault(start, f"<{name}> is never closed")
        for tag in ("mjml", "mj-body"):
            if tag not in self._seen:
                self._fault(0, f"there is no <{tag}>")
        self.found += self._undefined()

    def _undefined(self) -> Iterator[Fault]:
        for offset, word in self._called:
            if word not in self._defined:
                near = suggestion(word, self._defined)
                yield offset, f"mj-class {word} is not defined in <mj-attributes>{near}"

    def _report(self, faults: tuple[Fault, ...], piece: re.Match[str]) -> None:
        for offset, message in faults:
            self._fault(piece.start(3) + offset if offset else piece.start(), message)

    def _fault(self, offset: int, message: str) -> None:
        self.found.append((offset, message))


def _unknown(name: str) -> str:
    small = name.lower()
    if small.startswith("mj"):
        return f"MJML does not know <{name}>{suggestion(small, rules())}"
    near = f": did you mean mj-{small}?" if f"mj-{small}" in rules() else ""
    return f"<{name}> is HTML, which stands only in tags such as <mj-text> and <mj-raw>{near}"


def _bare(text: str, offset: int) -> str:
    """What a `<` means that begins neither a tag nor a comment."""
    if text.startswith("<![if", offset):
        return "<![if …]> does not survive: write <!--[if !mso]><!--> … <!--<![endif]-->"
    if text.startswith(("<!", "<?"), offset):
        return f"{text[offset : offset + 9]!r} cannot stand here: MJML writes the document's head itself"
    return "a bare < or a tag that does not end: write &lt; for the sign, and close tags and quotes"
