"""The bench of the check desk: what it alters, that it alters nothing into another truth, how it scores."""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy_qa.alterations import MOST_OF_A_KIND, Altering, Bench, Claim, Kind, Replacement, load_bench
from policy_qa.claims_evaluation import BARS, HALVES, KINDS, TITLES, Check, run, run_bench, score
from policy_qa.corpus import Corpus, load_corpus
from policy_qa.errors import CorpusError, UsageError
from policy_qa.scores import Miss, Report, passed, render, to_json
from policy_qa.text import fold

ROOT = Path(__file__).resolve().parents[1]
EVAL = ROOT / "eval"
POLICY = "huainan-zjtx-2020-draft"


@cache
def corpus() -> Corpus:
    return load_corpus(ROOT / "corpus").only(POLICY)


@cache
def shipped(half: str) -> Bench:
    return load_bench(EVAL / f"claims.{half}.yaml", corpus())


@cache
def altering(half: str) -> Altering:
    return Altering(shipped(half), corpus())


def claim(text: str, clause: str, *measures: str) -> Claim:
    return Claim(id="dev-1", origin="hand", text=text, clauses=(clause,), measures=measures)


def altered(kind: Kind, told: Claim, replacements: Sequence[Replacement] = ()) -> list[str]:
    bench = Bench(policy=POLICY, replacements=tuple(replacements), claims=(told,))
    return [made.text for made in Altering(bench, corpus()).of(told) if made.kind == kind]


FACTORY = claim("新认定的市级智能工厂，一次性奖补50万元。", "三（四）12", "smart-factory")

# ── what ships ──────────────────────────────────────────────────────────────────────────────────


def test_the_bench_is_as_large_as_promised() -> None:
    claims = [told for half in HALVES for told in shipped(half).claims]

    assert len(claims) >= 400
    assert sum(told.origin == "hand" for told in claims) >= 150
    assert sum(len(altering(half).all()) for half in HALVES) >= 2000


def test_the_halves_share_no_sentence_and_are_of_one_size() -> None:
    dev, test = ({fold(told.text) for told in shipped(half).claims} for half in HALVES)

    assert not dev & test
    assert abs(len(dev) - len(test)) <= 2


@pytest.mark.parametrize("half", HALVES)
def test_ids_say_which_half_a_sentence_is_of(half: str) -> None:
    assert {told.id.partition("-")[0] for told in shipped(half).claims} == {half}


@pytest.mark.parametrize("half", HALVES)
def test_every_kind_of_alteration_is_made_in_both_halves(half: str) -> None:
    assert {made.kind for made in altering(half).all()} == set(KINDS)


@pytest.mark.parametrize("half", HALVES)
def test_every_replacement_fits_some_sentence(half: str) -> None:
    bench = shipped(half)
    unused = [
        replacement.said
        for replacement in bench.replacements
        if not any(
            re.search(replacement.said, told.text)
            for told in bench.claims
            if not replacement.measures or set(replacement.measures) & set(told.measures)
        )
    ]

    assert unused == []


@pytest.mark.parametrize("half", HALVES)
def test_no_alteration_is_a_true_sentence_or_stands_in_the_policy(half: str) -> None:
    true = {fold(told.text) for name in HALVES for told in shipped(name).claims}
    policy = "".join(fold(clause.text) for clause in corpus().holding(POLICY).policy.clauses)
    texts = [fold(made.text) for made in altering(half).all()]

    assert [text for text in texts if text in true or text.rstrip("。") in policy] == []


@pytest.mark.parametrize("half", HALVES)
def test_no_sentence_is_altered_too_often_or_twice_alike(half: str) -> None:
    made = altering(half).all()
    counts = Counter((one.claim.id, one.kind) for one in made)

    assert max(counts.values()) == MOST_OF_A_KIND
    assert len({(one.claim.id, one.text) for one in made}) == len(made)


def test_no_part_of_a_long_sentence_is_spared() -> None:
    told = claim("智能工厂50万元，数字化车间30万元，智能化产品10万元。", "三（四）12")
    changed = {
        place
        for text in altered("unit", told)
        for place, (before, after) in enumerate(zip(told.text.split("，"), text.split("，"), strict=True))
        if before != after
    }

    assert changed == {0, 1, 2}


