"""What an edition says where no tool leads: the panel is out, or would ship nothing."""

from __future__ import annotations

from collections.abc import Sequence

from digest.editions.facts import Facts, NameOf
from digest.editions.phrasing import number
from digest.editions.story import Tool


def undecided(facts: Facts, name: NameOf) -> str:
    """The panel has not voted on any tool."""
    if not facts.comparisons:
        return "No new comparisons this week"
    first = facts.comparisons[0]
    more = len(facts.comparisons) - 1
    others = f" and {number(more)} more" if more else ""
    return f"{name(first.left)} vs {name(first.right)}{others}: the panel is still out"


def unshipped(tools: Sequence[Tool], name: NameOf) -> str:
    """The panel has voted on these tools, and nobody would ship one of them."""
    if len(tools) == 1:
        return f"Nobody on the panel would ship {name(tools[0])}"
    if len(tools) == 2:
        return f"The panel would ship neither {name(tools[0])} nor {name(tools[1])}"
    return f"The panel would ship none of {number(len(tools))} tools"
