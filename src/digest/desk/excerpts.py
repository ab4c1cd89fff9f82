"""The lines of a template around a fault, for editors who have no debugger at hand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from digest.errors import Place, RenderError

AROUND: Final = 3
WIDEST: Final = 400  # characters of one line
MOST_PLACES: Final = 20


@dataclass(frozen=True, slots=True)
class Line:
    """A line of source, `number` from 1; `here` marks the one at fault."""

    number: int
    text: str
    here: bool


@dataclass(frozen=True, slots=True)
class Spot:
    """A fault with its file's name below the templates' folder, and the source around it."""

    file: str
    line: int
    message: str
    source: tuple[Line, ...]


def spots(error: RenderError, folders: Sequence[Path]) -> list[Spot]:
    """Every place that the error names; none where it names none."""
    return [_spot(place, folders) for place in error.places[:MOST_PLACES]]


def _spot(place: Place, folders: Sequence[Path]) -> Spot:
    file, name = _find(place.file, folders)
    return Spot(name, place.line, place.message, _around(file, place.line) if file else ())


def _find(name: str, folders: Sequence[Path]) -> tuple[Path | None, str]:
    """The file, if it lies in one of the folders: nothing else is ever shown."""
    for folder in folders:
        file = (folder / name).resolve()
        if file.is_file() and file.is_relative_to(folder.resolve()):
            return file, str(file.relative_to(folder.resolve()))
    return None, name


def _around(file: Path, line: int) -> tuple[Line, ...]:
    try:
        lines = file.read_text("utf-8", "replace").splitlines()
    except OSError:
        return ()
    first = max(1, line - AROUND)
    shown = lines[first - 1 : line + AROUND]
    return tuple(Line(number, text[:WIDEST], number == line) for number, text in enumerate(shown, first))
