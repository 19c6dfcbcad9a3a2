"""txtai with a hybrid index: its own segmentation, BM25 beside vectors, scores mixed by a weight.

Setting: ``ngrams`` lets BM25 read so many characters as a word (as it comes, one character of Chinese is a
word); ``weight`` of the vectors against the words; ``titled`` puts the document's name before each paragraph;
``k``. The text is cut by its Segmentation into ``paragraphs``.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from txtai import Embeddings  # type: ignore[import-not-found]
from txtai.pipeline import Segmentation  # type: ignore[import-not-found]

if TYPE_CHECKING:
    from bench.contestants.job import Ask, Document, Passage, Reply, Setting, Vectors


def ingest(
    documents: Sequence[Document], vectors: Vectors, setting: Setting, folder: Path
) -> tuple[Ask, list[str]]:
    """Cut ``documents`` into paragraphs and index them; the way to ask, and the paragraphs."""
    segment = Segmentation(paragraphs=True)
    pieces = [(document, piece) for document in documents for piece in segment(document["text"])]
    asking = False

    def transform(texts: list[str]) -> NDArray[np.float32]:
        found = [vectors.query(text) for text in texts] if asking else vectors.passages(texts)
        return np.array(found, dtype=np.float32)

    words = {"tokenizer": {"ngrams": setting["ngrams"]}} if "ngrams" in setting else {}
    index = Embeddings(
        method="external",
        transform=transform,
        content=True,
        scoring={"method": "bm25", "terms": True, "normalize": True, **words},
    )
    names = [f"{document['name']}\n" if setting.get("titled") else "" for document, _ in pieces]
    index.index(
        (number, {"text": name + piece})
        for number, (name, (_, piece)) in enumerate(zip(names, pieces, strict=True))
    )
    index.save(str(folder / "index"))
    asking = True

    def ask(question: str) -> Reply:
        passages: list[Passage] = []
        for one in index.search(question, limit=setting["k"], weights=setting["weight"]):
            document, piece = pieces[int(one["id"])]
            shown = f"{document['name']} {one['id']}"
            passages.append(
                {"document": document["id"], "text": piece, "score": float(one["score"]), "shown": shown}
            )
        return {"passages": passages, "answer": None}

    return ask, [piece for _, piece in pieces]
