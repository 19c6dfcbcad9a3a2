"""The bench of many policies: how an answer is held against its gold, and that the gold is as promised."""

from __future__ import annotations

import datetime
import json
from collections import Counter
from decimal import Decimal
from pathlib import Path

import pytest

from bench.many import GOLD, REGIONS, Judged, Question, Texts, judge, load_gold, main, misses, report, sums
from policy_qa.domain import Answer, Citation, Hit, Sentence, Status

TEXTS = Texts(
    {
        ("p01", "一"): "对新设企业给予 10 万元\n奖励。",
        ("p01", "二"): "按投入的5%补助，最高20万元。",
        ("p02", "一"): "每招用一人补贴2000元。",
    }
)
ASKED = Question(
    "q", "新设企业奖多少", "p01", ("对新设企业给予10万",), frozenset({("money", Decimal(100000))})
)
NEAR_MISS = Question("n", "屋顶光伏补多少")
RIGHT, BESIDE, ELSEWHERE = ("p01", "一"), ("p01", "二"), ("p02", "一")


def answered(
    *sentences: tuple[str, tuple[tuple[str, str], ...]],
    retrieved: tuple[tuple[str, str], ...] = (),
    status: Status = "answered",
    question: str = ASKED.text,
) -> Answer:
    """An answer of ``sentences``, each with the clauses it cites."""
    cited = list(dict.fromkeys(place for _, places in sentences for place in places))
    return Answer(
        question=question,
        as_of=datetime.date(2026, 1, 1),
        corpus="",
        id="",
        status=status,
        route="amount",
        answer="",
        sentences=tuple(
            Sentence(text, tuple(cited.index(place) for place in places), "quote")
            for text, places in sentences
        ),
        citations=tuple(Citation(policy, clause, "", "", 0, 0, ()) for policy, clause in cited),
        calculation=None,
        reverse=None,
        needs=(),
        retrieved=tuple(Hit(policy, clause, 1.0, "") for policy, clause in retrieved),
        rejected=(),
        notices=(),
    )


def test_an_answer_right_in_everything_is_right_in_everything() -> None:
    answer = answered(("奖励10万元。", (RIGHT,)), retrieved=(RIGHT, BESIDE))
    judged = judge(ASKED, answer, TEXTS)
    assert judged == Judged(ASKED, True, True, True, True, True, None, ())
    assert list(misses(judged, answer)) == []


@pytest.mark.parametrize(
    ("retrieved", "policy_first", "clause_first", "clause_in_three"),
    [
        ((RIGHT,), True, True, True),
        ((BESIDE, RIGHT), True, False, True),
        ((ELSEWHERE, BESIDE, RIGHT), False, False, True),
        ((BESIDE, ELSEWHERE, ELSEWHERE, RIGHT), True, False, False),
        ((), False, False, False),
    ],
)
def test_the_order_of_what_was_retrieved_decides_first_and_in_three(
    retrieved: tuple[tuple[str, str], ...], policy_first: bool, clause_first: bool, clause_in_three: bool
) -> None:
    answer = answered(retrieved=retrieved, status="not_found")
    assert judge(ASKED, answer, TEXTS) == Judged(
        ASKED, policy_first, clause_first, clause_in_three, False, False, None, ()
    )


def test_a_right_clause_that_is_only_retrieved_is_not_cited() -> None:
    judged = judge(ASKED, answered(("最高20万元。", (BESIDE,)), retrieved=(RIGHT,)), TEXTS)
    assert judged == Judged(ASKED, True, True, True, False, False, None, ())


def test_a_figure_counts_only_under_the_right_policy_however_it_is_spelled() -> None:
    def quoted(text: str, place: tuple[str, str]) -> bool | None:
        return judge(ASKED, answered((text, (place,))), TEXTS).quoted

    assert quoted("奖励十万元。", RIGHT) is True
    assert quoted("奖励10万元。", ELSEWHERE) is False
    assert quoted("奖励100万元。", RIGHT) is False


def test_a_question_that_wants_no_figure_has_no_verdict_on_figures() -> None:
    asked = Question("q", "新设企业找谁", "p01", ASKED.anchors)
    assert judge(asked, answered(("找市科技局。", (RIGHT,)), retrieved=(RIGHT,)), TEXTS) == Judged(
        asked, True, True, True, True, None, None, ()
    )


@pytest.mark.parametrize(
    ("answer", "refused"),
    [
        (answered(status="not_found"), True),
        (answered(status="out_of_scope"), True),
        (answered(("奖励10万元。", (RIGHT,))), False),
        (answered(("最接近的一条奖励10万元。", (RIGHT,)), status="not_found"), False),
    ],
)
def test_a_near_miss_is_refused_without_a_citation_or_not_at_all(answer: Answer, refused: bool) -> None:
    assert judge(NEAR_MISS, answer, TEXTS) == Judged(NEAR_MISS, None, None, None, None, None, refused, ())


