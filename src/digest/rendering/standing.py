"""How a tool stands, in words: with the panel, with the readers, and beside another tool."""

from __future__ import annotations

from digest.editions.phrasing import panel_votes, shorten
from digest.editions.story import Comparison, Tool

_NAME_WIDTH = 48


def percent(tool: Tool) -> str:
    """`75%`, or a dash until the panel has voted."""
    return "–" if tool.panel_ship is None else f"{tool.panel_ship}%"


def split(tool: Tool) -> str:
    """`75% · 3 of 4 would ship it` where that is exact, else the share alone, else that the panel is out."""
    if tool.panel_ship is None:
        return "the panel is still out"
    votes = panel_votes(tool)
    return (
        f"{percent(tool)} · {votes[0]} of {votes[1]} would ship it"
        if votes
        else f"{percent(tool)} would ship it"
    )


def community(tool: Tool) -> str:
    """The readers' vote, or that there is none yet."""
    return "no votes yet" if tool.community is None else f"community {tool.community}%"


def distance(tool: Tool, yardstick: Tool) -> str:
    """`+25 points on Yardstick 2.1`; empty while either has no panel vote."""
    if tool.panel_ship is None or yardstick.panel_ship is None:
        return ""
    points = tool.panel_ship - yardstick.panel_ship
    name = shorten(yardstick.name, _NAME_WIDTH)
    return f"{_signed(points)} {_points(points)} on {name}" if points else f"level with {name}"


def margin(comparison: Comparison) -> str:
    """Who leads a comparison and by how much; empty while either has no panel vote."""
    left, right = comparison.left, comparison.right
    if left.panel_ship is None or right.panel_ship is None:
        return ""
    points = left.panel_ship - right.panel_ship
    if not points:
        return f"Level at {left.panel_ship}%"
    leader = left if points > 0 else right
    return f"{shorten(leader.name, _NAME_WIDTH)} leads by {abs(points)} {_points(points)}"


def versus(comparison: Comparison) -> str:
    """`A vs B`, with names of a length that a link can carry."""
    return f"{shorten(comparison.left.name, _NAME_WIDTH)} vs {shorten(comparison.right.name, _NAME_WIDTH)}"


def _signed(points: int) -> str:
    return f"+{points}" if points > 0 else f"−{-points}"


def _points(points: int) -> str:
    return "point" if abs(points) == 1 else "points"
