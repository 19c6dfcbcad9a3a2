"""Haystack with the hybrid pipeline of its tutorial: BM25 and embedding retriever, a joiner.

The tutorial's last step, a cross-encoder from a model hub, is left out: no reranker for Chinese is in the
package index. Setting: ``split`` is ``word`` (as the tutorial has it, ``size`` words that white space parts)
or ``recursive`` (``size`` characters); ``overlap``; ``join`` with ``weights`` (BM25, embedding) where it
takes some; ``titled`` embeds the document's name with each chunk; ``k``.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from haystack import Document as Chunk  # type: ignore[import-not-found]
from haystack import Pipeline, component
from haystack.components.joiners import DocumentJoiner  # type: ignore[import-not-found]
from haystack.components.preprocessors import (  # type: ignore[import-not-found]
    DocumentSplitter,
    RecursiveDocumentSplitter,
)
from haystack.components.retrievers.in_memory import (  # type: ignore[import-not-found]
    InMemoryBM25Retriever,
    InMemoryEmbeddingRetriever,
)
from haystack.document_stores.in_memory import InMemoryDocumentStore  # type: ignore[import-not-found]

if TYPE_CHECKING:
    from bench.contestants.job import Ask, Document, Passage, Reply, Setting, Vectors

_SEPARATORS = ["\n\n", "\n", "(?<=[。；])", " "]


def ingest(
    documents: Sequence[Document],
    vectors: Vectors,
    setting: Setting,
    folder: Path,  # noqa: ARG001 # this store is in memory
) -> tuple[Ask, list[str]]:
    """Split, embed and store ``documents``; the way to ask, and the chunks."""
    sources = [
        Chunk(content=one["text"], meta={"document": one["id"], "name": one["name"]}) for one in documents
    ]
    chunks = _splitter(setting).run(documents=sources)["documents"]
    names = [f"{chunk.meta['name']}\n" if setting.get("titled") else "" for chunk in chunks]
    texts = [name + chunk.content for name, chunk in zip(names, chunks, strict=True)]
    for chunk, vector in zip(chunks, vectors.passages(texts), strict=True):
        chunk.embedding = vector
    store = InMemoryDocumentStore(embedding_similarity_function="cosine")
    store.write_documents(chunks)
    pipeline = Pipeline()
    pipeline.add_component("embedder", _Shared(vectors))
    pipeline.add_component("words", InMemoryBM25Retriever(store, top_k=setting["k"] * 2, scale_score=True))
    pipeline.add_component("meaning", InMemoryEmbeddingRetriever(store, top_k=setting["k"] * 2))
    pipeline.add_component(
        "joiner",
        DocumentJoiner(join_mode=setting["join"], weights=setting.get("weights"), top_k=setting["k"]),
    )
    pipeline.connect("embedder.embedding", "meaning.query_embedding")
    pipeline.connect("words", "joiner")
    pipeline.connect("meaning", "joiner")

    def ask(question: str) -> Reply:
        found = pipeline.run({"embedder": {"text": question}, "words": {"query": question}})
        passages: list[Passage] = [
            {
                "document": chunk.meta["document"],
                "text": chunk.content,
                "score": float(chunk.score),
                "shown": " ".join(f"{key} {chunk.meta[key]}" for key in ("name", "page_number", "split_id")),
            }
            for chunk in found["joiner"]["documents"]
        ]
        return {"passages": passages, "answer": None}

    return ask, [chunk.content for chunk in chunks]


@component
class _Shared:
    """The embedding of the job as a component of a pipeline."""

    def __init__(self, vectors: Vectors) -> None:
        self._vectors = vectors

    @component.output_types(embedding=list[float])  # type: ignore[untyped-decorator]
    def run(self, text: str) -> dict[str, list[float]]:
        return {"embedding": self._vectors.query(text)}


def _splitter(setting: Setting) -> Any:
    size, overlap = setting["size"], setting["overlap"]
    if setting["split"] == "word":
        return DocumentSplitter(split_by="word", split_length=size, split_overlap=overlap)
    return RecursiveDocumentSplitter(
        split_length=size, split_overlap=overlap, split_unit="char", separators=_SEPARATORS
    )
