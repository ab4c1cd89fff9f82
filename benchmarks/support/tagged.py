"""An edition laid out in MJML's own tags, as most MJML is written.

Our own template is one `<mj-text>` around tables, for the sake of size, and leaves a compiler little to do.
"""

from __future__ import annotations

from html import escape

from digest.editions.story import Comparison, Story, Tool

_HEAD = '<mj-head><mj-attributes><mj-all font-family="Georgia,serif" /></mj-attributes></mj-head>'


def tagged(story: Story) -> str:
    """A section of two columns and a section with a button for each comparison."""
    sections = "".join(map(_comparison, story.comparisons))
    return f'<mjml lang="en">{_HEAD}<mj-body width="600px">{sections}</mj-body></mjml>'


def _comparison(comparison: Comparison) -> str:
    sides = _side(comparison.left) + _side(comparison.right)
    link = f'<mj-button href="{escape(comparison.url)}">Read {escape(comparison.title)}</mj-button>'
    below = f'<mj-column>{link}<mj-divider border-width="1px" /></mj-column>'
    return f"<mj-section>{sides}</mj-section><mj-section>{below}</mj-section>"


def _side(tool: Tool) -> str:
    facts = (f"{tool.category} · {tool.entry}", tool.name, tool.tagline, f"{tool.panel_ship}% would ship it")
    words = (*facts, *(quote.text for quote in tool.quotes[:2]))
    lines = (f'<mj-text font-size="15px" line-height="23px">{escape(line)}</mj-text>' for line in words)
    return f'<mj-column width="50%">{"".join(lines)}</mj-column>'
