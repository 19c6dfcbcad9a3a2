"""Verdicts in the ``check --json`` form on true and altered sentences → what is caught, false alarms."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import get_args

from policy_qa.alterations import Alteration, Altering, Bench, Claim, Kind, Origin, load_bench
from policy_qa.corpus import Corpus
from policy_qa.errors import PolicyQaError
from policy_qa.scores import Bar, Breakdown, Metric, Miss, Report, Sheet, rate

CheckObject = Mapping[str, object]
"""One object as ``check --json`` prints it; a missing field is a miss, never a crash."""
Check = Callable[[str], object]

SUITE = "check"
HALVES = ("dev", "test")
KINDS: tuple[Kind, ...] = get_args(Kind)
ORIGINS: tuple[Origin, ...] = get_args(Origin)

_CAUGHT = frozenset({"contradicted", "not_found"})
_HALF_TRUE: frozenset[Kind] = frozenset({"condition", "omission"})
"""Altered in these, a sentence may be true as far as it goes: asking for the condition catches it too."""

BARS = (
    Bar("caught", "≥", 0.98, 0.98),
    Bar("caught_digit", "≥", 1.0, 0.99),
    Bar("caught_unit", "≥", 1.0, 0.98),
    Bar("caught_bound", "≥", 1.0, 1.0),
    Bar("false_alarms", "≤", 0.03, 0.05),
)

TITLES = {
    "caught": "改错的句子被识破",
    "caught_digit": "　改数字",
    "caught_unit": "　改单位",
    "caught_bound": "　改界限",
    "caught_party": "　改对象",
    "caught_condition": "　改条件",
    "caught_omission": "　漏条件",
    "caught_clause": "　改条号",
    "caught_negation": "　改成否定",
    "caught_department": "　改部门",
    "caught_stacking": "　改叠加关系",
    "caught_modality": "　改语气",
    "caught_count": "　改次数",
    "false_alarms": "真句子被误报（越低越好）",
    "recognised": "真句子得到支持",
    "clause_named": "真句子的条款指对",
    "policy": "条文原句",
    "template": "套用句式",
    "hand": "人写的说法",
}


def run_bench(
    folder: Path, corpus: Corpus, check: Check, progress: Callable[[int, int], None] | None = None
) -> tuple[Report, ...]:
    """The reports on both halves of the bench in the evaluation folder; each text is checked once."""
    benches = [load_bench(folder / f"claims.{half}.yaml", corpus) for half in HALVES]
    altered = [Altering(bench, corpus).all() for bench in benches]
    texts = [text for pair in zip(benches, altered, strict=True) for text in _texts(*pair)]
    checked = run(check, texts, progress)
    return tuple(
        score(half, bench.claims, alterations, checked)
        for half, bench, alterations in zip(HALVES, benches, altered, strict=True)
    )


def _texts(bench: Bench, altered: Sequence[Alteration]) -> list[str]:
    return [claim.text for claim in bench.claims] + [alteration.text for alteration in altered]


def run(
    check: Check, texts: Sequence[str], progress: Callable[[int, int], None] | None = None
) -> dict[str, CheckObject]:
    """What ``check`` says of each text; a failure the product knows of has the verdict ``error``."""
    checked: dict[str, CheckObject] = {}
    for done, text in enumerate(texts, 1):
        try:
            said = check(text)
            checked[text] = said if isinstance(said, Mapping) else {}
        except PolicyQaError:
            checked[text] = {"verdict": "error"}
        if progress is not None:
            progress(done, len(texts))
    return checked


def score(
    half: str,
    claims: Sequence[Claim],
    altered: Sequence[Alteration],
    checked: Mapping[str, CheckObject],
) -> Report:
    """The report on one half; ``checked`` holds the object of every text, true and altered."""
    catches = [(alteration, _is_caught(alteration, checked[alteration.text])) for alteration in altered]
    alarms = [(claim, _is_alarm(claim, checked[claim.text])) for claim in claims]
    recognised = [claim for claim in claims if _is_recognised(claim, checked[claim.text])]
    return Report(
        split=f"{SUITE}-{half}",
        metrics=(
            *_caught_metrics(catches),
            rate("false_alarms", [alarm for _, alarm in alarms]),
            rate("recognised", [claim in recognised for claim in claims]),
            rate("clause_named", [_names_clause(claim, checked[claim.text]) for claim in recognised]),
        ),
        sheet=Sheet(
            heading=f"评测：核对（{half}，真句子 {len(claims)} 个，改错 {len(altered)} 个）",
            titles=TITLES,
            bars=BARS if half == "test" else (),
            lists_misses=half == "dev",
        ),
        misses=tuple(_misses(catches, alarms, recognised, checked)) if half == "dev" else (),
        breakdowns=(
            Breakdown(
                "caught_by_origin",
                "改错的句子被识破，按真句子的来源",
                tuple(rate(o, [caught for a, caught in catches if a.claim.origin == o]) for o in ORIGINS),
            ),
            Breakdown(
                "false_alarms_by_origin",
                "真句子被误报，按来源",
                tuple(rate(o, [alarm for claim, alarm in alarms if claim.origin == o]) for o in ORIGINS),
            ),
        ),
    )


# ── the verdicts on verdicts ────────────────────────────────────────────────────────────────────


def _verdict(checked: CheckObject) -> str:
    return str(checked.get("verdict"))


def _is_caught(alteration: Alteration, checked: CheckObject) -> bool:
    verdict = _verdict(checked)
    return verdict in _CAUGHT or (verdict == "needs_condition" and alteration.kind in _HALF_TRUE)


def _is_recognised(claim: Claim, checked: CheckObject) -> bool:
    verdict = _verdict(checked)
    return verdict == "supported" or (verdict == "needs_condition" and claim.short)


def _is_alarm(claim: Claim, checked: CheckObject) -> bool:
    """A true sentence taken for no claim is not recognised, but frightens nobody."""
    return _verdict(checked) != "no_claim" and not _is_recognised(claim, checked)


def _names_clause(claim: Claim, checked: CheckObject) -> bool:
    named = _clauses(checked)
    return bool(named) and named <= set(claim.clauses)


def _clauses(checked: CheckObject) -> set[str]:
    return {
        clause for entry in _objects(checked, "sentences") if isinstance(clause := entry.get("clause"), str)
    }


def _objects(source: CheckObject, key: str) -> list[CheckObject]:
    value = source.get(key)
    return [entry for entry in value if isinstance(entry, Mapping)] if isinstance(value, list | tuple) else []


def _caught_metrics(catches: Sequence[tuple[Alteration, bool]]) -> Iterator[Metric]:
    yield rate("caught", [caught for _, caught in catches])
    for kind in KINDS:
        yield rate(f"caught_{kind}", [caught for alteration, caught in catches if alteration.kind == kind])


def _misses(
    catches: Sequence[tuple[Alteration, bool]],
    alarms: Sequence[tuple[Claim, bool]],
    recognised: Sequence[Claim],
    checked: Mapping[str, CheckObject],
) -> Iterator[Miss]:
    for alteration, caught in catches:
        if not caught:
            text, metric = alteration.text, f"caught_{alteration.kind}"
            expected = "需补条件或矛盾" if alteration.kind in _HALF_TRUE else "矛盾或无依据"
            yield Miss(alteration.claim.id, text, metric, expected, _told(checked[text]))
    for claim, alarm in alarms:
        if alarm:
            yield Miss(claim.id, claim.text, "false_alarms", "支持", _told(checked[claim.text]))
    for claim in recognised:
        if not _names_clause(claim, checked[claim.text]):
            named = "、".join(sorted(_clauses(checked[claim.text]))) or "无"
            yield Miss(claim.id, claim.text, "clause_named", "、".join(claim.clauses), named)


_VERDICTS = {
    "supported": "支持",
    "contradicted": "矛盾",
    "needs_condition": "需补条件",
    "not_found": "无依据",
    "no_claim": "没有可核对的内容",
}


def _told(checked: CheckObject) -> str:
    """The verdict and the differences found, for whoever looks for the fault."""
    verdict = _VERDICTS.get(_verdict(checked), "出错")
    differences = [
        f"{difference.get('said')}≠{difference.get('policy')}"
        for sentence in _objects(checked, "sentences")
        for difference in _objects(sentence, "differences")
    ]
    return f"{verdict}（{'；'.join(differences)}）" if differences else verdict
