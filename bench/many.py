"""Ask the questions of tests/gold/many.*.jsonl over 29 real policies loaded together, and score the answers.

    python bench/many.py [--half dev|test] [--policies ../shared/policies] [--home FOLDER]

The documents become a corpus as `policy-qa add` makes it, none of the drafted rules reviewed yet. Each is
said to be in force on the day asked about: no day saw all 29 in force, and which one answers is what is
measured. The misses of the development half are listed by question, those of the test half never. A home
that is kept embeds again only what changed.
"""

from __future__ import annotations

import argparse
import datetime
import json
import math
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from policy_qa.assistant import open_assistant
from policy_qa.corpus import Corpus, load_corpus
from policy_qa.domain import Answer, Hit, Sentence
from policy_qa.embedding import DEFAULT, load_embedder
from policy_qa.errors import PolicyQaError
from policy_qa.money import figures
from policy_qa.particulars import read_particulars
from policy_qa.publishing import Change, Given
from policy_qa.publishing.adding import prepare, write_home
from policy_qa.settings import Settings
from policy_qa.text import fold

ROOT = Path(__file__).resolve().parent.parent
GOLD = ROOT / "tests" / "gold"
POLICIES = ROOT.parent / "shared" / "policies"
DAY = datetime.date(2026, 1, 1)
ADDED = Change(datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC), None, "add", None, None, {})
FOUND = frozenset({"answered", "needs_facts", "not_specified"})
HEADER_ENDS = "# ----\n"
TITLE_LINE = "# 标题(title): "
REGIONS = {
    "03": "山东省济南市", "06": "山东省青岛市", "07": "山东省青岛市", "09": "山东省济南市",
    "10": "山东省济南市", "12": "安徽省", "13": "四川省阿坝藏族羌族自治州", "14": "内蒙古自治区包头市",
    "17": "吉林省柳河县", "19": "浙江省温州市鹿城区", "20": "浙江省温州市鹿城区",
    "21": "浙江省温州市鹿城区", "22": "浙江省温州市鹿城区", "25": "上海市临港新片区",
    "26": "上海市临港新片区", "27": "上海市临港新片区", "28": "上海市临港新片区", "31": "广东省",
    "34": "广东省广州市", "36": "广东省广州市", "41": "北京市", "42": "北京市", "43": "北京市",
    "44": "北京市", "46": "北京市", "47": "北京市", "49": "北京市", "50": "北京市", "51": "北京市",
}  # fmt: skip
"""Where each document applies, by the number its file begins with: many do not print it."""

Sum = tuple[str, Decimal]
"""What a figure is, ``money`` or ``rate``, and its value in yuan or as a fraction."""


# ── the gold ────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Question:
    """A question and what answers it; a near miss has no policy, for no loaded document holds it."""

    id: str
    text: str
    policy: str | None = None
    anchors: tuple[str, ...] = ()
    """One for each right clause: words, folded, that stand in no other clause of any document."""
    figures: frozenset[Sum] = frozenset()
    """Sums and rates that a right answer quotes."""


def load_gold(path: Path) -> list[Question]:
    """The questions of one half, in the order of the file."""
    return [_question(json.loads(line)) for line in path.read_text(encoding="utf-8").splitlines()]


def _question(row: Mapping[str, Any]) -> Question:
    if row.get("refuse"):
        return Question(row["id"], row["question"])
    anchors = tuple(fold(anchor) for anchor in row["anchors"])
    wanted = frozenset(one for figure in row["figures"] for one in sums(figure))
    return Question(row["id"], row["question"], policy_id(row["policy"]), anchors, wanted)


def policy_id(number: str) -> str:
    """The id of the document whose file name begins with ``number``."""
    return f"p{number}"


def sums(text: str) -> frozenset[Sum]:
    """The sums of money and the rates in ``text``, however they are spelled; both ends of a range."""
    return frozenset(
        (figure.kind, value)
        for figure in figures(text)
        if figure.kind in ("money", "rate")
        for value in (figure.value, figure.upper)
        if value is not None
    )


# ── the corpus ──────────────────────────────────────────────────────────────────────────────────


