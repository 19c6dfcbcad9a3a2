"""Promises about the lint: whatever rules and text contradict each other in is said, and nothing else."""

from __future__ import annotations

import shutil
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from policy_qa.corpus import Corpus, load_corpus
from policy_qa.lint import LintReport, ListedFigure, PolicyReport, lint_corpus, render
from policy_qa.rules import Fixed, NotAward, Rules, UpTo
from policy_qa.wire import to_json

SHIPPED = Path(__file__).parents[1] / "corpus"
SOUND = Path(__file__).parent / "fixtures" / "sound"
FIRST = "1.支持做大。对新设企业给予一次性奖补10万元，到2030年新设企业达到500户。（市经信局负责）"


def with_rules(corpus: Corpus, rules: Rules) -> Corpus:
    return replace(corpus, holdings=(replace(corpus.holdings[0], rules=rules),))


def with_measure(corpus: Corpus, measure_id: str, **changes: object) -> Corpus:
    """The corpus with one measure changed, as a loader that checks nothing would leave it."""
    rules = corpus.holdings[0].rules
    measures = tuple(m.model_copy(update=changes) if m.id == measure_id else m for m in rules.measures)
    return with_rules(corpus, rules.model_copy(update={"measures": measures}))


def with_text(corpus: Corpus, label: str, text: str) -> Corpus:
    """The corpus with the text of one clause changed under its rules."""
    policy = corpus.holdings[0].policy
    clauses = tuple(replace(c, text=text) if c.label == label else c for c in policy.clauses)
    changed = replace(corpus.holdings[0], policy=replace(policy, clauses=clauses))
    return replace(corpus, holdings=(changed,))


def with_listed(corpus: Corpus, *entries: NotAward) -> Corpus:
    rules = corpus.holdings[0].rules
    return with_rules(corpus, rules.model_copy(update={"not_awards": (*rules.not_awards, *entries)}))


def problems(corpus: Corpus) -> tuple[str, ...]:
    return lint_corpus(corpus, SOUND).problems


@pytest.fixture
def sound() -> Corpus:
    return load_corpus(SOUND)


# ── the shipped corpus ──────────────────────────────────────────────────────────────────────────


def test_every_figure_of_the_shipped_corpus_is_an_award_or_listed_and_every_case_comes_out() -> None:
    report = lint_corpus(load_corpus(SHIPPED), SHIPPED)
    assert report.problems == ()
    (policy,) = report.policies
    assert (policy.coverage, policy.claimed + policy.listed) == (Decimal(1), policy.figures)
    assert (policy.figures, policy.claimed) == (65, 28)
    assert policy.cases_passed == policy.cases


@pytest.mark.parametrize(
    "entry",
    [
        ListedFigure("序言", "〔2020〕4 号", "文号", 2),
        ListedFigure("一（二）", "2022年", "目标年份，不是有效期", 1),
        ListedFigure("一（二）", "100户", "发展目标", 2),
        ListedFigure("一（二）", "1-2户", "发展目标", 2),
        ListedFigure("三（一）1", "四个一百", "行动名称", 2),
        ListedFigure("三（三）8", "千家百亿", "行动名称", 2),
        ListedFigure("三（三）8", "90家", "工作目标", 1),
        ListedFigure("三（三）8", "15亿元", "信贷融资的工作目标，不是奖补", 1),
        ListedFigure("三（五）15", "20名以上", "培训人数目标", 1),
    ],
    ids=lambda entry: entry.text,
)
def test_a_target_or_a_name_is_listed_as_no_award_with_its_reason(entry: ListedFigure) -> None:
    (policy,) = lint_corpus(load_corpus(SHIPPED), SHIPPED).policies
    assert entry in policy.not_awards


# ── a sound corpus ──────────────────────────────────────────────────────────────────────────────

SOUND_REPORT = LintReport(
    (
        PolicyReport(
            policy="sample",
            figures=8,
            claimed=6,
            not_awards=(
                ListedFigure("一1", "2030年", "目标年份", 1),
                ListedFigure("一1", "500户", "发展目标", 1),
            ),
            coverage=Decimal(1),
            cases=13,
            cases_passed=13,
        ),
    ),
    (),
    (),
)


