"""An edition's words, written from the week's facts alone: deterministic, truthful, replaceable."""

from __future__ import annotations

from digest.editions.facts import Facts
from digest.editions.headlines import headline
from digest.editions.standfirsts import preheader, standfirst
from digest.editions.subjects import subject

__all__ = ["Facts", "headline", "preheader", "standfirst", "subject"]
