"""Promises about several policies at once: the right one answers under its name, and no figures are mixed."""

from __future__ import annotations

import datetime
import hashlib
import re
import shutil
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

from policy_qa.assistant import Assistant
from policy_qa.corpus import Corpus, load_corpus
from policy_qa.domain import Answer
from policy_qa.errors import CorpusError
from policy_qa.joining import join
from policy_qa.money import figures
from policy_qa.regions import names_region, place_words, places, related
from policy_qa.texts import FRAMES

SHIPPED = Path(__file__).parents[1] / "corpus"
SOUND = Path(__file__).parent / "fixtures" / "sound"
HUAINAN, SAMPLE = "huainan-zjtx-2020-draft", "sample"
DAY = datetime.date(2026, 1, 1)


@cache
def alone() -> Assistant:
    return Assistant(load_corpus(SHIPPED))


@cache
def together() -> Assistant:
    return Assistant(load_corpus(SHIPPED, SOUND))


def asked(question: str, policy: str | None = None) -> Answer:
    return together().ask(question, {}, DAY, policy)


def test_added_policies_stand_beside_the_shipped_ones() -> None:
    corpus = load_corpus(SHIPPED, SOUND)
    assert [policy.id for policy in corpus.policies] == [HUAINAN, SAMPLE]
    assert corpus.sha256 not in (load_corpus(SHIPPED).sha256, load_corpus(SOUND).sha256)


def test_a_folder_of_added_policies_need_not_be_there(tmp_path: Path) -> None:
    assert load_corpus(SHIPPED, tmp_path / "none").sha256 == load_corpus(SHIPPED).sha256


def test_one_number_for_two_policies_is_refused() -> None:
    with pytest.raises(CorpusError) as refused:
        load_corpus(SHIPPED, SHIPPED)
    assert str(refused.value) == (
        f"政策“{HUAINAN}”在自带的语料和新增的语料里各有一份，请给新增的换一个编号。"
    )


def test_a_policy_still_being_written_is_not_there_yet(tmp_path: Path) -> None:
    shutil.copytree(SOUND / SAMPLE, tmp_path / f".{SAMPLE}")
    assert [policy.id for policy in load_corpus(SHIPPED, tmp_path).policies] == [HUAINAN]


@pytest.mark.parametrize(
    ("question", "policy", "clause"),
    [
        ("小巨人奖多少", HUAINAN, "三（一）2"),
        ("新设企业奖多少", SAMPLE, "一1"),
        ("研发投入100万补多少", SAMPLE, "一2"),
        ("智能工厂奖多少", HUAINAN, "三（四）12"),
    ],
)
def test_the_policy_that_holds_the_thing_answers_under_its_name(
    question: str, policy: str, clause: str
) -> None:
    answer = asked(question)
    title = together().corpus.holding(policy).policy.title
    assert answer.status == "answered"
    assert answer.sentences[0].text == FRAMES["titled"].render({"policy": title})
    assert {citation.policy for citation in answer.citations} == {policy}
    assert (answer.retrieved[0].policy, answer.retrieved[0].clause) == (policy, clause)


def test_what_stands_beside_a_policy_changes_none_of_its_answers() -> None:
    for question in (
        "小巨人奖多少",
        "实付80万买高校技术能补多少",
        "瞪羚企业奖多少",
        "第13条",
        "市科技局管哪些",
    ):
        one, beside = alone().ask(question, {}, DAY), asked(question, HUAINAN)
        assert (one.status, one.answer, one.calculation, one.needs) == (
            beside.status,
            beside.answer,
            beside.calculation,
            beside.needs,
        )


def test_two_policies_that_both_pay_are_both_shown_and_not_added_up() -> None:
    answer = asked("新设企业奖多少，小巨人奖多少")
    assert {citation.policy for citation in answer.citations} == {HUAINAN, SAMPLE}
    assert answer.calculation is not None
    assert {(item.measure, str(item.amount)) for item in answer.calculation.items} == {
        ("new-enterprise", "100000"),
        ("little-giant", "500000"),
    }
    assert (answer.calculation.total, answer.calculation.bound) == (None, "unknown")
    assert answer.sentences[-1].text == FRAMES["several_policies"].text


