"""What money.py reads: spellings, units, bounds, parties, lists, and what it must leave alone."""

from __future__ import annotations

import time
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policy_qa.money import (
    Figure,
    FigureBound,
    FigureKind,
    chinese_number,
    figures,
    paired,
    parse_amount,
    plain,
    spell,
    two_parties,
)
from policy_qa.text import fold


def one(text: str) -> Figure:
    found = figures(text)
    assert len(found) == 1, found
    return found[0]


def whole(
    text: str,
    kind: FigureKind,
    value: str,
    unit: str,
    *,
    upper: str | None = None,
    bound: FigureBound = "exact",
    per: str | None = None,
) -> Figure:
    """The figure that is all of ``text``."""
    high = None if upper is None else Decimal(upper)
    return Figure(text, 0, len(text), kind, Decimal(value), high, unit, bound, per)


def brief(text: str) -> list[tuple[str, str, Decimal]]:
    return [(figure.text, figure.kind, figure.value) for figure in figures(text)]


@pytest.mark.parametrize(
    ("text", "yuan"),
    [
        ("10万元", "100000"),
        ("５０ 万元", "500000"),
        ("50 万\n\n元", "500000"),
        ("1 万元", "10000"),
        ("1.5亿", "150000000"),
        ("1.5万亿元", "1500000000000"),
        ("1 亿 2000 万元", "120000000"),
        ("一千二百五十万元", "12500000"),
        ("五百万零三千元", "5003000"),
        ("四十万零五千元", "405000"),
        ("三十万零五千", "305000"),
        ("一亿零三十万", "100300000"),
        ("3,456,789元", "3456789"),
        ("3，456，789元", "3456789"),
        ("9,999,990元", "9999990"),
        ("1,200万元", "12000000"),
        ("300w", "3000000"),
        ("30W", "300000"),
        ("50.8w", "508000"),
        ("50k", "50000"),
        ("两百万", "2000000"),
        ("一百二十万", "1200000"),
        ("三万五", "35000"),
        ("三万五元", "35000"),
        ("三万零五元", "30005"),
        ("1万2", "12000"),
        ("3万5千元", "35000"),
        ("一亿三", "130000000"),
        ("三百来万", "3000000"),
        ("300多万", "3000000"),
        ("5万余元", "50000"),
        ("十几万", "100000"),
        ("一点五亿", "150000000"),
        ("十二点五万", "125000"),
        ("10块", "10"),
        ("10 块钱", "10"),
        ("五块五", "5.5"),
        ("3元5角", "3.5"),
        ("15个亿", "1500000000"),
        ("三个亿元", "300000000"),
        ("壹拾万元", "100000"),
        ("叁佰伍拾万元整"[:-1], "3500000"),
        ("百万元", "1000000"),
        ("¥5,000", "5000"),
        ("￥ 3万", "30000"),
        ("RMB 2.5m", "2500000"),
        ("3 million yuan", "3000000"),
        ("1.2 million", "1200000"),
        ("500k yuan", "500000"),
        ("two hundred thousand yuan", "200000"),
        ("-50万元", "-500000"),
        ("负五十万", "-500000"),
        ("0.5万元", "5000"),
        ("345678.9元", "345678.9"),
        ("10 0万元", "1000000"),
        ("1 00 万元", "1000000"),
        ("3 000元", "3000"),
    ],
)
def test_a_sum_in_any_spelling_is_its_yuan(text: str, yuan: str) -> None:
    assert figures(text) == (whole(text, "money", yuan, "元"),)
    assert parse_amount(text) == Decimal(yuan)


@pytest.mark.parametrize(
    ("text", "share"),
    [
        ("10%", "0.1"),
        ("10％", "0.1"),
        ("2‰", "0.002"),
        ("百分之十", "0.1"),
        ("百分之五点五", "0.055"),
        ("百分之百", "1"),
        ("千分之二", "0.002"),
        ("三成", "0.3"),
        ("三成五", "0.35"),
        ("六成", "0.6"),
        ("五折", "0.5"),
        ("八五折", "0.85"),
        ("一半", "0.5"),
        ("10个百分点", "0.1"),
        ("10 percent", "0.1"),
    ],
)
def test_a_share_in_any_spelling_is_its_fraction(text: str, share: str) -> None:
    assert figures(text) == (whole(text, "rate", share, "比例"),)
    assert parse_amount(text) is None


