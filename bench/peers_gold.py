"""What `bench/peers.py` asks and what is right: texts, questions, and where each clause stands."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.many import GOLD, HEADER_ENDS, ROOT, Sum, Texts, load_gold, policy_id, sums, write_corpus
from policy_qa.corpus import Corpus, load_corpus
from policy_qa.evaluation import REFUSALS, load_split
from policy_qa.text import fold

HUAINAN = "huainan-zjtx-2020-draft"
NUMBERED = r"^[ \t]*(?=[一二三四五六七八九十]+、|[（(][一二三四五六七八九十]+[）)]|\d+[.．、])"
ARTICLES = r"^[ \t]*(?=第[一二三四五六七八九十百零〇]+条)"
_NEW_PARAGRAPH = re.compile(rf"{NUMBERED}|{ARTICLES}")
_WRAPPED, _FULL = 60, 20
"""A text without a line longer than the first is wrapped; a line shorter than the second ends a paragraph."""


Place = tuple[str, str]
"""A document and the label of a clause of it."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A question with what is right; ``must_refuse`` is None where refusing and answering both are."""

    id: str
    question: str
    kind: str
    right: frozenset[Place]
    must_refuse: bool | None
    anchors: tuple[str, ...] = ()
    """Words, folded, that stand in a right clause alone; a passage that holds one is right."""
    wanted: frozenset[Sum] = frozenset()
    """The sums and rates that answer it."""
    bound: str | None = None
    computed: bool = False
    """Whether no right clause prints what is wanted."""


class Layout:
    """Where each clause stands in its document, all folded."""

    def __init__(self, documents: Mapping[str, str], clauses: Mapping[Place, str]) -> None:
        self.texts = {name: fold(text) for name, text in documents.items()}
        self.spans: dict[Place, tuple[int, int]] = {}
        after: dict[str, int] = {}
        for place, text in clauses.items():
            found = _stretch(self.texts[place[0]], fold(text), after.get(place[0], 0))
            if found is not None:
                self.spans[place] = found
                after[place[0]] = found[0]

    def occurrences(self, document: str, text: str) -> list[tuple[int, int]]:
        """The spans where a passage stands in its document; none where a framework changed its words."""
        whole, folded = self.texts[document], fold(text)
        return [(m.start(), m.start() + len(folded)) for m in re.finditer(f"(?={re.escape(folded)})", whole)]


def _stretch(whole: str, text: str, after: int) -> tuple[int, int] | None:
    """Where ``text`` stands in ``whole`` from ``after`` on; by its two ends where it is broken up."""
    start = whole.find(text, after)
    if start >= 0:
        return start, start + len(text)
    start = whole.find(text[:15], after)
    end = whole.find(text[-15:], start)
    return None if start < 0 or end < 0 else (start, end + len(text[-15:]))


@dataclass(frozen=True, slots=True)
class Challenge:
    """A set of documents with its questions by split."""

    name: str
    documents: tuple[dict[str, str], ...]
    layout: Layout
    splits: Mapping[str, Sequence[Asked]]
    ours: Mapping[str, Any]
    """What the product is told instead of the documents."""


def huainan(reported: str) -> Challenge:
    """The Huainan draft with its development questions and those reported on."""
    text = (ROOT / "corpus" / HUAINAN / "text.txt").read_text(encoding="utf-8")
    corpus = load_corpus(ROOT / "corpus")
    clauses = _clauses(corpus)
    splits = {
        split: [
            Asked(
                one.id,
                one.question,
                one.kind,
                frozenset((HUAINAN, label) for label in one.clauses),
                _must_refuse(one.status),
                wanted=frozenset()
                if one.bound is None or one.total is None
                else frozenset({("money", one.total)}),
                bound=one.bound,
                computed=one.total is not None
                and not any(("money", one.total) in sums(clauses[HUAINAN, label]) for label in one.clauses),
            )
            for one in load_split(ROOT / "eval", split)
        ]
        for split in ("dev", reported)
    }
    documents = ({"id": HUAINAN, "name": corpus.holdings[0].policy.title, "text": text},)
    return Challenge(
        "Huainan", documents, Layout({HUAINAN: text}, clauses), splits, {"corpus": str(ROOT / "corpus")}
    )


def many(policies: Path, halves: Sequence[str]) -> Challenge:
    """The documents of ``policies`` together, with the questions over them."""
    with tempfile.TemporaryDirectory() as folder:
        write_corpus(policies, Path(folder) / "corpus")
        corpus = load_corpus(Path(folder) / "corpus")
    loaded = {policy.id for policy in corpus.policies}
    documents = [
        {"id": policy_id(path.name[:2]), "name": path.stem[3:], "text": _body(path)}
        for path in sorted(policies.glob("[0-9][0-9]_*.txt"))
    ]
    documents = [document for document in documents if document["id"] in loaded]
    clauses = _clauses(corpus)
    texts = Texts(clauses)
    splits = {
        half: [
            Asked(
                one.id,
                one.text,
                "near_miss" if one.policy is None else "rule",
                texts.right(one),
                one.policy is None,
                one.anchors,
                one.figures,
            )
            for one in load_gold(GOLD / f"many.{half}.jsonl")
            if one.policy is None or one.policy in loaded
        ]
        for half in halves
    }
    layout = Layout({document["id"]: document["text"] for document in documents}, clauses)
    return Challenge("many policies", tuple(documents), layout, splits, {"policies": str(policies)})


def _body(path: Path) -> str:
    return path.read_text(encoding="utf-8").partition(HEADER_ENDS)[2]


def _clauses(corpus: Corpus) -> dict[Place, str]:
    return {(one.policy, one.label): one.text for policy in corpus.policies for one in policy.clauses}


def _must_refuse(status: Sequence[str]) -> bool | None:
    refusals = [one in REFUSALS for one in status]
    return refusals[0] if len(set(refusals)) == 1 else None


def unwrap(text: str) -> str:
    """``text`` without the line breaks that a page width made, a blank line between paragraphs.

    A paragraph begins with a number or after a short line, as a careful reader would join it.
    """
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if max(map(len, lines), default=0) > _WRAPPED:
        return "\n\n".join(lines)
    paragraphs: list[str] = []
    short = True
    for line in lines:
        if short or _NEW_PARAGRAPH.match(line):
            paragraphs.append(line)
        else:
            paragraphs[-1] += line
        short = len(line) < _FULL
    return "\n\n".join(paragraphs)
