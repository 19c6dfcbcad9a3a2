"""Fusing two searches: what decides and what cannot; and how the bench of statutes counts."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.statutes import figures_of, half, resampled
from policy_qa.fusion import fused

SCORES = st.dictionaries(
    st.sampled_from("abcdefgh"), st.integers(-1000, 1000).map(lambda hundredths: hundredths / 100)
)


def test_scores_are_added_in_standard_deviations_with_the_least_for_what_one_search_missed() -> None:
    # by words: 3, 1, and 1 for c: mean 5/3, deviation sqrt(8)/3; by meaning: .9, .8, and .8 for b.
    root = math.sqrt(2)
    words = {"a": root, "b": -root / 2, "c": -root / 2}
    meaning = {"a": -root / 2, "b": -root / 2, "c": root}
    expected = {key: round(0.25 * words[key] + 0.75 * meaning[key], 6) for key in "cab"}
    assert list(fused({"a": 3.0, "b": 1.0}, {"c": 0.9, "a": 0.8}, 0.75).items()) == list(expected.items())


def test_a_clear_lead_in_one_search_outweighs_a_close_call_in_the_other() -> None:
    by_words = {"a": 20.0, "b": 5.0, "c": 4.0, "d": 4.0}
    by_meaning = {"a": 0.86, "b": 0.861, "c": 0.80, "d": 0.79}
    assert next(iter(fused(by_words, by_meaning))) == "a"


def test_where_one_search_found_nothing_the_other_keeps_its_order() -> None:
    found = {"b": 0.9, "a": 0.7, "c": 0.7, "d": 0.1}
    assert list(fused({}, found)) == list(fused(found, {})) == ["b", "a", "c", "d"]


def test_nothing_found_is_nothing_fused() -> None:
    none: dict[str, float] = {}
    assert fused(none, none) == {}


def test_one_candidate_and_equal_scores_decide_nothing_and_divide_by_nothing() -> None:
    assert fused({"a": 7.0}, {"a": 0.8}) == {"a": 0.0}
    assert fused({"b": 0.1, "a": 0.1, "c": 0.1}, {"a": 0.3, "b": 0.3, "c": 0.3}) == {
        "a": 0.0,
        "b": 0.0,
        "c": 0.0,
    }


@given(SCORES, SCORES)
def test_the_order_in_which_candidates_come_changes_nothing(
    by_words: dict[str, float], by_meaning: dict[str, float]
) -> None:
    again = fused(dict(reversed(by_words.items())), dict(reversed(by_meaning.items())))
    assert list(again.items()) == list(fused(by_words, by_meaning).items())


@given(SCORES, SCORES)
def test_the_scale_of_a_search_changes_no_score(
    by_words: dict[str, float], by_meaning: dict[str, float]
) -> None:
    scaled = fused({key: 8 * score + 64 for key, score in by_words.items()}, by_meaning)
    assert scaled == pytest.approx(fused(by_words, by_meaning), abs=2e-6)


@given(SCORES, SCORES, st.sampled_from("abcdefgh"))
def test_who_is_better_in_both_searches_is_never_behind(
    by_words: dict[str, float], by_meaning: dict[str, float], key: str
) -> None:
    by_words[key], by_meaning[key] = 11.0, 11.0
    ordered = fused(by_words, by_meaning)
    assert ordered[key] == max(ordered.values())


# ── bench/statutes.py ───────────────────────────────────────────────────────────────────────────


def test_the_figures_of_a_ranking_are_those_computed_by_hand() -> None:
    # Right ones second and fourth of four looked at, a third one never found.
    found = figures_of([7, 1, 8, 2], {1, 2, 3})
    ideal = 1 + 1 / math.log2(3) + 1 / 2
    assert found == pytest.approx(
        {
            "R@1": 0.0,
            "R@5": 2 / 3,
            "R@10": 2 / 3,
            "R@100": 2 / 3,
            "MRR@10": 0.5,
            "nDCG@10": (1 / math.log2(3) + 1 / math.log2(5)) / ideal,
        }
    )


def test_what_stands_eleventh_counts_for_recall_at_100_alone() -> None:
    found = figures_of([*range(10, 20), 1], {1})
    assert found == {"R@1": 0, "R@5": 0, "R@10": 0, "R@100": 1, "MRR@10": 0, "nDCG@10": 0}


def test_a_question_stays_in_its_half() -> None:
    assert [
        half(question) for question in ("劳动合同何时终止？", "什么是地理标志？地理标志可以注册商标吗？")
    ] == ["tune", "report"]


def test_resampling_is_the_same_at_each_run_and_holds_the_mean_between_its_bounds() -> None:
    differences = [0.0, 0.5, -0.25, 1.0, 0.0, 0.25]
    low, high = resampled(differences)
    assert (low, high) == resampled(differences)
    assert low < 0.25 < high