def test_a_sound_corpus_is_counted_whole(sound: Corpus) -> None:
    assert lint_corpus(sound, SOUND) == SOUND_REPORT


def test_the_report_is_printed_with_its_coverage_and_reasons() -> None:
    assert render(SOUND_REPORT) == (
        "sample\n"
        "条款数字覆盖率：100%（8/8：奖补 6，非奖补 2）\n"
        "非奖补的数字：\n"
        "  〔一1〕2030年：目标年份\n"
        "  〔一1〕500户：发展目标\n"
        "算例：13/13 通过\n"
        "规则与条文两个方向都对上了。"
    )


def test_problems_and_reminders_are_printed() -> None:
    policy = PolicyReport("sample", 3, 2, (), Decimal("0.6666"), 1, 0)
    assert render(LintReport((policy,), ("甲不对。", "乙不对。"), ("丙。",))) == (
        "sample\n"
        "条款数字覆盖率：66.66%（2/3：奖补 2，非奖补 0）\n"
        "没有列为非奖补的数字。\n"
        "算例：0/1 通过\n"
        "有 2 处不对：\n"
        "  甲不对。\n"
        "  乙不对。\n"
        "提醒：丙。"
    )


def test_the_report_is_json_with_money_free_plain_digits() -> None:
    assert to_json(SOUND_REPORT) == {
        "policies": [
            {
                "policy": "sample",
                "figures": 8,
                "claimed": 6,
                "not_awards": [
                    {"clause": "一1", "text": "2030年", "reason": "目标年份", "figures": 1},
                    {"clause": "一1", "text": "500户", "reason": "发展目标", "figures": 1},
                ],
                "coverage": "1",
                "cases": 13,
                "cases_passed": 13,
                "pending": 0,
            }
        ],
        "problems": [],
        "reminders": [],
    }


# ── every printed figure is claimed or listed ───────────────────────────────────────────────────


def unclaimed(figure: str, context: str) -> str:
    return f"条款“一1”的数字“{figure}”（…{context}…）没有规则认领，请写进规则，或者列为非奖补并说明理由。"


@pytest.mark.parametrize(
    ("added", "expected"),
    [
        ("另奖8万元。", [unclaimed("8万元", "(市经信局负责)另奖8万元。")]),
        ("另奖８ 万元。", [unclaimed("8万元", "(市经信局负责)另奖8万元。")]),
        ("另奖八万元。", [unclaimed("八万元", "(市经信局负责)另奖八万元。")]),
        ("另奖10万元。", [unclaimed("10万元", "(市经信局负责)另奖10万元。")]),
        ("另奖百分之五。", [unclaimed("百分之五", "(市经信局负责)另奖百分之五。")]),
        ("另奖三成。", [unclaimed("三成", "(市经信局负责)另奖三成。")]),
        ("另奖一千二百。", [unclaimed("一千二百", "(市经信局负责)另奖一千二百。")]),
        (
            "另奖3、5万元。",
            [
                unclaimed("3", "(市经信局负责)另奖3、5万元。"),
                unclaimed("5万元", "经信局负责)另奖3、5万元。"),
            ],
        ),
        ("三品、四基、统一部署。", []),
    ],
)
def test_a_figure_that_no_one_claims_is_named_with_its_clause(
    sound: Corpus, added: str, expected: list[str]
) -> None:
    assert list(problems(with_text(sound, "一1", FIRST + added))) == expected


def test_the_same_figure_right_behind_a_quote_is_not_claimed_by_it(sound: Corpus) -> None:
    text = FIRST.replace("奖补10万元，", "奖补10万元10万元，")
    assert list(problems(with_text(sound, "一1", text))) == [
        unclaimed("10万元", "予一次性奖补10万元10万元,到2030年新")
    ]