@pytest.mark.parametrize(
    ("text", "value", "unit"),
    [
        ("2个国家", "2", "国家"),
        ("两国", "2", "国"),
        ("三国", "3", "国"),
        ("3件", "3", "件"),
        ("五项", "5", "项"),
        ("100户", "100", "户"),
        ("300万户", "3000000", "户"),
        ("2.5件", "2.5", "件"),
        ("半件", "0.5", "件"),
        ("半个", "0.5", "个"),
        ("一年半", "1.5", "年"),
        ("一个半月", "1.5", "月"),
        ("负2个", "-2", "个"),
        ("20余家", "20", "家"),
        ("10个工作日", "10", "工作日"),
        ("3个月", "3", "月"),
        ("60㎡", "60", "平方米"),
        ("60m²", "60", "平方米"),
        ("5万m³", "50000", "立方米"),
        ("100千瓦时", "100", "千瓦时"),
        ("three patents", "3", "patent"),
        ("two countries", "2", "country"),
        ("2 foreign patents", "2", "patent"),
        ("3 granted Chinese invention patents", "3", "patent"),
    ],
)
def test_a_count_keeps_its_measure_word(text: str, value: str, unit: str) -> None:
    assert figures(text) == (whole(text, "count", value, unit),)


def test_a_measure_word_before_another_noun_is_the_unit() -> None:
    assert figures("3个工业精品") == (Figure("3个", 0, 2, "count", Decimal(3), None, "个", "exact", None),)
    assert figures("俩工厂") == (Figure("俩", 0, 1, "count", Decimal(2), None, "个", "exact", None),)


@pytest.mark.parametrize(
    ("text", "kind", "low", "high", "unit"),
    [
        ("1-2户", "count", "1", "2", "户"),
        ("10-20万", "money", "100000", "200000", "元"),
        ("10万至20万元", "money", "100000", "200000", "元"),
        ("30万—50万元", "money", "300000", "500000", "元"),
        ("5000-1万元", "money", "5000", "10000", "元"),
        ("500～1000万元", "money", "5000000", "10000000", "元"),
        ("三至五百万", "money", "3000000", "5000000", "元"),
        ("三十到五十万", "money", "300000", "500000", "元"),
        ("两三百万", "money", "2000000", "3000000", "元"),
        ("七八个", "count", "7", "8", "个"),
        ("三到五个", "count", "3", "5", "个"),
        ("5%-10%", "rate", "0.05", "0.1", "比例"),
        ("5-10%", "rate", "0.05", "0.1", "比例"),
        ("百分之五至十", "rate", "0.05", "0.1", "比例"),
        ("2022—2025年", "year", "2022", "2025", "年"),
        ("1-3月", "date", "1", "3", ""),
    ],
)
def test_a_range_is_one_figure(text: str, kind: FigureKind, low: str, high: str, unit: str) -> None:
    assert figures(text) == (whole(text, kind, low, unit, upper=high),)


@pytest.mark.parametrize(
    ("text", "kind", "value", "unit"),
    [
        ("〔2020〕4号", "label", "4", "号"),
        ("第13条", "label", "13", "条"),
        ("第十三条", "label", "13", "条"),
        ("第99条", "label", "99", "条"),
        ("2022年", "year", "2022", "年"),
        ("二〇二二年", "year", "2022", "年"),
        ("2022年3月5日", "date", "20220305", ""),
        ("2022-03-05", "date", "20220305", ""),
        ("12月31日", "date", "1231", ""),
        ("12月", "date", "12", ""),
        ("5G", "label", "5", ""),
        ("四个一百", "label", "4", ""),
    ],
)
def test_dates_and_references_are_no_amounts(text: str, kind: FigureKind, value: str, unit: str) -> None:
    assert figures(text) == (whole(text, kind, value, unit),)
    assert parse_amount(text) is None


@pytest.mark.parametrize(
    "text",
    [
        "给予一次性奖补，按一定比例，一些、一批企业一起统一办理",
        "第一、唯一的一带一路、一企一策、一法一条例、一事一议",
        "党的十九大和十九届二中、三中、四中全会，十三五规划",
        "两化融合、三品示范、三首产品、三样东西、四送一服、“四基”领域",
        "基础零部件、元器件、队伍、大陆、十分重要、三位一体",
        "①支持企业②减税㈠总则",
        "上一年度与同一项目，上半年半导体",
        "咱俩",
        "能拿几万、百分之几",
    ],
)
def test_numerals_inside_words_are_no_figures(text: str) -> None:
    assert figures(text) == ()