def write_corpus(policies: Path, folder: Path) -> list[str]:
    """Add each document of ``policies`` to a corpus in ``folder``; why some were refused, a sentence each."""
    folder.mkdir(parents=True)
    shutil.copy(ROOT / "corpus" / "lexicon.yaml", folder)
    shipped = load_corpus(ROOT / "corpus")
    refused = []
    with tempfile.TemporaryDirectory() as sources:
        for path in sorted(policies.glob("[0-9][0-9]_*.txt")):
            header, _, text = path.read_text(encoding="utf-8").partition(HEADER_ENDS)
            source = Path(sources) / path.name
            source.write_text(text, encoding="utf-8")
            title = read_particulars(text).title or _given_title(header)
            given = Given(title, region=REGIONS[path.name[:2]], in_force_from=DAY, in_force_until=DAY)
            try:
                prepared = prepare(source, policy_id(path.name[:2]), given, shipped)
            except PolicyQaError as error:
                refused.append(str(error))
                continue
            write_home(folder / prepared.policy.id, prepared, source, ADDED)
    return refused


def _given_title(header: str) -> str:
    """The title that the collection gives a document whose text prints none."""
    return next(line.removeprefix(TITLE_LINE) for line in header.splitlines() if line.startswith(TITLE_LINE))


class Texts:
    """The clauses of the loaded policies, folded, as the scoring reads them."""

    def __init__(self, clauses: Mapping[tuple[str, str], str]) -> None:
        self.clauses = {key: fold(text) for key, text in clauses.items()}
        """By policy and label."""
        held: dict[str, set[Sum]] = {}
        for (policy, _), text in clauses.items():
            held.setdefault(policy, set()).update(sums(text))
        self.sums: Mapping[str, set[Sum]] = held
        """The sums and rates that a policy prints."""

    @classmethod
    def of(cls, corpus: Corpus) -> Texts:
        return cls({(c.policy, c.label): c.text for policy in corpus.policies for c in policy.clauses})

    def right(self, question: Question) -> frozenset[tuple[str, str]]:
        """The clauses that answer ``question``."""
        return frozenset(
            key for key, text in self.clauses.items() if any(anchor in text for anchor in question.anchors)
        )

    def faults(self, question: Question) -> Iterator[str]:
        """What is wrong with the gold of ``question`` or with the split: an anchor stands in one clause."""
        for anchor in question.anchors:
            places = [f"{key[0]}〔{key[1]}〕" for key, text in self.clauses.items() if anchor in text]
            if len(places) != 1 or not places[0].startswith(f"{question.policy}〔"):
                yield f"{question.id}: {anchor!r} stands in {places or 'no clause'}"


# ── the scoring ─────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Judged:
    """One answer against its gold; a verdict that the question does not ask for is None."""

    question: Question
    policy_first: bool | None
    clause_first: bool | None
    clause_in_three: bool | None
    cited: bool | None
    """Answered with a right clause among the citations."""
    quoted: bool | None
    """Every figure wanted stands in a sentence that cites the right policy; None where none is wanted."""
    refused: bool | None
    mixed: tuple[str, ...]
    """Sentences whose figures are not those of one policy that they cite."""


def judge(question: Question, answer: Answer, texts: Texts) -> Judged:
    """Hold ``answer`` against the gold of ``question``."""
    mixed = tuple(one.text for one in answer.sentences if mixes(one, answer, texts))
    if question.policy is None:
        refused = answer.status not in FOUND and not answer.citations
        return Judged(question, None, None, None, None, None, refused, mixed)
    right = texts.right(question)
    ranked = [(hit.policy, hit.clause) in right for hit in answer.retrieved[:3]]
    citations = {(citation.policy, citation.clause) for citation in answer.citations}
    said = {
        one
        for sentence in answer.sentences
        if question.policy in _policies(sentence, answer)
        for one in sums(sentence.text)
    }
    return Judged(
        question,
        policy_first=[hit.policy for hit in answer.retrieved[:1]] == [question.policy],
        clause_first=any(ranked[:1]),
        clause_in_three=any(ranked),
        cited=answer.status in FOUND and bool(citations & right),
        quoted=question.figures <= said if question.figures else None,
        refused=None,
        mixed=mixed,
    )


def mixes(sentence: Sentence, answer: Answer, texts: Texts) -> bool:
    """Whether a sentence states sums or rates that are not all printed by the one policy it cites.

    What the user said is no figure of a policy. Nothing is calculated here, for no rule is published.
    """
    stated = sums(sentence.text) - sums(answer.question)
    policies = _policies(sentence, answer)
    return bool(stated) and (len(policies) != 1 or not stated <= texts.sums[policies.pop()])


