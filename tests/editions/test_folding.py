"""Folding: shared tools become yardsticks, every comparison is told exactly once."""

from __future__ import annotations

from digest.editions.folding import board, fold
from tests.support.stories import tool, versus

A, B, C, D, E, F = (tool(name) for name in "ABCDEF")


def test_a_tool_in_every_comparison_is_the_yardstick() -> None:
    """All comparisons go into its fold, in their order, whichever side it stands on."""
    comparisons = [versus(A, B), versus(C, A), versus(A, D)]
    folds, pairs = fold(comparisons)
    assert [(item.yardstick, item.comparisons) for item in folds] == [(A, tuple(comparisons))]
    assert pairs == ()


def test_comparisons_that_share_nothing_stay_pairs() -> None:
    """No yardstick without a second comparison."""
    comparisons = (versus(A, B), versus(C, D))
    assert fold(comparisons) == ((), comparisons)


def test_the_most_frequent_tool_comes_first() -> None:
    """Order of appearance only decides ties."""
    folds, pairs = fold([versus(A, B), versus(A, C), versus(D, E), versus(D, F), versus(D, B)])
    assert [item.yardstick for item in folds] == [D, A]
    assert pairs == ()


def test_a_tie_goes_to_the_earlier_tool() -> None:
    """Two tools in two comparisons each: the one met first is the yardstick."""
    folds, pairs = fold([versus(A, B), versus(B, C), versus(C, A)])
    assert [item.yardstick for item in folds] == [A]
    assert pairs == (versus(B, C),)


def test_what_is_left_of_a_fold_is_a_pair() -> None:
    """A tool that shares its second comparison with a bigger fold has only one left."""
    folds, pairs = fold([versus(A, B), versus(A, C), versus(A, D), versus(B, E)])
    assert [item.yardstick for item in folds] == [A]
    assert pairs == (versus(B, E),)


def test_every_comparison_is_told_once() -> None:
    """Folds and pairs together are the comparisons, none lost, none twice."""
    comparisons = [versus(one, two) for one in (A, B, C) for two in (D, E, F)] + [versus(A, B)]
    folds, pairs = fold(comparisons)
    told = [item for part in folds for item in part.comparisons] + list(pairs)
    assert sorted(item.slug for item in told) == sorted(item.slug for item in comparisons)
    assert all(len(part.comparisons) > 1 for part in folds)


def test_nothing_folds_to_nothing() -> None:
    """An empty week is no error."""
    assert fold([]) == ((), ())
    assert board([]) == ()


def test_the_board_ranks_every_tool_once() -> None:
    """By panel ship, then community, then appearance; what is unknown stands last."""
    unknown, liked = tool("Unknown", None), tool("Liked", 75, community=90)
    best, even = tool("Best", 100), tool("Even", 75, community=10)
    comparisons = [versus(unknown, even), versus(A, liked), versus(best, A), versus(B, unknown)]
    assert board(comparisons) == (best, liked, even, A, B, unknown)


def test_no_votes_rank_below_a_community_of_nothing() -> None:
    """Zero per cent is a vote, a dash is none."""
    none, zero = tool("None", 75), tool("Zero", 75, community=0)
    assert board([versus(none, zero)]) == (zero, none)