@pytest.mark.parametrize("question", ["新设企业奖多少，小巨人奖多少", "我们能享受什么", "奖补有哪些"])
def test_no_sentence_holds_figures_of_two_policies(question: str) -> None:
    answer = asked(question)
    for sentence in answer.sentences:
        cited = {answer.citations[number].policy for number in sentence.citations}
        assert len(cited) <= 1
        assert cited or not [figure for figure in figures(sentence.text) if figure.unit == "元"]


def test_what_no_policy_holds_is_refused_once() -> None:
    answer = asked("瞪羚企业认定奖多少")
    assert (answer.status, answer.citations, answer.calculation) == ("not_found", (), None)
    assert len({hit.policy for hit in answer.retrieved}) == 2


def test_a_policy_far_from_the_question_is_not_asked_about_a_thing() -> None:
    router = together()._router
    assert router.choose("小巨人奖多少", DAY).policies == (HUAINAN,)
    assert router.choose("研发投入100万补多少", DAY).policies == (SAMPLE,)
    assert set(router.choose("新设企业奖多少，小巨人奖多少", DAY).policies) == {HUAINAN, SAMPLE}
    assert set(router.choose("第1条写了什么", DAY).policies) == {HUAINAN, SAMPLE}


def test_what_answers_comes_before_what_only_says_that_its_text_prints_nothing() -> None:
    question = "小巨人奖多少"
    choice = together()._router.choose(question, DAY)
    held = replace(asked(question, HUAINAN), calculation=None)
    silent = replace(held, status="not_specified", citations=asked("新设企业奖多少", SAMPLE).citations)

    answer = join(question, {}, DAY, [silent, held], choice, together().corpus)

    assert (answer.status, {citation.policy for citation in answer.citations}) == ("answered", {HUAINAN})


def test_a_policy_is_chosen_by_its_number() -> None:
    assert asked("新设企业奖多少", HUAINAN).status == "not_found"


# ── on the day ──────────────────────────────────────────────────────────────────────────────────


def in_force(folder: Path, start: str, end: str) -> Corpus:
    """The sample policy, issued, in force from ``start`` to ``end``."""
    home = folder / "corpus" / SAMPLE
    shutil.copytree(SOUND / SAMPLE, home)
    described = (home / "policy.yaml").read_text("utf-8")
    described = described.replace("in_force_from: null", f"in_force_from: {start}")
    described = described.replace("in_force_until: null", f"in_force_until: {end}")
    (home / "policy.yaml").write_text(described.replace("征求意见稿", "正式"), "utf-8")
    return load_corpus(SHIPPED, folder / "corpus")


@pytest.mark.parametrize(
    ("day", "status"),
    [
        (datetime.date(2021, 12, 31), "not_found"),
        (datetime.date(2022, 1, 1), "answered"),
        (datetime.date(2023, 12, 31), "answered"),
        (datetime.date(2024, 1, 1), "not_found"),
    ],
)
def test_a_policy_is_evidence_only_while_it_is_in_force(
    tmp_path: Path, day: datetime.date, status: str
) -> None:
    assistant = Assistant(in_force(tmp_path, "2022-01-01", "2023-12-31"))
    lapsed = FRAMES["lapsed"].render({"policy": "关于支持企业发展的若干意见"})
    many = assistant.ask("新设企业奖多少", {}, day)
    one = assistant.ask("新设企业奖多少", {}, day, SAMPLE)
    assert (many.status, one.status) == (status, status)
    assert (lapsed in many.notices, lapsed in one.answer) == ((status == "not_found"),) * 2
    if status == "not_found":
        assert not [hit for hit in many.retrieved if hit.policy == SAMPLE]


