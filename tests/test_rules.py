"""Promises about checked rules and about the facts a user hands in."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy_qa.corpus import load_corpus
from policy_qa.domain import FactValue
from policy_qa.errors import UsageError
from policy_qa.rules import benefit_figures, check_facts, read_facts

RULES = load_corpus(Path(__file__).parents[1] / "corpus").holding("huainan-zjtx-2020-draft").rules
PAYS_SOMEBODY_ELSE = ["targeted-training", "guarantee-premium", "guarantee-fee-reduction"]

# ── the rules of the Huainan draft ──────────────────────────────────────────────────────────────


FACTS_OF_THE_CONTRACT = {
    "above-scale-new": ("new_above_scale",),
    "working-capital-interest": ("provincial_recognised", "working_capital_loan"),
    "little-giant": ("national_little_giant",),
    "single-champion": ("national_single_champion",),
    "technology-purchase": ("technology_conditions_met", "technology_paid"),
    "cn-invention-patent": ("cn_invention_patents",),
    "foreign-invention-patent": ("foreign_invention_countries",),
    "national-three-products": ("national_three_products",),
    "municipal-industrial-product": ("municipal_industrial_products",),
    "equity-board-listing": ("equity_board_listed",),
    "smart-factory": ("municipal_smart_factory",),
    "digital-workshop": ("municipal_digital_workshop",),
    "smart-product": ("municipal_smart_product",),
    "cctv-promotion": ("cctv_selected", "cctv_promotion_fee"),
    "national-media-ad": ("zjtx_enterprise", "national_media_ad"),
    "provincial-media-ad": ("zjtx_enterprise", "provincial_media_ad"),
    "national-service-platform": ("national_service_platform",),
    "benchmarking-diagnosis": ("key_industrial_enterprise", "benchmarking_done"),
}


def test_the_measures_with_a_figure_read_the_facts_of_the_contract() -> None:
    assert {m.id: m.facts for m in RULES.measures if m.has_figure} == FACTS_OF_THE_CONTRACT


def test_the_facts_have_the_types_of_the_contract() -> None:
    others = {
        "technology_paid": "yuan",
        "cctv_promotion_fee": "yuan",
        "cn_invention_patents": "integer",
        "municipal_industrial_products": "integer",
        "foreign_invention_countries": "integers",
    }
    read = dict.fromkeys((fact for facts in FACTS_OF_THE_CONTRACT.values() for fact in facts), "bool")
    assert {name: fact.type for name, fact in RULES.facts.items()} == read | others


def test_support_for_somebody_else_is_not_shown_as_the_enterprise_s_own() -> None:
    assert [m.id for m in RULES.measures if m.payee != "enterprise"] == PAYS_SOMEBODY_ELSE


@pytest.mark.parametrize(
    ("measure", "figures"),
    [
        ("above-scale-new", ((Decimal(100000), "元"),)),
        ("working-capital-interest", ((Decimal(500000), "元"),)),
        ("technology-purchase", ((Decimal("0.1"), "比例"), (Decimal(1000000), "元"))),
        ("cctv-promotion", ((Decimal("0.3"), "比例"), (Decimal(500000), "元"))),
        ("cn-invention-patent", ((Decimal(10000), "元"),)),
        ("foreign-invention-patent", ((Decimal(20000), "元"), (Decimal(2), "国家"))),
        ("municipal-industrial-product", ((Decimal(100000), "元"), (Decimal(200000), "元"))),
        ("exhibition", ()),
        ("title-green-channel", ()),
    ],
)
def test_a_benefit_claims_each_of_its_figures(measure: str, figures: tuple[tuple[Decimal, str], ...]) -> None:
    assert benefit_figures(RULES.measure(measure)) == figures


# ── facts a user hands in ───────────────────────────────────────────────────────────────────────


def read(text: str | bytes, folder: Path) -> dict[str, FactValue]:
    path = folder / "facts.json"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_facts(path, RULES)


def test_a_facts_file_is_read_exactly(tmp_path: Path) -> None:
    text = """{"new_above_scale": true, "technology_paid": 3456789.10, "cctv_promotion_fee": "1666666.67",
               "cn_invention_patents": 3, "foreign_invention_countries": [2, 1],
               "national_little_giant": false}"""
    assert read(text, tmp_path) == {
        "new_above_scale": True,
        "technology_paid": Decimal("3456789.10"),
        "cctv_promotion_fee": Decimal("1666666.67"),
        "cn_invention_patents": 3,
        "foreign_invention_countries": (2, 1),
        "national_little_giant": False,
    }


def test_a_facts_file_saved_by_notepad_is_read(tmp_path: Path) -> None:
    assert read(b'\xef\xbb\xbf{"new_above_scale": true}', tmp_path) == {"new_above_scale": True}


def test_an_empty_object_holds_no_facts(tmp_path: Path) -> None:
    assert read("{}", tmp_path) == {}


NOT_JSON = '事实文件“facts.json”不是可读的 JSON，请写成一个对象，例如 {"new_above_scale": true}。'
NO_OBJECT = '事实文件“facts.json”应当是一个 JSON 对象，例如 {"new_above_scale": true}。'
NO_BOOL = "事实“new_above_scale”的值不能用，应当是true 或 false。"
NO_COUNT = "事实“cn_invention_patents”的值不能用，应当是不小于 0 的整数。"
NO_COUNTS = (
    "事实“foreign_invention_countries”的值不能用，应当是不小于 0 的整数的列表，例如 [2, 1]，最多 1000 项。"
)
NO_SUM = "事实“technology_paid”的值不能用，应当是不小于 0 的金额（元），只写数字，例如 1200000 或 345678.9。"
KNOWN = "、".join(RULES.facts)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", NOT_JSON),
        ("新增规上：是", NOT_JSON),
        ("{'new_above_scale': true}", NOT_JSON),
        ('{"new_above_scale": true', NOT_JSON),
        (b"\xff\xfe{\x00}\x00", NOT_JSON),
        ('{"technology_paid": ' + "9" * 5000 + "}", NOT_JSON),
        ("[" * 100_000, NOT_JSON),
        ("[]", NO_OBJECT),
        ("null", NO_OBJECT),
        ('"new_above_scale"', NO_OBJECT),
        ('{"turnover": 5}', f"不认识的事实“turnover”，可用的有：{KNOWN}。"),
        ('{"": 5}', f"不认识的事实“”，可用的有：{KNOWN}。"),
        (f'{{"{"a" * 500}": 5}}', f"不认识的事实“{'a' * 40}…”，可用的有：{KNOWN}。"),
        (
            '{"technology_paid": 1, "technology_paid": 2}',
            "事实“technology_paid”写了两次，不知道该信哪一个，请只留一个。",
        ),
        (
            '{"new_above_scale": true, "new_above_scale": true}',
            "事实“new_above_scale”写了两次，不知道该信哪一个，请只留一个。",
        ),
        ('{"new_above_scale": 1}', NO_BOOL),
        ('{"new_above_scale": "true"}', NO_BOOL),
        ('{"new_above_scale": null}', NO_BOOL),
        ('{"cn_invention_patents": -1}', NO_COUNT),
        ('{"cn_invention_patents": 0.5}', NO_COUNT),
        ('{"cn_invention_patents": true}', NO_COUNT),
        ('{"cn_invention_patents": "3"}', NO_COUNT),
        ('{"cn_invention_patents": [3]}', NO_COUNT),
        ('{"cn_invention_patents": 1000000001}', NO_COUNT),
        ('{"foreign_invention_countries": 2}', NO_COUNTS),
        ('{"foreign_invention_countries": [2, -1]}', NO_COUNTS),
        ('{"foreign_invention_countries": [2, true]}', NO_COUNTS),
        ('{"foreign_invention_countries": {"美国": 1}}', NO_COUNTS),
        ('{"foreign_invention_countries": [' + "1, " * 1000 + "1]}", NO_COUNTS),
        ('{"technology_paid": -0.01}', NO_SUM),
        ('{"technology_paid": NaN}', NO_SUM),
        ('{"technology_paid": Infinity}', NO_SUM),
        ('{"technology_paid": -Infinity}', NO_SUM),
        ('{"technology_paid": "NaN"}', NO_SUM),
        ('{"technology_paid": 1e400}', NO_SUM),
        ('{"technology_paid": 1000000000000000.01}', NO_SUM),
        ('{"technology_paid": 0.00000000001}', NO_SUM),
        ('{"technology_paid": 1e-400}', NO_SUM),
        ('{"technology_paid": true}', NO_SUM),
        ('{"technology_paid": null}', NO_SUM),
        ('{"technology_paid": "1_000"}', NO_SUM),
        ('{"technology_paid": "一百万"}', NO_SUM),
        ('{"technology_paid": [1]}', NO_SUM),
    ],
)
def test_facts_that_cannot_be_used_are_refused_in_one_sentence(
    text: str | bytes, message: str, tmp_path: Path
) -> None:
    with pytest.raises(UsageError) as refused:
        read(text, tmp_path)
    assert str(refused.value) == message


def test_a_facts_file_that_cannot_be_opened_is_named(tmp_path: Path) -> None:
    for path in (tmp_path / "nowhere.json", tmp_path):
        with pytest.raises(UsageError) as refused:
            read_facts(path, RULES)
        assert str(refused.value) == f"打不开事实文件“{path.name}”，请检查路径和读取权限。"


@given(
    st.dictionaries(
        st.sampled_from([*RULES.facts, "turnover"]),
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.decimals(),
            lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=2),
            max_leaves=4,
        ),
        max_size=3,
    )
)
def test_whatever_is_handed_in_is_read_whole_or_refused(raw: dict[str, object]) -> None:
    try:
        checked = check_facts(raw, RULES)
    except UsageError:
        return
    assert list(checked) == list(raw)
    assert check_facts(checked, RULES) == checked


def test_facts_survive_json(tmp_path: Path) -> None:
    facts: dict[str, FactValue] = {"technology_paid": Decimal("0.1"), "foreign_invention_countries": (1, 0)}
    text = json.dumps({"technology_paid": "0.1", "foreign_invention_countries": [1, 0]})
    assert read(text, tmp_path) == facts