def test_the_clause_s_own_number_is_no_figure_but_the_same_digits_after_it_are(sound: Corpus) -> None:
    text = FIRST.replace("1.支持做大", "1.1个支持做大")
    assert list(problems(with_text(sound, "一1", text))) == [unclaimed("1个", "1.1个支持做大。对新设")]


def test_a_listed_figure_that_is_gone_from_the_text_is_named(sound: Corpus) -> None:
    assert problems(with_text(sound, "一1", FIRST.replace("到2030年", "到明年"))) == (
        "非奖补数字“2030年”不在条款“一1”里，请按原文改正。",
    )


@pytest.mark.parametrize(
    ("entry", "problem"),
    [
        (
            NotAward(clause="一1", text="10万元", reason="目标"),
            "条款“一1”的“10万元”既是奖补又列为非奖补，请只留一处。",
        ),
        (
            NotAward(clause="一1", text="支持做大", reason="标题"),
            "条款“一1”的非奖补条目“支持做大”里没有数字，请删去。",
        ),
        (
            NotAward(clause="一9", text="10万元", reason="目标"),
            "非奖补数字“10万元”指向不存在的条款“一9”，请改成政策里有的条款。",
        ),
    ],
)
def test_a_listing_that_lists_nothing_is_named(sound: Corpus, entry: NotAward, problem: str) -> None:
    assert problems(with_listed(sound, entry)) == (problem,)


def test_coverage_is_rounded_down_so_that_a_gap_never_prints_as_whole(sound: Corpus) -> None:
    (policy,) = lint_corpus(with_text(sound, "一1", FIRST + "另奖8万元。"), SOUND).policies
    assert (policy.figures, policy.claimed, policy.listed, policy.coverage) == (9, 6, 2, Decimal("0.8888"))


def test_a_policy_without_figures_has_no_coverage() -> None:
    policy = PolicyReport("sample", 0, 0, (), None, 0, 0)
    assert render(LintReport((policy,), (), ())).splitlines()[1] == "条款数字覆盖率：条文里没有数字"


# ── every figure of a rule is printed ───────────────────────────────────────────────────────────


def test_a_quote_that_the_text_no_longer_prints_is_named(sound: Corpus) -> None:
    assert problems(with_text(sound, "一1", FIRST.replace("给予一次性", "可给予一次性"))) == (
        "措施“new-enterprise”的引文不在条款“一1”里，请按原文逐字引用。",
        unclaimed("一次", "大。对新设企业可给予一次性奖补10万元,"),
        unclaimed("10万元", "企业可给予一次性奖补10万元,到2030年新"),
    )


def test_a_figure_of_a_rule_that_its_quote_does_not_print_is_named(sound: Corpus) -> None:
    changed = with_measure(sound, "new-enterprise", benefit=Fixed.model_construct(amount=Decimal(200000)))
    assert problems(changed)[0] == "措施“new-enterprise”的数字 20万元 不在它的引文里，请核对原文。"


def test_a_measure_of_a_clause_that_does_not_exist_is_named(sound: Corpus) -> None:
    found = problems(with_measure(sound, "new-enterprise", clause="一9"))
    assert found[0] == "措施“new-enterprise”指向不存在的条款“一9”，请改成政策里有的条款。"


def test_a_plain_award_is_no_cap_and_a_cap_is_no_plain_award(sound: Corpus) -> None:
    as_cap = with_measure(
        sound, "new-enterprise", benefit=UpTo.model_construct(kind="bound", cap=Decimal(100000))
    )
    assert problems(as_cap)[0] == (
        "措施“new-enterprise”把10万元当作上限，引文却没有写“最高”“不超过”，请核对原文。"
    )
    as_award = with_measure(
        sound, "research", benefit=Fixed.model_construct(kind="fixed", amount=Decimal(500000))
    )
    assert "措施“research”把50万元当作确定的数额，引文却只写作上限或下限，请核对原文。" in problems(as_award)