@pytest.mark.parametrize(
    ("text", "labels"),
    [
        ("“四个一百”培育行动", ["四个一百"]),
        ("“千家百亿”融资行动", ["千家", "百亿"]),
        ("“万名税干进万企”活动", ["万名", "万"]),
        ("“千名行长进万企”", ["千名", "万"]),
        ("百名优秀民营企业", ["百名"]),
        ("打造“百年老店”", ["百年"]),
        ("业态创新“四条路径”", ["四条"]),
        ("（皖政办〔2020〕4 号）", ["〔2020〕4 号"]),
        ("ISO9001认证、工业4K", ["9001", "4K"]),
        ("clause 13", ["13"]),
        ("负责）\n2.支持企业", ["2"]),
    ],
)
def test_names_and_headings_are_labels(text: str, labels: list[str]) -> None:
    assert [figure.text for figure in figures(text)] == labels
    assert {figure.kind for figure in figures(text)} == {"label"}


@pytest.mark.parametrize(
    ("text", "bounds"),
    [
        ("最高贴息50万元", ["max"]),
        ("最高不超过 50万元", ["max"]),
        ("最高可达 100万元", ["max"]),
        ("最高可给予20万元的费用资助", ["max"]),
        ("奖补总额不超过20万元", ["max"]),
        ("一户最高不超50万", ["exact", "max"]),
        ("不超100万元", ["max"]),
        ("上限是30万", ["max"]),
        ("顶格补5万", ["max"]),
        ("最多资助2个国家", ["max"]),
        ("10万元以内", ["max"]),
        ("10万元（含）以下", ["max"]),
        ("50万封顶", ["max"]),
        ("低于5000元的", ["max"]),
        ("up to RMB 500,000", ["max"]),
        ("不低于10万元", ["min"]),
        ("不少于500家", ["min"]),
        ("至少3件", ["min"]),
        ("20名以\n上", ["min"]),
        ("10万元起", ["min"]),
        ("超过1年", ["min"]),
        ("at least 10 percent", ["min"]),
        ("最高 10万元、5万元", ["max", "max"]),
        ("分别给予不少于10万元、5万元、3万元奖励", ["min", "min", "min"]),
        ("营业收入1亿元以上的企业最高50万元", ["min", "max"]),
        ("给予30%补助，最高不超过50万元", ["exact", "max"]),
        ("最高奖励，另给10万元", ["exact"]),
        ("超过部分另奖10万元", ["exact"]),
        ("最低生活保障为500元", ["exact"]),
        ("县级以上企业10万元", ["exact"]),
        ("10万元以下简称奖金", ["exact"]),
        ("30日内", ["max"]),
        ("省内10万元内部", ["exact"]),
    ],
)
def test_a_bound_word_in_the_same_phrase_bounds_the_figure(text: str, bounds: list[FigureBound]) -> None:
    assert [figure.bound for figure in figures(text)] == bounds


@pytest.mark.parametrize(
    ("text", "parties"),
    [
        ("每件资助 1 万元", ["件"]),
        ("每户企业最高贴息50万元", ["户"]),
        ("每个给予一次性奖补 10万元", ["个"]),
        ("单个重点工业企业最高20万元", ["企业"]),
        ("单个最高给企业20万元", ["个"]),
        ("单个企业奖补总额不超过 20万元", ["企业"]),
        ("给予每个企业2500元的参展补助", ["企业"]),
        ("每个展位补助5000元", ["展位"]),
        ("新认定的工业精品，每个给予奖补10万元", ["个"]),
        ("每年每户企业最高50万元", ["户·年"]),
        ("每床每月补助200元", ["床·月"]),
        ("每生每年补助3000元", ["生·年"]),
        ("限额为每个项目3万元", ["项目"]),
        ("每户分别给予一次性奖补50 万元", ["户"]),
        ("每项发明专利最多资助2个国家", ["项"]),
        ("每年组织20名以上", ["年"]),
        ("每人每月1500元", ["人·月"]),
        ("每件1万元、2万元", ["件", "件"]),
        ("每新增1户奖励5万元", [None, "户"]),
        ("一个企业最高奖励50万元", [None, "企业"]),
        ("1万元一件", ["件"]),
        ("10,000 yuan per patent", ["patent"]),
        ("每件资助1万元，另奖2万元", ["件", None]),
    ],
)
def test_the_party_of_a_sum_is_found_in_its_phrase(text: str, parties: list[str | None]) -> None:
    assert [figure.per for figure in figures(text)] == parties


