"""corpus/ as one checked whole: policies, their rules, the lexicon; refused where they contradict each other.

The folder is the truth; all else is derived from it and named by its hash. What a policy says is split and
checked once and kept (compiled.py); in memory stands what is known of each policy, its text comes when read.
"""

from __future__ import annotations

import datetime
import hashlib
import threading
from collections import Counter, OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Literal, overload

from pydantic import BaseModel, ConfigDict
from pydantic_core import to_jsonable_python

from policy_qa.clauses import DepartmentNames, split
from policy_qa.compiled import Body, Head, Store, key_of
from policy_qa.domain import Certificate, Citation, Clause, Policy
from policy_qa.drafts import DRAFTS, Draft, load_drafts
from policy_qa.errors import CertificateError, CorpusError, UsageError
from policy_qa.lexicon import Lexicon
from policy_qa.passages import Passage, digest, passages
from policy_qa.regions import place_words
from policy_qa.rules import Measure, Rules, check_rules
from policy_qa.segmenter import Segmenter
from policy_qa.strict_yaml import checked, read_model, read_yaml
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

    @property
    def drafts(self) -> tuple[Draft, ...] | None:
        """All that was ever drafted for it; None where its rules were written and not drafted."""
        kept = self.policy.clauses
        return kept.body.drafts if isinstance(kept, KeptClauses) else None

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
        if isinstance(self.policy.clauses, KeptClauses):
            return self.policy.clauses.departments
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

    @cached_property
    def policies(self) -> tuple[Policy, ...]:
        return tuple(holding.policy for holding in self.holdings)

    @property
    def measures(self) -> Iterator[tuple[Holding, Measure]]:
        return ((holding, measure) for holding in self.holdings for measure in holding.rules.measures)

    def holding(self, policy_id: str) -> Holding:
        """The policy named; UsageError lists those there are."""
        holding = self._by_id.get(policy_id)
        if holding is None:
            known = "、".join(list(self._by_id)[:_NAMED])
            others = "" if len(self._by_id) <= _NAMED else f"等 {len(self._by_id)} 个"
            raise UsageError(f"没有编号为“{policy_id}”的政策，现有：{known}{others}。")
        return holding

    @cached_property
    def _by_id(self) -> Mapping[str, Holding]:
        return {holding.policy.id: holding for holding in self.holdings}

    @cached_property
    def digests(self) -> Mapping[str, str]:
        """Policy → a hash of its passages, in the order of the corpus: what an index has to hold."""
        return {
            one.policy.id: one.policy.clauses.digest
            if isinstance(one.policy.clauses, KeptClauses)
            else digest(passages(one.policy, one.rules))
            for one in self.holdings
        }

    def passages(self, policy_id: str) -> tuple[Passage, ...]:
        """The texts of a policy that can be found."""
        holding = self.holding(policy_id)
        return passages(holding.policy, holding.rules)

    def only(self, policy_id: str | None) -> Corpus:
        """The corpus narrowed to one policy, as if no other were loaded; itself for None."""
        if policy_id is None or (len(self.holdings) == 1 and policy_id in self._by_id):
            return self
        holdings = (self.holding(policy_id),)
        lexicon = self.lexicon.narrowed(_policy_words(holdings), _place_words(holdings))
        return Corpus(holdings, lexicon, self.sha256, self.segmenter)

    def clause(self, policy_id: str, label: str) -> Clause:
        clause = self.holding(policy_id).policy.clause(label)
        if clause is None:
            raise KeyError(label)
        return clause


_NAMED = 30
"""Policies that a message names."""


