"""Publisher: the one door through which added policies and their rules change."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from policy_qa.corpus import Corpus, Holding, load_corpus
from policy_qa.eligibility import vocabulary
from policy_qa.errors import UsageError
from policy_qa.publishing.adding import HEADINGS, Added, Given, check_id, prepare, write_home
from policy_qa.publishing.changes import Action, Change, announce, read_changes
from policy_qa.publishing.disk import alone, publish, staging
from policy_qa.publishing.disk import replace as replace_file
from policy_qa.publishing.reviewing import Outcome, Pending, Raw, accepted, pending, read_edit, rejected
from policy_qa.rules import Rules
from policy_qa.strict_yaml import checked, read_yaml, write_yaml


@dataclass(frozen=True, slots=True)
class Reviewer:
    """Who decides, and when."""

    name: str
    now: datetime.datetime


@dataclass(frozen=True, slots=True)
class Decision:
    """A decision that is published; ``left`` counts what is still undecided."""

    change: Change
    left: int


class Publisher:
    """Adds policies under ``added``, beside the shipped corpus, and moves their drafts into their rules.

    Every method that changes something is whole or nothing, and raises PolicyQaError with one sentence.
    """

    def __init__(self, shipped: Path, added: Path, kept: Path | None = None) -> None:
        """``kept`` is the file where policies that were split before are kept."""
        self._shipped = shipped
        self._added = added
        self._kept = kept

    def corpus(self) -> Corpus:
        """All policies as they stand on the disk now."""
        return load_corpus(self._shipped, self._added, self._kept)

    def add(self, file: Path, policy_id: str, given: Given, by: str | None, now: datetime.datetime) -> Added:
        """The file as a policy that can be asked at once; its sums are quoted until they are reviewed."""
        check_id(policy_id)
        corpus = self.corpus()
        if policy_id in {policy.id for policy in corpus.policies}:
            raise UsageError(f"编号“{policy_id}”已经有了，请换一个编号。")
        prepared = prepare(file, policy_id, given, corpus)
        change = Change(now, by, "add", None, None, {"source": file.name, "sha256": prepared.policy.sha256})
        with alone(self._added):
            home = self._added / policy_id
            if home.exists():
                raise UsageError(f"编号“{policy_id}”已经有了，请换一个编号。")
            with staging(self._added) as folder:
                write_home(folder / policy_id, prepared, file, change)
                load_corpus(self._shipped, folder)
                publish(folder / policy_id, home)
        return Added(prepared.policy, prepared.doubts, prepared.drafts)

    def pending(self, policy_id: str, draft_id: str | None = None) -> tuple[Pending, ...]:
        """What is undecided of a policy, each beside its clause; only ``draft_id`` where one is named."""
        holding = self.corpus().holding(policy_id)
        return pending(holding) if draft_id is None else (_item(holding, draft_id),)

    def history(self, policy_id: str) -> tuple[Change, ...]:
        """Every change of an added policy, oldest first; a shipped one has none."""
        holding = self.corpus().holding(policy_id)
        return read_changes(holding.home, holding.rules.reviewed_drafts) if holding.home else ()

    def accept(self, policy_id: str, draft_id: str, reviewer: Reviewer, edit: str | None = None) -> Decision:
        """Move one draft into rules.yaml, in the words of ``edit`` (YAML) where there are any."""
        edited = None if edit is None else read_edit(edit, "修改稿")

        def decide(holding: Holding, rules: Raw, item: Pending, stamp: Raw) -> Outcome:
            return accepted(holding, rules, item, stamp, edited)

        return self._decide(policy_id, draft_id, reviewer, "accept", decide)

    def reject(self, policy_id: str, draft_id: str, reviewer: Reviewer, reason: str) -> Decision:
        """Keep one draft out of the rules, with the reason why it is no award."""
        if not reason.strip():
            raise UsageError("驳回要写明理由，请用 --reason 写一句。")

        def decide(holding: Holding, rules: Raw, item: Pending, stamp: Raw) -> Outcome:
            return rejected(holding, rules, item, stamp, reason.strip())

        return self._decide(policy_id, draft_id, reviewer, "reject", decide)

    def _decide(
        self,
        policy_id: str,
        draft_id: str,
        reviewer: Reviewer,
        action: Action,
        decide: Callable[[Holding, Raw, Pending, Raw], Outcome],
    ) -> Decision:
        """Check, keep the change, then make it visible: rules.yaml decides and is replaced last."""
        if not reviewer.name.strip():
            raise UsageError("核对的人要留名，请用 --by 写上姓名。")
        with alone(self._added):
            corpus = self.corpus()
            holding = corpus.holding(policy_id)
            home = self._home(holding)
            item = _item(holding, draft_id)
            rules = _mapping(home / "rules.yaml")
            stamp = {"draft": item.draft.id, "by": reviewer.name.strip(), "on": reviewer.now.date()}
            outcome = decide(holding, rules, item, stamp)
            decided = replace(holding, rules=checked(outcome.rules, Rules, f"{policy_id}/rules.yaml"))
            vocabulary(_with(corpus, decided))
            before = item.draft.model_dump(mode="json", exclude_defaults=True)
            change = Change(
                reviewer.now, reviewer.name.strip(), action, item.draft.id, before, outcome.written
            )
            announce(home, change)
            self._write(home, outcome)
        return Decision(change, len(pending(decided)))

    def _home(self, holding: Holding) -> Path:
        home = self._added / holding.policy.id
        if holding.home != home:
            raise UsageError(f"“{holding.policy.id}”是自带的政策，规则不在这里核对，请改它的 rules.yaml。")
        return home

    def _write(self, home: Path, outcome: Outcome) -> None:
        if outcome.new_cases:
            cases = _mapping(home / "cases.yaml")
            new = {case["name"] for case in outcome.new_cases}
            # Cases of the same name are from a decision that a kill cut short before rules.yaml was replaced.
            kept = [case for case in cases.get("cases") or () if case["name"] not in new]
            cases["cases"] = [*kept, *outcome.new_cases]
            replace_file(home / "cases.yaml", write_yaml(cases, HEADINGS["cases.yaml"]).encode())
        replace_file(home / "rules.yaml", write_yaml(outcome.rules, HEADINGS["rules.yaml"]).encode())


def _item(holding: Holding, draft_id: str) -> Pending:
    items = pending(holding)
    for item in items:
        if item.draft.id == draft_id:
            return item
    if draft_id in holding.rules.reviewed_drafts:
        raise UsageError(f"“{draft_id}”已经核对过了，请看其余待核对的。")
    known = "、".join(item.draft.id for item in items[:_NAMED]) or "没有"
    raise UsageError(
        f"没有待核对的“{draft_id}”，现在待核对的有：{known}{'等' if len(items) > _NAMED else ''}。"
    )


_NAMED = 10


def _mapping(path: Path) -> Raw:
    raw = read_yaml(path)
    assert isinstance(raw, dict)  # the corpus loader has read it
    return raw


def _with(corpus: Corpus, decided: Holding) -> Corpus:
    """The corpus with one holding in the place of its former state."""
    holdings = (decided if one.policy.id == decided.policy.id else one for one in corpus.holdings)
    return replace(corpus, holdings=tuple(holdings))
