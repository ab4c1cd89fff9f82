"""How large an edition is as sent, how long rendering takes, and how that compares with npm's MJML.

Run it with `make bench`, or alone: `.venv/bin/python benchmarks/rendering.py --rounds 40`.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from functools import partial
from importlib.metadata import version
from statistics import median

import mjml
from lxml import etree
from lxml import html as lxml_html
from support.as_sent import as_sent
from support.npm_mjml import Compiler, Missing, npm_mjml
from support.steps import REST, STEPS, compiled_source, parts
from support.tables import table
from support.tagged import tagged
from support.timing import figures, interleaved, stopwatch
from support.weeks import BRAND, pairs, yardstick

from digest.editions.story import Story
from digest.rendering.fitting import CLIPPED, budget
from digest.rendering.rendered import Rendered
from digest.rendering.renderer import Renderer

MARKER = "m0c5f2a9e71b3d86440aa17c3"
COUNTS = (1, 5, 10, 25, 60, 500)
TARGET, RATIO = 60, 20  # milliseconds for one edition of ten; times faster than npm's mjml
IN_A_ROW = 5  # compilations, as changing between two processes costs about as much as one of ours

WEEKS: dict[str, Callable[[int], Story]] = {"pairs": pairs, "one yardstick": yardstick}


def main() -> None:
    """Print the three measurements."""
    rounds = _rounds()
    renderer = Renderer(BRAND)
    print(
        "Size, in bytes; HTML and text as a mail program decodes them, the message as it goes over the wire\n"
    )
    print(sizes(renderer), end="\n\n")
    print(f"Rendering one edition, warm, in milliseconds; {rounds} runs of each, taking turns\n")
    print(times(renderer, rounds), end="\n\n")
    print(f"Compiling the MJML of ten pairs, warm, in milliseconds; {rounds} turns of {IN_A_ROW} runs each")
    print("(npm installs its mjml into a temporary folder, which is deleted afterwards)\n", flush=True)
    print(compilers(renderer, rounds), end="\n\n")


def sizes(renderer: Renderer) -> str:
    """A row for each kind of week and number of comparisons; AssertionError where a budget is broken."""
    head = ("comparisons", "HTML", "budget", "message", "text", "whole", "in one line", "left to a page")
    rows = [_size(renderer, week, count) for week in WEEKS for count in COUNTS]
    return table(head, rows)


def _size(renderer: Renderer, week: str, count: int) -> tuple[str, ...]:
    story = WEEKS[week](count)
    mail = renderer.edition(story, MARKER)
    sent = as_sent(mail)
    allowed = budget(count)
    assert len(sent.html) <= allowed, f"{count} {week}: {len(sent.html):,} bytes of {allowed:,}"
    assert len(sent.html) < CLIPPED, f"{count} {week}: Gmail would clip {len(sent.html):,} bytes"
    numbers = (len(sent.html), allowed, len(sent.message), len(sent.text), *_told(story, mail))
    return f"{count:>3} {week}", *(f"{number:,}" for number in numbers)


def _told(story: Story, mail: Rendered) -> tuple[int, int, int]:
    """How many comparisons are told whole, in one line each, and only on a page of ours."""
    linked = sum(f'href="{comparison.url}"' in mail.html for comparison in story.comparisons)
    whole = len(story.comparisons) - mail.briefly
    return whole, linked - whole, len(story.comparisons) - linked


def times(renderer: Renderer, rounds: int) -> str:
    """The editions, and the steps of the first below it."""
    work = {
        f"{count} {week}": partial(renderer.edition, WEEKS[week](count), MARKER)
        for count, week in ((10, "pairs"), (10, "one yardstick"), (25, "pairs"), (60, "pairs"))
    }
    first = next(iter(work))
    steps: dict[str, list[float]] = {step: [] for step in (*STEPS, REST)}

    def taken_apart() -> float:
        spent = parts(work[first])
        for step, milliseconds in spent.items():
            steps[step].append(milliseconds)
        return sum(spent.values())

    whole = interleaved(
        {**{name: stopwatch(run) for name, run in work.items()}, "apart": taken_apart}, rounds
    )
    share = sum(median(taken) for taken in steps.values())
    rows = [(first, *figures(whole[first]), "100%", f"{TARGET}")]
    rows += [(f"  {step}", *figures(steps[step]), f"{median(steps[step]) / share:.0%}", "") for step in steps]
    rows += [
        (name, *figures(whole[name]), "", f"{TARGET}" if name.startswith("10 ") else "") for name in work
    ][1:]
    return table(("edition, all steps", "median", "least", "share", "target"), rows)


def compilers(renderer: Renderer, rounds: int) -> str:
    """Our compiler beside npm's on the same sources, or what is missing for that."""
    week = pairs(10)
    sources = {
        "the edition's own": compiled_source(partial(renderer.edition, week, MARKER)),
        "as much in MJML's tags": tagged(week),
    }
    try:
        with npm_mjml() as npm:
            head = ("source", "MJML tags", *_versions(npm), "times faster", "by the least", "target")
            return table(head, [_beside(npm, name, source, rounds) for name, source in sources.items()])
    except Missing as missing:
        return f"npm's mjml is not here: {missing}"


def _versions(npm: Compiler) -> tuple[str, str]:
    theirs = npm.compile('<mjml lang="en"><mj-body></mj-body></mjml>').version
    return f"mjml-python {version('mjml-python')}", f"npm's mjml {theirs}"


def _beside(npm: Compiler, name: str, source: str, rounds: int) -> tuple[str, ...]:
    """One row: both medians, and how many times faster ours is by the medians and by the least times."""
    words = _words(mjml.mjml2html(source, fonts={}))
    assert words, f"there are no words in {name} MJML"
    assert words == _words(npm.compile(source).html), f"the compilers print different words for {name} MJML"
    timed = {
        "ours": stopwatch(partial(mjml.mjml2html, source, fonts={}), IN_A_ROW),
        "npm's": lambda: median(npm.compile(source, IN_A_ROW).milliseconds),
    }
    ours, theirs = interleaved(timed, rounds, warm=10).values()  # node is fast only with what it ran often
    medians = (median(ours), median(theirs))
    faster = (medians[1] / medians[0], min(theirs) / min(ours))
    tags = f"{source.count('<mj')}"
    return name, tags, *(f"{one:.2f}" for one in medians), *(f"{one:.1f}" for one in faster), f"{RATIO}"


def _words(html: str) -> list[str]:
    """The words in the body that a reader may see."""
    body = lxml_html.document_fromstring(html).body
    etree.strip_elements(body, "style", "script", etree.Comment, with_tail=False)
    return " ".join(body.itertext()).split()


def _rounds() -> int:
    parser = argparse.ArgumentParser(description="Sizes and times of rendering an edition.")
    parser.add_argument("--rounds", type=int, default=25, metavar="N", help="runs of each measurement")
    return max(int(parser.parse_args().rounds), 1)


if __name__ == "__main__":
    main()
