"""Promises about typos: a word of the domain written slightly wrong is forgiven, another thing is not."""

from __future__ import annotations

import pytest

from policy_qa.spelling import Spelling, sound

VOCABULARY = (
    "小巨人", "单项冠军", "工业精品", "精品安徽", "数字化车间", "股权交易中心", "公共服务示范平台",
    "税费减免", "技术合同网", "技术合同网页",
    "invention patents", "little giant", "subsidy",
)  # fmt: skip
NAMES = ("小巨人", "单项冠军", "工业精品", "精品安徽", "数字化车间", "股权交易中心", "公共服务示范平台")
SPELLING = Spelling(VOCABULARY, NAMES)


def corrections(
    text: str, words: tuple[str, ...] = (), particles: tuple[str, ...] = ()
) -> list[tuple[str, str]]:
    """(written, meant) of ``text``, where ``words`` are real words of it and ``particles`` its grammar."""

    def spans(pieces: tuple[str, ...]) -> list[tuple[int, int]]:
        return [(text.index(piece), text.index(piece) + len(piece)) for piece in pieces]

    found = SPELLING.corrections(text, spans(words), spans(particles))
    return [(text[start:end], meant) for start, end, meant in found]


@pytest.mark.parametrize(
    ("text", "written", "meant"),
    [
        ("小具人奖多少", "小具人", "小巨人"),
        ("小聚人奖多少", "小聚人", "小巨人"),
        ("单项冠君奖多少", "单项冠君", "单项冠军"),
        ("工业金品给多少", "工业金品", "工业精品"),
        ("股劝交易中心挂牌", "股劝交易中心", "股权交易中心"),
        ("公共服务示犯平台", "公共服务示犯平台", "公共服务示范平台"),
        ("数自化车间奖多少", "数自化车间", "数字化车间"),
        # sounds otherwise, but the wrong character is part of no word and the name is long
        ("精品安微推广", "精品安微", "精品安徽"),
        # doubled, swapped, missing
        ("小巨巨人奖多少", "小巨巨人", "小巨人"),
        ("小人巨奖多少", "小人巨", "小巨人"),
        ("工精业品给多少", "工精业品", "工业精品"),
        ("公共服务示平台", "公共服务示平台", "公共服务示范平台"),
        # Latin
        ("inventon", "inventon", "invention"),
        ("the subsidi please", "subsidi", "subsidy"),
    ],
)
def test_one_character_wrong_doubled_swapped_or_missing_is_forgiven(
    text: str, written: str, meant: str
) -> None:
    assert corrections(text) == [(written, meant)]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("小巨人奖多少", ("小巨人",)),
        ("单项亚军奖多少", ("单项", "亚军")),
        ("水费减免多少", ("水费", "减免")),
        ("小老人奖多少", ()),
        ("小商人", ("商人",)),
        ("屋顶光伏补贴", ("屋顶", "光伏", "补贴")),
        ("车间", ("车间",)),
        ("grant", ()),
        ("patience", ()),
        ("sub", ()),
        ("", ()),
        ("1234567890", ()),
    ],
)
def test_another_thing_is_no_typo(text: str, words: tuple[str, ...]) -> None:
    assert corrections(text, words) == []


def test_a_character_of_grammar_is_no_typo() -> None:
    assert corrections("小的人", particles=("的",)) == []


def test_a_known_word_and_the_next_character_are_no_longer_word_misspelt() -> None:
    assert corrections("技术合同网也登记了", ("技术", "合同", "登记")) == []


def test_two_typos_of_one_question_are_both_found_in_order() -> None:
    assert corrections("小具人和单项冠君") == [("小具人", "小巨人"), ("单项冠君", "单项冠军")]


def test_without_a_vocabulary_nothing_is_corrected() -> None:
    assert Spelling(()).corrections("小具人", [], []) == ()


@pytest.mark.parametrize(
    ("one", "other"), [("巨", "具"), ("张", "脏"), ("金", "经"), ("军", "君"), ("深", "生")]
)
def test_characters_that_dialects_do_not_tell_apart_sound_alike(one: str, other: str) -> None:
    assert sound(one) == sound(other)


@pytest.mark.parametrize(("one", "other"), [("冠", "亚"), ("微", "徽"), ("南", "兰"), ("气", "水")])
def test_other_characters_do_not_sound_alike(one: str, other: str) -> None:
    assert sound(one) != sound(other)


def test_a_long_text_is_read_in_time_linear_in_it() -> None:
    text = "我们厂今年的情况比较复杂" * 80

    assert SPELLING.corrections(text + "小具人", [], []) == ((len(text), len(text) + 3, "小巨人"),)
