"""Promises of the clause desk: what is found, what is highlighted, and that nothing else is."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any, get_args
from urllib.parse import unquote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policy_qa.catalogue import (
    ANYBODY,
    FORMS,
    Catalogue,
    Choice,
    Entry,
    Found,
    Node,
    Piece,
    Span,
    Support,
    address,
    citation,
    look_up,
    read_edge,
)
from policy_qa.clauses import DepartmentNames, split
from policy_qa.corpus import Corpus, Holding, load_corpus
from policy_qa.domain import Policy
from policy_qa.errors import UsageError
from policy_qa.rules import Measure, Rules
from policy_qa.statements import StatementKind
from policy_qa.wire import dumps, to_json

CORPUS = load_corpus(Path(__file__).parents[1] / "corpus")
DRAFT = CORPUS.holding("huainan-zjtx-2020-draft")
CATALOGUE = Catalogue(DRAFT, CORPUS.lexicon)
LABELS = [clause.label for clause in DRAFT.policy.clauses]
NOTHING = "没有同时符合这些条件的条款，请去掉一个条件，或者换一个更短的词再试。"

OTHER_TEXT = """某某市促进工业发展若干措施

一、支持企业上市。对在境内上市的高新技术企业，一次性奖励200万元。（市金融局负责）
二、支持技术改造。对设备投资给予10%的补助，最高不超过500万元。（市工信局负责）
三、支持发明专利。对授权的发明专利每件资助5000元。
四、优化服务。为企业提供帮办代办服务。
"""


def labels(found: Found) -> list[str]:
    return [entry.clause.label for entry in found.entries]


def marked(entry: Entry) -> list[str]:
    return [entry.clause.text[span.start : span.end] for span in entry.marks]


def titles(found: Found) -> list[str]:
    """The supports of the entries, in order."""
    return [support.title for entry in found.entries for support in entry.supports]


def without_rules(text: str, corpus: Corpus = CORPUS) -> Catalogue:
    divided = split("other", text)
    assert divided.certificate.failures == ()
    policy = Policy(
        "other",
        text.splitlines()[0],
        "正式",
        None,
        None,
        None,
        None,
        (),
        "",
        divided.clauses,
        divided.certificate,
    )
    holding = Holding(policy, Rules(policy="other", facts={}, measures=()), DepartmentNames())
    return Catalogue(holding, corpus.lexicon)


# ── by number ───────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("said", "found"),
    [
        ("第13条", ["三（五）13"]),
        ("十三", ["三（五）13"]),
        (" 三(五)13 ", ["三（五）13"]),
        ("三、（五）13.", ["三（五）13"]),
        ("3.5.13", ["三（五）13"]),
        ("三（五）", ["三（五）13", "三（五）14", "三（五）15"]),
        ("第3、4条", ["三（一）3", "三（一）4"]),
        ("序言", ["序言"]),
        ("", []),
        ("瞪羚", []),
        ("18", []),
    ],
)
def test_a_number_finds_its_clauses_in_any_spelling(said: str, found: list[str]) -> None:
    assert [clause.label for clause in look_up(DRAFT.policy.clauses, said)] == found


@pytest.mark.parametrize("label", LABELS)
def test_a_label_finds_its_own_clause_and_no_other(label: str) -> None:
    assert labels(CATALOGUE.find(number=label)) == [label]


def test_a_number_that_does_not_exist_is_answered_with_the_range_there_is() -> None:
    note = "没有您写的条款“第99条”，现有的条款是：序言、一（一）至一（二）、二（一）至二（四）、三 1至17。"
    assert CATALOGUE.find(number="第99条") == Found((), (note,))


def test_a_number_that_fits_several_clauses_says_so() -> None:
    assert CATALOGUE.find(number="三（五）").notes == ("您写的“三（五）”对应几个条款，分别列出。",)


# ── by words ────────────────────────────────────────────────────────────────────────────────────


def test_every_occurrence_of_a_word_is_marked_and_counted() -> None:
    found = CATALOGUE.find(words="贴息")
    assert [(e.clause.label, marked(e), e.why) for e in found.entries] == [
        ("三（一）2", ["贴息", "贴息"], "有 2 处写到“贴息”")
    ]
    assert found.notes == ()


@pytest.mark.parametrize("spelled", ["最高贴息50", "最高贴息５０"])
def test_neither_spaces_nor_width_hide_a_passage(spelled: str) -> None:
    [entry] = CATALOGUE.find(words=spelled).entries
    assert (entry.clause.label, marked(entry)) == ("三（一）2", ["最高贴息 50"])


def test_several_words_must_all_stand_in_the_clause() -> None:
    assert labels(CATALOGUE.find(words="专利 贷款")) == ["三（三）8"]
    assert labels(CATALOGUE.find(words="专利、担保")) == ["三（三）8"]


def test_a_spoken_word_finds_what_the_policy_prints_and_says_so() -> None:
    found = CATALOGUE.find(words="小升规")
    assert [(e.clause.label, marked(e), e.why) for e in found.entries] == [
        ("三（一）2", ["规上工业企业"], "有 1 处写到“小升规”（条文写作“规上工业企业”）")
    ]
    assert found.notes == ("“小升规”也按条文里的说法“规上工业企业”查找。",)


@pytest.mark.parametrize("spelled", ["10 万元", "10万元", "十万元", "100,000元", "100000元", "10w"])
def test_a_sum_is_found_in_every_spelling_and_never_inside_a_longer_one(spelled: str) -> None:
    found = CATALOGUE.find(words=spelled)
    assert [(entry.clause.label, marked(entry)) for entry in found.entries] == [
        ("三（一）2", ["10万元"]),
        ("三（一）4", ["10万元"]),
        ("三（三）9", ["10万元"]),
        ("三（四）12", ["10万元"]),
        ("三（五）13", ["10万元"]),
    ]


def test_a_number_without_a_unit_is_found_in_no_longer_number() -> None:
    assert [(e.clause.label, marked(e)) for e in CATALOGUE.find(words="20").entries] == [
        ("三（一）4", ["20"]),
        ("三（五）14", ["20"]),
        ("三（五）15", ["20"]),
    ]


def test_a_word_of_a_heading_finds_the_clauses_below_it() -> None:
    found = CATALOGUE.find(words="融资难题")
    assert [(e.clause.label, e.marks, e.why) for e in found.entries] == [
        (label, (), "标题里有“融资难题”") for label in ("三（三）8", "三（三）9", "三（三）10")
    ]


def test_a_word_no_clause_holds_finds_nothing_and_says_what_to_do() -> None:
    assert CATALOGUE.find(words="瞪羚") == Found((), (NOTHING,))


# ── by department ───────────────────────────────────────────────────────────────────────────────


def test_a_department_highlights_its_segments_and_nothing_else() -> None:
    found = CATALOGUE.find(department="市科技局")
    assert [(e.clause.label, e.passages, e.why) for e in found.entries] == [
        (
            clause.label,
            tuple(Span(s.start, s.end) for s in clause.segments if "市科技局" in s.departments),
            f"市科技局负责其中 {sum('市科技局' in s.departments for s in clause.segments)} 段",
        )
        for clause in DRAFT.policy.clauses
        if any("市科技局" in s.departments for s in clause.segments)
    ]
    assert labels(found) == ["三（一）3", "三（一）4", "三（六）16"]


def test_the_two_names_of_a_department_find_the_same() -> None:
    assert labels(CATALOGUE.find(department="市教育局")) == ["三（一）3", "三（二）6"]
    assert labels(CATALOGUE.find(department="市教体局")) == ["三（一）3", "三（二）6"]


@pytest.mark.parametrize(
    ("said", "printed"),
    [
        ("科技局", "市科技局"),
        ("淮南市科技局", "市科技局"),
        ("工信局", "市经信局"),
        ("银保监", "淮南银保监分局"),
    ],
)
def test_a_department_is_known_by_its_short_and_its_other_names(said: str, printed: str) -> None:
    assert labels(CATALOGUE.find(department=said)) == labels(CATALOGUE.find(department=printed))


def test_a_department_without_a_duty_is_named() -> None:
    assert CATALOGUE.find(department="市水利局") == Found((), ("没有找到由您说的“市水利局”负责的条款。",))


# ── by what a support is ────────────────────────────────────────────────────────────────────────


def test_a_support_says_for_whom_of_what_kind_how_much_and_whose_it_is() -> None:
    clause = DRAFT.policy.clause("三（三）8")
    assert clause is not None
    [entry] = CATALOGUE.find(audience="担保机构", words="保费补贴").entries
    quote = (
        "对全市政策性融资担保机构开展的省专精特新企业信用担保贷款业务，"
        "鼓励担保机构取消反担保要求，对符合条件的担保机构给予保费补贴"
    )
    start = clause.text.index(quote)
    assert entry.supports[0] == Support(
        measure="guarantee-premium",
        title="融资担保机构保费补贴",
        audiences=("担保机构",),
        kinds=("未写明金额", "补贴"),
        says="条文写的是“对符合条件的担保机构给予保费补贴”，没有写明数额",
        amounts=(),
        span=Span(start, start + len(quote)),
        departments=("市经信局", "市财政局", "各县区", "园区"),
    )


@pytest.mark.parametrize(
    ("audience", "supports"),
    [
        ("小巨人", ["国家专精特新“小巨人”企业奖补"]),
        ("little giant", ["国家专精特新“小巨人”企业奖补"]),
        ("单项冠军企业", ["国家制造业单项冠军企业奖补"]),
        ("担保公司", ["融资担保机构保费补贴", "小微企业融资担保业务降费奖补"]),
        ("学生", ["定向培养生在校学习补助"]),
        ("规上企业", ["新增规上工业企业奖补"]),
        ("重点企业", ["重点工业企业对标诊断费用资助", "首席代办员（服务员）制度"]),
    ],
)
def test_an_audience_finds_the_supports_that_are_for_it(audience: str, supports: list[str]) -> None:
    found = CATALOGUE.find(audience=audience)
    assert titles(found) == supports
    assert found.notes == ()


def test_an_audience_of_no_known_class_is_looked_for_as_it_is_written() -> None:
    found = CATALOGUE.find(audience="在淮企业")
    assert titles(found) == ["购买高校院所先进技术成果补助"]
    assert found.notes == ("“在淮企业”不在常见的对象类别里，已按字面在各项支持的条文里查找。",)


@pytest.mark.parametrize(
    ("kind", "supports"),
    [
        ("按件", ["已授权中国发明专利资助", "已授权国外发明专利资助", "市级工业精品奖补"]),
        ("按比例", ["购买高校院所先进技术成果补助", "央视“精品安徽”集中宣传推广费补助"]),
        ("贴息", ["流动资金贷款贴息"]),
        ("奖励", ["省股权交易中心专精特新板挂牌奖励", "省股权交易中心挂牌的省级奖励"]),
    ],
)
def test_a_kind_finds_the_supports_reckoned_or_called_so(kind: str, supports: list[str]) -> None:
    assert titles(CATALOGUE.find(kind=kind)) == supports


def test_an_unknown_kind_is_answered_with_the_kinds_there_are() -> None:
    known = "、".join(choice.name for choice in CATALOGUE.facets.kinds)
    assert CATALOGUE.find(kind="免税") == Found((), (f"没有“免税”这一类支持，可以选的有：{known}。",))


def test_every_kind_of_benefit_and_of_statement_has_a_form() -> None:
    union = get_args(Measure.model_fields["benefit"].annotation)
    kinds = {get_args(benefit.model_fields["kind"].annotation)[0] for benefit in union}
    assert kinds | set(get_args(StatementKind)) == {*FORMS, "not_award"}


def test_an_amount_range_finds_sums_caps_and_sums_a_piece_with_both_edges_in_it() -> None:
    found = CATALOGUE.find(low=Decimal(10_000), high=Decimal(20_000))
    assert titles(found) == ["已授权中国发明专利资助", "已授权国外发明专利资助"]
    assert [marked(entry) for entry in found.entries] == [["1 万元", "2 万元"]]
    assert titles(CATALOGUE.find(low=Decimal(1_000_000))) == ["购买高校院所先进技术成果补助"]
    assert titles(CATALOGUE.find(low=Decimal(1_000_001))) == []


def test_only_the_party_whose_sum_lies_in_the_range_is_found_of_a_paired_list() -> None:
    found = CATALOGUE.find(words="智能工厂", low=Decimal(300_000), high=Decimal(300_000))
    assert titles(found) == ["市级数字化车间奖补"]
    assert marked(found.entries[0]) == ["智能工厂", "30万元", "智能工厂"]


# ── filters together ────────────────────────────────────────────────────────────────────────────


def test_filters_about_a_support_and_its_department_are_met_by_one_support() -> None:
    assert labels(CATALOGUE.find(number="3", department="市商务局")) == ["三（一）3"]
    assert labels(CATALOGUE.find(number="3", kind="按件")) == ["三（一）3"]
    assert labels(CATALOGUE.find(number="3", department="市商务局", kind="按件")) == []
    assert titles(CATALOGUE.find(department="市市场监管局", kind="按件")) == [
        "已授权中国发明专利资助",
        "已授权国外发明专利资助",
    ]


def test_without_a_filter_the_whole_policy_is_listed_without_a_highlight() -> None:
    found = CATALOGUE.find(number=" ", words="", department=None)
    assert labels(found) == LABELS
    assert [entry.pieces for entry in found.entries] == [
        (Piece(clause.text, passage=False, mark=False),) for clause in DRAFT.policy.clauses
    ]
    assert {entry.why for entry in found.entries} == {""}


def test_a_passage_and_a_mark_cut_the_text_into_pieces() -> None:
    [entry] = CATALOGUE.find(words="流动资金", kind="贴息").entries
    text = entry.clause.text
    start, end = text.index("对省认定"), text.index("。对国家认定")
    word = text.index("流动资金")
    assert entry.pieces == (
        Piece(text[:start], passage=False, mark=False),
        Piece(text[start:word], passage=True, mark=False),
        Piece("流动资金", passage=True, mark=True),
        Piece(text[word + 4 : end], passage=True, mark=False),
        Piece(text[end:], passage=False, mark=False),
    )


SAID = st.sampled_from(["", "专精特新", "50万元", "企业 专利", "市经信局", "补助", "定额", "三（一）"])
TEXT = st.one_of(st.none(), SAID, st.text(max_size=8))
SUM = st.one_of(st.none(), st.sampled_from([Decimal(n) for n in (0, 10_000, 100_000, 10**6)]))


@st.composite
def filters(draw: st.DrawFn) -> dict[str, Any]:
    chosen: dict[str, Any] = {
        name: draw(TEXT) for name in ("number", "words", "department", "audience", "kind")
    }
    low, high = draw(SUM), draw(SUM)
    if low is not None and high is not None:
        low, high = min(low, high), max(low, high)
    return {**chosen, "low": low, "high": high}


@settings(max_examples=150, deadline=None)
@given(filters())
def test_highlights_are_in_order_within_the_text_and_lose_none_of_it(chosen: dict[str, Any]) -> None:
    for entry in CATALOGUE.find(**chosen).entries:
        for spans in (entry.passages, entry.marks):
            edges = [edge for span in spans for edge in (span.start, span.end)]
            assert edges == sorted(edges)
            assert all(0 <= span.start < span.end <= len(entry.clause.text) for span in spans)
        assert "".join(piece.text for piece in entry.pieces) == entry.clause.text


@settings(max_examples=150, deadline=None)
@given(filters(), st.sampled_from(["number", "words", "department", "audience", "kind", "low", "high"]))
def test_a_further_filter_never_adds_a_clause(chosen: dict[str, Any], dropped: str) -> None:
    narrow = labels(CATALOGUE.find(**chosen))
    wide = labels(CATALOGUE.find(**{**chosen, dropped: None}))
    assert [label for label in wide if label in narrow] == narrow


@settings(max_examples=50, deadline=None)
@given(filters())
def test_what_is_found_is_json(chosen: dict[str, Any]) -> None:
    found = CATALOGUE.find(**chosen)
    read = json.loads(dumps(to_json(found)))
    assert [entry["clause"]["text"] for entry in read["entries"]] == [e.clause.text for e in found.entries]


# ── wrong use ───────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("said", "amount"),
    [("50万", Decimal(500_000)), ("1.5亿元", Decimal(150_000_000)), ("五千", Decimal(5000)), ("  ", None)],
)
def test_an_edge_is_read_as_people_write_sums(said: str, amount: Decimal | None) -> None:
    assert read_edge(said) == amount


@pytest.mark.parametrize("said", ["很多", "10万到20万", "-5万", "20%", "五件"])
def test_an_edge_that_is_no_sum_is_refused_with_an_example(said: str) -> None:
    with pytest.raises(UsageError) as refused:
        read_edge(said)
    assert str(refused.value) == f"金额“{said}”看不懂，请写成一个金额，例如 50万 或 500000。"


def test_a_range_upside_down_is_refused() -> None:
    with pytest.raises(UsageError) as refused:
        CATALOGUE.find(low=Decimal(500_000), high=Decimal(100_000))
    assert str(refused.value) == "最低金额50万元比最高金额10万元还大，请把两个金额对调后再试。"


@pytest.mark.parametrize("name", ["number", "words", "department", "audience", "kind"])
def test_a_filter_of_endless_length_is_refused(name: str) -> None:
    overlong: dict[str, Any] = {name: "一" * 201}
    with pytest.raises(UsageError) as refused:
        CATALOGUE.find(**overlong)
    assert str(refused.value) == "要查的内容太长，请缩短到 200 字以内再试。"


# ── facets and tree ─────────────────────────────────────────────────────────────────────────────


def test_every_choice_finds_as_many_clauses_as_it_counts() -> None:
    facets = CATALOGUE.facets
    counted = [
        *((choice, labels(CATALOGUE.find(department=choice.name))) for choice in facets.departments),
        *((choice, labels(CATALOGUE.find(audience=choice.name))) for choice in facets.audiences),
        *((choice, labels(CATALOGUE.find(kind=choice.name))) for choice in facets.kinds),
    ]
    assert [(choice.name, choice.count) for choice, _ in counted] == [
        (choice.name, len(found)) for choice, found in counted
    ]
    assert min(choice.count for choice, _ in counted) >= 1


def test_the_facets_name_departments_once_kinds_by_form_and_the_range_of_sums() -> None:
    facets = CATALOGUE.facets
    printed = [name for name in DRAFT.departments() if name != "市教体局"]
    assert [choice.name for choice in facets.departments] == printed
    assert facets.departments[printed.index("市教育局")] == Choice("市教育局", 2, ("市教体局",))
    assert [choice.name for choice in facets.kinds] == [
        *("定额", "按比例", "按件", "只写最高额", "未写明金额", "服务"),
        *("奖补", "贴息", "补助", "资助", "优惠", "补贴", "奖励"),
    ]
    assert (facets.lowest, facets.highest) == (Decimal(10_000), Decimal(1_000_000))


def outline(nodes: Sequence[Node], depth: int = 0) -> Iterator[str]:
    for node in nodes:
        yield f"{'  ' * depth}{node.title} {node.number} {'' if node.clause is None else '*'}".rstrip()
        yield from outline(node.children, depth + 1)


def test_the_tree_is_the_policy_in_print_order() -> None:
    assert list(outline(CATALOGUE.tree))[:12] == [
        "序言 序言 *",
        "一、总体要求 一",
        "  （一）指导思想 一（一） *",
        "  （二）发展目标 一（二） *",
        "二、发展路径 二",
        "  （一）坚持专业化发展 二（一） *",
        "  （二）坚持精品化发展 二（二） *",
        "  （三）坚持特色化发展 二（三） *",
        "  （四）坚持创新化发展 二（四） *",
        "三、重点任务 三",
        "  （一）提升综合实力 三（一）",
        "    1.建立中小企业梯度培育机制 三（一）1 *",
    ]
    assert [line.strip().split()[-2] for line in outline(CATALOGUE.tree) if line.endswith("*")] == LABELS


def test_the_number_of_a_heading_finds_the_clauses_below_it() -> None:
    def check(node: Node) -> Iterator[tuple[str | None, list[str], list[str]]]:
        below = [one for child in node.children for one in clauses_of(child)]
        if node.clause is None:
            yield node.number, labels(CATALOGUE.find(number=node.number)), below
        for child in node.children:
            yield from check(child)

    checked = [one for node in CATALOGUE.tree for one in check(node)]
    # 「一」 and 「二」 alone are also the items 1 and 2.
    assert [(number, [label for label in found if label in below]) for number, found, below in checked] == [
        (number, below) for number, _, below in checked
    ]
    assert len(checked) == 9


def clauses_of(node: Node) -> Iterator[str]:
    if node.clause is not None:
        yield node.clause
    for child in node.children:
        yield from clauses_of(child)


def test_articles_that_run_through_chapters_keep_their_order_and_chapters_have_no_number() -> None:
    text = "某某办法\n\n第一章 总则\n第一条 为了规范，制定本办法。\n第二章 支持\n第二条 给予奖励10万元。\n"
    tree = without_rules(text).tree
    assert [(n.number, n.clause, [below.clause for below in n.children]) for n in tree] == [
        (None, None, ["第一条"]),
        (None, None, ["第二条"]),
    ]


# ── a policy without rules ──────────────────────────────────────────────────────────────────────


def test_without_rules_the_supports_are_read_from_the_text_and_that_is_said() -> None:
    catalogue = without_rules(OTHER_TEXT)
    found = catalogue.find(low=Decimal(0))
    supports = [support for entry in found.entries for support in entry.supports]
    assert [(s.measure, s.kinds, s.says, s.amounts, s.audiences) for s in supports] == [
        (None, ("定额", "奖励"), "200万元", (Decimal(2_000_000),), ("高新技术企业",)),
        (None, ("按比例", "补助"), "10%，最高500万元", (Decimal(5_000_000),), (ANYBODY,)),
        (None, ("按件", "资助"), "每件5000元", (Decimal(5000),), (ANYBODY,)),
    ]
    assert found.notes == (
        "这份政策还没有核对过的支持清单，对象和金额是程序直接从条文里读出来的，可能有错漏，请对照原文。",
    )
    assert labels(catalogue.find(kind="按比例", department="工信局")) == ["二"]
    assert labels(catalogue.find(words="帮办")) == ["四"]


# ── how a clause is named ───────────────────────────────────────────────────────────────────────


def test_a_draft_is_called_a_draft_in_every_citation() -> None:
    title = "关于进一步发挥专精特新排头兵作用促进中小企业高质量发展的实施意见"
    assert [citation(DRAFT.policy, clause) for clause in DRAFT.policy.clauses] == [
        f"《{title}》（征求意见稿）{label}" for label in LABELS
    ]
    named_so = replace(DRAFT.policy, title=f"{title}（征求意见稿）")
    assert citation(named_so, DRAFT.policy.clauses[0]) == f"《{title}》（征求意见稿）序言"


def test_a_title_within_a_title_has_single_marks() -> None:
    issued = replace(DRAFT.policy, status="正式", title="关于印发《若干措施》的通知")
    assert citation(issued, DRAFT.policy.clauses[0]) == "《关于印发〈若干措施〉的通知》序言"


@pytest.mark.parametrize("label", [*LABELS, "附件1/三（一）"])
def test_an_address_is_ascii_and_one_segment_that_reads_back_as_the_label(label: str) -> None:
    path = address(DRAFT.policy, replace(DRAFT.policy.clauses[0], label=label))
    assert path.isascii()
    assert [unquote(part) for part in path.split("/")] == ["", "clauses", DRAFT.policy.id, label]