def _policies(sentence: Sentence, answer: Answer) -> set[str]:
    return {answer.citations[number].policy for number in sentence.citations}


# ── the report ──────────────────────────────────────────────────────────────────────────────────

MEASURES: tuple[tuple[str, Callable[[Judged], bool | None]], ...] = (
    ("right policy first", lambda one: one.policy_first),
    ("right clause first", lambda one: one.clause_first),
    ("right clause in three", lambda one: one.clause_in_three),
    ("answered, right clause cited", lambda one: one.cited),
    ("figures quoted", lambda one: one.quoted),
    ("near misses refused", lambda one: one.refused),
)


def report(judged: Sequence[Judged], milliseconds: Sequence[float]) -> Iterator[str]:
    """A line a measure: the share and what it is a share of; nothing to share is nan, never 0."""
    for name, verdict in MEASURES:
        verdicts = [one for each in judged if (one := verdict(each)) is not None]
        share = sum(verdicts) / len(verdicts) if verdicts else math.nan
        yield f"{name:32} {share:5.3f}  ({sum(verdicts)} of {len(verdicts)})"
    yield f"{'sentences that mix policies':32} {sum(len(one.mixed) for one in judged):5}  (none is allowed)"
    cuts = statistics.quantiles(milliseconds, n=100, method="inclusive")
    yield f"{'ask, warm':32} p50 {cuts[49]:.0f} ms, p95 {cuts[94]:.0f} ms"


def misses(judged: Judged, answer: Answer) -> Iterator[str]:
    """What went wrong with one question, on one line each; nothing where all is right."""
    wrong = [name for name, verdict in MEASURES if verdict(judged) is False]
    if wrong:
        nearest = " ".join(map(_place, answer.retrieved[:3]))
        yield f"{judged.question.id} {judged.question.text}"
        yield f"    not {', '.join(wrong)}; wanted {judged.question.policy}; {answer.status}; {nearest}"
    for text in judged.mixed:
        yield f"{judged.question.id} MIXED {text}"


def _place(hit: Hit) -> str:
    return f"{hit.policy}〔{hit.clause}〕"


# ── the run ─────────────────────────────────────────────────────────────────────────────────────


def main(given: Sequence[str] | None = None) -> None:
    """Read the arguments, ask, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--half", choices=("dev", "test"), default="dev")
    parser.add_argument("--policies", type=Path, default=POLICIES)
    parser.add_argument("--home", type=Path, help="keep the index here; default: a temporary folder")
    arguments = parser.parse_args(given)
    if not arguments.policies.is_dir():
        print(
            f"Skipped: the documents are not here ({arguments.policies}); name their folder with --policies."
        )
        return
    keep: Path | None = arguments.home
    home: AbstractContextManager[str | Path] = (
        tempfile.TemporaryDirectory() if keep is None else nullcontext(keep)
    )
    with home as kept, tempfile.TemporaryDirectory() as written:
        corpus = Path(written) / "corpus"
        for line in write_corpus(arguments.policies, corpus):
            print(f"left out: {line}")
        settings = Settings(home=Path(kept), corpus=corpus, eval=ROOT / "eval", embedding=DEFAULT)
        for line in run(settings, load_gold(GOLD / f"many.{arguments.half}.jsonl"), arguments.half == "dev"):
            print(line)


def run(settings: Settings, gold: Iterable[Question], listed: bool) -> Iterator[str]:
    """Ask every question of a loaded policy and every near miss; the misses first where ``listed``."""
    assistant = open_assistant(settings, lambda name: load_embedder(name, through="engine"))
    loaded = {policy.id for policy in assistant.corpus.policies}
    texts = Texts.of(assistant.corpus)
    asked = [one for one in gold if one.policy is None or one.policy in loaded]
    for question in asked:  # the first time a policy is asked it is opened
        assistant.ask(question.text, {}, DAY)
    judged, taken = [], []
    for question in asked:
        yield from texts.faults(question)
        start = time.perf_counter()
        answer = assistant.ask(question.text, {}, DAY)
        taken.append((time.perf_counter() - start) * 1000)
        judged.append(judge(question, answer, texts))
        if listed:
            yield from misses(judged[-1], answer)
    yield from assistant.standing_notices
    yield f"{len(loaded)} policies, {len(texts.clauses)} clauses, {len(asked)} questions"
    yield from report(judged, taken)


if __name__ == "__main__":
    main()