def test_the_figure_of_another_party_of_the_list_is_named() -> None:
    corpus = load_corpus(SHIPPED)
    rules = corpus.holdings[0].rules
    swapped = with_measure(corpus, "smart-factory", benefit=rules.measure("digital-workshop").benefit)
    assert (
        "措施“smart-factory”的数字 30万元 不是引文里“智能工厂”对应的数字，请按先后顺序核对。"
        in lint_corpus(swapped, SHIPPED).problems
    )


def test_a_fact_that_no_measure_reads_is_named(sound: Corpus) -> None:
    rules = sound.holdings[0].rules
    facts = {**rules.facts, "turnover": rules.facts["research_spending"]}
    assert problems(with_rules(sound, rules.model_copy(update={"facts": facts}))) == (
        "事实“turnover”没有一项措施读它，请删去，或者写进措施的条件。",
    )


def test_rules_of_another_policy_are_named(sound: Corpus) -> None:
    rules = sound.holdings[0].rules.model_copy(update={"policy": "another"})
    assert problems(with_rules(sound, rules)) == (
        "政策“sample”的 rules.yaml 写的是“another”的规则，请改成同一个编号。",
    )


# ── worked cases ────────────────────────────────────────────────────────────────────────────────


def problems_with_cases(old: str, new: str, folder: Path) -> tuple[str, ...]:
    """What the lint says of the sound corpus after one change of its cases.yaml."""
    copy = folder / "corpus"
    shutil.copytree(SOUND, copy)
    path = copy / "sample" / "cases.yaml"
    text = path.read_text("utf-8")
    assert text.count(old) == 1
    path.write_text(text.replace(old, new), "utf-8")
    report = lint_corpus(load_corpus(copy), copy)
    (policy,) = report.policies
    assert policy.cases_passed <= policy.cases
    return report.problems


RESEARCH_20 = "expect: {research: {amount: 20万元, bound: exact}}"


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (
            RESEARCH_20,
            "expect: {research: {amount: 21万元, bound: exact}}",
            (
                "算例“研发投入 100万元，补 20万元”不符：research 应为“21万元”（exact） eligible，"
                "算出“20万元”（exact） eligible。",
                "算例“研发投入 100万元，补 20万元”不符：合计应为“21万元”（exact），算出“20万元”（exact）。",
            ),
        ),
        (
            RESEARCH_20,
            "expect: {research: {amount: 20万元, bound: exact, verdict: unknown, missing: [new_products]}}",
            (
                "算例“研发投入 100万元，补 20万元”不符：research 应为“20万元”（exact） unknown，"
                "还缺 new_products，算出“20万元”（exact） eligible。",
            ),
        ),
        (
            RESEARCH_20,
            RESEARCH_20 + "\n    total: null\n    bound: unknown",
            ("算例“研发投入 100万元，补 20万元”不符：合计应为“无数额”（unknown），算出“20万元”（exact）。",),
        ),
        (
            "{research_spending: 1000000}",
            "{research_spending: -1}",
            (
                "算例“研发投入 100万元，补 20万元”不符：事实“research_spending”的值不能用，"
                "应当是不小于 0 的金额（元），只写数字，例如 1200000 或 345678.9。",
                "措施“research”缺少算例：低于上限，请在 cases.yaml 补上。",
            ),
        ),
        (
            "{research: {amount: 20万元,",
            "{reserach: {amount: 20万元,",
            (
                "算例“研发投入 100万元，补 20万元”不符：没有措施“reserach”。",
                "措施“research”缺少算例：低于上限，请在 cases.yaml 补上。",
            ),
        ),
        (
            "policy: sample",
            "policy: simple",
            ("政策“sample”的 cases.yaml 写的是“simple”的算例，请改成同一个编号。",),
        ),
    ],
)
def test_a_worked_case_that_differs_is_named(
    old: str, new: str, expected: tuple[str, ...], tmp_path: Path
) -> None:
    assert problems_with_cases(old, new, tmp_path) == expected


def without(name: str, folder: Path) -> tuple[str, ...]:
    """What the lint says of the sound corpus without the case whose name begins so."""
    text = (SOUND / "sample" / "cases.yaml").read_text("utf-8")
    begin = text.index(f"  - name: {name}")
    end = text.find("  - name:", begin + 1)
    return problems_with_cases(text[begin : end if end > 0 else len(text)], "", folder)


