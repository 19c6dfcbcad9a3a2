"""Feedback as evaluation cases: the question as it was asked, the expected answer left to a reviewer."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from policy_qa.feedback.store import Feedback

Case = dict[str, object]
"""One line of a questions file, with the fields of eval/README.md in their order."""


def as_cases(entries: Iterable[Feedback]) -> list[Case]:
    """One case a question, in the order first asked; feedback without a question gives none.

    What is expected is empty and not what the product answered: a reviewer who starts from the answer
    confirms it. ``style`` and ``kind`` are null, so that no unreviewed case can be scored. The id is that of
    a development question, made from the words of the question: the same in every export.
    """
    by_question: dict[str, list[Feedback]] = {}
    for entry in entries:
        if entry.question is not None:
            by_question.setdefault(entry.question, []).append(entry)
    return [_case(question, said) for question, said in by_question.items()]


def _case(question: str, said: list[Feedback]) -> Case:
    return {
        "id": f"dev-feedback-{hashlib.sha256(question.encode()).hexdigest()[:12]}",
        "question": question,
        "style": None,
        "kind": None,
        "status": [],
        "clauses": [],
        "total": None,
        "bound": None,
        "reverse": None,
        "departments": [],
        "note": "待审核；" + "；".join(_said(entry) for entry in said),
    }


def _said(entry: Feedback) -> str:
    verdict = "有用" if entry.useful else "没用"
    reason = f"：{entry.reason}" if entry.reason else ""
    return f"{entry.received_at:%Y-%m-%d} {verdict}{reason}（回答 {entry.answer_id}）"
