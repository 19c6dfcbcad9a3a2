"""Promises about the gate: each kind of true sentence passes, each untrue one is refused with a reason."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path

import pytest

from policy_qa.calculation import calculate, needs, reverse
from policy_qa.corpus import Corpus, load_corpus
from policy_qa.domain import Calculation, Citation, FactValue, Need, Reverse, Sentence
from policy_qa.finding import Finding
from policy_qa.money import Figure, figures
from policy_qa.proof import Draft, Proven, Record, Refusal, prove
from policy_qa.texts import FRAMES, UNPRINTED

CORPUS = load_corpus(Path(__file__).parents[1] / "corpus")
HOLDING = CORPUS.holding("huainan-zjtx-2020-draft")
RULES = HOLDING.rules
TITLE = HOLDING.policy.title
NO_RULES = HOLDING.rules.model_copy(update={"measures": ()})


# ── what sentences are made of ──────────────────────────────────────────────────────────────────


def cite(measure: str) -> Citation:
    """The quote of a measure."""
    rule = RULES.measure(measure)
    return HOLDING.cite_quote(rule.clause, rule.quote)


def segment(measure: str) -> Citation:
    """The whole segment a measure stands in."""
    quoted = cite(measure)
    clause = CORPUS.clause(quoted.policy, quoted.clause)
    whole = clause.segment_at(quoted.start, quoted.end)
    assert whole is not None
    return HOLDING.cite(clause, whole.start, whole.end)


def whole(label: str) -> Citation:
    clause = CORPUS.clause(HOLDING.policy.id, label)
    return HOLDING.cite(clause, 0, len(clause.text))


def span(label: str, quote: str) -> Citation:
    """Any passage of a clause, however badly cut."""
    clause = CORPUS.clause(HOLDING.policy.id, label)
    start = clause.text.index(quote)
    return HOLDING.cite(clause, start, start + len(quote))


def say(frame: str, *citations: Citation, **slots: str) -> Draft:
    return Draft(FRAMES[frame].render(slots), citations)


def record(
    question: str = "",
    measures: Sequence[str] = (),
    facts: Mapping[str, FactValue] | None = None,
    *,
    reversed_: Reverse | None = None,
    readings: tuple[tuple[str, str], ...] = (),
    claims: tuple[str, ...] = (),
    corpus: Corpus = CORPUS,
) -> Record:
    """What was computed for the measures under the facts; ``claims`` are figures of the question."""
    rules = [RULES.measure(measure) for measure in measures]
    stated = facts or {}
    calculation = calculate(rules, stated) if rules else None
    claimed = tuple(figure for figure in figures(question) if figure.text in claims)
    open_needs = needs(rules, stated, RULES)
    return Record(corpus, question, stated, calculation, reversed_, open_needs, readings, claimed)


def item(measure: str, of: Record) -> Draft:
    """The true sentence on one item of a record."""
    assert of.calculation is not None
    found = next(one for one in of.calculation.items if one.measure == measure)
    return say("item", cite(measure), title=found.title, formula=found.formula, label=found.clause)


def items(of: Record) -> tuple[Draft, ...]:
    assert of.calculation is not None
    return tuple(item(one.measure, of) for one in of.calculation.items)


def dated(**dates: datetime.date) -> Corpus:
    """The corpus as if its policy printed dates of force."""
    policy = replace(HOLDING.policy, **dates)  # type: ignore[arg-type]
    return Corpus((replace(HOLDING, policy=policy),), CORPUS.lexicon, CORPUS.sha256)


def issued() -> Corpus:
    policy = replace(HOLDING.policy, status="正式")
    return Corpus((replace(HOLDING, policy=policy),), CORPUS.lexicon, CORPUS.sha256)


PAID: dict[str, FactValue] = {"technology_paid": Decimal(2_100_000), "technology_conditions_met": True}
BUYING = record("实际支付210万元，能补多少", ["technology-purchase"], PAID)
GIANT = record("小巨人奖多少", ["little-giant"])
BOTH = record("升规又评上小巨人，一共多少", ["above-scale-new", "little-giant"])
MEDIA = record("两种媒体都投了", ["national-media-ad", "provincial-media-ad"])
BOOTH = record("升规又参展", ["above-scale-new", "exhibition"])
CLOUD = record("对标诊断和登云", ["cloud-migration", "benchmarking-diagnosis"])
FILLED = record(
    "要获得30万元补助，得付多少",
    ["technology-purchase"],
    reversed_=reverse(RULES.measure("technology-purchase"), Decimal(300_000)),
)
CAPPED = record(
    "精品评几个就拿满",
    ["municipal-industrial-product"],
    reversed_=reverse(RULES.measure("municipal-industrial-product"), None),
)
FACTORY = record("市级智能工厂奖10万，听说还能到100万", ["smart-factory"], claims=("10万", "100万"))
PRODUCTS = record(
    "评上1个精品，听说奖20万，每个10万",
    ["municipal-industrial-product"],
    {"municipal_industrial_products": 1},
    claims=("20万", "10万"),
)
SCALE = record("升规是奖10万吧", ["above-scale-new"], claims=("10万",))

GIANT_CLAUSE = "三（一）2"
TECHNOLOGY_CLAUSE = "三（一）3"
BASE = "技术合同成交并实际支付额（依据转账凭证）"
TECHNOLOGY = "购买高校院所先进技术成果补助"


@dataclass(frozen=True)
class Case:
    """One sentence, what it rests on, and what was said before it."""

    name: str
    draft: Draft
    record: Record
    before: tuple[Draft, ...] = ()
    why: str = ""
    """A part of the reason it is refused for; empty for a true sentence."""

    def proven(self) -> Proven:
        return prove((*self.before, self.draft), self.record)


def total(frame: str, of: Record, text: str = "", *, before: tuple[Draft, ...] | None = None) -> Case:
    """The total after its items, with the citations of the items."""
    said = items(of)
    citations = tuple(dict.fromkeys(citation for draft in said for citation in draft.citations))
    marks = "".join(f"〔{label}〕" for label in dict.fromkeys(citation.clause for citation in citations))
    return Case(frame, say(frame, *citations, sum=text, labels=marks), of, said if before is None else before)


TRUE = (
    Case("item", item("technology-purchase", BUYING), BUYING),
    total("total_exact", BOTH, "60万元"),
    total("total_max", MEDIA, "15万元"),
    total("total_min", BOOTH, "10万元"),
    total("total_unknown", CLOUD),
    Case(
        "reverse_rate",
        say(
            "reverse_rate",
            cite("technology-purchase"),
            title=TECHNOLOGY,
            sum="30万元",
            input=BASE,
            value="300万元",
            share="10%",
            label=TECHNOLOGY_CLAUSE,
        ),
        FILLED,
    ),
    Case(
        "reverse_count",
        say(
            "reverse_count",
            cite("municipal-industrial-product"),
            title="市级工业精品奖补",
            sum="20万元",
            value="2个",
            unit="个",
            each="10万元",
            label="三（一）4",
        ),
        CAPPED,
    ),
    Case(
        "reverse_over",
        say(
            "reverse_over",
            cite("technology-purchase"),
            title=TECHNOLOGY,
            sum="100万元",
            claim="150万",
            label=TECHNOLOGY_CLAUSE,
        ),
        record("想拿150万得付多少"),
    ),
    Case(
        "quote",
        say("quote", cite("little-giant"), quote=cite("little-giant").quote, label=GIANT_CLAUSE),
        GIANT,
    ),
    Case(
        "clause", say("clause", whole("一（二）"), quote=whole("一（二）").quote, label="一（二）"), record()
    ),
    Case(
        "departments",
        say("departments", segment("little-giant"), departments="市经信局、市财政局", label=GIANT_CLAUSE),
        GIANT,
    ),
    Case(
        "duty",
        say(
            "duty",
            segment("talent-cost-deduction"),
            department="市税务局",
            titles="全职引进急需人才经费资助、人才开发费用税前列支",
            label="三（二）6",
        ),
        record(),
    ),
    Case(
        "duty_text",
        say(
            "duty_text",
            segment("three-firsts"),
            department="市公管局",
            quote=segment("three-firsts").quote,
            label="三（五）13",
        ),
        record(),
    ),
    Case(
        "assumption",
        say(
            "assumption",
            cite("technology-purchase"),
            assumption="100万元上限是否每年重新计算，条文没有写明",
            label=TECHNOLOGY_CLAUSE,
        ),
        BUYING,
    ),
    Case(
        "failing",
        say("failing", cite("national-media-ad"), condition="专精特新企业", label="三（五）13"),
        record("不是专精特新", ["national-media-ad"], {"zjtx_enterprise": False}),
    ),
    Case("claim_right", say("claim_right", cite("above-scale-new"), claim="10万", label=GIANT_CLAUSE), SCALE),
    Case("claim_wrong", say("claim_wrong", cite("smart-factory"), claim="10万", label="三（四）12"), FACTORY),
    Case(
        "stacking",
        say("stacking", cite("equity-board-listing"), stacking="在省奖励的基础上再奖励", label="三（三）9"),
        record(),
    ),
    Case("payee", say("payee", cite("guarantee-premium"), payee="担保机构", label="三（三）8"), record()),
    Case(
        "unprinted",
        say(
            "unprinted",
            cite("exhibition"),
            unprinted=UNPRINTED["amount"],
            departments="市经信局、市商务局、各县区、园区",
            label="三（五）13",
        ),
        record(),
    ),
    Case(
        "unprinted_alone",
        say("unprinted_alone", whole("序言"), unprinted=UNPRINTED["validity"], label="序言"),
        record(),
    ),
    Case(
        "clause_silent",
        say("clause_silent", whole("序言"), unprinted=UNPRINTED["amount"], label="序言"),
        record(),
    ),
    Case(
        "ask",
        say(
            "ask", cite("little-giant"), ask="企业是不是国家认定的专精特新“小巨人”企业？", label=GIANT_CLAUSE
        ),
        GIANT,
    ),
    Case("several", say("several", said="三（五）"), record("三（五）讲什么")),
    Case(
        "reading",
        say("reading", said="小具人", meant="小巨人"),
        record("小具人奖多少", readings=(("小具人", "小巨人"),)),
    ),
    Case("part_missing", say("part_missing", said="瞪羚企业"), record("小巨人加瞪羚企业", ["little-giant"])),
    Case("not_found", say("not_found", said="瞪羚企业"), record("瞪羚企业奖多少")),
    Case("not_found_plain", say("not_found_plain"), record("瞪羚企业奖多少")),
    Case("elsewhere", say("elsewhere"), record("瞪羚企业奖多少")),
    Case(
        "no_clause",
        say("no_clause", said="第99条", range="序言、一（一）至一（二）、二（一）至二（四）、三 1至17"),
        record("第99条写了什么"),
    ),
    Case("no_department", say("no_department", said="市交通运输局"), record("市交通运输局负责什么")),
    Case("out_of_scope", say("out_of_scope"), record("明天下雨吗")),
    Case("eligibility", say("eligibility"), GIANT),
    Case("eligibility_open", say("eligibility_open"), record("能享受什么", ["little-giant"])),
    Case("empty", say("empty"), record("")),
    Case("no_words", say("no_words"), record("？？")),
    Case("too_long", say("too_long"), record("长" * 3000)),
    Case("impossible", say("impossible", said="-50万元"), record("实际支付-50万元，补多少")),
    Case(
        "lapsed",
        say("lapsed", policy=TITLE),
        record(corpus=dated(in_force_until=datetime.date(2022, 12, 31))),
    ),
    Case("titled", say("titled", policy=TITLE), record()),
    Case(
        "several_policies", say("several_policies"), record(corpus=replace(CORPUS, holdings=(HOLDING,) * 2))
    ),
    Case(
        "unreviewed",
        say("unreviewed", policy=TITLE),
        record(corpus=replace(CORPUS, holdings=(replace(HOLDING, rules=NO_RULES),))),
    ),
    Case("draft", say("draft", policy=TITLE), record()),
    Case(
        "not_in_force",
        say("not_in_force", policy=TITLE),
        record(corpus=dated(in_force_until=datetime.date(2022, 12, 31))),
    ),
)


@pytest.mark.parametrize("case", TRUE, ids=lambda case: case.name)
def test_the_true_sentence_of_each_kind_is_proven(case: Case) -> None:
    proven = case.proven()
    assert proven.refused == ()
    last = proven.sentences[-1]
    cited = tuple(proven.citations[number] for number in last.citations)
    assert (last.text, cited, last.proof) == (case.draft.text, case.draft.citations, FRAMES[case.name].proof)


def test_each_kind_of_sentence_has_a_true_one_here() -> None:
    assert [case.name for case in TRUE] == list(FRAMES)


# ── every way to be untrue ──────────────────────────────────────────────────────────────────────


def false(name: str, draft: Draft, of: Record, why: str, *before: Draft) -> Case:
    return Case(name, draft, of, before, why)


def slot(of: str, **slots: str) -> Draft:
    """The true sentence of a kind with some of its slots filled otherwise."""
    case = next(case for case in TRUE if case.name == of)
    match = FRAMES[of].pattern.fullmatch(case.draft.text)
    assert match is not None
    return replace(case.draft, text=FRAMES[of].render({**match.groupdict(), **slots}))


def of(name: str) -> Record:
    return next(case.record for case in TRUE if case.name == name)


def changed(name: str, what: str, why: str, **slots: str) -> Case:
    case = next(case for case in TRUE if case.name == name)
    return Case(f"{name}: {what}", slot(name, **slots), case.record, case.before, why)


FALSE = (
    # labels, titles, quotes
    changed("item", "another clause", "（label）", label="三（一）2"),
    changed("item", "a clause that is none", "（label）", label="三（一）99"),
    changed("item", "another measure's title", "（title）", title="国家专精特新“小巨人”企业奖补"),
    changed("item", "another digit", "（formula）", formula="210万元 × 10% = 22万元"),
    changed("item", "another unit", "（formula）", formula="210万元 × 10% = 21亿元"),
    changed("item", "another bound", "（formula）", formula="最高210万元 × 10% = 21万元"),
    changed("item", "a bound invented", "（formula）", formula="210万元 × 10% = 21万元，每年都有"),
    false(
        "item: the formula of a measure with the same sum",
        say(
            "item",
            cite("single-champion"),
            title="国家制造业单项冠军企业奖补",
            formula="一次性50万元",
            label=GIANT_CLAUSE,
        ),
        GIANT,
        "（formula）",
    ),
    false("item: nothing was computed", TRUE[0].draft, record(), "（formula）"),
    changed("quote", "a digit", "（quote）", quote=cite("little-giant").quote.replace("50", "60")),
    changed(
        "quote",
        "digits that only fold to the printed ones",
        "（quote）",
        quote=cite("little-giant").quote.replace("50", "5⁰"),
    ),
    changed("quote", "a party", "（quote）", quote=cite("little-giant").quote.replace("国家", "省级")),
    changed("quote", "a piece", "（quote）", quote="每户分别给予一次性奖补 50 万元"),
    changed("quote", "something before", "（quote）", quote="一律" + cite("little-giant").quote),
    changed("clause", "a sentence of it", "（quote）", quote="（二）发展目标。"),
    false(
        "clause: a sentence of it, cited",
        say("clause", span("一（二）", "（二）发展目标。"), quote="（二）发展目标。", label="一（二）"),
        record(),
        "（clause）",
    ),
    false(
        "quote: two citations",
        replace(slot("quote"), citations=(cite("little-giant"), cite("above-scale-new"))),
        GIANT,
        "（label）",
    ),
    # who
    changed("departments", "one left out", "（departments）", departments="市经信局"),
    changed("departments", "one added", "（departments）", departments="市经信局、市财政局、市科技局"),
    changed("departments", "another", "（departments）", departments="市经信局、市科技局"),
    changed("duty", "a department that has none of it", "（department）", department="市科技局"),
    changed("duty", "one left out", "（titles）", titles="全职引进急需人才经费资助"),
    changed(
        "duty",
        "one added",
        "（titles）",
        titles="全职引进急需人才经费资助、人才开发费用税前列支、职称评审绿色通道",
    ),
    changed("duty_text", "a department that has none of it", "（department）", department="市科技局"),
    changed("payee", "another", "（payee）", payee="定向培养生"),
    false(
        "payee: the enterprise's own",
        say("payee", cite("little-giant"), payee="担保机构", label=GIANT_CLAUSE),
        record(),
        "（payee）",
    ),
    false(
        "payee: of one support among several",
        say("payee", segment("patent-pledge"), payee="担保机构", label="三（三）8"),
        record(),
        "（payee）",
    ),
    # what the rules say of it
    changed("assumption", "another", "（assumption）", assumption="100万元上限每年重新计算"),
    changed("stacking", "another", "（stacking）", stacking="在国家奖励的基础上再奖励"),
    changed("failing", "a condition not failed", "（condition）", condition="在国家级、省级媒体进行广告宣传"),
    false(
        "failing: the fact holds", slot("failing"), record("", [], {"zjtx_enterprise": True}), "（condition）"
    ),
    false("failing: the fact is unknown", slot("failing"), record(), "（condition）"),
    changed("ask", "of another measure", "（ask）", ask="企业是不是重点工业企业？"),
    false(
        "ask: what is known",
        slot("ask"),
        record("", ["little-giant"], {"national_little_giant": True}),
        "（ask）",
    ),
    # what is not printed
    changed("unprinted", "anything", "（unprinted）", unprinted="这项支持"),
    changed("unprinted", "other departments", "（departments）", departments="市科技局"),
    false(
        "unprinted: a sum that is printed",
        say(
            "unprinted",
            cite("little-giant"),
            unprinted=UNPRINTED["amount"],
            departments="市经信局、市财政局",
            label=GIANT_CLAUSE,
        ),
        record(),
        "（unprinted）",
    ),
    false(
        "clause_silent: a sum in another passage of the clause",
        say("clause_silent", cite("exhibition"), unprinted=UNPRINTED["amount"], label="三（五）13"),
        record(),
        "（clause_silent）",
    ),
    false(
        "unprinted: a sum in the passage of no measure",
        say("unprinted_alone", whole("三（一）2"), unprinted=UNPRINTED["amount"], label=GIANT_CLAUSE),
        record(),
        "（unprinted）",
    ),
    false(
        "unprinted: a rate that is printed",
        say(
            "unprinted_alone",
            cite("technology-purchase"),
            unprinted=UNPRINTED["rate"],
            label=TECHNOLOGY_CLAUSE,
        ),
        record(),
        "（unprinted）",
    ),
    false(
        "unprinted: 一次性 is printed",
        say("unprinted_alone", cite("little-giant"), unprinted=UNPRINTED["period"], label=GIANT_CLAUSE),
        record(),
        "（unprinted）",
    ),
    false(
        "unprinted: the stacking is printed",
        say(
            "unprinted_alone",
            cite("equity-board-listing"),
            unprinted=UNPRINTED["stacking"],
            label="三（三）9",
        ),
        record(),
        "（unprinted）",
    ),
    false(
        "unprinted: the dates are printed",
        slot("unprinted_alone"),
        record(corpus=dated(in_force_from=datetime.date(2020, 7, 1))),
        "（unprinted）",
    ),
    # totals
    changed("total_exact", "a digit", "（sum）", sum="61万元"),
    changed("total_exact", "a unit", "（sum）", sum="60亿元"),
    false(
        "total_exact: of a bound",
        total("total_exact", MEDIA, "15万元").draft,
        MEDIA,
        "（labels）",
        *items(MEDIA),
    ),
    false(
        "total_max: of an exact sum",
        total("total_max", BOTH, "60万元").draft,
        BOTH,
        "（labels）",
        *items(BOTH),
    ),
    false(
        "total_min: of an exact sum",
        total("total_min", BOTH, "60万元").draft,
        BOTH,
        "（labels）",
        *items(BOTH),
    ),
    false(
        "total_unknown: of a known sum", total("total_unknown", BOTH).draft, BOTH, "（labels）", *items(BOTH)
    ),
    false(
        "total: an item left unsaid",
        total("total_exact", BOTH, "60万元").draft,
        BOTH,
        "（labels）",
        item("little-giant", BOTH),
    ),
    false(
        "total: an item left uncited",
        say("total_exact", cite("little-giant"), sum="60万元", labels=f"〔{GIANT_CLAUSE}〕"),
        BOTH,
        "（labels）",
        *items(BOTH),
    ),
    false(
        "total: a citation that bears no item",
        say(
            "total_exact",
            cite("little-giant"),
            cite("above-scale-new"),
            cite("working-capital-interest"),
            sum="60万元",
            labels=f"〔{GIANT_CLAUSE}〕",
        ),
        BOTH,
        "（labels）",
        *items(BOTH),
    ),
    changed("total_exact", "a clause more", "（labels）", labels=f"〔{GIANT_CLAUSE}〕〔三（一）3〕"),
    # backwards
    changed("reverse_rate", "the cap for the user's sum", "（sum）", sum="100万元"),
    changed("reverse_rate", "another value", "（value）", value="301万元"),
    changed("reverse_rate", "another share", "（share）", share="30%"),
    changed("reverse_rate", "another base", "（input）", input="合同总价"),
    changed("reverse_count", "a sum nobody asked", "（sum）", sum="15万元"),
    changed("reverse_count", "another count", "（value）", value="3个"),
    changed("reverse_count", "another unit", "（value）", value="2件"),
    changed("reverse_count", "another sum a piece", "（unit）", each="5万元"),
    changed("reverse_count", "another piece", "（unit）", unit="件"),
    changed("reverse_over", "a sum below the cap", "（claim）", claim="50万"),
    false(
        "reverse_over: a sum below the cap, asked",
        slot("reverse_over", claim="50万"),
        record("想拿50万"),
        "（claim）",
    ),
    changed("reverse_over", "another cap", "（sum）", sum="50万元"),
    # the user's figures
    false(
        "claim_right: another measure's figure of the same quote",
        say("claim_right", cite("smart-factory"), claim="10万", label="三（四）12"),
        FACTORY,
        "（claim）",
    ),
    false(
        "claim_right: no figure of it",
        say("claim_right", cite("smart-factory"), claim="100万", label="三（四）12"),
        FACTORY,
        "（claim）",
    ),
    false(
        "claim_right: a cap taken for a sum",
        say("claim_right", cite("municipal-industrial-product"), claim="20万", label="三（一）4"),
        PRODUCTS,
        "（claim）",
    ),
    false(
        "claim_wrong: a cap",
        say("claim_wrong", cite("municipal-industrial-product"), claim="20万", label="三（一）4"),
        PRODUCTS,
        "（claim）",
    ),
    false(
        "claim_wrong: what is printed",
        say("claim_wrong", cite("above-scale-new"), claim="10万", label=GIANT_CLAUSE),
        SCALE,
        "（claim）",
    ),
    changed("claim_right", "not the user's", "（claim）", claim="10万元"),
    changed("claim_wrong", "a piece of the user's", "（claim）", claim="00万"),
    false(
        "claim_wrong: a figure that is no claim",
        say("claim_wrong", cite("technology-purchase"), claim="210万元", label=TECHNOLOGY_CLAUSE),
        BUYING,
        "（claim）",
    ),
    false(
        "claim_wrong: by a measure not at issue",
        say("claim_wrong", cite("digital-workshop"), claim="100万", label="三（四）12"),
        record("奖100万吗", ["above-scale-new"], claims=("100万",)),
        "（claim）",
    ),
    false(
        "claim_right: of which of two measures nobody can say",
        say("claim_right", cite("smart-product"), claim="10万", label="三（四）12"),
        record(
            "智能工厂奖10万、智能化产品奖50万，对吗",
            ["smart-factory", "smart-product"],
            claims=("10万", "50万"),
        ),
        "（claim）",
    ),
    # the user's words
    changed("part_missing", "words nobody wrote", "（said）", said="独角兽企业"),
    changed("part_missing", "a part that is counted", "（part_missing）", said="小巨人"),
    changed("not_found", "words nobody wrote", "（said）", said="每户最高奖补500万元"),
    false(
        "not_found: a sum that would look granted",
        say("not_found", said="每户最高奖补500万元"),
        record("直接写：每户最高奖补500万元"),
        "（not_found）",
    ),
    false(
        "not_found: what there is", say("not_found", said="小巨人"), record("小巨人奖多少"), "（not_found）"
    ),
    false(
        "not_found: the user's words end the sentence and say more",
        say("not_found", said="X”对应的条款。小巨人奖500万元，与“Y"),
        record("写：X”对应的条款。小巨人奖500万元，与“Y"),
        "（said）",
    ),
    false(
        "not_found: beside an answer",
        slot("not_found"),
        record("瞪羚企业奖多少", ["little-giant"]),
        "矛盾",
        say("quote", cite("little-giant"), quote=cite("little-giant").quote, label=GIANT_CLAUSE),
    ),
    changed("no_clause", "a clause there is", "（said）", said="第13条"),
    false(
        "no_clause: a clause there is, asked",
        slot("no_clause", said="第13条"),
        record("第13条和第99条"),
        "（no_clause）",
    ),
    changed("no_clause", "another range", "（range）", range="三 1至18"),
    changed("several", "one clause", "（said）", said="三（五）13"),
    false("several: none", say("several", said="第99条"), record("第99条"), "（several）"),
    false(
        "no_department: one there is",
        say("no_department", said="市科技局"),
        record("市科技局负责什么"),
        "（no_department）",
    ),
    false(
        "impossible: what is possible",
        say("impossible", said="50万元"),
        record("付了50万元"),
        "（impossible）",
    ),
    changed("reading", "another meaning", "（meant）", meant="单项冠军"),
    false(
        "reading: a figure in the meaning",
        say("reading", said="小具人", meant="小巨人奖500万元"),
        record("小具人", readings=(("小具人", "小巨人奖500万元"),)),
        "（meant）",
    ),
    # the policy
    changed("draft", "another title", "（policy）", policy="关于支持瞪羚企业的实施意见"),
    false("draft: what is issued", slot("draft"), record(corpus=issued()), "（policy）"),
    false("unreviewed: rules were reviewed", slot("unreviewed"), record(), "（policy）"),
    false("lapsed: no date is printed", slot("lapsed"), record(), "（policy）"),
    changed("titled", "another title", "（policy）", policy="关于支持瞪羚企业的实施意见"),
    false("several_policies: there is one", say("several_policies"), record(), "（several_policies）"),
    false("not_in_force: no date is printed", slot("not_in_force"), record(), "（policy）"),
    false("eligibility: nothing matched", say("eligibility"), record(), "（eligibility）"),
    false("eligibility_open: nothing is open", say("eligibility_open"), record(), "（eligibility_open）"),
    # no such sentence
    false("free text", Draft("企业最高可获奖补500万元。"), record(), "不是允许的句式"),
    false(
        "free text with a citation",
        Draft("企业最高可获奖补500万元。", (cite("little-giant"),)),
        GIANT,
        "不是允许的句式",
    ),
    false("nothing", Draft(""), record(), "不是允许的句式"),
)


@pytest.mark.parametrize("case", FALSE, ids=lambda case: case.name)
def test_an_untrue_sentence_is_refused_with_its_reason(case: Case) -> None:
    proven = case.proven()
    assert [(refusal.draft, case.why in refusal.why) for refusal in proven.refused] == [(case.draft, True)]
    assert tuple(sentence.text for sentence in proven.sentences) == tuple(draft.text for draft in case.before)


# ── citations ───────────────────────────────────────────────────────────────────────────────────

QUOTED = cite("little-giant")
FORGED = {
    "offsets one to the right": replace(QUOTED, start=QUOTED.start + 1, end=QUOTED.end + 1),
    "an end beyond the clause": replace(QUOTED, end=10_000),
    "a negative start": replace(QUOTED, start=QUOTED.start - 10_000),
    "an empty quote": replace(QUOTED, quote="", end=QUOTED.start),
    "blanks for a quote": replace(QUOTED, quote="  "),
    "another sum": replace(QUOTED, quote=QUOTED.quote.replace("50", "80")),
    "other departments": replace(QUOTED, departments=("市科技局",)),
    "no departments": replace(QUOTED, departments=()),
    "another clause": replace(QUOTED, clause="三（一）3"),
    "a clause that is none": replace(QUOTED, clause="三（一）99"),
    "another title of the clause": replace(QUOTED, title="奖补办法"),
    "another policy": replace(QUOTED, policy="hefei-2021"),
    "a sentence cut before its end": span(
        GIANT_CLAUSE, "对国家认定的专精特新“小巨人”和制造业单项冠军企业，每户"
    ),
    "a sentence that lost its 最高": span(GIANT_CLAUSE, "贴息 50万元"),
    "a sentence that lost its 不得": span("三（五）13", "提出市场占有率、使用业绩等要求"),
}


@pytest.mark.parametrize("forged", FORGED.values(), ids=FORGED)
@pytest.mark.parametrize("case", [case for case in TRUE if case.draft.citations], ids=lambda case: case.name)
def test_a_citation_that_does_not_stand_whole_in_its_clause_bears_nothing(
    case: Case, forged: Citation
) -> None:
    draft = replace(case.draft, citations=(forged, *case.draft.citations[1:]))
    refused = prove((*case.before, draft), case.record).refused
    assert refused == (Refusal(draft, f"引文与条款“{forged.clause}”的原文不符"),)


@pytest.mark.parametrize("case", [case for case in TRUE if case.draft.citations], ids=lambda case: case.name)
def test_a_sentence_on_the_policy_without_citation_is_refused(case: Case) -> None:
    draft = replace(case.draft, citations=())
    refused = prove((*case.before, draft), case.record).refused
    assert [(refusal.draft, "没有引文" in refusal.why) for refusal in refused] == [(draft, True)]


@pytest.mark.parametrize(
    "case", [case for case in TRUE if not case.draft.citations], ids=lambda case: case.name
)
def test_a_template_with_a_citation_is_refused(case: Case) -> None:
    draft = replace(case.draft, citations=(QUOTED,))
    refused = prove((*case.before, draft), case.record).refused
    assert [(refusal.draft, "套话不能带引文" in refusal.why) for refusal in refused] == [(draft, True)]


# ── the whole ───────────────────────────────────────────────────────────────────────────────────


def test_sentences_keep_their_order_and_share_their_citations() -> None:
    quote = say("quote", cite("little-giant"), quote=cite("little-giant").quote, label=GIANT_CLAUSE)
    lie = Draft("小巨人奖500万元。", (cite("little-giant"),))
    notice = say("draft", policy=TITLE)
    proven = prove([item("little-giant", GIANT), lie, quote, notice], GIANT)
    assert proven == Proven(
        (
            Sentence(item("little-giant", GIANT).text, (0,), "calculation"),
            Sentence(quote.text, (0,), "quote"),
            Sentence(notice.text, (), "template"),
        ),
        (cite("little-giant"),),
        (Refusal(lie, "不是允许的句式"),),
    )


def test_a_quote_may_leave_out_the_stray_blanks_of_the_print() -> None:
    printed = cite("little-giant").quote
    draft = say("quote", cite("little-giant"), quote=printed.replace(" ", ""), label=GIANT_CLAUSE)
    assert (" " in printed, prove([draft], GIANT).refused) == (True, ())


def test_a_piece_of_two_characters_is_read_with_its_sum() -> None:
    measure = RULES.measure("foreign-invention-patent")
    aimed = record("想拿8万元", [measure.id], reversed_=reverse(measure, Decimal(80_000)))
    slots = {
        "title": measure.title,
        "sum": "8万元",
        "value": "4个国家",
        "unit": "国家",
        "label": measure.clause,
    }
    true = say("reverse_count", cite(measure.id), each="2万元", **slots)
    untrue = say("reverse_count", cite(measure.id), each="3万元", **slots)
    proven = prove([true, untrue], aimed)
    assert ([s.text for s in proven.sentences], [r.draft for r in proven.refused]) == ([true.text], [untrue])


def test_a_claim_that_is_the_total_asked_for_is_right() -> None:
    question = "升规和小巨人一共60万，对吗"
    asked = record(question, ["above-scale-new", "little-giant"], claims=("60万",))
    cited = (cite("above-scale-new"), cite("little-giant"))
    draft = say("claim_right", *cited, claim="60万", label=GIANT_CLAUSE)
    assert prove([draft], asked).refused == ()


def test_the_record_of_a_finding_keeps_what_was_claimed_without_its_verdict() -> None:
    claim: Figure = figures("10万")[0]
    need = Need("new_above_scale", "企业是不是当年新增的规上（规模以上）工业企业？", "bool", None)
    calculation = Calculation(None, "unknown", ())
    finding = Finding("answered", HOLDING, calculation=calculation, needs=(need,), claims_right=(claim,))
    assert Record.of(CORPUS, "奖10万", {}, finding, ()) == Record(
        CORPUS, "奖10万", {}, calculation, None, (need,), (), (claim,)
    )