def test_the_text_of_a_policy_out_of_force_can_still_be_looked_up(tmp_path: Path) -> None:
    assistant = Assistant(in_force(tmp_path, "2022-01-01", "2023-12-31"))
    answer = assistant.ask("第1条写了什么", {}, datetime.date(2025, 1, 1), SAMPLE)
    assert (answer.status, answer.citations[0].clause) == ("answered", "一1")
    assert FRAMES["not_in_force"].render({"policy": "关于支持企业发展的若干意见"}) in answer.notices


# ── places ──────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("region", "names"),
    [
        ("安徽省淮南市", ("安徽", "淮南")),
        ("浙江省温州市鹿城区", ("浙江", "温州", "鹿城")),
        ("北京市", ("北京",)),
        ("四川省阿坝藏族羌族自治州", ("四川", "阿坝")),
        ("上海市临港新片区", ("上海", "临港")),
        (None, ()),
    ],
)
def test_the_places_of_a_region(region: str | None, names: tuple[str, ...]) -> None:
    assert places(region) == names


def test_a_place_is_named_with_and_without_its_kind() -> None:
    assert place_words("安徽省淮南市") == ("安徽", "安徽省", "淮南", "淮南市")


@pytest.mark.parametrize(
    ("question", "named"),
    [
        ("淮南的小巨人奖多少", True),
        ("淮南市小巨人奖多少", True),
        ("安徽的小巨人奖多少", False),
        ("买淮南大学的成果补多少", False),
        ("小巨人奖多少", False),
    ],
)
def test_a_question_names_a_place_but_not_by_its_university(question: str, named: bool) -> None:
    assert names_region(question, "安徽省淮南市") is named


@pytest.mark.parametrize(
    ("one", "other", "so"),
    [
        ("安徽省", "安徽省淮南市", True),
        ("淮南市", "安徽省淮南市", True),
        ("安徽省合肥市", "安徽省淮南市", False),
        ("北京市", "安徽省", False),
        (None, "北京市", True),
    ],
)
def test_a_region_is_related_to_what_it_lies_in(one: str | None, other: str | None, so: bool) -> None:
    assert related(one, other) is related(other, one) is so


def test_a_question_that_names_a_place_is_not_answered_with_another_places_policy(tmp_path: Path) -> None:
    corpus = in_force(tmp_path, "2020-01-01", "2030-01-01")
    described = tmp_path / "corpus" / SAMPLE / "policy.yaml"
    described.write_text(
        described.read_text("utf-8").replace("region: null", "region: 浙江省温州市"), "utf-8"
    )
    assistant = Assistant(load_corpus(SHIPPED, tmp_path / "corpus"))
    assert len(corpus.holdings) == 2
    there = assistant.ask("温州的小巨人奖多少", {}, DAY)
    here = assistant.ask("淮南的小巨人奖多少", {}, DAY)
    assert (there.status, {hit.policy for hit in there.retrieved}) == ("not_found", {SAMPLE})
    assert (here.status, {citation.policy for citation in here.citations}) == ("answered", {HUAINAN})


def test_how_long_a_policy_is_in_force_is_answered_where_it_is_printed(tmp_path: Path) -> None:
    home = tmp_path / "corpus" / SAMPLE
    shutil.copytree(SOUND / SAMPLE, home)
    text = (home / "text.txt").read_text("utf-8") + "\n3.附则。本意见自2022年1月1日起施行，有效期3年。\n"
    (home / "text.txt").write_text(text, "utf-8")
    described = home / "policy.yaml"
    digest = hashlib.sha256(text.encode()).hexdigest()
    described.write_text(re.sub("sha256: .*", f"sha256: {digest}", described.read_text("utf-8")), "utf-8")
    assistant = Assistant(load_corpus(SHIPPED, tmp_path / "corpus"))
    answer = assistant.ask("这份意见有效期到什么时候", {}, DAY, SAMPLE)
    assert (answer.status, [citation.clause for citation in answer.citations]) == ("answered", ["一3"])
    assert "有效期3年" in answer.answer
    silent = assistant.ask("这份意见有效期到什么时候", {}, DAY, HUAINAN)
    assert silent.status == "not_specified"
