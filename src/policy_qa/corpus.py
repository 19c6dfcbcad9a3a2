"""corpus/ as one checked whole: policies, their rules, the lexicon; refused where they contradict each other.

The folder is the truth; all else is derived from it and named by its hash.
"""

from __future__ import annotations

import datetime
import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict

from policy_qa.clauses import DepartmentNames, split
from policy_qa.domain import Citation, Clause, Policy
from policy_qa.drafts import DRAFTS, Draft, load_drafts
from policy_qa.errors import CertificateError, CorpusError, UsageError
from policy_qa.lexicon import Lexicon
from policy_qa.regions import place_words
from policy_qa.rules import Measure, Rules, load_rules
from policy_qa.segmenter import Segmenter
from policy_qa.strict_yaml import read_model
from policy_qa.text import find_quote


class _PolicyFile(BaseModel):
    """policy.yaml: what is known of the document; null where the text prints nothing."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str
    title: str
    status: Literal["征求意见稿", "正式"]
    issuing_body: str | None
    issued_on: datetime.date | None
    in_force_from: datetime.date | None
    in_force_until: datetime.date | None
    supersedes: str | None
    rests_on: tuple[str, ...]
    region: str | None
    sha256: str
    number: str | None = None
    accepted_gaps: tuple[str, ...] = ()
    """Numbers that the print itself skips, as the certificate names them: seen and accepted."""
    department_aliases: tuple[tuple[str, ...], ...] = ()


@dataclass(frozen=True)
class Holding:
    """One policy with its rules and the names of its departments."""

    policy: Policy
    rules: Rules
    department_names: DepartmentNames
    home: Path | None = None
    """The folder it was loaded from."""
    drafts: tuple[Draft, ...] | None = None
    """All that was ever drafted for it; None where its rules were written and not drafted."""

    def cite(self, clause: Clause, start: int, end: int) -> Citation:
        """The citation of ``clause.text[start:end]``, with the departments of its segment."""
        segment = clause.segment_at(start, end)
        departments = segment.departments if segment else ()
        return Citation(
            self.policy.id, clause.label, clause.title, clause.text[start:end], start, end, departments
        )

    def cite_quote(self, label: str, quote: str) -> Citation:
        """The citation of a quote that the loader has found in its clause."""
        clause = self.policy.clause(label)
        span = find_quote(clause.text, quote) if clause else None
        if clause is None or span is None:
            raise CorpusError(f"引文“{quote}”不在条款“{label}”里，请核对语料。")
        return self.cite(clause, *span)

    @cached_property
    def pending(self) -> tuple[Draft, ...]:
        """The drafts that no person has decided on."""
        decided = self.rules.reviewed_drafts
        return tuple(draft for draft in self.drafts or () if draft.id not in decided)

    @cached_property
    def unreviewed_clauses(self) -> frozenset[str]:
        """The clauses whose sums are answered with the text alone: a draft of theirs is undecided."""
        if self.drafts is None and not self.rules.measures:
            return frozenset(clause.label for clause in self.policy.clauses)
        return frozenset(draft.clause for draft in self.pending)

    @property
    def unreviewed(self) -> bool:
        """Whether a clause is left whose sums no person has made rules of."""
        return bool(self.unreviewed_clauses)

    def departments(self) -> tuple[str, ...]:
        """Every department the policy names, in order of appearance."""
        names = (d for clause in self.policy.clauses for s in clause.segments for d in s.departments)
        return tuple(dict.fromkeys(names))


@dataclass(frozen=True)
class Corpus:
    """All loaded policies with the lexicon."""

    holdings: tuple[Holding, ...]
    lexicon: Lexicon
    sha256: str
    _shared_segmenter: Segmenter | None = None
    """Of the corpus this one was narrowed from: one dictionary in memory, the same words for all."""

    @cached_property
    def segmenter(self) -> Segmenter:
        return self._shared_segmenter or Segmenter(self.lexicon.words)

    @property
    def policies(self) -> tuple[Policy, ...]:
        return tuple(holding.policy for holding in self.holdings)

    @property
    def measures(self) -> Iterator[tuple[Holding, Measure]]:
        return ((holding, measure) for holding in self.holdings for measure in holding.rules.measures)

    def holding(self, policy_id: str) -> Holding:
        """The policy named; UsageError lists those there are."""
        for holding in self.holdings:
            if holding.policy.id == policy_id:
                return holding
        known = "、".join(holding.policy.id for holding in self.holdings)
        raise UsageError(f"没有编号为“{policy_id}”的政策，现有：{known}。")

    def only(self, policy_id: str | None) -> Corpus:
        """The corpus narrowed to one policy, as if no other were loaded; itself for None."""
        if policy_id is None or [policy.id for policy in self.policies] == [policy_id]:
            return self
        holdings = (self.holding(policy_id),)
        lexicon = self.lexicon.narrowed(_policy_words(holdings), _place_words(holdings))
        return Corpus(holdings, lexicon, self.sha256, self.segmenter)

    def clause(self, policy_id: str, label: str) -> Clause:
        clause = self.holding(policy_id).policy.clause(label)
        if clause is None:
            raise KeyError(label)
        return clause


def load_corpus(folder: Path, added: Path | None = None) -> Corpus:
    """The corpus in ``folder``, and beside it the policies of ``added`` where there are any.

    CorpusError says which file is wrong, where, and what to do.
    """
    if not folder.is_dir():
        raise CorpusError(f"找不到语料文件夹“{folder.name}”，请检查 POLICY_QA_CORPUS 或重新安装。")
    homes = _homes(folder)
    if not homes:
        raise CorpusError(
            f"语料文件夹“{folder.name}”里没有任何政策（policy.yaml），请检查 POLICY_QA_CORPUS。"
        )
    if added is not None:
        homes += _homes(added)
        _refuse_doubles(homes)
    holdings = tuple(_load_holding(home) for home in homes)
    lexicon = Lexicon.load(folder / "lexicon.yaml", _policy_words(holdings), _place_words(holdings))
    return Corpus(holdings, lexicon, _hash(folder / "lexicon.yaml", homes))


def _homes(folder: Path) -> list[Path]:
    """The folders of the policies in ``folder``; one that begins with a dot is still being written."""
    homes = {path.parent for name in _FILES for path in folder.glob(f"*/{name}")}
    return sorted(home for home in homes if not home.name.startswith("."))


def _refuse_doubles(homes: Sequence[Path]) -> None:
    names = [home.name for home in homes]
    for name in names:
        if names.count(name) > 1:
            raise CorpusError(f"政策“{name}”在自带的语料和新增的语料里各有一份，请给新增的换一个编号。")


def _load_holding(home: Path) -> Holding:
    described = read_model(home / "policy.yaml", _PolicyFile)
    if described.id != home.name:
        raise CorpusError(
            f"“{home.name}/policy.yaml”里的编号是“{described.id}”，应当和文件夹同名，请改成一致。"
        )
    try:
        raw = (home / "text.txt").read_bytes()
        text = raw.decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise CorpusError(f"读不了“{home.name}/text.txt”，请确认文件存在并且是 UTF-8 编码。") from error
    if hashlib.sha256(raw).hexdigest() != described.sha256:
        raise CorpusError(
            f"“{home.name}/text.txt”与 policy.yaml 登记的 sha256 不符，原文可能被改动，请核对后更新登记。"
        )
    divided = split(described.id, text)
    failures = [one for one in divided.certificate.failures if one not in described.accepted_gaps]
    if failures:
        reasons = "；".join(failure.removesuffix("。") for failure in failures[:3])
        raise CertificateError(f"“{home.name}”的条款切分没有通过核验：{reasons}，请先改正原文。")
    policy = Policy(
        id=described.id,
        title=described.title,
        status=described.status,
        issuing_body=described.issuing_body,
        issued_on=described.issued_on,
        in_force_from=described.in_force_from,
        in_force_until=described.in_force_until,
        rests_on=described.rests_on,
        sha256=described.sha256,
        clauses=divided.clauses,
        certificate=divided.certificate,
        region=described.region,
        supersedes=described.supersedes,
        number=described.number,
    )
    rules = load_rules(home / "rules.yaml", policy)
    names = DepartmentNames.of(described.department_aliases)
    return Holding(policy, rules, names, home, load_drafts(home))


def _policy_words(holdings: Sequence[Holding]) -> tuple[str, ...]:
    """The words that name the measures: they are kept whole and recognised as the policy's own."""
    return tuple(
        dict.fromkeys(
            word
            for holding in holdings
            for measure in holding.rules.measures
            for alternative in (*measure.names, *(name for c in measure.conditions for name in c.names))
            for word in alternative
            if len(word) > 1
        )
    )


def _place_words(holdings: Sequence[Holding]) -> tuple[str, ...]:
    return tuple(word for holding in holdings for word in place_words(holding.policy.region))


def _hash(lexicon: Path, homes: Sequence[Path]) -> str:
    digest = hashlib.sha256()
    named = {lexicon.name: lexicon} | {
        f"{home.name}/{name}": home / name for home in homes for name in _FILES
    }
    named |= {f"{home.name}/{DRAFTS}": home / DRAFTS for home in homes if (home / DRAFTS).exists()}
    for name, path in named.items():
        digest.update(name.encode())
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


_FILES = ("policy.yaml", "text.txt", "rules.yaml")
