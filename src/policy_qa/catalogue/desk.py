"""The catalogue of one policy: find, facets, tree."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property

from policy_qa.catalogue.filters import Filters, Found
from policy_qa.catalogue.naming import look_up
from policy_qa.catalogue.shelf import Shelved, Word, meant, parted
from policy_qa.catalogue.supports import ANYBODY, AUDIENCES, FORMS, audiences_in, shortened
from policy_qa.corpus import Holding
from policy_qa.domain import Clause
from policy_qa.errors import UsageError
from policy_qa.lexicon import Lexicon
from policy_qa.money import parse_amount, spell
from policy_qa.references import existing_range, label_components
from policy_qa.text import fold
from policy_qa.texts import FRAMES


@dataclass(frozen=True, slots=True)
class Choice:
    """A value a filter can take, and the number of clauses it finds alone."""

    name: str
    count: int
    also: tuple[str, ...] = ()
    """Other names of the same department."""


@dataclass(frozen=True, slots=True)
class Facets:
    """What there is to choose from, in order of appearance; amounts in yuan, None where none is printed."""

    departments: tuple[Choice, ...]
    audiences: tuple[Choice, ...]
    kinds: tuple[Choice, ...]
    """The ``FORMS`` there are, then what the text calls its supports."""
    lowest: Decimal | None
    highest: Decimal | None


@dataclass(frozen=True, slots=True)
class Node:
    """A heading or a clause of the policy, with what stands under it in print order."""

    title: str
    number: str | None
    """What finds it by number (三（五）); None for a heading whose number the labels leave out."""
    clause: str | None
    """The label where it has text of its own, else None."""
    children: tuple[Node, ...] = ()


def read_edge(text: str) -> Decimal | None:
    """An edge of the amount range as people write it (50万, 1.5亿元) in yuan; None for a blank.

    Raises UsageError for anything that is not one sum.
    """
    if not text.strip():
        return None
    amount = parse_amount(text)
    if amount is None or amount < 0:
        raise UsageError(f"金额“{shortened(text)}”看不懂，请写成一个金额，例如 50万 或 500000。")
    return amount


_LONGEST = 200
"""Characters a filter may have."""

_TOO_LONG = "要查的内容太长，请缩短到 {longest} 字以内再试。"
_FROM_TEXT = "这份政策还没有核对过的支持清单，对象和金额是程序直接从条文里读出来的，可能有错漏，请对照原文。"
_NOTHING = "没有同时符合这些条件的条款，请去掉一个条件，或者换一个更短的词再试。"
_SYNONYM = "“{said}”也按条文里的说法“{meant}”查找。"
_LITERAL_AUDIENCE = "“{said}”不在常见的对象类别里，已按字面在各项支持的条文里查找。"
_NO_KIND = "没有“{said}”这一类支持，可以选的有：{known}。"


class Catalogue:
    """The clauses of one policy, prepared once and then looked up; it keeps no state of a look-up."""

    def __init__(self, holding: Holding, lexicon: Lexicon) -> None:
        self._holding = holding
        self._lexicon = lexicon
        self._has_rules = bool(holding.rules.measures)
        self._shelf = tuple(
            Shelved(clause, holding.rules.of_clause(clause.label), has_rules=self._has_rules)
            for clause in holding.policy.clauses
        )

    def find(
        self,
        *,
        number: str | None = None,
        words: str | None = None,
        department: str | None = None,
        audience: str | None = None,
        kind: str | None = None,
        low: Decimal | None = None,
        high: Decimal | None = None,
    ) -> Found:
        """The clauses that meet all filters given; a blank one is none, and without any all are found.

        ``words`` are parted by blanks and must all occur, spelled so or as a synonym of the lexicon; a sum is
        found in every spelling and never inside a longer one. ``low`` and ``high`` are yuan, both included.
        Raises UsageError where a filter is longer than ``_LONGEST`` or ``low`` is above ``high``.
        """
        given = [one.strip() if one else "" for one in (number, words, department, audience, kind)]
        if any(len(one) > _LONGEST for one in given):
            raise UsageError(_TOO_LONG.format(longest=_LONGEST))
        if low is not None and high is not None and low > high:
            raise UsageError(f"最低金额{spell(low)}比最高金额{spell(high)}还大，请把两个金额对调后再试。")
        said_number, said_words, said_department, said_audience, said_kind = given
        filters = Filters(
            number=said_number or None,
            labels=frozenset(clause.label for clause in look_up(self._clauses, said_number)),
            words=tuple(Word.read(word, self._lexicon) for word in parted(said_words)),
            department=said_department or None,
            responsible=self._responsible(said_department),
            audience=said_audience or None,
            named=self._audiences(said_audience),
            kind=said_kind or None,
            low=low,
            high=high,
        )
        found = (filters.entry(shelved, self._holding.policy) for shelved in self._shelf)
        entries = tuple(entry for entry in found if entry is not None)
        return Found(entries, tuple(self._notes(filters, bool(entries))))

    @property
    def _clauses(self) -> Sequence[Clause]:
        return self._holding.policy.clauses

    def _responsible(self, said: str) -> frozenset[str]:
        """The printed names of the department: named in full, or else all that fit (科技局, 淮南市科技局)."""
        printed, names = self._holding.departments(), self._holding.department_names
        wanted = {fold(name) for name in names.same(said)}
        exact = [name for name in printed if fold(name) in wanted]
        fitting = exact or [name for name in printed if self._fits(fold(name), fold(said))]
        return frozenset(same for name in fitting for same in names.same(name))

    def _fits(self, name: str, said: str) -> bool:
        if len(said) < 2:
            return False
        return any(part in name for part in (said, *meant(said, self._lexicon))) or (
            len(name) > 2 and said.endswith(name)
        )

    def _audiences(self, said: str) -> tuple[str, ...]:
        if said == ANYBODY or said in AUDIENCES:
            return (said,)
        return audiences_in("；".join(meant(said, self._lexicon))) or audiences_in(said)

    def _notes(self, filters: Filters, found: bool) -> Iterator[str]:
        unknown = tuple(self._unknown(filters))
        yield from unknown
        if len(filters.labels) > 1:
            yield FRAMES["several"].render({"said": shortened(filters.number or "")})
        for word in filters.words:
            if word.means:
                yield _SYNONYM.format(said=word.said, meant="、".join(word.means))
        if filters.audience is not None and not filters.named:
            yield _LITERAL_AUDIENCE.format(said=shortened(filters.audience))
        if filters.about_supports and not self._has_rules:
            yield _FROM_TEXT
        if not found and not unknown:
            yield _NOTHING

    def _unknown(self, filters: Filters) -> Iterator[str]:
        """What is asked for that the policy does not have, so that nothing can be found."""
        if filters.number is not None and not filters.labels:
            spoken = {"said": shortened(filters.number), "range": existing_range(self._clauses)}
            yield FRAMES["no_clause"].render(spoken)
        if filters.department is not None and not filters.responsible:
            yield FRAMES["no_department"].render({"said": shortened(filters.department)})
        known = [choice.name for choice in self.facets.kinds]
        if filters.kind is not None and filters.kind not in known:
            yield _NO_KIND.format(said=shortened(filters.kind), known="、".join(known))

    @cached_property
    def facets(self) -> Facets:
        """The departments, audiences and kinds there are, each with its count, and the range of amounts."""
        labelled = [(s.clause.label, support) for s in self._shelf for support in s.supports]
        kinds = _counted((label, kind) for label, support in labelled for kind in support.kinds)
        forms = list(dict.fromkeys(FORMS.values()))
        amounts = [amount for _, support in labelled for amount in support.amounts]
        return Facets(
            departments=tuple(self._departments()),
            audiences=_counted((label, one) for label, support in labelled for one in support.audiences),
            kinds=tuple(sorted(kinds, key=lambda kind: [*forms, kind.name].index(kind.name))),
            lowest=min(amounts, default=None),
            highest=max(amounts, default=None),
        )

    def _departments(self) -> Iterator[Choice]:
        """Each department once, under the name printed first."""
        seen: set[str] = set()
        for name in self._holding.departments():
            if name not in seen:
                aliases = self._holding.department_names.same(name)
                held = self._holding.department_names.segments_of(name, self._clauses)
                yield Choice(name, len({clause.label for clause, _ in held}), aliases[1:])
                seen.update(aliases)

    @cached_property
    def tree(self) -> tuple[Node, ...]:
        """The headings and clauses as printed, nested; a heading with text of its own is a clause, too."""
        return _nested(self._clauses, 0)


def _counted(pairs: Iterable[tuple[str, str]]) -> tuple[Choice, ...]:
    """The values of (label, value) pairs, each with the number of its labels, in order of appearance."""
    labels: dict[str, set[str]] = {}
    for label, value in pairs:
        labels.setdefault(value, set()).add(label)
    return tuple(Choice(value, len(found)) for value, found in labels.items())


def _nested(clauses: Sequence[Clause], depth: int) -> tuple[Node, ...]:
    """The nodes at ``depth`` of clauses that share the path above it."""
    runs: list[tuple[str, Clause | None, list[Clause]]] = []  # a title, the clause it is, those below it
    for clause in clauses:
        title, own = clause.path[depth], len(clause.path) == depth + 1
        if own or not runs or runs[-1][0] != title:
            runs.append((title, clause if own else None, []))
        if not own:
            runs[-1][2].append(clause)
    return tuple(
        Node(title, clause.label, clause.label, _nested(below, depth + 1))
        if clause
        else Node(title, _heading_number(below[0], depth), None, _nested(below, depth + 1))
        for title, clause, below in runs
    )


def _heading_number(clause: Clause, depth: int) -> str | None:
    """The label of the heading at ``depth`` above a clause, where labels have one number a heading."""
    components = label_components(clause.label)
    if len(components) != len(clause.path):
        return None
    return "".join(component.printed for component in components[: depth + 1])
