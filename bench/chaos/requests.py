"""What the users ask, the undisturbed answers, and what makes a disturbed one right."""

from __future__ import annotations

import http.client
import json
import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from policy_qa.cases import CaseFile
from policy_qa.corpus import Corpus
from policy_qa.money import figures
from policy_qa.strict_yaml import read_model

Json = dict[str, Any]
Kind = Literal["ask", "eligibility", "check"]
Verdict = Literal["right", "degraded", "wrong"]

DAY = "2026-01-31"
SPLITS = ("questions.dev.jsonl", "questions.hard.jsonl")
FACTS = ("status", "route", "sentences", "citations", "calculation", "reverse", "needs")
"""The fields of an answer that no fault may change; what was retrieved and the notices may differ."""
_BY_WORDS_ONLY = "语义检索"
"""In the notice of every answer that was found without vectors, and of no other one."""


@dataclass(frozen=True, slots=True)
class Request:
    """One request, with the answers it has to get: the undisturbed one, and the one by words only."""

    kind: Kind
    body: Json
    reference: Json
    by_words: Json

    @property
    def path(self) -> str:
        return f"/api/{self.kind}"


def questions(folder: Path) -> list[str]:
    """The distinct questions of the two development splits, never the test split, in their order."""
    lines = [line for name in SPLITS for line in (folder / name).read_text(encoding="utf-8").splitlines()]
    return list(dict.fromkeys(json.loads(line)["question"] for line in lines if line.strip()))


def bodies(
    corpus: Corpus, asked: Sequence[str], home: Path, chance: random.Random
) -> list[tuple[Kind, Json]]:
    """What is sent: the questions, the worked cases as enterprises, the quotes as texts to check."""
    [holding] = corpus.holdings
    cases = read_model(home / holding.policy.id / "cases.yaml", CaseFile).cases
    enterprises = chance.sample([case.facts for case in cases], 12)
    quotes = chance.sample([measure.quote for measure in holding.rules.measures], 12)
    named = {"policy": holding.policy.id, "as_of": DAY}
    return [
        *(("ask", {"question": question, **named}) for question in asked),
        *(("eligibility", {"facts": facts, **named}) for facts in enterprises),
        *(
            ("check", {"text": text, **named})
            for quote in quotes
            for text in (quote, quote.replace("0", "1"))
        ),
    ]


def post(port: int, path: str, body: Json, timeout: float = 120.0) -> tuple[int, Json]:
    """The status and the object; raises OSError, HTTPException or ValueError where there is no answer."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)
    try:
        connection.request("POST", path, json.dumps(body), {"Content-Type": "application/json"})
        response = connection.getresponse()
        return response.status, json.loads(response.read())
    finally:
        connection.close()


def referenced(port: int, sent: Iterable[tuple[Kind, Json]]) -> list[Request]:
    """Each body with the answer of the undisturbed server on ``port``; all must be answered."""
    requests = []
    for kind, body in sent:
        status, answer = post(port, f"/api/{kind}", body)
        if status != 200:
            raise RuntimeError(f"the undisturbed server refuses {body}: {answer}")
        requests.append(Request(kind, body, answer, answer))
    return requests


def with_words_only(port: int, requests: Iterable[Request]) -> list[Request]:
    """The requests with the answer of a server that has no vectors, on ``port``."""
    return [replace(one, by_words=post(port, one.path, one.body)[1]) for one in requests]


def judge(request: Request, answer: Json) -> Verdict:
    """Whether a disturbed answer is right.

    ``right``: its facts are those of the undisturbed answer. ``degraded``: it says that it was found by words
    only, and its facts are the undisturbed ones or those of an undisturbed search by words only, which must
    not contradict them. Everything else is ``wrong``.
    """
    same = facts(request.kind, answer) == facts(request.kind, request.reference)
    if not by_words_only(answer):
        return "right" if same else "wrong"
    as_expected = same or facts(request.kind, answer) == facts(request.kind, request.by_words)
    return "degraded" if as_expected and not contradicts(answer, request.reference) else "wrong"


def facts(kind: Kind, answer: Json) -> Json:
    """What must not change."""
    if kind == "ask":
        return {name: answer.get(name) for name in FACTS}
    return {name: value for name, value in answer.items() if name != "notices"}


def by_words_only(answer: Json) -> bool:
    """Whether the answer says that it was found without vectors."""
    return any(_BY_WORDS_ONLY in notice for notice in answer.get("notices", ()))


def contradicts(answer: Json, reference: Json) -> bool:
    """Whether an answer found by words only states a figure that is wrong.

    It may find fewer clauses or others. It may not calculate another sum, nor state a figure that stands
    neither in the reference nor in the quotes it cites.
    """
    ours, theirs = answer.get("calculation"), reference.get("calculation")
    if ours and theirs and (ours["total"], ours["bound"]) != (theirs["total"], theirs["bound"]):
        return True
    quoted = stated(citation["quote"] for citation in answer.get("citations", ()))
    return bool(_said(answer) - _said(reference) - quoted - _calculated(answer))


def stated(texts: Iterable[str]) -> frozenset[tuple[str, str]]:
    """Every figure of ``texts`` but labels: its kind and its plain value, however it is spelled."""
    return frozenset(
        (figure.kind, str(value.normalize()))
        for text in texts
        for figure in figures(text)
        if figure.kind != "label"
        for value in (figure.value, figure.upper)
        if value is not None
    )


def _said(answer: Mapping[str, Any]) -> frozenset[tuple[str, str]]:
    proven = (one for one in answer.get("sentences", ()) if one["proof"] != "template")
    return stated(sentence["text"] for sentence in proven)


def _calculated(answer: Mapping[str, Any]) -> frozenset[tuple[str, str]]:
    items = (answer.get("calculation") or {}).get("items", ())
    return stated(text for item in items for text in (item["formula"], f"{item['amount'] or 0}元"))
