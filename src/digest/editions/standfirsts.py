"""Writes the standfirst, and the preheader from as much of it as fits."""

from __future__ import annotations

from collections.abc import Sequence

from digest.editions.facts import Facts, by_panel, few, is_free, name_of
from digest.editions.phrasing import capital, listing, number, panel_votes, shorten
from digest.editions.story import Tool

PREHEADER_WIDTH = 110


def preheader(facts: Facts) -> str:
    """As many sentences of the standfirst as fit into 110 characters, without repeating the subject."""
    sentences = _sentences(facts)
    if len(facts.comparisons) == 1 and len(sentences) > 1:
        sentences = sentences[1:]
    line = sentences[0]
    for sentence in sentences[1:]:
        line = f"{line} {sentence}" if len(line) + len(sentence) < PREHEADER_WIDTH else line
    return shorten(line, PREHEADER_WIDTH)


def standfirst(facts: Facts) -> str:
    """Two to five short sentences under the headline."""
    return " ".join(_sentences(facts))


def _sentences(facts: Facts) -> list[str]:
    sentences = [_scope(facts), _duel_votes(facts), _against_yardstick(facts), _splits(facts), _skips(facts)]
    told = filter(None, (*sentences, _open_questions(facts), _free(facts)))
    # A name that was cut ends in its own mark.
    return [sentence.replace("….", "…") for sentence in told]


def _scope(facts: Facts) -> str:
    count = len(facts.comparisons)
    if count == 0:
        return "No new comparisons this week."
    if count == 1:
        first = facts.comparisons[0]
        return f"One comparison this week: {name_of(first.left)} against {name_of(first.right)}."
    start = f"{capital(number(count))} comparisons this week"
    if not facts.folds:
        return f"{start}, {number(len(facts.board))} tools."
    if len(facts.folds) > 1:
        return f"{start}: {listing(_shares(facts))}."
    shared = len(facts.folds[0].comparisons)
    amount = ("both" if count == 2 else "all") if shared == count else f"{number(shared)} of them"
    return f"{start}, {amount} against {name_of(facts.folds[0].yardstick)}."


def _shares(facts: Facts) -> list[str]:
    shares = [f"{number(len(fold.comparisons))} against {name_of(fold.yardstick)}" for fold in facts.folds]
    return [*shares, f"{number(len(facts.pairs))} head to head"] if facts.pairs else shares


def _duel_votes(facts: Facts) -> str:
    if len(facts.comparisons) != 1:
        return ""
    better, worse = by_panel(facts.comparisons[0])
    if better.panel_ship is None or worse.panel_ship is None:
        return ""
    return f"{_ayes(better)} would ship {name_of(better)}, {_ayes(worse)} {name_of(worse)}."


def _ayes(tool: Tool) -> str:
    votes = panel_votes(tool)
    return f"{votes[0]} of {votes[1]}" if votes else f"{tool.panel_ship}%"


def _against_yardstick(facts: Facts) -> str:
    if len(facts.folds) != 1 or facts.folds[0].yardstick.panel_ship is None:
        return ""
    mark = facts.folds[0].yardstick.panel_ship
    known = [tool for tool in facts.folds[0].challengers if tool.panel_ship is not None]
    ahead = [tool for tool in known if (tool.panel_ship or 0) > mark]
    if not ahead:
        return "None beats it." if len(known) == len(facts.folds[0].comparisons) else ""
    beat = f"{capital(number(len(ahead)))} beat it" if len(ahead) > 1 else f"{name_of(ahead[0])} beats it"
    return f"{beat}{_of_them_free(ahead)}."


def _of_them_free(tools: Sequence[Tool]) -> str:
    free = sum(map(is_free, tools))
    if not free:
        return ""
    if len(tools) == 1:
        return " and is free"
    return f", {('both' if free == 2 else 'all') if free == len(tools) else number(free)} of them free"


def _splits(facts: Facts) -> str:
    split = facts.at(50)
    if len(facts.comparisons) == 1 or not split:
        return ""
    return f"{few(split, name_of)} split{'s' * (len(split) == 1)} the panel."


def _skips(facts: Facts) -> str:
    skipped = facts.at(0)
    if len(facts.comparisons) == 1 or not skipped:
        return ""
    many = f"{number(len(skipped))} of the tools"
    names = many if len(skipped) > 2 else " or ".join(map(name_of, skipped))
    return f"Nobody on the panel would ship {names}."


def _open_questions(facts: Facts) -> str:
    unknown = facts.at(None)
    if not unknown:
        return ""
    if len(unknown) == len(facts.board):
        return "The panel has yet to vote."
    return f"The panel is still out on {few(unknown, name_of)}."


def _free(facts: Facts) -> str:
    free = [tool for tool in facts.board if is_free(tool)]
    if not free or len(facts.folds) == 1:
        return ""
    if len(free) == len(facts.board):
        return "Both are free." if len(free) == 2 else f"All {number(len(free))} are free."
    if len(free) == 1:
        return f"{name_of(free[0])} is free."
    return f"{capital(number(len(free)))} of the {number(len(facts.board))} tools are free."
