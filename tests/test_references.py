"""Promises about the spellings people use for clauses."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy_qa.clauses import split
from policy_qa.references import (
    Component,
    existing_range,
    find_references,
    label_components,
    normal_label,
    number_of,
    resolve,
)

FOLDER = Path(__file__).parents[1] / "corpus" / "huainan-zjtx-2020-draft"
CLAUSES = split("huainan-zjtx-2020-draft", (FOLDER / "text.txt").read_text("utf-8")).clauses
ITEMS = [clause.label for clause in CLAUSES if clause.number is not None]
UNDER_FIVE = ["三（五）13", "三（五）14", "三（五）15"]


def meant(question: str) -> list[tuple[str, list[str]]]:
    """Each reference of the question with the labels it means in the Huainan draft."""
    return [
        (one.text, [clause.label for clause in resolve(one, CLAUSES)]) for one in find_references(question)
    ]


THIRTEEN = """
第13条 13条 十三条 第十三条 13 13. 13、 「13」 十三 第十三 条款13 第13款 第13项 第13点 13点 １３条 第１３条
三（五）13 三(五)13 三、（五）13 三.五.13 三（五）第13条 三（五）的第13条 三（5）13 3(5)13
第三部分第（五）节第13条 第_13_项 三_（五）_13
clause_13 article_13 Clause13 item_13 Section_3(5)13 section_3.5.13
"""


@pytest.mark.parametrize("spelling", THIRTEEN.split())
def test_thirteen_is_found_in_every_spelling(spelling: str) -> None:
    spelled = spelling.replace("_", " ")
    assert meant(spelled) == [(spelled, ["三（五）13"])]


@pytest.mark.parametrize(
    ("question", "found"),
    [
        ("第13条原文？市科技局管哪些？", [("第13条", ["三（五）13"])]),
        ("请问13条支持什么", [("13条", ["三（五）13"])]),
        ("五条规定了什么", [("五条", ["三（二）5"])]),
        ("第十三讲的是什么", [("第十三", ["三（五）13"])]),
        ("第2条个人能拿吗", [("第2条", ["三（一）2"])]),
        ("第2条第1款怎么说", [("第2条第1款", ["三（一）2"])]),
        ("What does Clause 13 say?", [("Clause 13", ["三（五）13"])]),
        ("clauses 3 and 4", [("clauses 3 and 4", ["三（一）3", "三（一）4"])]),
        ("第3条和第5条", [("第3条和第5条", ["三（一）3", "三（二）5"])]),
        ("第3至5条", [("第3至5条", ["三（一）3", "三（一）4", "三（二）5"])]),
        ("三（五）", [("三（五）", UNDER_FIVE)]),
        ("第三部分第五节讲什么", [("第三部分第五节", UNDER_FIVE)]),
        ("第三部分第（五）节", [("第三部分第（五）节", UNDER_FIVE)]),
        ("一（二）的目标", [("一（二）", ["一（二）"])]),
        ("（二）", [("（二）", ["一（二）", "二（二）", "三（二）5", "三（二）6", "三（二）7"])]),
        ("三大点", [("三大点", ITEMS)]),
        ("第三部分有哪些", [("第三部分", ITEMS)]),
        ("三", [("三", ITEMS)]),
        ("二", [("二", ["二（一）", "二（二）", "二（三）", "二（四）", "三（一）2"])]),
        ("序言", [("序言", ["序言"])]),
        ("前言里说了什么", [("前言", ["序言"])]),
        ("文件开头怎么讲的", [("开头", ["序言"])]),
        ("第13条第2段", [("第13条", ["三（五）13"])]),
        ("本办法第3条", [("第3条", ["三（一）3"])]),
        ("补贴 3 13条的内容", [("13条", ["三（五）13"])]),
    ],
)
def test_a_reference_in_a_question_means_its_clauses(
    question: str, found: list[tuple[str, list[str]]]
) -> None:
    assert meant(question) == found


@pytest.mark.parametrize(
    "reference", ["第99条", "18", "三（五）99", "三（五）2", "第七部分", "一（三）", "¶3"]
)
def test_a_reference_that_fits_none_means_no_clause(reference: str) -> None:
    assert meant(reference) == [(reference, [])]


NO_REFERENCE = """
买了3件专利 2022年升规 10万元 13家企业 第13名 三品示范 一件国内专利 十三五规划 十三五 一次性奖补
一件 有3条生产线能拿补贴吗 新上13条生产线 第一条生产线投产 人才30条 惠企政策22条 3款产品 3项专利授权
第一款产品 第二项发明专利有补贴吗 便宜一点 快一点 下午3点截止吗 13点半 一点五亿 3.5万 50%
第一，我们是规上企业 第三方机构 第二批小巨人 一条龙服务 一法一条例 前三名 第3项目
中小企业促进法第三条 《中小企业促进法》第三条 三家企业 2个国家 20名以上 第1次申报 十万 百 两个 1000
第13批 其中一条
（一）我们是规上（二）有专利
"""


@pytest.mark.parametrize("text", NO_REFERENCE.split())
def test_a_count_a_year_or_a_sum_is_no_reference(text: str) -> None:
    assert meant(text) == []


def test_a_reference_says_where_it_stands() -> None:
    question = "请问 第 13 条 和（二）"
    assert [(one.text, question[one.start : one.end]) for one in find_references(question)] == [
        ("第 13 条", "第 13 条"),
        ("（二）", "（二）"),
    ]


@given(st.text(alphabet="第条款项点（）()一二三五十百 13.、和至clause¶\x00\ud800补") | st.text())
def test_every_reference_is_a_stretch_of_the_question_after_the_one_before(question: str) -> None:
    position = 0
    for reference in find_references(question):
        assert question[reference.start : reference.end] == reference.text
        assert position <= reference.start < reference.end
        assert isinstance(resolve(reference, CLAUSES), tuple)
        position = reference.end


@pytest.mark.parametrize(
    "text", ["第" * 200_000, "三（" * 100_000, "第3条、" * 50_000, "十" * 200_000, " " * 200_000 + "1"]
)
def test_a_long_question_is_read_to_its_end(text: str) -> None:
    assert [one.text for one in find_references(text + "。第13条")][-1].endswith("第13条")


def test_the_range_there_is_comes_from_the_clauses() -> None:
    assert existing_range(CLAUSES) == "序言、一（一）至一（二）、二（一）至二（四）、三 1至17"
    assert existing_range([clause for clause in CLAUSES if clause.number != 13]) == (
        "序言、一（一）至一（二）、二（一）至二（四）、三 1至12、三 14至17"
    )
    assert existing_range(()) == ""


def test_items_of_running_articles_answer_with_what_stands_below_them() -> None:
    clauses = split("p", "第一条 甲。\n第二条 下列情形：\n（一）乙；\n（二）丙。\n第三条 丁。").clauses
    found = {
        question: [clause.label for one in find_references(question) for clause in resolve(one, clauses)]
        for question in ("第2条", "第二条第（二）项", "第二条（一）", "第二条第9项", "（一）")
    }
    assert found == {
        "第2条": ["第二条", "第二条（一）", "第二条（二）"],
        "第二条第（二）项": ["第二条（二）"],
        "第二条（一）": ["第二条（一）"],
        "第二条第9项": [],
        "（一）": ["第二条（一）"],
    }
    assert existing_range(clauses) == "第一条至第三条"


def test_an_item_number_that_begins_again_means_all_of_them() -> None:
    clauses = split("p", "一、甲类\n1.一种。\n2.二种。\n二、乙类\n1.三种。").clauses
    (reference,) = find_references("第1条")
    assert [clause.label for clause in resolve(reference, clauses)] == ["一1", "二1"]


@pytest.mark.parametrize(
    ("written", "label"),
    [
        ("三(五)13", "三（五）13"),
        ("三、（五）13.", "三（五）13"),
        ("三.五.13", "三（五）13"),
        (" 三（五） １３ ", "三（五）13"),
        ("(二)", "（二）"),
        ("序言", "序言"),
        ("第十二条(三)", "第十二条（三）"),
    ],
)
def test_a_label_has_one_spelling(written: str, label: str) -> None:
    assert normal_label(written) == label


def test_a_label_is_read_from_the_top() -> None:
    assert label_components("三（一）2") == (
        Component("一", 3, 0, "三"),
        Component("（一）", 1, 0, "（一）"),
        Component("1", 2, 0, "2"),
    )
    assert label_components("附件1/第十二条之一（3）②") == (
        Component("附件", 1, 0, "附件1/"),
        Component("条", 12, 1, "第十二条之一"),
        Component("（1）", 3, 0, "（3）"),
        Component("①", 2, 0, "②"),
    )
    with pytest.raises(ValueError, match="「奖励」不是条款编号"):
        label_components("奖励")


@pytest.mark.parametrize(
    ("numeral", "number"),
    [
        ("13", 13),
        ("１３", 13),
        ("十", 10),
        ("十三", 13),
        ("二十", 20),
        ("一百零一", 101),
        ("一百一十二", 112),
        ("一千零一", 1001),
        ("二〇", 20),
        ("十三五", None),
        ("百", None),
        ("一十百", None),
        ("三三", None),
        ("", None),
    ],
)
def test_a_numeral_is_a_number_only_when_well_formed(numeral: str, number: int | None) -> None:
    assert number_of(numeral) == number