def load_corpus(
    folder: Path, added: Path | None = None, kept: Path | None = None, *, keep: bool = True
) -> Corpus:
    """The corpus in ``folder``, and beside it the policies of ``added`` where there are any.

    ``kept`` is the file where policies that were split before are kept; without one each is split anew. Where
    ``keep`` is false it is only read.
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
    files = {home: _hashes(home) for home in homes}
    holdings = _holdings(files, None if kept is None else Store(kept), keep=keep)
    lexicon = Lexicon.load(folder / "lexicon.yaml", _policy_words(holdings), _place_words(holdings))
    return Corpus(holdings, lexicon, _hash(folder / "lexicon.yaml", files))


def _homes(folder: Path) -> list[Path]:
    """The folders of the policies in ``folder``; one that begins with a dot is still being written."""
    homes = {path.parent for name in _FILES for path in folder.glob(f"*/{name}")}
    return sorted(home for home in homes if not home.name.startswith("."))


def _refuse_doubles(homes: Sequence[Path]) -> None:
    for name, times in Counter(home.name for home in homes).items():
        if times > 1:
            raise CorpusError(f"政策“{name}”在自带的语料和新增的语料里各有一份，请给新增的换一个编号。")


# ── what is kept of each policy, and its text when it is read ───────────────────────────────────


class KeptClauses(Sequence[Clause]):
    """The clauses of a policy, read from where they are kept at the first use and again after a while."""

    __slots__ = ("_bodies", "_home", "_key", "_length", "departments", "digest")

    def __init__(self, bodies: _Bodies, home: Path, key: str, head: Head) -> None:
        self._bodies = bodies
        self._home = home
        self._key = key
        self._length = head.clauses
        self.departments = head.departments
        self.digest = head.digest

    @property
    def body(self) -> Body:
        """The text and what was drafted from it."""
        return self._bodies.of(self._home, self._key)

    @overload
    def __getitem__(self, position: int) -> Clause: ...
    @overload
    def __getitem__(self, position: slice) -> tuple[Clause, ...]: ...
    def __getitem__(self, position: int | slice) -> Clause | tuple[Clause, ...]:
        return self.body.clauses[position]

    def __iter__(self) -> Iterator[Clause]:
        return iter(self.body.clauses)

    def __len__(self) -> int:
        return self._length

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and tuple(self) == tuple(other)

    def __hash__(self) -> int:
        return hash(self.body.clauses)


class _Bodies:
    """The texts of the policies, those that were read last in memory; threads may read at once."""

    def __init__(self, store: Store | None) -> None:
        self._store = store
        self._lock = threading.Lock()
        self._read: OrderedDict[str, Body] = OrderedDict()
        self._clauses = 0
        self._pinned: dict[str, Body] = {}

    def pin(self, bodies: Mapping[str, Body]) -> None:
        """Hold these in memory for good: they are kept nowhere else."""
        self._pinned.update(bodies)

    def of(self, home: Path, key: str) -> Body:
        """The body named ``key``; split again from the files where it cannot be read."""
        if pinned := self._pinned.get(key):
            return pinned
        with self._lock:
            if body := self._read.get(key):
                self._read.move_to_end(key)
                return body
        body = (self._store.body(key) if self._store else None) or self._again(home, key)
        with self._lock:
            if key not in self._read:
                self._read[key] = body
                self._clauses += len(body.clauses)
            while self._clauses > _IN_MEMORY and len(self._read) > 1:
                _, oldest = self._read.popitem(last=False)
                self._clauses -= len(oldest.clauses)
        return body

    @staticmethod
    def _again(home: Path, key: str) -> Body:
        if key_of(_hashes(home).values()) != key:
            raise CorpusError(f"政策“{home.name}”的文件在运行中被改动了，请重新启动后再试。")
        return _compile(home)[1]


_IN_MEMORY = 20_000
"""Clauses of the policies read last that stay in memory."""


def _holdings(
    files: Mapping[Path, Mapping[str, bytes]], store: Store | None, *, keep: bool
) -> tuple[Holding, ...]:
    """A holding for each home; what no store knows is split and checked, and kept there."""
    keys = {home: key_of(hashes.values()) for home, hashes in files.items()}
    heads = store.heads(keys.values()) if store else {}
    bodies = _Bodies(store)
    fresh: dict[str, tuple[Head, Body]] = {}

    def put_away() -> None:
        if not (store and keep and store.keep(fresh, lambda: set(keys.values()))):
            bodies.pin({key: body for key, (_, body) in fresh.items()})
        heads.update((key, head) for key, (head, _) in fresh.items())
        fresh.clear()

    missing = [home for home, key in keys.items() if key not in heads]
    for home, compiled in zip(missing, _compile_all(missing), strict=True):
        fresh[keys[home]] = compiled
        if len(fresh) == _AT_ONCE:
            put_away()
    if fresh:
        put_away()
    return tuple(_holding(bodies, home, key, heads[key]) for home, key in keys.items())


_AT_ONCE = 200
"""Policies split before they are put away, so that memory stays bounded and a kill costs little."""


def _holding(bodies: _Bodies, home: Path, key: str, head: Head) -> Holding:
    described = _PolicyFile.model_validate(head.described)
    policy = _policy(described, KeptClauses(bodies, home, key, head), head.certificate)
    rules = Rules.model_validate(head.rules)
    return Holding(policy, rules, DepartmentNames.of(described.department_aliases), home)


def _compile_all(homes: Sequence[Path]) -> Iterator[tuple[Head, Body]]:
    """Each home compiled, in order; many of them by as many processes as there are cores."""
    if len(homes) < _MANY:
        yield from map(_compile, homes)
        return
    import multiprocessing
    from concurrent.futures import ProcessPoolExecutor
    from concurrent.futures.process import BrokenProcessPool

    done = 0
    try:
        # Spawned: a server that publishes has threads, which a forked process would lose in mid-step.
        with ProcessPoolExecutor(mp_context=multiprocessing.get_context("spawn")) as pool:
            for compiled in pool.map(_compile, homes, chunksize=20):
                yield compiled
                done += 1
    except BrokenProcessPool:  # killed, or no process can be started here
        yield from map(_compile, homes[done:])


_MANY = 400
"""Policies from which on starting processes pays."""


def _compile(home: Path) -> tuple[Head, Body]:
    """The policy in ``home``, split and checked; CorpusError where it contradicts itself."""
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
    policy = _policy(described, divided.clauses, divided.certificate)
    written = read_yaml(home / "rules.yaml")
    rules = check_rules(checked(written, Rules, f"{home.name}/rules.yaml"), policy)
    holding = Holding(policy, rules, DepartmentNames.of(described.department_aliases))
    head = Head(
        described=described.model_dump(mode="json", exclude_defaults=True),
        clauses=len(divided.clauses),
        digest=digest(passages(policy, rules)),
        departments=holding.departments(),
        rules=to_jsonable_python(written),
        certificate=divided.certificate,
    )
    return head, Body(divided.clauses, load_drafts(home))


def _policy(described: _PolicyFile, clauses: Sequence[Clause], certificate: Certificate) -> Policy:
    return Policy(
        id=described.id,
        title=described.title,
        status=described.status,
        issuing_body=described.issuing_body,
        issued_on=described.issued_on,
        in_force_from=described.in_force_from,
        in_force_until=described.in_force_until,
        rests_on=described.rests_on,
        sha256=described.sha256,
        clauses=clauses,
        certificate=certificate,
        region=described.region,
        supersedes=described.supersedes,
        number=described.number,
    )


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


def _hashes(home: Path) -> dict[str, bytes]:
    """The SHA-256 of each file that answers come from, by name; of a file that is missing none."""
    hashes = {}
    for name in (*_FILES, DRAFTS):
        try:
            hashes[name] = hashlib.sha256((home / name).read_bytes()).digest()
        except FileNotFoundError:
            continue
        except OSError as error:
            raise CorpusError(f"读不了“{home.name}/{name}”，请检查它的权限。") from error
    return hashes


def _hash(lexicon: Path, files: Mapping[Path, Mapping[str, bytes]]) -> str:
    digest = hashlib.sha256()
    named = {lexicon.name: hashlib.sha256(lexicon.read_bytes()).digest()}
    named |= {f"{home.name}/{name}": one for home, hashes in files.items() for name, one in hashes.items()}
    for name, sha256 in named.items():
        digest.update(name.encode())
        digest.update(sha256)
    return digest.hexdigest()


_FILES = ("policy.yaml", "text.txt", "rules.yaml")
