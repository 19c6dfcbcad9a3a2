"""check(): pasted text held against the policies, sentence by sentence, with clause, quote and differences.

Deterministic and lexical: the same readers as for questions, no model and no index. A sentence that follows
the wording of a policy is aligned with it; one in its own words is held against the measures it names. None
is matched to the measure that happens to fit its figures.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cached_property

from policy_qa.checking.claims import Claim, ClaimReader
from policy_qa.checking.comparison import Owner, compare_freely, of_listed_parties
from policy_qa.checking.contrasts import AIM
from policy_qa.checking.manner import compare_manner
from policy_qa.checking.passages import (
    Findings,
    Mark,
    Passage,
    all_slots,
    compare_figure,
    have_kin,
    stated_figures,
)
from policy_qa.checking.places import folded, inside, other_departments, overlaps, span_of
from policy_qa.checking.report import Difference, Judgement, Report, Verdict
from policy_qa.checking.sentences import sentence_spans
from policy_qa.checking.things import compare_things, held_share
from policy_qa.checking.wording import Alignment, Word, align, compare_wording, words_of
from policy_qa.corpus import Corpus, Holding
from policy_qa.domain import Clause
from policy_qa.errors import UsageError
from policy_qa.lexical import LexicalIndex
from policy_qa.references import resolve
from policy_qa.rules import Measure
from policy_qa.status import notices
from policy_qa.text import fold
from policy_qa.topic import Naming, Rejection

LONGEST_TEXT = 20_000
"""Characters; more is a book, not a text to check."""

_WORST_FIRST: tuple[Verdict, ...] = ("contradicted", "not_found", "needs_condition", "supported", "no_claim")


_STOPS = "。;!"
_SAID, _PRINTED = 0.8, 0.6
"""Shares of the claim in a passage, and of the stretch of the passage in the claim, that make it follow."""
_HELD = 0.5
"""Share of a claim's content that a passage must have words for, to be what the claim speaks of."""
_CANDIDATES = 20
_BONUS = 0.2
"""What a clause number in the claim, or figures of the claim's kind, are worth in shares of content."""
_MUCH_MORE = 0.3
"""By how much more of a claim a passage must hold than the measure that is named, to be what is meant."""
_A_SUM = 10_000
"""A number without a unit that is as large may be meant as a sum."""
_SHORT = 8
"""Characters: so short a piece of a policy may stand in any text."""


MOST_POLICIES = 200
"""Each claim is held against every clause: with more policies that is neither quick nor sure."""


