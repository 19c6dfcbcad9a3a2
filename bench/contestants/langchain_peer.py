"""LangChain as its retrieval tutorial sets it up: a text splitter, Chroma, similarity search.

Setting: ``split`` is ``recursive`` (with ``size``, ``overlap`` in characters, and ``separators`` where they
are not the default ones) or a regular expression at whose matches the text is cut, as people do it by hand;
``titled`` puts the document's name before each chunk; ``k``.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from langchain_chroma import Chroma
from langchain_core.documents import Document as Chunk
from langchain_core.embeddings import Embeddings
from langchain_text_splitters import RecursiveCharacterTextSplitter  # type: ignore[import-not-found]

if TYPE_CHECKING:
    from bench.contestants.job import Ask, Document, Passage, Reply, Setting, Vectors


def ingest(
    documents: Sequence[Document], vectors: Vectors, setting: Setting, folder: Path
) -> tuple[Ask, list[str]]:
    """Split, embed and store ``documents``; the way to ask, and the chunks."""
    chunks = [chunk for document in documents for chunk in _split(document, setting)]
    store = Chroma(
        collection_name="policies",
        embedding_function=_Shared(vectors),
        persist_directory=str(folder),
        collection_metadata={"hnsw:space": "cosine"},
    )
    store.add_documents(chunks)

    def ask(question: str) -> Reply:
        found = store.similarity_search_with_score(question, k=setting["k"])
        passages: list[Passage] = [
            {
                "document": chunk.metadata["source"],
                "text": chunk.page_content[chunk.metadata["header"] :],
                "score": 1 - distance,
                "shown": f"{chunk.metadata['source']} {chunk.metadata['start_index']}",
            }
            for chunk, distance in found
        ]
        return {"passages": passages, "answer": None}

    return ask, [chunk.page_content for chunk in chunks]


class _Shared(Embeddings):
    """The embedding of the job behind LangChain's interface."""

    def __init__(self, vectors: Vectors) -> None:
        self._vectors = vectors

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        return self._vectors.passages(texts)

    def embed_query(self, text: str) -> list[float]:
        return self._vectors.query(text)


def _split(document: Document, setting: Setting) -> list[Chunk]:
    source = Chunk(document["text"], metadata={"source": document["id"]})
    if setting["split"] == "recursive":
        separators = {"separators": setting["separators"]} if "separators" in setting else {}
        splitter = RecursiveCharacterTextSplitter(
            chunk_size=setting["size"], chunk_overlap=setting["overlap"], add_start_index=True, **separators
        )
        chunks: list[Chunk] = splitter.split_documents([source])
    else:
        starts = [
            0,
            *(match.start() for match in re.finditer(setting["split"], document["text"], re.MULTILINE)),
        ]
        ends = [*starts[1:], len(document["text"])]
        pieces = [
            (start, document["text"][start:end].strip()) for start, end in zip(starts, ends, strict=True)
        ]
        chunks = [
            Chunk(piece, metadata={**source.metadata, "start_index": start})
            for start, piece in pieces
            if piece
        ]
    header = f"{document['name']}\n" if setting.get("titled") else ""
    for chunk in chunks:
        chunk.page_content = header + chunk.page_content
        chunk.metadata["header"] = len(header)
    return chunks