def test_the_same_bench_is_altered_alike() -> None:
    again = Altering(shipped("dev"), corpus())

    assert again.all() == altering("dev").all()


# ── what is altered ─────────────────────────────────────────────────────────────────────────────


def test_a_digit_alters_the_lead_and_the_length_of_a_figure() -> None:
    texts = altered("digit", FACTORY)

    assert len(texts) == 2
    assert texts[0] in {f"新认定的市级智能工厂，一次性奖补{lead}0万元。" for lead in "24689"}
    assert texts[1] in {f"新认定的市级智能工厂，一次性奖补{number}万元。" for number in ("500", "5")}


@pytest.mark.parametrize("spelled", ["50万元", "五十万元", "500,000元", "50w", "50 万"])
def test_no_other_spelling_of_the_same_sum_is_made(spelled: str) -> None:
    texts = altered("digit", FACTORY.model_copy(update={"text": f"新认定的市级智能工厂奖补{spelled}。"}))

    assert texts
    assert not any(re.search("奖补(50万元|五十万元|500,000元|50w|50 万)。", text) for text in texts)


def test_a_figure_the_clause_prints_of_the_measure_is_no_alteration() -> None:
    told = claim("工业精品每个10万元，单个企业不超过20万元。", "三（一）4", "municipal-industrial-product")

    assert "工业精品每个20万元，单个企业不超过20万元。" not in altered("digit", told)


def test_a_year_stays_a_year() -> None:
    (text,) = altered("digit", claim("到2022年实现。", "一（二）"))

    assert re.fullmatch(r"到202\d年实现。", text)


def test_wording_and_clause_numbers_are_no_figures() -> None:
    told = claim("第13条：每家企业、一户一策，一次性。", "三（五）13")

    assert altered("digit", told) == []


@pytest.mark.parametrize(
    ("said", "units"),
    [
        ("50万元", ["50亿元", "50元", "50千元"]),
        ("五十万元", ["五十亿元", "五十元"]),
        ("500,000元", ["500,000万元", "500,000美元"]),
        ("50w", ["50元", "50亿"]),
    ],
)
def test_a_unit_is_altered_however_it_is_spelled(said: str, units: list[str]) -> None:
    told = FACTORY.model_copy(update={"text": f"市级智能工厂奖补{said}。"})

    assert altered("unit", told) == [f"市级智能工厂奖补{unit}。" for unit in units]


@pytest.mark.parametrize(
    ("said", "units"),
    [("10%", ["10‰", "10倍"]), ("百分之十", ["千分之十"]), ("一成", ["一倍", "一‰"])],
)
def test_a_rate_becomes_a_permille_or_a_multiple(said: str, units: list[str]) -> None:
    told = claim(f"按实际支付额给{said}。", "三（一）3", "technology-purchase")

    assert altered("unit", told) == [f"按实际支付额给{unit}。" for unit in units]


def test_an_exact_award_gets_a_bound_and_a_cap_loses_or_flips_it() -> None:
    cap = claim("国家级媒体广告最高补10万元。", "三（五）13", "national-media-ad")

    assert altered("bound", FACTORY) == [
        "新认定的市级智能工厂，一次性奖补最高50万元。",
        "新认定的市级智能工厂，一次性奖补不低于50万元。",
    ]
    assert altered("bound", cap) == ["国家级媒体广告最低补10万元。", "国家级媒体广告补10万元。"]


def test_a_bound_is_not_taken_from_behind_its_figure() -> None:
    told = claim("10万元是国家级媒体广告补助的上限。", "三（五）13", "national-media-ad")

    assert altered("bound", told) == ["10万元是国家级媒体广告补助的下限。"]


def test_two_sums_of_a_list_change_places_and_equal_ones_do_not() -> None:
    pair = claim("智能工厂、智能化产品分别奖50万元、10万元。", "三（四）12", "smart-factory", "smart-product")
    equal = claim("小巨人50万，单项冠军50万。", "三（一）2", "little-giant", "single-champion")

    assert altered("party", pair) == ["智能工厂、智能化产品分别奖10万元、50万元。"]
    assert altered("party", equal) == []