class Checker:
    """Checks texts against one corpus; built once, it holds nothing of a text.

    UsageError for a corpus of more than 200 policies: one of them has to be named.
    """

    def __init__(self, corpus: Corpus) -> None:
        if len(corpus.holdings) > MOST_POLICIES:
            raise UsageError(
                f"现有 {len(corpus.holdings)} 份政策，不能一起核对，请先选定这段话说的是哪一份，再来核对。"
            )
        self._corpus = corpus
        self._claims = ClaimReader(corpus)
        self._word_sets: dict[tuple[str, str], frozenset[str]] = {}

    def check(self, text: str, as_of: datetime.date) -> Report:
        """The report on ``text``; UsageError for a text that is empty or too long."""
        if not any(character.isalnum() for character in text):
            raise UsageError("没有收到要核对的文字，请粘贴一段话再试。")
        if len(text) > LONGEST_TEXT:
            raise UsageError(f"要核对的文字太长，请分成不超过 {LONGEST_TEXT} 字的几段再试。")
        sentences: list[Judgement] = []
        before: tuple[Naming, ...] = ()
        earlier: Claim | None = None
        for start, end in sentence_spans(text):
            claim = replace(self._claims.read(text[start:end], start), earlier=earlier)
            judgement, before = self._judged(claim, before)
            earlier = claim if text[end - 1] in ";；" else None
            sentences.append(judgement)
        said = {sentence.verdict for sentence in sentences}
        worst: Verdict = next((verdict for verdict in _WORST_FIRST if verdict in said), "no_claim")
        return Report(tuple(sentences), worst, notices(self._corpus.policies, as_of))

    # ── one sentence ──

    def _judged(self, claim: Claim, before: tuple[Naming, ...]) -> tuple[Judgement, tuple[Naming, ...]]:
        """The judgement, and the measures a next sentence without a subject goes on about."""
        if (passage := self._printed_so.get(claim.plain.rstrip(_STOPS))) is not None and claim.asserts:
            return _judgement(claim, [passage], Findings()), claim.namings or before
        near = self._nearest(claim)
        follows = near is not None and (near.whole or _follows(claim, near))
        if not claim.asserts and not (follows and len(claim.plain) > _SHORT):
            return _plain_verdict(claim, "no_claim"), claim.namings or before
        if follows and near is not None:
            return self._by_wording(claim, near), claim.namings or before
        owners = self._owners(claim, claim.namings)
        if not owners and not claim.question.topic.rejected and not self._own_subject(claim):
            owners = self._owners(claim, before)
        if owners and not self._of_the_text(claim, owners):
            return self._by_measures(claim, owners), tuple(owner.naming for owner in owners)
        return self._by_text(claim), tuple(owner.naming for owner in owners) or before

    def _is_no_money(self, owners: Sequence[Owner]) -> bool:
        return not any(owner.measure.is_money for owner in owners)

    def _of_the_text(self, claim: Claim, owners: Sequence[Owner]) -> bool:
        """Whether a passage of the text is meant, no measure: a target, a headcount, help without money."""
        passage = self._passage_with_words(claim)
        if passage is None:
            return False
        said = list(stated_figures(claim))
        if not said and held_share(claim, passage) > _MUCH_MORE + max(
            held_share(claim, owner.passage) for owner in owners
        ):
            return True
        if said and not any(have_kin(said, owner.passage) for owner in owners):
            return have_kin(said, passage)
        return self._is_no_money(owners) and passage.clause.label in {o.measure.clause for o in owners}

    def _own_subject(self, claim: Claim) -> bool:
        return bool(claim.question.topic.unheld or claim.question.references)

    def _by_wording(self, claim: Claim, near: Alignment) -> Judgement:
        findings = compare_wording(claim, near)
        if not near.verbatim:
            findings.add(compare_manner(claim, [near.passage]))
            findings.add(compare_things(claim, [near.passage]))
        findings.add(self._elsewhere(claim, [near.passage]))
        return _judgement(claim, [near.passage], findings)

    def _by_measures(self, claim: Claim, owners: Sequence[Owner]) -> Judgement:
        findings = compare_freely(claim, owners)
        passages = [owner.passage for owner in owners]
        findings.add(compare_manner(claim, passages))
        findings.add(compare_things(claim, passages))
        findings.add(self._elsewhere(claim, passages))
        findings.contradicted += self._of_another_level(claim, owners)
        return _judgement(claim, passages, findings)

    def _of_another_level(self, claim: Claim, owners: Sequence[Owner]) -> Iterator[Mark]:
        """「小巨人和省级智能工厂各奖50万」: beside what is named, a measure of money with another level."""
        named = [span for owner in owners for span in owner.naming.spans]
        for rejection in claim.question.topic.rejected:
            level = rejection.measure.level
            if level is None or not rejection.measure.is_money or AIM.search(claim.plain):
                continue
            if level not in rejection.why.split("，")[-1] or level == rejection.measure.party:
                continue
            for span in rejection.spans:
                if span not in named:
                    holding = next(h for h in self._corpus.holdings if rejection.measure in h.rules.measures)
                    passage = self._passage_of(rejection.measure, holding)
                    yield Mark("party", span, passage.span, passage)

    def _by_text(self, claim: Claim) -> Judgement:
        """A claim that names no measure of its own: another level, the passage with its words, or nothing."""
        passage = self._passage_with_words(claim)
        counted = passage is not None and have_kin(stated_figures(claim), passage)
        of_support = any(figure.kind in ("money", "rate") for figure in claim.figures)
        rejected = [r for r in claim.question.topic.rejected if r.measure.is_money or not of_support]
        if rejected and (of_support or not counted):
            another = self._other_level(claim, rejected)
            if another is not None or not claim.namings:
                return another or _plain_verdict(claim, "not_found")
        if passage is None:
            return _plain_verdict(claim, "not_found")
        findings = Findings()
        for figure in stated_figures(claim):
            findings.add(compare_figure(figure, claim.plain, all_slots(passage)))
        printed = {figure.value for figure in passage.figures}
        findings.unprinted += [
            (figure.start, figure.end)
            for figure in claim.figures
            if figure.kind == "number" and figure.value >= _A_SUM and figure.value not in printed
        ]
        findings.add(compare_manner(claim, [passage]))
        findings.add(compare_things(claim, [passage]))
        findings.add(self._elsewhere(claim, [passage]))
        return _judgement(claim, [passage], findings)

    # ── which passage ──

    @cached_property
    def _passages(self) -> tuple[tuple[Passage, tuple[Word, ...]], ...]:
        """Every sentence of every clause, with its words."""
        found = []
        for holding in self._corpus.holdings:
            for clause in holding.policy.clauses:
                printed = folded(clause)
                for start, end in sentence_spans(clause.text):
                    span = inside(printed, start, end)
                    if span is None:
                        continue
                    measures = tuple(
                        m
                        for m in holding.rules.of_clause(clause.label)
                        if overlaps(span_of(m, clause), start, end)
                    )
                    passage = Passage(
                        holding, clause, printed, *span, measures, self._clause_words(holding, clause)
                    )
                    found.append((passage, self._words(passage)))
        return tuple(found)

    @cached_property
    def _printed_so(self) -> dict[str, Passage]:
        """The passages by their text, for the sentences that are the policy's own."""
        return {passage.plain.rstrip(_STOPS): passage for passage, _ in self._passages}

    def _clause_words(self, holding: Holding, clause: Clause) -> frozenset[str]:
        """The words of a clause, of the headings above it and of the titles of its measures, read once."""
        key = (holding.policy.id, clause.label)
        if key not in self._word_sets:
            titles = [measure.title for measure in holding.rules.of_clause(clause.label)]
            text = "。".join((*clause.path, *titles, clause.text))
            reading = self._claims.reader.read(fold(text).lower())
            words = {token.text for token in reading.tokens if len(token.text) > 1}
            self._word_sets[key] = frozenset(
                words | {fold(heading) for heading in clause.path} | {fold(t) for t in titles}
            )
        return self._word_sets[key]

    def _passage_of(self, measure: Measure, holding: Holding) -> Passage:
        clause = holding.policy.clause(measure.clause)
        assert clause is not None  # the loader has found it
        printed = folded(clause)
        span = inside(printed, *span_of(measure, clause))
        assert span is not None
        return Passage(holding, clause, printed, *span, (measure,), self._clause_words(holding, clause))

    def _words(self, passage: Passage) -> tuple[Word, ...]:
        reading = self._claims.reader.read(passage.plain)
        here = [replace(f, start=f.start - passage.start, end=f.end - passage.start) for f in passage.figures]
        shift = passage.start
        return tuple(
            replace(
                word,
                start=word.start + shift,
                end=word.end + shift,
                figure=word.figure and replace(word.figure, start=word.start + shift, end=word.end + shift),
            )
            for word in words_of(reading, here)
        )

    @cached_property
    def _index(self) -> LexicalIndex:
        return LexicalIndex([passage.plain for passage, _ in self._passages], self._corpus.segmenter.words)

    def _candidates(self, claim: Claim) -> Iterator[tuple[Passage, tuple[Word, ...]]]:
        means = [mean for term in claim.reading.terms for mean in term.means]
        for position, _ in self._index.search(claim.plain, means, _CANDIDATES):
            yield self._passages[position]

    def _nearest(self, claim: Claim) -> Alignment | None:
        if claim.question.invalid or claim.reading.text != claim.plain:
            return None
        aside = [*claim.departments.values(), *((r.start, r.end) for r in claim.question.references)]
        said = words_of(claim.reading, claim.figures, aside)
        keys = {word.key for word in said}
        wanted = _SAID * sum(len(key) for key in keys if key[0] != "#")
        found = [
            align(said, passage, printed)
            for passage, printed in self._candidates(claim)
            if sum(len(key) for key in keys & {word.key for word in printed}) >= wanted
        ]
        return max(found, key=lambda one: min(one.said_share, one.printed_share), default=None)

    def _owners(self, claim: Claim, namings: Sequence[Naming]) -> list[Owner]:
        """The measures a claim is about: where it speaks of money, those of money if any is named."""
        if namings is claim.namings and any(figure.kind in ("money", "rate") for figure in claim.figures):
            namings = claim.money_namings or namings
            listed = of_listed_parties(claim, claim.money_candidates)
            namings = tuple({n.measure.id: n for n in (*namings, *listed)}.values())
        return [
            Owner(naming, self._passage_of(naming.measure, holding))
            for naming in namings
            for holding in self._corpus.holdings
            if naming.measure in holding.rules.measures
        ]

    def _other_level(self, claim: Claim, rejected: Sequence[Rejection]) -> Judgement | None:
        """「省级智能工厂」, where the clause says 市级: the thing is held, another party's."""
        for rejection in rejected:
            level = rejection.measure.level
            if level is None or level not in rejection.why.split("，")[-1]:
                continue
            holding = next(h for h in self._corpus.holdings if rejection.measure in h.rules.measures)
            passage = self._passage_of(rejection.measure, holding)
            naming = Naming(rejection.measure, (), rejection.spans, rejection.score, True)
            findings = compare_freely(claim, [Owner(naming, passage)])
            findings.omitted.clear()
            findings.add(compare_manner(claim, [passage]))
            if not any(mark.kind == "party" for mark in findings.contradicted):
                findings.contradicted.append(Mark("party", rejection.spans[0], passage.span, passage))
            return _judgement(claim, [passage], findings)
        return None

    def _passage_with_words(self, claim: Claim) -> Passage | None:
        """The passage that has words for most of what the claim speaks of; the clause it refers to first."""
        referred = {
            clause.label
            for reference in claim.question.references
            for holding in self._corpus.holdings
            for clause in resolve(reference, holding.policy.clauses)
        }
        best: tuple[float, Passage] | None = None
        for passage, _ in self._candidates(claim):
            share = held_share(claim, passage)
            if share < _HELD:
                continue
            share += _BONUS if passage.clause.label in referred else 0.0
            share += _BONUS if have_kin(stated_figures(claim), passage) else 0.0
            if best is None or share > best[0]:
                best = share, passage
        return best[1] if best is not None else None

    # ── what names another place ──

    def _elsewhere(self, claim: Claim, passages: Sequence[Passage]) -> Findings:
        """A clause number or a department that is not the passage's own."""
        findings = Findings()
        labels = {passage.clause.label for passage in passages}
        for reference in claim.question.references:
            meant = {
                clause.label
                for passage in passages
                for clause in resolve(reference, passage.holding.policy.clauses)
            }
            if not meant & labels:
                span = (reference.start, reference.end)
                findings.contradicted.append(Mark("clause", span, passages[0].span, passages[0]))
        findings.contradicted += other_departments(claim, passages)
        return findings