@pytest.mark.parametrize(
    ("case", "measure", "side"),
    [
        ("新设企业，", "new-enterprise", "条件成立"),
        ("不是新设企业，", "new-enterprise", "条件不成立"),
        ("没说是不是新设企业，", "new-enterprise", "条件未知"),
        ("研发投入 100万元，", "research", "低于上限"),
        ("研发投入 250万元，", "research", "正好到上限"),
        ("研发投入 2500000.01元，", "research", "超过上限"),
        ("没有研发投入，", "research", "数目为 0"),
        ("没说研发投入多少，", "research", "没有说数目"),
        ("两个新产品，", "new-product", "低于上限"),
        ("三个新产品，", "new-product", "正好到上限"),
        ("四个新产品，", "new-product", "超过上限"),
        ("没有新产品，", "new-product", "数目为 0"),
        ("没说有几个新产品，", "new-product", "没有说数目"),
    ],
)
def test_a_side_that_no_worked_case_shows_is_named(
    case: str, measure: str, side: str, tmp_path: Path
) -> None:
    assert without(case, tmp_path) == (f"措施“{measure}”缺少算例：{side}，请在 cases.yaml 补上。",)


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("policy: sample\n", "policy: sample\nauthor: me\n", "的“author”不对：没有这个键，请改正后再试。"),
        (
            RESEARCH_20,
            "expect: {research: {amount: 20万元, bond: exact}}",
            "的“cases → 第 4 项 → expect → research → bound”不对：缺少这个键，请改正后再试。",
        ),
        (
            RESEARCH_20,
            "expect: {research: {amount: 345678.9, bound: exact}}",
            "的“cases → 第 4 项 → expect → research → amount”不对："
            "“345678.9”不是金额，请写成 50万元 或者加引号的数字，请改正后再试。",
        ),
        (
            RESEARCH_20,
            "expect: {research: {amount: 20万元, bound: exact}, new-product: {amount: 15万元, bound: max}}",
            "的“cases → 第 4 项”不对："
            "算例“研发投入 100万元，补 20万元”有几项措施，要写明 total 和 bound，请改正后再试。",
        ),
        (RESEARCH_20, "expect: {}", "的“cases → 第 4 项 → expect”不对：至少要有一项，请改正后再试。"),
        (
            "name: 研发投入 250万元，补 50万元，正好到上限",
            "name: 研发投入 100万元，补 20万元",
            "的“最外层”不对：算例“研发投入 100万元，补 20万元”写了两次，请改正后再试。",
        ),
    ],
)
def test_a_cases_file_that_cannot_be_used_is_refused_by_key(
    old: str, new: str, reason: str, tmp_path: Path
) -> None:
    assert problems_with_cases(old, new, tmp_path) == (f"“sample/cases.yaml”{reason}",)


def test_a_corpus_without_worked_cases_is_not_sound(tmp_path: Path) -> None:
    folder = tmp_path / "corpus"
    shutil.copytree(SOUND, folder)
    (folder / "sample" / "cases.yaml").unlink()
    assert lint_corpus(load_corpus(folder), folder).problems == (
        "读不了“sample/cases.yaml”：文件不存在，请检查语料文件夹。",
    )


# ── names ───────────────────────────────────────────────────────────────────────────────────────


def test_a_name_that_no_policy_prints_is_reminded_of(sound: Corpus) -> None:
    names = (("新设企业",), ("多少", "新产品"), ("瞪羚企业",))
    assert lint_corpus(with_measure(sound, "new-enterprise", names=names), SOUND) == replace(
        SOUND_REPORT,
        reminders=(
            "政策“sample”有 1 个名称用词条文没有写，也不是词库里的政策用语，"
            "如果只是人们的说法，请移到 lexicon.yaml 的 say 里：瞪羚企业（new-enterprise）。",
        ),
    )