@pytest.mark.parametrize(
    ("text", "value", "unit", "per"),
    [
        ("100元/亩", "100", "元/亩", "亩"),
        ("10万元/户", "100000", "元/户", "户"),
        ("20元/平方米·月", "20", "元/平方米·月", "平方米·月"),
        ("2万元每户", "20000", "元/户", "户"),
    ],
)
def test_a_price_keeps_what_it_is_for(text: str, value: str, unit: str, per: str) -> None:
    assert figures(text) == (whole(text, "money", value, unit, per=per),)


def test_foreign_money_is_no_yuan() -> None:
    assert figures("6500 万美元") == (whole("6500 万美元", "money", "65000000", "美元"),)
    assert figures("$5m") == (whole("$5m", "money", "5000000", "美元"),)
    assert parse_amount("5万美元") is None


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("3 5", [("3", "number", Decimal(3)), ("5", "number", Decimal(5))]),
        ("十万二十万", [("十万", "money", Decimal(100000)), ("二十万", "money", Decimal(200000))]),
        ("10万3个", [("10万", "money", Decimal(100000)), ("3个", "count", Decimal(3))]),
        ("奖十万三户", [("十万", "money", Decimal(100000)), ("三户", "count", Decimal(3))]),
        ("付了两千八", [("两千八", "number", Decimal(2800))]),
        ("从5万到3万", [("5万", "money", Decimal(50000)), ("3万", "money", Decimal(30000))]),
        (
            "50、30、10万元",
            [
                ("50", "money", Decimal(500000)),
                ("30", "money", Decimal(300000)),
                ("10万元", "money", Decimal(100000)),
            ],
        ),
        (
            "国外1、2、5个国家",
            [("1", "count", Decimal(1)), ("2", "count", Decimal(2)), ("5个国家", "count", Decimal(5))],
        ),
        ("两项发明各2个国家", [("两项", "count", Decimal(2)), ("2个国家", "count", Decimal(2))]),
        ("真金白银付了二百六十万", [("二百六十万", "money", Decimal(2600000))]),
        ("合同总价一千二百万", [("一千二百万", "money", Decimal(12000000))]),
        ("电话0554-6678901", [("0554", "number", Decimal(554)), ("6678901", "number", Decimal(6678901))]),
        ("- 3件", [("3件", "count", Decimal(3))]),
    ],
)
def test_neighbouring_figures_stay_apart(text: str, found: list[tuple[str, str, Decimal]]) -> None:
    assert brief(text) == found


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("一百二", "120"),
        ("一百一", "110"),
        ("一百零二", "102"),
        ("两千八", "2800"),
        ("十二", "12"),
        ("三十", "30"),
        ("二〇二二", "2022"),
        ("五百万零三千", "5003000"),
        ("一万零五十", "10050"),
        ("负两千八", "-2800"),
        ("1.5亿", "150000000"),
        ("半", "0.5"),
        ("零", "0"),
        ("３２", "32"),
    ],
)
def test_a_bare_numeral_has_a_value(text: str, value: str) -> None:
    assert chinese_number(text) == Decimal(value)


@pytest.mark.parametrize("text", ["", " ", "三件", "3 5", "两三百", "万元", "abc", "-", "百分之五"])
def test_what_is_not_one_numeral_has_no_value(text: str) -> None:
    assert chinese_number(text) is None


@pytest.mark.parametrize("text", ["", "没有钱", "3件", "10%", "10万到20万", "10万和20万", "3 5", "我有12"])
def test_what_is_not_one_sum_is_no_amount(text: str) -> None:
    assert parse_amount(text) is None