@pytest.mark.parametrize(
    ("text", "places", "question", "mixed"),
    [
        ("奖励10万元。", (RIGHT,), "奖多少", False),
        ("按投入的5%补助，新设的奖励10万元。", (RIGHT, BESIDE), "奖多少", False),
        ("奖励10万元，每人2000元。", (RIGHT, ELSEWHERE), "奖多少", True),
        ("每人补贴2000元。", (RIGHT,), "奖多少", True),
        ("奖励10万元。", (), "奖多少", True),
        ("您说的是30万元。", (), "投了30万能拿多少", False),
        ("由市科技局负责。", (RIGHT, ELSEWHERE), "奖多少", False),
    ],
)
def test_a_sentence_mixes_where_its_figures_are_not_those_of_the_one_policy_it_cites(
    text: str, places: tuple[tuple[str, str], ...], question: str, mixed: bool
) -> None:
    judged = judge(ASKED, answered((text, places), question=question), TEXTS)
    assert judged.mixed == ((text,) if mixed else ())


def test_what_is_wrong_with_an_answer_is_said_in_its_line() -> None:
    answer = answered(
        ("每人补贴2000元，奖励10万元。", (ELSEWHERE, RIGHT)), retrieved=(ELSEWHERE,), status="not_found"
    )
    assert list(misses(judge(ASKED, answer, TEXTS), answer)) == [
        "q 新设企业奖多少",
        "    not right policy first, right clause first, right clause in three, answered, right clause cited;"
        " wanted p01; not_found; p02〔一〕",
        "q MIXED 每人补贴2000元，奖励10万元。",
    ]


def test_a_share_is_of_the_questions_that_ask_for_it_and_of_none_it_is_nan() -> None:
    judged = [
        Judged(ASKED, True, True, True, True, None, None, ()),
        Judged(ASKED, True, False, True, False, None, None, ("mixed",)),
    ]
    assert list(report(judged, [10.0, 20.0])) == [
        "right policy first               1.000  (2 of 2)",
        "right clause first               0.500  (1 of 2)",
        "right clause in three            1.000  (2 of 2)",
        "answered, right clause cited     0.500  (1 of 2)",
        "figures quoted                     nan  (0 of 0)",
        "near misses refused                nan  (0 of 0)",
        "sentences that mix policies          1  (none is allowed)",
        "ask, warm                        p50 15 ms, p95 20 ms",
    ]


def test_an_anchor_that_does_not_stand_in_one_clause_of_its_policy_is_reported() -> None:
    def faults(policy: str, anchor: str) -> list[str]:
        return list(TEXTS.faults(Question("q", "", policy, (anchor,))))

    assert faults("p01", "对新设企业给予10万") == []
    assert faults("p01", "万元") == ["q: '万元' stands in ['p01〔一〕', 'p01〔二〕']"]
    assert faults("p02", "对新设企业给予10万") == ["q: '对新设企业给予10万' stands in ['p01〔一〕']"]
    assert faults("p01", "瞪羚") == ["q: '瞪羚' stands in no clause"]


def test_sums_are_money_and_rates_alone_with_both_ends_of_a_range() -> None:
    assert sums("2024年起按5%-20%给予3名人才每人0.2万元") == {
        ("rate", Decimal("0.05")),
        ("rate", Decimal("0.2")),
        ("money", Decimal(2000)),
    }


def test_without_the_documents_it_says_so_in_one_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    missing = tmp_path / "none"
    main(["--policies", str(missing)])
    said = f"Skipped: the documents are not here ({missing}); name their folder with --policies.\n"
    assert capsys.readouterr().out == said


# ── the gold ────────────────────────────────────────────────────────────────────────────────────


def rows(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


@pytest.mark.parametrize(("half", "wanted"), [("dev", 30), ("test", 60)])
def test_each_half_has_its_questions_and_a_dozen_near_misses(half: str, wanted: int) -> None:
    gold = load_gold(GOLD / f"many.{half}.jsonl")
    assert Counter(question.policy is None for question in gold) == {False: wanted, True: 12}
    assert [question.id for question in gold] == [f"{half}-{n:02d}" for n in range(1, wanted + 13)]


def test_every_document_is_asked_about_two_to_six_times_and_no_question_or_anchor_twice() -> None:
    gold = [one for half in ("dev", "test") for one in load_gold(GOLD / f"many.{half}.jsonl")]
    asked = Counter(one.policy for one in gold if one.policy)
    assert set(asked) == {f"p{number}" for number in REGIONS}
    assert all(2 <= count <= 6 for count in asked.values())
    assert len({one.text for one in gold}) == len(gold)
    anchors = [anchor for one in gold for anchor in one.anchors]
    assert len(set(anchors)) == len(anchors)


@pytest.mark.parametrize("half", ["dev", "test"])
def test_the_gold_of_money_names_sums_or_rates_and_no_other_gold_does(half: str) -> None:
    for row in rows(GOLD / f"many.{half}.jsonl"):
        if "refuse" in row:
            assert set(row) == {"id", "question", "refuse"}
            continue
        assert set(row) == {"id", "question", "policy", "anchors", "money", "figures"}
        anchors, figures = row["anchors"], row["figures"]
        assert isinstance(anchors, list)
        assert isinstance(figures, list)
        assert 1 <= len(anchors) <= 3
        assert all(8 <= len(anchor) <= 14 for anchor in anchors)
        assert all(len(sums(figure)) == 1 for figure in figures)
        assert row["money"] is bool(figures)
