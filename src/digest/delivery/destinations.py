"""Which domains are one and the same provider, who counts what reaches all of them together.

Behind the relay that we hand mail over to, a domain is all we know: nothing is looked up in DNS, so a company
whose mail a provider hosts stands for itself until the settings add its domain to a group.

From what the providers offer on their sign-up and help pages; Yahoo's Japanese name is somebody else's.
"""

from __future__ import annotations

from collections.abc import Mapping


def _endings(name: str, endings: str) -> list[str]:
    return [f"{name}.{ending}" for ending in endings.split()]


DOMAINS: Mapping[str, tuple[str, ...]] = {
    "apple": ("icloud.com", "me.com", "mac.com", "privaterelay.appleid.com"),
    "comcast": ("comcast.net",),
    "gmx": ("web.de", "mail.com", *_endings("gmx", "at ch co.uk com de es fr it net org us")),
    "google": ("gmail.com", "googlemail.com"),
    "mailru": ("mail.ru", "bk.ru", "inbox.ru", "internet.ru", "list.ru"),
    "microsoft": (
        "msn.com",
        "passport.com",
        "windowslive.com",
        *_endings(
            "hotmail",
            "at be ca ch cl co.id co.il co.in co.jp co.kr co.nz co.th co.uk co.za com com.ar com.au com.br "
            "com.hk com.mx com.tr com.tw com.vn cz de dk es fi fr gr hu it lt lv my nl no ph rs se sg sk",
        ),
        *_endings(
            "live",
            "at be ca cl cn co.kr co.uk co.za com com.ar com.au com.mx com.my com.ph com.pt com.sg de dk fi "
            "fr hk ie in it jp nl no ru se",
        ),
        *_endings(
            "outlook",
            "at be cl co.id co.il co.th com com.ar com.au com.br com.gr com.tr com.vn cz de dk es fr hu ie "
            "in it jp kr lv my ph pt sa sg sk",
        ),
    ),
    "orange": ("orange.fr", "wanadoo.fr"),
    "proton": ("proton.me", "protonmail.ch", "protonmail.com", "pm.me"),
    "yahoo": (
        "aim.com",
        "myyahoo.com",
        "rocketmail.com",
        "verizon.net",
        "ymail.com",
        *_endings("aol", "co.uk com com.au com.br de es fr it"),
        *_endings(
            "yahoo",
            "at be ca ch cl co.id co.in co.kr co.nz co.th co.uk co.za com com.ar com.au com.br com.co com.hk "
            "com.mx com.my com.pe com.ph com.sg com.tr com.tw com.ve com.vn cz de dk es fi fr gr hu ie in it "
            "nl no pl pt ro se",
        ),
    ),
    "yandex": ("ya.ru", "narod.ru", *_endings("yandex", "by com kz ru ua")),
}


def group_by_domain(more: Mapping[str, tuple[str, ...]]) -> dict[str, str]:
    """The group of every domain that is in one; `more` adds domains to groups, or names new groups."""
    return {
        domain: group for table in (DOMAINS, more) for group, domains in table.items() for domain in domains
    }
