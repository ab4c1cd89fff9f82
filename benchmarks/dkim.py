"""What signing adds to a message, beside the bare private-key operation.

Run it with `make bench`, or alone: `.venv/bin/python benchmarks/dkim.py --rounds 40`.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from hashlib import sha256
from pathlib import Path
from statistics import median

from support.keys import ed25519_key, rsa_2048
from support.tables import table
from support.timing import interleaved, stopwatch
from support.weeks import BRAND, pairs

from digest.config.settings import Dkim
from digest.delivery.composing import compose
from digest.delivery.headers import Headers
from digest.delivery.signing import Signer, make_signer
from digest.rendering.rendered import Rendered
from digest.rendering.renderer import Renderer

MARKER = "m0c5f2a9e71b3d86440aa17c3"
COUNTS = (1, 5, 10, 25)
TARGET = 1.3  # times the bare operation, with RSA-2048
IN_A_ROW = 50
DIGEST = sha256(b"digest").digest()


def main() -> None:
    """Print the measurement."""
    parser = argparse.ArgumentParser(description="What signing adds to a message.")
    parser.add_argument("--rounds", type=int, default=25, metavar="N", help="runs of each measurement")
    rounds = max(int(parser.parse_args().rounds), 1)
    print(f"Signing one reader's message, in microseconds; medians of {rounds} turns of {IN_A_ROW}")
    print("(added: signed less unsigned; ratio: added to the bare private-key operation)\n", flush=True)
    head = ("key, comparisons", "bytes", "unsigned", "signed", "added", "bare", "ratio", "target")
    print(table(head, list(_rows(rounds))), end="\n\n")


def _rows(rounds: int) -> list[tuple[str, ...]]:
    renderer, keys = Renderer(BRAND), _signers()
    mails = {count: renderer.edition(pairs(count), MARKER) for count in COUNTS}
    return [
        _row(f"{name}, {count}", mail, signer, rounds)
        for name, signer in keys.items()
        for count, mail in mails.items()
    ]


def _row(name: str, mail: Rendered, signer: Signer, rounds: int) -> tuple[str, ...]:
    unsigned, signed = _maker(mail, None), _maker(mail, signer)
    assert signed().endswith(unsigned()), "a signed message is the unsigned one below its signatures"
    assert signed().count(b"DKIM-Signature:") == len(signer.keys)
    timed = {
        "unsigned": stopwatch(unsigned, IN_A_ROW),
        "signed": stopwatch(signed, IN_A_ROW),
        "bare": stopwatch(partial(_bare, signer), IN_A_ROW),
    }
    before, after, bare = (median(times) * 1000 for times in interleaved(timed, rounds).values())
    target = f"{TARGET}" if name.startswith("RSA-2048,") else ""
    figures = (before, after, after - before, bare)
    size = f"{len(unsigned()):,}"
    return name, size, *(f"{figure:.0f}" for figure in figures), f"{(after - before) / bare:.2f}", target


def _maker(mail: Rendered, signer: Signer | None) -> Callable[[], bytes]:
    """Makes one reader's message of the edition."""
    headers = Headers(
        sender="Weekly Verdicts <verdicts@example.org>",
        name=BRAND.name,
        reply_to="editors@example.org",
        list_id="digest.example.org",
        list_unsubscribe=True,
        list_archive=f"{BRAND.base_url}/archive",
        feedback_id="2026-W47:edition:digest:digest-example-",
        bulk=True,
        signer=signer,
    )
    pieces = compose(mail, headers)
    links = {name: f"{BRAND.base_url}/{name}/{'t0ken-_' * 7}" for name in pieces.links}
    return partial(
        pieces.message,
        to="a.reader.of.ours@mail.example.org",
        message_id=f"<{'0' * 32}@example.org>",
        date=datetime(2026, 11, 19, 9, 0, tzinfo=UTC),
        links=links,
    )


def _bare(signer: Signer) -> None:
    for key in signer.keys:
        key.sign(DIGEST)


def _signers() -> dict[str, Signer]:
    """With fresh keys, read from files as the settings have them."""
    with tempfile.TemporaryDirectory() as folder:
        big = rsa_2048(Path(folder, "rsa.pem"))
        small = ed25519_key(Path(folder, "ed25519.pem"))
        one = Dkim(domain="example.org", selector="a", key_file=big)
        settings = {
            "RSA-2048": one,
            "Ed25519": one.model_copy(update={"key_file": small}),
            "both": one.model_copy(update={"ed25519_selector": "b", "ed25519_key_file": small}),
        }
        signers = {name: make_signer(dkim, "example.org") for name, dkim in settings.items()}
    return {name: signer for name, signer in signers.items() if signer}


if __name__ == "__main__":
    main()
