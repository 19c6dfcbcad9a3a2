"""Score the monetary statements found in real policies against gold read by hand; print a table, write JSON.

    python bench/statements.py [--policies ../shared/policies] [--set dev|held-out] [--misses]

The gold stands under tests/gold/statements: an excerpt of each statement, its clause, kind, values and
recipient. A statement is found where one holds the excerpt, an award where it is one; values are exact where
all sums and rates of the two are equal with unit and bound; the counts an award is limited to are left out.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

from policy_qa.inspection import inspect_text
from policy_qa.money import plain
from policy_qa.statements import Statement
from policy_qa.text import fold

GOLD = Path(__file__).resolve().parent.parent / "tests" / "gold" / "statements"
POLICIES = Path(__file__).resolve().parent.parent.parent / "shared" / "policies"
HEADER_ENDS = "# ----\n"

Printed = tuple[Decimal, str, str]


@dataclass(frozen=True, slots=True)
class Expected:
    """One statement of the gold, where its excerpt stands in the folded text of all clauses."""

    clause: str
    start: int
    end: int
    kind: str
    values: tuple[Printed, ...]
    who: str | None
    excerpt: str


@dataclass(slots=True)
class Score:
    """Counts by kind over any number of documents; ``misses`` says each fault in a line."""

    expected: Counter[str] = field(default_factory=Counter)
    predicted: Counter[str] = field(default_factory=Counter)
    matched: Counter[str] = field(default_factory=Counter)
    """Expected ones that were found, as an award or as none rightly."""
    same_kind: Counter[str] = field(default_factory=Counter)
    exact: Counter[str] = field(default_factory=Counter)
    right_clause: int = 0
    with_who: int = 0
    right_who: int = 0
    misses: list[str] = field(default_factory=list)

    @property
    def precision(self) -> float:
        return self.matched.total() / self.predicted.total()

    @property
    def recall(self) -> float:
        return self.matched.total() / self.expected.total()

    @property
    def exactness(self) -> float:
        return self.exact.total() / self.matched.total()

    def add(self, other: Score) -> None:
        for name in ("expected", "predicted", "matched", "same_kind", "exact"):
            getattr(self, name).update(getattr(other, name))
        self.right_clause += other.right_clause
        self.with_who += other.with_who
        self.right_who += other.right_who
        self.misses += other.misses


def load_gold(path: Path, text: str) -> list[Expected]:
    """The gold of a file, its excerpts found one after the other in the folded text of the policy."""
    folded = fold(text)
    expected, at = [], -1
    for row in json.loads(path.read_text(encoding="utf-8"))["statements"]:
        excerpt = fold(row["excerpt"])
        at = folded.find(excerpt, at + 1)
        if at < 0:
            raise ValueError(f"{path.name}: {row['excerpt']!r} does not follow the excerpt before it")
        values = tuple((Decimal(value), unit, bound) for value, unit, bound in row["values"])
        expected.append(
            Expected(row["clause"], at, at + len(excerpt), row["kind"], values, row["who"], excerpt)
        )
    return expected


def score(expected: Sequence[Expected], text: str, name: str) -> Score:
    """Match one to one where they overlap, statements of equal values first."""
    found, spans = zip(*_found(text), strict=True)
    result = Score()
    result.expected.update(one.kind for one in expected)
    result.predicted.update(one.kind for one in found)
    free = set(range(len(found)))
    pairs: dict[int, int] = {}
    for strict in (2, 1, 0):
        for index, one in enumerate(expected):
            if index in pairs:
                continue
            for candidate in sorted(free):
                if _fits(one, found[candidate], spans[candidate], strict):
                    pairs[index] = candidate
                    free.discard(candidate)
                    break
    for index, one in enumerate(expected):
        where = f"{name} 〔{one.clause}〕{one.excerpt}"
        if index not in pairs:
            result.misses.append(f"MISSED  {where} {one.kind} {_spelled(one.values)}")
            continue
        statement = found[pairs[index]]
        result.matched[one.kind] += 1
        result.right_clause += statement.clause == one.clause
        if statement.clause != one.clause:
            result.misses.append(f"CLAUSE  {where} found in 〔{statement.clause}〕")
        result.same_kind[one.kind] += statement.kind == one.kind
        if statement.kind != one.kind:
            result.misses.append(f"KIND    {where} {one.kind} found as {statement.kind}")
        if _values(statement) == one.values:
            result.exact[one.kind] += 1
        else:
            result.misses.append(
                f"VALUES  {where} {_spelled(one.values)} found {_spelled(_values(statement))}"
            )
        if one.who is not None:
            result.with_who += 1
            right = fold(one.who) in fold(statement.who or "")
            result.right_who += right
            if not right:
                result.misses.append(f"WHO     {where} {one.who} found {statement.who}")
    for candidate in sorted(free):
        extra = found[candidate]
        result.misses.append(
            f"EXTRA   {name} 〔{extra.clause}〕{extra.text} {extra.kind} {_spelled(_values(extra))}"
        )
    return result


def _found(text: str) -> Iterator[tuple[Statement, tuple[int, int]]]:
    """Each statement with its span in the folded text of the policy."""
    inspection, folded = inspect_text(text), fold(text)
    clauses = {clause.label: clause for clause in inspection.clauses}
    start = 0
    for one in inspection.amounts:
        clause, printed = clauses.get(one.clause), fold(one.text)
        if clause is not None:
            start = len(fold(text[: clause.offset])) + len(fold(clause.text[: one.start]))
        start = max(start, folded.find(printed, start))  # a page number may stand before it
        yield one, (start, start + len(printed))


def _fits(one: Expected, statement: Statement, span: tuple[int, int], strict: int) -> bool:
    if not (span[0] < one.end and one.start < span[1]):
        return False
    if (statement.kind == "not_award") != (one.kind == "not_award"):
        return False
    same = {value[0] for value in _values(statement)} & {value[0] for value in one.values}
    return strict == 0 or (_values(statement) == one.values if strict == 2 else bool(same))


def _values(statement: Statement) -> tuple[Printed, ...]:
    money = ("元", "%", "‰", "百分点", "倍")
    printed = [v for v in statement.values if v.unit.partition("/")[0].endswith(money)]
    return tuple((value.value, value.unit, value.bound) for value in printed)


def _spelled(values: Sequence[Printed]) -> str:
    signs = {"exact": "", "max": "≤", "min": "≥"}
    return " ".join(f"{signs[bound]}{plain(value)}{unit}" for value, unit, bound in values)


def documents(policies: Path, which: str | None) -> Iterator[tuple[Path, Path]]:
    for gold in sorted(GOLD.glob("*.json")):
        described: dict[str, Any] = json.loads(gold.read_text(encoding="utf-8"))
        if which in (None, described["set"]):
            yield gold, policies / described["document"]


def score_document(gold: Path, policy: Path) -> Score:
    text = policy.read_text(encoding="utf-8")
    text = text[text.index(HEADER_ENDS) + len(HEADER_ENDS) :]
    return score(load_gold(gold, text), text, gold.stem)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--policies", type=Path, default=POLICIES)
    parser.add_argument("--set", choices=("dev", "held-out"))
    parser.add_argument("--misses", action="store_true")
    arguments = parser.parse_args()
    total = Score()
    for gold, policy in documents(arguments.policies, arguments.set):
        one = score_document(gold, policy)
        print(
            f"{gold.stem}: precision {one.precision:.3f} recall {one.recall:.3f} values {one.exactness:.3f}"
        )
        total.add(one)
    for line in total.misses if arguments.misses else ():
        print(line)
    print(f"{'kind':10} {'gold':>5} {'found':>6} {'kind':>6} {'values':>7}")
    for kind, count in sorted(total.expected.items()):
        print(f"{kind:10} {count:5} {total.matched[kind]:6} {total.same_kind[kind]:6} {total.exact[kind]:7}")
    print(f"precision {total.precision:.3f} recall {total.recall:.3f} values exact {total.exactness:.3f}")
    print(
        f"kinds {total.same_kind.total() / total.matched.total():.3f} who {total.right_who}/{total.with_who}"
    )


if __name__ == "__main__":
    main()