# ── from findings to a verdict ──────────────────────────────────────────────────────────────────


def _plain_verdict(claim: Claim, verdict: Verdict) -> Judgement:
    return Judgement(claim.text, verdict, None, None, None, (), claim.start, claim.start + len(claim.text))


def _judgement(claim: Claim, passages: Sequence[Passage], findings: Findings) -> Judgement:
    """The verdict, with the quote of one clause and the differences that stand in it."""
    verdict: Verdict
    marks: list[Mark]
    if findings.contradicted:
        verdict, marks = "contradicted", findings.contradicted + findings.omitted
    elif findings.unprinted:
        verdict, marks = "not_found", []
    else:
        verdict, marks = ("needs_condition" if findings.omitted else "supported"), findings.omitted
    shown = marks[0].passage if marks else passages[0]
    marks = [mark for mark in dict.fromkeys(marks) if mark.passage.clause is shown.clause]
    start = min([shown.start, *(mark.printed[0] for mark in marks)])
    end = max([shown.end, *(mark.printed[1] for mark in marks)])
    first, last = shown.folded.original_span(start, end)
    return Judgement(
        claim.text, verdict, shown.holding.policy.id, shown.clause.label, shown.clause.text[first:last],
        tuple(_difference(mark, claim, first) for mark in marks), claim.start, claim.start + len(claim.text),
    )  # fmt: skip


def _difference(mark: Mark, claim: Claim, first: int) -> Difference:
    start, end = claim.source_span(mark.said) if mark.said else (len(claim.text), len(claim.text))
    printed = mark.passage.folded.original_span(*mark.printed)
    policy = mark.passage.clause.text[slice(*printed)]
    return Difference(
        claim.text[start:end], policy, mark.kind, start, end, printed[0] - first, printed[1] - first
    )


def _follows(claim: Claim, near: Alignment) -> bool:
    """Whether the claim follows the wording of a passage, and names none but that passage's measures.

    Where the passage divides its sums among parties, a claim about one of them is read as its own words.
    """
    if near.said_share < _SAID or near.printed_share < _PRINTED:
        return False
    if not any(figure.kind in ("money", "rate") for figure in claim.figures):
        return True
    own = {measure.id: measure for measure in near.passage.measures}
    named = [n.measure for n in claim.money_namings if n.informative and n.measure.is_money]
    divided = any(measure.party is not None for measure in own.values())
    one_of_them = divided and bool(named) and len(named) < len(own)
    return all(measure.id in own for measure in named) and not one_of_them
