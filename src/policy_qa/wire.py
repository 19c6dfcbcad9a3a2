"""The nouns as the JSON of the contract: money as plain digits, dates as ISO, tuples as lists."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import fields, is_dataclass
from datetime import date
from decimal import Decimal

from policy_qa.domain import Answer, Clause, Hit
from policy_qa.money import plain
from policy_qa.rules import Rules
from policy_qa.text import fold


def to_json(value: object) -> object:
    """``value`` as JSON knows it: dataclasses become objects, Decimal a string of plain digits."""
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: to_json(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Decimal):
        return plain(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {str(key): to_json(entry) for key, entry in value.items()}
    if isinstance(value, str) or not isinstance(value, Iterable):
        return value
    return [to_json(entry) for entry in value]


def dumps(value: object) -> str:
    """One line of UTF-8 JSON; a lone surrogate of the input is escaped, since UTF-8 cannot hold it.

    Raises ValueError for NaN and infinities, which JSON does not know.
    """
    text = json.dumps(value, ensure_ascii=False, allow_nan=False)
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return json.dumps(value, ensure_ascii=True, allow_nan=False)
    return text


def answer_json(answer: Answer) -> dict[str, object]:
    """``ask --json`` of the contract."""
    rendered = to_json(answer)
    assert isinstance(rendered, dict)
    return rendered


def error_json(question: str, message: str, as_of: date) -> dict[str, object]:
    """The object in place of an answer when the work failed."""
    return {"question": question, "as_of": as_of.isoformat(), "status": "error", "error": message}


def clause_json(clauses: Iterable[Clause], policy: str, rules: Rules) -> dict[str, object]:
    """``clause --json`` of the contract."""
    return {
        "policy": policy,
        "clauses": [
            {
                "label": clause.label,
                "path": list(clause.path),
                "title": clause.title,
                "text": clause.text,
                "segments": [
                    {"start": s.start, "end": s.end, "departments": list(s.departments)}
                    for s in clause.segments
                ],
                "measures": [measure.id for measure in rules.of_clause(clause.label)],
            }
            for clause in clauses
        ],
    }


def hits_json(hits: Iterable[Hit], quotes: Iterable[str]) -> dict[str, object]:
    """``search --json`` of the contract."""
    return {
        "hits": [
            {"policy": h.policy, "clause": h.clause, "score": h.score, "why": h.why, "quote": quote}
            for h, quote in zip(hits, quotes, strict=True)
        ]
    }


def nearest_sentence(clause: Clause, words: Iterable[str]) -> str:
    """The sentence of a clause that holds most of ``words`` by length, verbatim.

    A word counts once, in comparison form, so that neither spaces nor width hide it; of sentences that hold
    as much the first is taken, the clause's title after all others.
    """
    sentences = [match.group() for match in _SENTENCE.finditer(clause.text)]
    wanted = {fold(word).lower() for word in words} - {""}

    def held(sentence: str) -> tuple[int, bool]:
        folded = fold(sentence).lower()
        title = sentence.removesuffix("。").endswith(clause.title)
        return sum(len(word) for word in wanted if word in folded), not title

    return max(sentences, key=held, default=clause.text)


_SENTENCE = re.compile(r"[^。；\s][^。；]*[。；]?")
