"""changes.jsonl: who changed what of a policy, when, from what to what; lines are only ever added."""

from __future__ import annotations

import datetime
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from policy_qa.publishing.disk import append
from policy_qa.wire import dumps, to_json

CHANGES = "changes.jsonl"
Action = Literal["add", "accept", "reject"]


@dataclass(frozen=True, slots=True)
class Change:
    """One change; ``before`` and ``after`` are as they stand in the YAML files, null where nothing stood."""

    at: datetime.datetime
    by: str | None
    action: Action
    draft: str | None
    before: object
    after: object
    done: bool = True
    """False where it was announced and a kill or a full disk kept it from becoming visible."""


def announce(home: Path, change: Change) -> None:
    """Keep the change, on the disk when this returns: called before the change becomes visible."""
    append(home / CHANGES, line(change))


def line(change: Change) -> bytes:
    """The change as one line; ``done`` is not written but seen from the rules."""
    entry = {name: getattr(change, name) for name in ("at", "by", "action", "draft", "before", "after")}
    return f"{dumps(to_json(entry))}\n".encode()


def read_changes(home: Path, decided: frozenset[str]) -> tuple[Change, ...]:
    """All changes, oldest first; ``decided`` are the drafts that the rules show as decided.

    A line that a kill cut short is no change: it was never visible.
    """
    path = home / CHANGES
    if not path.exists():
        return ()
    entries = [_entry(text) for text in path.read_text(encoding="utf-8", errors="replace").splitlines()]
    found = [entry for entry in entries if entry is not None]
    last = {entry["draft"]: position for position, entry in enumerate(found)}
    return tuple(
        Change(
            datetime.datetime.fromisoformat(entry["at"]),
            entry["by"],
            entry["action"],
            entry["draft"],
            entry["before"],
            entry["after"],
            entry["draft"] is None or (entry["draft"] in decided and last[entry["draft"]] == position),
        )
        for position, entry in enumerate(found)
    )


def _entry(text: str) -> dict[str, Any] | None:
    try:
        entry = json.loads(text)
    except ValueError:
        return None
    return entry if isinstance(entry, dict) and "draft" in entry else None
