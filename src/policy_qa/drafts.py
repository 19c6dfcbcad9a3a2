"""rules.draft.yaml: what the program proposes for each statement of money, until a person decides on it.

Nothing here is ever calculated with. A draft that is decided on stays in the file; its id stands in the
``reviewed`` of an entry of rules.yaml, so that one replaced file decides and nothing can be half-moved.
"""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict

from policy_qa.rules import NotAward
from policy_qa.strict_yaml import read_model

DRAFTS = "rules.draft.yaml"


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Draft(_Entry):
    """One proposal: a ``measure`` with the facts it needs, or a ``not_award``, or neither.

    ``measure`` and ``facts`` are as they would stand in rules.yaml. Neither means that no rule can express
    the statement yet: it stays quoted. ``doubts`` are Chinese sentences about everything that is not certain.
    """

    id: str
    clause: str
    quote: str
    kind: str
    measure: dict[str, object] | None = None
    facts: dict[str, dict[str, object]] = {}
    not_award: NotAward | None = None
    doubts: tuple[str, ...] = ()


class DraftFile(_Entry):
    """The content of rules.draft.yaml."""

    policy: str
    drafts: tuple[Draft, ...]


def load_drafts(home: Path) -> tuple[Draft, ...] | None:
    """The drafts of the policy in ``home``; None for a policy whose rules were never drafted."""
    path = home / DRAFTS
    return read_model(path, DraftFile).drafts if path.exists() else None