def test_a_clause_number_never_lands_on_a_clause_of_the_sentence() -> None:
    told = Claim(
        id="dev-1",
        origin="hand",
        text="第十二条。",
        clauses=("三（四）12", "三（五）13"),
        measures=("smart-factory",),
    )

    assert altered("clause", told) == ["第十一条。", "第三十二条。"]


def test_a_label_changes_its_item_and_its_heading() -> None:
    texts = altered("clause", claim("见三（五）13。", "三（五）13"))

    assert texts[:3] == ["见三（五）12。", "见三（五）14。", "见三（五）33。"]
    assert re.fullmatch("见三（[一二三四六]）13。", texts[3])


def test_a_department_gives_way_to_one_that_has_no_part_in_the_clause() -> None:
    (text,) = altered("department", claim("市经信局负责登云补助。", "三（四）12", "cloud-migration"))
    other = text.removesuffix("负责登云补助。")

    assert other in corpus().holding(POLICY).departments()
    assert other != "市经信局"


def test_an_open_list_of_departments_is_left_alone() -> None:
    assert altered("department", claim("市科技局负责创新平台。", "三（一）3", "innovation-platform")) == []


def test_a_replacement_holds_for_its_measures_only_and_replaces_every_place() -> None:
    level = Replacement(kind="condition", said="市级", instead=("省级",), measures=("smart-factory",))
    told = FACTORY.model_copy(update={"text": "市级智能工厂，要市级认定。"})
    other = claim("市级工业精品每个10万元。", "三（一）4", "municipal-industrial-product")

    assert altered("condition", told, [level]) == ["省级智能工厂，要省级认定。"]
    assert altered("condition", other, [level]) == []


def test_words_that_already_stand_in_the_sentence_replace_nothing() -> None:
    swap = Replacement(kind="party", said="智能工厂", instead=("数字化车间",))
    told = claim("智能工厂、数字化车间分别奖补。", "三（四）12", "smart-factory", "digital-workshop")

    assert altered("party", told, [swap]) == []


def test_kept_passages_are_never_altered() -> None:
    told = FACTORY.model_copy(update={"text": "花了2000万元的智能工厂，只奖50万元。", "keep": ("2000万元",)})
    texts = [text for kind in ("digit", "unit", "bound") for text in altered(kind, told)]

    assert texts
    assert all("花了2000万元的" in text for text in texts)


@given(st.integers(1, 99999))
def test_an_altered_sum_is_never_the_sum(number: int) -> None:
    told = claim(f"奖补{number}万元。", "一（二）")

    assert f"奖补{number}万元。" not in [*altered("digit", told), *altered("unit", told)]


# ── what is refused ─────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("measures: [smart-factory], text", "measures: [smart], text", "措施“smart”不在规则里"),
        ("clauses: [三（四）12]", "clauses: [三（九）12]", "条款“三（九）12”不在政策里"),
        ("keep: [50万元]", "keep: [60万元]", "句子“dev-1”里没有“60万元”"),
        ("id: dev-2", "id: dev-1", "编号“dev-1”用了两次"),
        ("奖50万}", "奖50万元}", "句子“智能工厂奖50万元”用了两次"),
        ("measures: [digital-workshop]", "measures: [digital]", "替换“市级”的措施“digital”不在规则里"),
        ("said: 市级", 'said: "("', "“(”不是正则表达式"),
        ("origin: hand", "origin: head", "取值不在允许的范围内"),
    ],
)
def test_a_malformed_bench_is_refused_with_the_reason(
    tmp_path: Path, old: str, new: str, reason: str
) -> None:
    text = f"""policy: {POLICY}
replacements:
  - {{kind: condition, said: 市级, instead: [省级], measures: [digital-workshop]}}
claims:
  - {{id: dev-1, origin: hand, clauses: [三（四）12], measures: [smart-factory], text: 智能工厂奖50万元,
     keep: [50万元]}}
  - {{id: dev-2, origin: policy, clauses: [三（四）12], measures: [smart-factory], text: 智能工厂奖50万}}
"""
    path = tmp_path / "claims.dev.yaml"
    path.write_text(text, encoding="utf-8")
    load_bench(path, corpus())
    assert text.count(old) >= 1

    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(CorpusError, match=re.escape(reason)):
        load_bench(path, corpus())


