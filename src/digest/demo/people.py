"""A dozen readers who do not exist."""

from __future__ import annotations

from typing import Final

READERS: Final = {
    "abena@example.org": "Abena Sarpong",
    "bruno@example.org": "Bruno Keller",
    "chiyo@example.org": "Chiyo Tanabe",
    "dalia@example.org": "Dalia Haddad",
    "emil@example.org": "Emil Sørensen",
    "farah@example.org": "Farah Naqvi",
    "goran@example.org": "Goran Petrović",
    "hanna@example.org": "Hanna Lindqvist",
    "iker@example.org": "Iker Etxeberria",
    "jolanta@example.org": "Jolanta Wójcik",
    "kwame@example.org": "Kwame Mensah",
    "lucia@example.org": "Lucía Ferrer",
}

LEAVES: Final = "goran@example.org"
