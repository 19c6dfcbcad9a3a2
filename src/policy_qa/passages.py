"""The texts of a policy that can be found: each clause, each of its segments, the wording of each measure."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from policy_qa.domain import Policy
from policy_qa.rules import Rules

Kind = Literal["clause", "segment", "measure"]


@dataclass(frozen=True, slots=True)
class Passage:
    """One text to be found."""

    id: str
    """Unique in the corpus."""
    policy: str
    clause: str
    text: str
    kind: Kind


def passages(policy: Policy, rules: Rules) -> tuple[Passage, ...]:
    """The passages of one policy, in the order of its text and then of its rules."""
    found: list[Passage] = []
    for clause in policy.clauses:
        key = f"{policy.id}/{clause.label}"
        found.append(Passage(key, policy.id, clause.label, f"{clause.title}。{clause.text}", "clause"))
        if len(clause.segments) > 1:
            for position, segment in enumerate(clause.segments):
                text = f"{clause.title}。{clause.text[segment.start : segment.end]}"
                found.append(Passage(f"{key}#{position}", policy.id, clause.label, text, "segment"))
    for measure in rules.measures:
        text = f"{measure.title}。{measure.quote}"
        found.append(Passage(f"{policy.id}:{measure.id}", policy.id, measure.clause, text, "measure"))
    return tuple(found)


def digest(found: Iterable[Passage]) -> str:
    """A hash of all that an index holds of these passages, in hexadecimal."""
    content = hashlib.sha256()
    for one in found:
        content.update(json.dumps([one.id, one.policy, one.clause, one.kind, one.text]).encode() + b"\n")
    return content.hexdigest()