def test_a_bench_of_another_policy_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "claims.dev.yaml"
    path.write_text(
        (EVAL / "claims.dev.yaml").read_text(encoding="utf-8").replace(f"policy: {POLICY}", "policy: other"),
        encoding="utf-8",
    )

    with pytest.raises(UsageError, match="没有编号为“other”的政策"):
        load_bench(path, corpus())


# ── scoring ─────────────────────────────────────────────────────────────────────────────────────

SHORT = FACTORY.model_copy(update={"id": "dev-2", "text": "智能工厂奖50万元。", "short": True})
CLAIMS = (FACTORY, SHORT)
BENCH = Bench(
    policy=POLICY,
    replacements=(
        Replacement(kind="condition", said="市级", instead=("省级",)),
        Replacement(kind="negation", said="奖补?", instead=("不奖",)),
    ),
    claims=CLAIMS,
)


def verdict(word: str, clause: str | None = "三（四）12") -> dict[str, object]:
    return {"verdict": word, "sentences": [{"verdict": word, "clause": clause, "differences": []}]}


def scored(check: Check, half: str = "dev", claims: Sequence[Claim] = CLAIMS) -> Report:
    made = Altering(BENCH.model_copy(update={"claims": tuple(claims)}), corpus()).all()
    texts = [told.text for told in claims] + [one.text for one in made]
    return score(half, claims, made, run(check, texts))


def always(word: str) -> Check:
    return lambda _: verdict(word)


def perfect(text: str) -> object:
    return verdict("supported" if text in {told.text for told in CLAIMS} else "contradicted")


def values(report: Report, names: Iterable[str]) -> list[float]:
    return [report.metric(name).value for name in names]


MAIN = ("caught", "false_alarms", "recognised")


@pytest.mark.parametrize(
    ("check", "expected"),
    [
        (perfect, [1.0, 0.0, 1.0]),
        (always("supported"), [0.0, 0.0, 1.0]),
        (always("contradicted"), [1.0, 1.0, 0.0]),
        (always("not_found"), [1.0, 1.0, 0.0]),
        (always("no_claim"), [0.0, 0.0, 0.0]),
        (always("nonsense"), [0.0, 1.0, 0.0]),
        (lambda _: None, [0.0, 1.0, 0.0]),
        (lambda _: {"verdict": ["contradicted"]}, [0.0, 1.0, 0.0]),
    ],
)
def test_a_checker_scores_what_it_deserves(check: Check, expected: list[float]) -> None:
    assert values(scored(check), MAIN) == expected


def test_asking_for_the_condition_catches_a_wrong_one_and_suits_a_short_claim_only() -> None:
    report = scored(always("needs_condition"))

    assert values(report, ("caught_condition", "caught_digit", "false_alarms", "recognised")) == [
        1,
        0,
        0.5,
        0.5,
    ]


def test_a_failure_of_the_product_is_a_miss_and_an_alarm() -> None:
    def fails(_: str) -> object:
        raise UsageError("太长")

    assert values(scored(fails), MAIN) == [0.0, 1.0, 0.0]


def test_any_other_exception_ends_the_run() -> None:
    def breaks(_: str) -> object:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        scored(breaks)


@pytest.mark.parametrize(("clause", "right"), [("三（四）12", 1.0), ("三（五）13", 0.0), (None, 0.0)])
def test_a_supported_sentence_must_name_its_clause(clause: str | None, right: float) -> None:
    assert scored(lambda _: verdict("supported", clause)).metric("clause_named").value == right


def test_what_was_not_asked_is_undefined_and_never_zero() -> None:
    report = scored(perfect)
    metric = report.metric("caught_stacking")
    shown = to_json(report)

    assert (math.isnan(metric.value), metric.count) == (True, 0)
    assert json.loads(json.dumps(shown, allow_nan=False))["metrics"]["caught_stacking"]["value"] is None
    assert "改叠加关系  无此类题" in re.sub(" +", "  ", render(report))


