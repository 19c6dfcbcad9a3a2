"""The nouns of the product, frozen, in the order of the pipeline; the README's vocabulary defines them.

Money is ``Decimal`` in yuan. Offsets are half-open spans in code points of ``Clause.text``.
"""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal, Protocol

# ── the policy ──────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Segment:
    """The passage of a clause that ends in one 「（…负责）」, or the rest after the last one."""

    start: int
    end: int
    departments: tuple[str, ...]
    open_ended: bool = False
    """True where the printed list ends in 等: others may be responsible too."""


@dataclass(frozen=True, slots=True)
class Clause:
    """The smallest unit a policy numbers, with text of its own."""

    policy: str
    label: str
    """The printed number path joined from the top: ``三（一）2``, ``一（二）``, ``序言``."""
    path: tuple[str, ...]
    """The headings above the clause as printed, from the top, then its own title."""
    title: str
    text: str
    segments: tuple[Segment, ...]
    number: int | None
    """The running item number where items run through the policy (三 1–17), else None."""
    line: int
    """The line of the source where the clause begins, from 1."""

    def segment_at(self, start: int, end: int) -> Segment | None:
        """The segment that holds ``text[start:end]``, None where it crosses two."""
        return next((s for s in self.segments if s.start <= start and end <= s.end), None)


@dataclass(frozen=True, slots=True)
class Certificate:
    """The proof that a split lost nothing: each character of the source in exactly one part."""

    characters: int
    """Characters of the source, white space aside."""
    covered: int
    numbering_gaps: tuple[str, ...] = ()
    unresolved_references: tuple[str, ...] = ()
    """References to clauses of this policy that lead nowhere."""
    outside_references: tuple[str, ...] = ()
    """Other documents this policy names: 文号 and 《…》."""
    warnings: tuple[str, ...] = ()
    failures: tuple[str, ...] = ()
    """Why the split cannot be trusted, each with its line, in Chinese; empty when it can."""


@dataclass(frozen=True, slots=True)
class Policy:
    """One published document, split by clause."""

    id: str
    title: str
    status: str
    """``征求意见稿`` for a draft, ``正式`` for an issued policy."""
    issuing_body: str | None
    issued_on: datetime.date | None
    in_force_from: datetime.date | None
    in_force_until: datetime.date | None
    rests_on: tuple[str, ...]
    sha256: str
    clauses: Sequence[Clause]
    certificate: Certificate
    region: str | None = None
    """Where it applies, from the province down, as printed or entered: ``安徽省淮南市``."""
    supersedes: str | None = None
    """The document it replaces, as printed."""
    number: str | None = None
    """The 文号, as printed: ``皖政办〔2020〕4号``."""

    def clause(self, label: str) -> Clause | None:
        return next((clause for clause in self.clauses if clause.label == label), None)


# ── retrieval ───────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Hit:
    """A clause found, or rejected, with its score and the reason in Chinese."""

    policy: str
    clause: str
    score: float
    why: str


# ── calculation ─────────────────────────────────────────────────────────────────────────────────

FactType = Literal["bool", "yuan", "integer", "integers"]
FactValue = bool | int | Decimal | tuple[int, ...]
Bound = Literal["exact", "max", "min", "unknown"]
Payee = str


@dataclass(frozen=True, slots=True)
class Item:
    """What one measure brings under the facts at hand."""

    measure: str
    title: str
    clause: str
    quote: str
    amount: Decimal | None
    bound: Bound
    formula: str
    capped: bool
    payee: Payee
    assumptions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Calculation:
    """The items and their total; an amount that cannot be known taints the total, never zeroes it."""

    total: Decimal | None
    bound: Bound
    items: tuple[Item, ...]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Reverse:
    """How much of a fact reaches a wanted amount, rounded up to the fen (or to the whole piece)."""

    fact: str
    value: Decimal
    unit: str


@dataclass(frozen=True, slots=True)
class Need:
    """A fact worth asking the user for next."""

    fact: str
    ask: str
    type: FactType
    unit: str | None


# ── the answer ──────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Citation:
    """A verbatim quote: ``clause.text[start:end] == quote``, with the departments of its segment."""

    policy: str
    clause: str
    title: str
    quote: str
    start: int
    end: int
    departments: tuple[str, ...]


Proof = Literal["quote", "calculation", "template"]
Status = Literal[
    "invalid_input", "out_of_scope", "not_found", "needs_facts", "not_specified", "answered", "error"
]
Route = Literal["amount", "eligibility", "clause", "department", "general"]


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence of an answer with what proves it; only proof.py lets one out."""

    text: str
    citations: tuple[int, ...]
    """Positions in ``Answer.citations``."""
    proof: Proof


@dataclass(frozen=True, slots=True)
class Answer:
    """What the user gets, and all that led to it."""

    question: str
    as_of: datetime.date
    corpus: str
    id: str
    status: Status
    route: Route
    answer: str
    sentences: tuple[Sentence, ...]
    citations: tuple[Citation, ...]
    calculation: Calculation | None
    reverse: Reverse | None
    needs: tuple[Need, ...]
    retrieved: tuple[Hit, ...]
    rejected: tuple[Hit, ...]
    notices: tuple[str, ...]
    rewritten: str | None = None
    """The full question a follow-up was answered as, in the user's words; None where it was asked as is."""


# ── what can be replaced ────────────────────────────────────────────────────────────────────────

Vector = Sequence[float]


class Embedder(Protocol):
    """Texts to vectors of one length; passages and queries are embedded differently."""

    @property
    def name(self) -> str:
        """Identity of the model, part of the index version."""

    def embed_passages(self, texts: Sequence[str]) -> list[list[float]]: ...

    def embed_query(self, text: str) -> list[float]: ...


class LanguageModel(Protocol):
    """A chat model that may choose words; what it says is checked before anybody sees it."""

    def turn(self) -> Reply:
        """Replies for one question, which together take no longer than the model's deadline."""


class Reply(Protocol):
    """One exchange: instructions and a message in, the model's text out; raises ModelError for none."""

    def __call__(self, instructions: str, message: str, /) -> str: ...