@pytest.mark.parametrize(
    ("text", "yuan"),
    [("345678.9", "345678.9"), ("三十", "30"), ("两千八", "2800"), ("约300万左右", "3000000")],
)
def test_an_amount_may_lack_its_unit(text: str, yuan: str) -> None:
    assert parse_amount(text) == Decimal(yuan)


@pytest.mark.parametrize(
    ("text", "pairs"),
    [
        (
            "对新认定的市级智能工厂、数字化车间、智能化产品的企业，分别给予奖补 50万元、30万元、10万元",
            [("新认定的市级智能工厂", "50万元"), ("数字化车间", "30万元"), ("智能化产品", "10万元")],
        ),
        (
            "对在国家级、省级媒体进行广告宣传的专精特新企业，按规定给予最高 10万元、5万元补助。",
            [("国家级", "10万元"), ("省级", "5万元")],
        ),
        ("国家级和省级媒体分别给予10万元和5万元", [("国家级", "10万元"), ("省级", "5万元")]),
        (
            "一、二、三等奖分别给予10万元、5万元、3万元",
            [("一等奖", "10万元"), ("二等奖", "5万元"), ("三等奖", "3万元")],
        ),
        (
            "对入选国际人才（A类，下同）、国家人才（B类）的企业，分别给予500万元、200万元",
            [("国际人才", "500万元"), ("国家人才", "200万元")],
        ),
        ("对国家级、省级平台，给予10万元、5万元、3万元", []),
        ("按规定和程序给予最高10万元、5万元", []),
        ("国家级、省级。给予10万元、5万元", []),
        ("给予10万元", []),
        ("", []),
    ],
)
def test_listed_figures_are_paired_with_their_parties_in_order(
    text: str, pairs: list[tuple[str, str]]
) -> None:
    assert [(party, figure.text) for party, figure in paired(text)] == pairs


@pytest.mark.parametrize(
    ("before", "parties"),
    [
        ("对国家级小巨人和单项冠军企业，每户分别给予奖补", ("国家级小巨人", "单项冠军企业")),
        ("对省级、市级、区级平台，分别给予", ()),
        ("给予", ()),
        ("", ()),
    ],
)
def test_the_two_that_get_one_sum_each_are_named(before: str, parties: tuple[str, ...]) -> None:
    assert two_parties(before) == parties


def test_a_limit_that_a_sum_is_called_is_a_bound() -> None:
    assert [figure.bound for figure in figures("每个项目支持限额3万元；限额以上企业奖励3万元")] == [
        "max",
        "exact",
    ]


def test_a_pair_keeps_the_bound_its_list_shares() -> None:
    text = "在国家级、省级媒体宣传的企业，按规定给予最高10万元、5万元补助"
    assert [figure for _, figure in paired(text)] == list(figures(text))
    assert [figure.bound for figure in figures(text)] == ["max", "max"]


@pytest.mark.parametrize(
    ("amount", "spelled", "json"),
    [
        ("500000", "50万元", "500000"),
        ("345678.9", "345678.9元", "345678.9"),
        ("3456000", "345.6万元", "3456000"),
        ("120000000", "1.2亿元", "120000000"),
        ("1666666.67", "1666666.67元", "1666666.67"),
        ("0", "0元", "0"),
        ("-0.00", "0元", "0"),
        ("5E+5", "50万元", "500000"),
        ("-500000", "-50万元", "-500000"),
        ("12500.00", "1.25万元", "12500"),
        ("9999990", "9999990元", "9999990"),
    ],
)
def test_an_amount_is_spelled_as_people_read_it_and_never_rounded(
    amount: str, spelled: str, json: str
) -> None:
    assert (spell(Decimal(amount)), plain(Decimal(amount))) == (spelled, json)


@given(st.decimals(min_value=Decimal("-1e12"), max_value=Decimal("1e13"), places=2))
def test_what_is_spelled_reads_back_exactly(amount: Decimal) -> None:
    figure = one(spell(amount))
    assert (figure.kind, figure.unit, figure.value) == ("money", "元", amount)
    assert Decimal(plain(amount)) == amount