def test_origins_are_counted_apart() -> None:
    quoted = FACTORY.model_copy(update={"origin": "policy", "id": "dev-3", "text": "智能工厂奖补50万元。"})
    report = scored(
        lambda text: verdict("contradicted" if text == quoted.text else "supported"), "dev", (FACTORY, quoted)
    )
    counts = {
        breakdown.key: {metric.name: (metric.hits, metric.count) for metric in breakdown.metrics}
        for breakdown in report.breakdowns
    }

    assert counts["false_alarms_by_origin"] == {"policy": (1, 1), "template": (0, 0), "hand": (0, 1)}
    assert {name: hits for name, (hits, _) in counts["caught_by_origin"].items()} == {
        "policy": 0,
        "template": 0,
        "hand": 0,
    }


def test_misses_of_dev_say_what_was_got_and_name_the_differences() -> None:
    difference = {"said": "50万元", "policy": "30万元", "kind": "amount"}

    def doubts(text: str) -> object:
        if text == FACTORY.text:
            return {"verdict": "contradicted", "sentences": [{"differences": [difference]}]}
        return verdict("supported") if text == SHORT.text or "省级" in text else verdict("contradicted")

    report = scored(doubts)

    assert report.misses == (
        Miss(
            "dev-1",
            "新认定的省级智能工厂，一次性奖补50万元。",
            "caught_condition",
            "需补条件或矛盾",
            "支持",
        ),
        Miss("dev-1", FACTORY.text, "false_alarms", "支持", "矛盾（50万元≠30万元）"),
    )


def test_a_wrong_clause_is_a_miss_of_its_own() -> None:
    (miss,) = (
        miss
        for miss in scored(lambda _: verdict("supported", "三（五）13"), "dev", (FACTORY,)).misses
        if miss.metric == "clause_named"
    )

    assert miss == Miss("dev-1", FACTORY.text, "clause_named", "三（四）12", "三（五）13")


def test_the_test_half_shows_no_sentence_and_has_the_bars() -> None:
    report = scored(always("supported"), "test")
    shown = render(report) + json.dumps(to_json(report), ensure_ascii=False)

    assert report.misses == ()
    assert "智能工厂" not in shown
    assert {line.split()[0] for line in render(report).splitlines() if "达到" in line} == {
        "改错的句子被识破",
        "改数字",
        "改单位",
        "改界限",
        "真句子被误报（越低越好）",
    }
    assert not passed(report)
    assert passed(scored(always("supported"), "dev"))


def test_the_bars_are_those_of_the_issue() -> None:
    assert {bar.metric: (bar.relation, bar.limit) for bar in BARS} == {
        "caught": ("≥", 0.98),
        "caught_digit": ("≥", 1.0),
        "caught_unit": ("≥", 1.0),
        "caught_bound": ("≥", 1.0),
        "false_alarms": ("≤", 0.03),
    }


def test_every_metric_has_a_title() -> None:
    report = scored(perfect)
    names = [metric.name for metric in report.metrics]
    groups = {metric.name for breakdown in report.breakdowns for metric in breakdown.metrics}

    assert {*names, *groups} == set(TITLES)


def test_the_whole_bench_is_checked_text_by_text_and_both_halves_reported() -> None:
    asked: list[str] = []
    steps: list[tuple[int, int]] = []

    def watching(text: str) -> object:
        asked.append(text)
        return verdict("supported")

    reports = run_bench(EVAL, corpus(), watching, lambda done, total: steps.append((done, total)))

    assert [report.split for report in reports] == ["check-dev", "check-test"]
    assert [report.metric("recognised").value for report in reports] == [1.0, 1.0]
    assert [report.metric("caught").value for report in reports] == [0.0, 0.0]
    expected = [
        [*(told.text for told in shipped(half).claims), *(made.text for made in altering(half).all())]
        for half in HALVES
    ]
    assert asked == [text for texts in expected for text in texts]
    assert steps == [(done, len(asked)) for done in range(1, len(asked) + 1)]
