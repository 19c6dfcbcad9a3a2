"""Promises about topics: a question is about the measures it names, and of nothing that only looks near."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest

from policy_qa.corpus import load_corpus
from policy_qa.question import Understanding
from policy_qa.topic import Reading, Topic, TopicReader, most_specific, occurrences

ROOT = Path(__file__).parents[1]


@cache
def reader() -> TopicReader:
    return Understanding(load_corpus(ROOT / "corpus")).reader


def topic(text: str, *, strict: bool = True) -> Topic:
    return reader().topic(reader().read(text), strict=strict)


def named(text: str, *, strict: bool = True) -> set[str]:
    return {naming.measure.id for naming in topic(text, strict=strict).named}


def rejected(text: str) -> dict[str, str]:
    return {rejection.measure.id: rejection.why for rejection in topic(text).rejected}


# ── phrases and items ───────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("text", "at", "phrase"),
    [
        ("甲，乙丙。丁", "乙", "乙丙"),
        ("甲，乙丙。丁", "丁", "丁"),
        ("甲乙", "甲", "甲乙"),
        ("付了1,200万元，补多少", "200", "付了1,200万元"),
        ("付了3.5万,补多少", "付", "付了3.5万"),
        ("甲、乙", "乙", "甲、乙"),
        ("有吗？没有！", "没", "没有"),
        ("其中：三件", "三", "三件"),
    ],
)
def test_a_phrase_ends_at_punctuation_but_not_inside_a_number(text: str, at: str, phrase: str) -> None:
    start, end = Reading(text, (), ()).phrase_of(text.index(at))

    assert text[start:end] == phrase


@pytest.mark.parametrize(
    ("text", "at", "item"),
    [
        ("6件实用新型、3件发明", "3", "3件发明"),
        ("6件实用新型、3件发明", "6", "6件实用新型"),
        ("小巨人和单项冠军，都拿了", "单", "单项冠军"),
        ("小巨人加上单项冠军", "小", "小巨人"),
        ("国内以及国外", "外", "国外"),
        ("甲，乙和丙", "丙", "丙"),
        ("甲，乙和丙", "甲", "甲"),
    ],
)
def test_an_item_ends_where_a_list_goes_on(text: str, at: str, item: str) -> None:
    start, end = Reading(text, (), ()).item_of(text.index(at))

    assert text[start:end] == item


@pytest.mark.parametrize(
    "text",
    ["省级智能工厂奖多少", "6件实用新型、3件发明，都授权了", "We paid 2.4 million yuan", "", "小巨巨人?"],
)
def test_the_words_of_a_question_cover_it_without_a_gap(text: str) -> None:
    reading = reader().read(text)

    assert "".join(token.text for token in reading.tokens) == reading.text
    assert [t.start for t in reading.tokens][1:] == [t.end for t in reading.tokens][:-1]


# ── what is named ───────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("text", "measures"),
    [
        ("小巨人奖多少", {"little-giant"}),
        ("国家小巨人奖多少", {"little-giant"}),
        ("单打冠军奖多少", {"single-champion"}),
        ("小升规奖多少", {"above-scale-new"}),
        ("流贷贴息给多少", {"working-capital-interest"}),
        ("清华大学的成果买过来补多少", {"technology-purchase"}),
        ("高校技术补多少", {"technology-purchase"}),
        ("国内发明专利一件多少", {"cn-invention-patent"}),
        ("美国授权的发明专利给多少", {"foreign-invention-patent"}),
        ("发明专利一件多少", {"cn-invention-patent", "foreign-invention-patent"}),
        ("评上市级精品了奖多少", {"municipal-industrial-product"}),
        ("市级智能工厂奖多少", {"smart-factory"}),
        ("数字化车间和智能工厂一共奖多少", {"digital-workshop", "smart-factory"}),
        ("专精特新板挂牌奖多少", {"equity-board-listing"}),
        ("央视精品安徽推广费补多少", {"cctv-promotion"}),
        ("little giant award how much", {"little-giant"}),
    ],
)
def test_a_question_names_the_measures_it_has_words_for(text: str, measures: set[str]) -> None:
    assert named(text) == measures


@pytest.mark.parametrize(
    ("text", "best", "also"),
    [
        ("专利质押贷款的利息补多少", {"patent-pledge"}, {"working-capital-interest", "collateral"}),
        ("国内发明专利给多少", {"cn-invention-patent"}, {"foreign-invention-patent"}),
        ("专精特新板挂牌奖多少", {"equity-board-listing"}, {"municipal-recognition"}),
        ("我们是专精特新企业，国家级媒体打了广告", {"national-media-ad"}, {"provincial-media-ad"}),
    ],
)
def test_the_most_specific_naming_stands_and_the_others_stay_candidates(
    text: str, best: set[str], also: set[str]
) -> None:
    found = topic(text)

    assert {n.measure.id for n in found.named} == best
    assert also <= {n.measure.id for n in found.candidates}
    assert most_specific(found.candidates) == found.named


def test_both_levels_of_a_list_of_levels_are_named() -> None:
    assert named("专精特新企业在国家级、省级媒体打广告补多少") == {"national-media-ad", "provincial-media-ad"}


def test_a_naming_tells_its_words_and_where_they_stand() -> None:
    (naming,) = topic("听说小巨人有奖").named

    assert (naming.measure.id, naming.words, naming.spans, naming.informative) == (
        "little-giant",
        ("小巨人",),
        ((2, 5),),
        True,
    )


# ── what only looks near ────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("text", "turned_down"),
    [
        ("省级智能工厂奖多少", {"smart-factory": "问的是“省级智能工厂”，条文写的是市级"}),
        ("国家级智能工厂给多少", {"smart-factory": "问的是“国家级智能工厂”，条文写的是市级"}),
        ("省级小巨人奖多少", {"little-giant": "问的是“省级小巨人”，条文写的是国家级"}),
        ("规上服务业企业奖多少", {"above-scale-new": "问的是“服务业”，这一条不包括"}),
        ("技改贷款贴息能给多少", {"working-capital-interest": "问的是“技改”，条文没有“技改”"}),
        ("人才公寓补贴多少", {"urgent-talent": "问的是“公寓”，条文没有“公寓”"}),
    ],
)
def test_another_level_kind_or_thing_is_turned_down_with_its_reason(
    text: str, turned_down: dict[str, str]
) -> None:
    assert named(text) == set()
    assert rejected(text) == turned_down


@pytest.mark.parametrize("text", ["我们的智能工厂是省级的，奖多少", "智能工厂（省级）奖多少"])
def test_another_level_said_after_the_thing_is_turned_down_too(text: str) -> None:
    assert named(text) == set()


def test_an_excluded_kind_is_turned_down_and_the_kind_beside_it_is_not() -> None:
    assert named("实用新型专利给多少") == set()
    assert set(rejected("实用新型专利给多少")) == {"cn-invention-patent", "foreign-invention-patent"}
    assert "cn-invention-patent" in named("6件实用新型、3件国内发明，都授权了")


def test_a_weak_name_names_something_only_where_nothing_unknown_stands_beside_it() -> None:
    assert named("贷款贴息给多少") == {"working-capital-interest"}
    assert named("技改贷款贴息给多少") == set()


def test_a_weak_name_beside_an_unknown_thing_is_turned_down_only_where_money_is_asked() -> None:
    assert named("农机贷款贴息") == set()
    assert named("农机贷款贴息", strict=False) == {"working-capital-interest"}


@pytest.mark.parametrize(
    ("text", "things"),
    [
        ("屋顶光伏补贴多少", ("屋顶光伏",)),
        ("院士工作站奖多少", ("院士工作站",)),
        ("瞪羚企业认定奖多少", ("瞪羚",)),
        ("稳岗返还有吗", ("稳岗",)),
        ("单项亚军奖多少", ("单项亚军",)),
        ("小巨人和屋顶光伏一共多少", ("屋顶光伏",)),
        ("小巨人奖多少", ()),
        ("奖多少", ()),
    ],
)
def test_a_thing_that_nobody_has_a_word_for_is_unheld(text: str, things: tuple[str, ...]) -> None:
    assert topic(text).unheld == things


@pytest.mark.parametrize(
    "text", ["屋顶光伏补贴多少", "院士工作站奖多少", "瞪羚企业认定奖多少", "单项亚军奖多少", "市长奖多少钱"]
)
def test_a_question_about_something_else_names_no_measure(text: str) -> None:
    assert topic(text).candidates == ()


# ── words ───────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("text", "term"), [("市长信箱", "市"), ("技术改造补贴", "技术"), ("担保人是谁", "担保")]
)
def test_a_short_term_at_the_head_of_a_longer_word_says_nothing(text: str, term: str) -> None:
    assert term not in [found.text for found in reader().read(text).terms]


def test_a_term_at_the_end_of_a_longer_word_keeps_its_meaning() -> None:
    assert occurrences("专利", reader().read("专利权质押"))


def test_a_word_across_two_others_is_chance() -> None:
    assert occurrences("上市", reader().read("评上市级精品")) == []


@pytest.mark.parametrize(
    ("text", "where"), [("发明在美国授权", [(3, 5)]), ("从美国进口设备", []), ("德国产的机床", [])]
)
def test_a_country_means_abroad_only_where_something_was_granted(
    text: str, where: list[tuple[int, int]]
) -> None:
    assert occurrences("国外", reader().read(text)) == where


# ── typos ───────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("text", "read", "typos"),
    [
        ("小巨巨人奖多少", "小巨人奖多少", (("小巨巨人", "小巨人"),)),
        ("小人巨奖多少", "小巨人奖多少", (("小人巨", "小巨人"),)),
        ("数自化车间奖多少", "数字化车间奖多少", (("数自化车间", "数字化车间"),)),
        ("公共服务示平台奖多少", "公共服务示范平台奖多少", (("公共服务示平台", "公共服务示范平台"),)),
        ("inventon patents", "invention patents", (("inventon", "invention"),)),
        ("小巨人奖多少", "小巨人奖多少", ()),
        ("单项亚军奖多少", "单项亚军奖多少", ()),
        ("水费减免多少", "水费减免多少", ()),
    ],
)
def test_a_typo_is_read_as_what_it_means_and_said_so(
    text: str, read: str, typos: tuple[tuple[str, str], ...]
) -> None:
    reading = reader().read(text)

    assert (reading.text, reading.corrections) == (read, typos)


def test_a_misspelt_name_names_what_the_right_one_names() -> None:
    assert named("精品安微推广费补多少") == named("精品安徽推广费补多少") == {"cctv-promotion"}
