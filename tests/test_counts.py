"""Promises about pieces: what was granted counts, by its kind, and one invention abroad is one."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest

from policy_qa.corpus import load_corpus
from policy_qa.domain import FactValue
from policy_qa.question import Understanding

ROOT = Path(__file__).parents[1]
CN, ABROAD, PRODUCTS = "cn_invention_patents", "foreign_invention_countries", "municipal_industrial_products"


@cache
def understanding() -> Understanding:
    return Understanding(load_corpus(ROOT / "corpus"))


def counted(text: str) -> dict[str, FactValue]:
    return understanding().understand(text, {}).stated.facts


@pytest.mark.parametrize(
    ("text", "facts"),
    [
        # by kind
        ("国内发明专利7件，能领多少", {CN: 7}),
        ("国内发明8件，外观设计5件，给多少", {CN: 8}),
        ("6件实用新型、3件发明，全是国内的，都授权了，能拿多少", {CN: 3}),
        ("工业精品3个新认定，给多少", {PRODUCTS: 3}),
        ("就一个产品新评上市级工业精品，给多少", {PRODUCTS: 1}),
        ("2 granted Chinese invention patents, how much", {CN: 2}),
        # the parts count, not the whole of mixed kinds
        ("授权专利共28件，其中国内发明9件、实用新型19件，资助多少", {CN: 9}),
        # pending, applied for, refused
        ("5件国内发明专利证书到手了，另外2件还在审，能领多少", {CN: 5}),
        ("国内发明专利申请了3件，能领多少", {CN: 0}),
        ("国内发明专利申请3件，授权2件，能领多少", {CN: 2}),
        ("今年评上2个市级工业精品，还有1个没评上，给多少", {PRODUCTS: 2}),
        # not to be had
        ("国内发明专利没有，工业精品2个，给多少", {CN: 0, PRODUCTS: 2}),
        # the noun after the figure says what is counted
        ("两个数字化车间，一个工业精品，给多少", {"municipal_digital_workshop": True, PRODUCTS: 1}),
        # beside another thing that no clause holds
        ("1个省级工业精品，2件国内发明专利，给多少", {CN: 2}),
        # a sum a piece is no count of pieces
        ("每件国内发明专利资助多少", {}),
    ],
)
def test_pieces_count_by_kind_when_they_are_granted(text: str, facts: dict[str, FactValue]) -> None:
    assert counted(text) == facts


@pytest.mark.parametrize(
    ("text", "countries"),
    [
        # one invention in several countries
        ("一项发明在美国、日本、德国均获授权，可资助多少", (3,)),
        ("同一发明美日欧授权，给多少", (3,)),
        ("一项发明在5个国家授权，给多少", (5,)),
        ("同一项发明，越南、泰国各一件授权，给多少", (2,)),
        ("同一项发明在美国授权，日本在审，给多少", (1,)),
        # several inventions
        ("我们三项不同的发明，各在一个外国拿到发明专利授权，一共给多少", (1, 1, 1)),
        ("三项发明，各在两个国家授权，给多少", (2, 2, 2)),
        ("12件国外发明专利，每项发明均只在一个国家获得授权，资助多少", (1,) * 12),
        ("四项发明分别在国外1、2、3、5个国家获得发明专利授权，资助合计多少", (1, 2, 3, 5)),
        ("两项发明：甲在英国、法国、意大利、西班牙获授权，乙只在越南获授权，资助多少", (4, 1)),
        # granted patents, country by country
        ("国外发明专利美国2件、日本1件，给多少", (1, 1, 1)),
        ("越南、泰国各一件发明专利授权，给多少", (1, 1)),
        ("国外发明专利2件，给多少", (1, 1)),
    ],
)
def test_one_invention_in_several_countries_is_not_several(text: str, countries: tuple[int, ...]) -> None:
    assert counted(text) == {ABROAD: countries}


@pytest.mark.parametrize(
    ("text", "facts"),
    [
        ("手上4件中国发明专利，还有1项发明在美国和韩国都授权了，加起来补多少", {CN: 4, ABROAD: (2,)}),
        ("5件国内发明专利，另有2件国外专利，资助多少", {CN: 5, ABROAD: (1, 1)}),
        ("国内发明专利三件、国外两项各两国，共多少", {CN: 3, ABROAD: (2, 2)}),
        (
            "10件中国发明专利，五项发明各有一个外国授权，再加1个新认定的市级工业精品，一共多少",
            {CN: 10, ABROAD: (1, 1, 1, 1, 1), PRODUCTS: 1},
        ),
        (
            "We hold 3 granted Chinese invention patents, plus one invention granted in the US, Japan and "
            "Korea. How much funding in total?",
            {CN: 3, ABROAD: (3,)},
        ),
    ],
)
def test_an_addition_adds_and_no_piece_counts_twice(text: str, facts: dict[str, FactValue]) -> None:
    assert counted(text) == facts


def test_a_count_of_inventions_granted_abroad_is_no_count_of_chinese_patents() -> None:
    assert CN not in counted("一项发明在美国、日本、德国均获授权，可资助多少")


@pytest.mark.parametrize(
    ("text", "facts"),
    [
        pytest.param(
            "国内发明专利10件被驳回2件，给多少",
            {CN: 8},
            marks=pytest.mark.xfail(
                strict=True, reason="驳回 drops every figure of its item, also the whole"
            ),
        ),
        pytest.param(
            "国内发明专利10件，其中4件是去年的，给多少",
            {CN: 10},
        ),
        pytest.param(
            "国内发明专利都没授权，能领多少",
            {CN: 0},
            marks=pytest.mark.xfail(strict=True, reason="授权 is no verb of not being had"),
        ),
        pytest.param(
            "3 inventions each granted in two countries, how much",
            {ABROAD: (2, 2, 2)},
            marks=pytest.mark.xfail(strict=True, reason="an English number in words is no figure"),
        ),
    ],
)
def test_refusals_parts_and_english_numbers_count_as_said(text: str, facts: dict[str, FactValue]) -> None:
    assert counted(text) == facts
