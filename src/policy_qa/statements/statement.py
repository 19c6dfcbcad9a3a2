"""The statements of a policy, clause by clause."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from policy_qa.domain import Clause
from policy_qa.statements.amounts import Amount, Reading, Value, read
from policy_qa.statements.entry import ONE_AWARD, ONE_RECIPIENT, Entry, StatementKind
from policy_qa.statements.grouping import entries
from policy_qa.statements.kinds import settle, settle_siblings
from policy_qa.statements.roles import awards, speaks_of_gifts


@dataclass(frozen=True, slots=True)
class Statement:
    """One monetary statement: ``clause.text[start:end] == text``, half-open, in code points.

    ``values``: the sum or rate first, then its caps, then the counts it is limited to, as printed.
    ``who`` is in comparison form (NFKC, no white space), in the words of the text.
    """

    text: str
    clause: str
    start: int
    end: int
    kind: StatementKind
    values: tuple[Value, ...]
    who: str | None


def statements(clauses: Sequence[Clause]) -> tuple[Statement, ...]:
    """The monetary statements of the clauses, in the order printed; never raises.

    Every sum of money stands in at least one, as an award or told apart as ``not_award``.
    """
    read_clauses = [(clause, *_in_clause(clause)) for clause in clauses]
    for _, siblings in groupby(read_clauses, key=lambda one: one[0].path[:-1]):
        settle_siblings([(reading, found) for _, reading, found in siblings])
    return tuple(
        _statement(clause, reading, entry) for clause, reading, found in read_clauses for entry in found
    )


def _in_clause(clause: Clause) -> tuple[Reading, Sequence[Entry]]:
    """The clause as it was read, and its entries in the order printed."""
    reading = read(clause.text)
    found: list[Entry] = []
    is_about_gifts = speaks_of_gifts("".join(clause.path))
    for passage in reading.passages:
        found += entries(reading, passage, awards(reading, passage, is_about_gifts), found)
        is_about_gifts = is_about_gifts or speaks_of_gifts(reading.text[passage.start : passage.end])
    found.sort(key=lambda entry: entry.start)
    settle(reading, found)
    return reading, found


def _statement(clause: Clause, reading: Reading, entry: Entry) -> Statement:
    start, end = reading.folded.original_span(*entry.span(reading))
    values = tuple(value for amount in (*entry.amounts, *entry.limits) for value in _printed(amount, entry))
    who = entry.who.name if entry.who else None
    return Statement(clause.text[start:end], clause.label, start, end, entry.kind, values, who)


def _printed(amount: Amount, entry: Entry) -> Iterator[Value]:
    """「每家50万元」 is 50万元 to each recipient and no price for a piece, so is a cap for one project."""
    passed_over = ONE_RECIPIENT | (ONE_AWARD if amount.is_cap or not entry.is_award else frozenset())
    for value in amount.values:
        unit, _, per = value.unit.partition("/")
        left = "·".join(part for part in per.split("·") if amount.is_counted or part not in passed_over)
        yield replace(value, unit=f"{unit}/{left}" if left else unit)