def test_every_figure_of_the_huainan_draft_is_read_with_its_bound_and_party() -> None:
    corpus = Path(__file__).parents[1] / "corpus"
    text = (corpus / "huainan-zjtx-2020-draft" / "text.txt").read_text(encoding="utf-8")
    read = [
        (fold(figure.text), figure.bound, figure.per) for figure in figures(text) if figure.kind != "label"
    ]
    assert read == [
        ("2022年", "exact", None),
        ("100户", "exact", None),
        ("100户", "exact", None),
        ("10户", "exact", None),
        ("1-2户", "exact", None),
        ("10万元", "exact", None),
        ("50万元", "max", "户"),
        ("50万元", "exact", "户"),
        ("10%", "exact", None),
        ("100万元", "max", "企业"),
        ("1万元", "exact", "件"),
        ("2万元", "exact", "件"),
        ("2个国家", "max", "项"),
        ("50万元", "exact", None),
        ("10万元", "exact", "个"),
        ("20万元", "max", "企业"),
        ("90家", "exact", "年"),
        ("15亿元", "exact", None),
        ("10万元", "exact", None),
        ("50万元", "exact", None),
        ("30万元", "exact", None),
        ("10万元", "exact", None),
        ("30%", "exact", None),
        ("50万元", "max", None),
        ("10万元", "max", None),
        ("5万元", "max", None),
        ("50万元", "exact", None),
        ("20万元", "max", "企业"),
        ("20名", "min", "年"),
    ]


def in_chinese(number: int) -> str:
    """The formal Chinese numeral, written independently of the reader."""
    if number < 10_000:
        return _section(number)
    for unit, name in ((10**8, "亿"), (10**4, "万")):
        if number >= unit:
            high, low = divmod(number, unit)
            rest = "" if low == 0 else in_chinese(low) if low >= unit // 10 else f"零{in_chinese(low)}"
            return f"{in_chinese(high)}{name}{rest}"
    raise AssertionError(number)


def _section(number: int) -> str:
    if number == 0:
        return "零"
    printed, gap = "", False
    for unit, name in ((1000, "千"), (100, "百"), (10, "十"), (1, "")):
        digit, number = divmod(number, unit)
        if digit:
            printed += ("零" if gap and printed else "") + "零一二三四五六七八九"[digit] + name
            gap = False
        else:
            gap = True
    return printed


@given(st.integers(min_value=0, max_value=10**12))
def test_every_formal_chinese_numeral_reads_back(number: int) -> None:
    assert chinese_number(in_chinese(number)) == number
    assert one(f"付了{in_chinese(number)}元").value == number


FRAGMENTS = st.sampled_from(
    [
        *"0123456789.,，%‰-~至、/一二两三十百千万亿零点半俩成折个元块件户年月日第负¥每起 \n①㎡m",
        "百分之",
        "million",
        "one ",
    ]
)


@given(st.one_of(st.text(max_size=60), st.lists(FRAGMENTS, max_size=40).map("".join)))
@settings(max_examples=600)
def test_any_text_is_read_without_fault_and_each_figure_is_its_span(text: str) -> None:
    found = figures(text)
    assert [text[figure.start : figure.end] for figure in found] == [figure.text for figure in found]
    edges = [edge for figure in found for edge in (figure.start, figure.end)]
    assert edges == sorted(edges)
    assert all(figure.text.strip() == figure.text != "" for figure in found)
    assert all(figure.value.is_finite() for figure in found)
    assert parse_amount(text) is None or len(found) >= 0
    assert all(figure in found for _, figure in paired(text))


@given(st.lists(FRAGMENTS, max_size=40).map("".join))
def test_no_arabic_figure_is_left_unread(text: str) -> None:
    read = {index for figure in figures(text) for index in range(figure.start, figure.end)}
    printed = [index for index, character in enumerate(text) if character in "0123456789"]
    assert [index for index in printed if index not in read] == []


def seconds(text: str) -> float:
    began = time.process_time()
    figures(text)
    return time.process_time() - began


@pytest.mark.parametrize(
    "unit",
    [
        "每户企业最高贴息 50万元、30万元，",
        "一",
        "1",
        "1,234",
        "万亿",
        "多",
        "million ",
        "第一、",
        "-1",
        "“三条",
        " \n",
        "每",
    ],
)
def test_reading_takes_time_in_proportion_to_the_text(unit: str) -> None:
    small, large = unit * (25_000 // len(unit)), unit * (100_000 // len(unit))
    base = min(seconds(small) for _ in range(2))
    assert min(seconds(large) for _ in range(2)) < 10 * base + 0.05
