"""Vectors by content: no text is embedded twice, whatever becomes of the index around it.

Shards of at most 256 vectors, each named by the SHA-256 of its content, so that one that is damaged, or was
cut off, is known as such, thrown away and embedded again. In a shard all keys come before the vectors: where
a few texts are looked up among a million, only the keys are read, and the shards that hold these texts.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from policy_qa.domain import Embedder
from policy_qa.errors import StoreError
from policy_qa.index.sealing import DamagedError, cause, is_sealed_name, read_checked, remove, write_named

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Matrix = NDArray[np.float32]

_EMBED_AT_ONCE = 64
_SHARD = 256  # vectors a kill can cost at most
_SMALL = 64
_MANY_SMALL = 32  # shards of at most 64 vectors, from which on they are put together


class VectorStore:
    """The vectors of one model below ``folder``; one writer at a time uses it."""

    def __init__(self, folder: Path, embedder: Embedder) -> None:
        self._embedder = embedder
        name = hashlib.sha256(embedder.name.encode("utf-8", "surrogatepass")).hexdigest()[:16]
        self._folder = folder / name
        self._folder.mkdir(parents=True, exist_ok=True)
        self._heads = dict(self._read_heads())

    def matrix(self, texts: Sequence[str], progress: Callable[[int], None] | None = None) -> Matrix:
        """A unit vector for each text, in order; only texts never embedded before go to the model.

        ``progress`` is told how many of them are there. Raises StoreError where the model gives no usable
        vectors, OSError where they cannot be written.
        """
        rows: dict[bytes, list[int]] = {}
        for row, text in enumerate(texts):
            rows.setdefault(_content(text), []).append(row)
        known = dict(self._found(rows.keys()))
        done = sum(len(rows[key]) for key in known)
        if progress:
            progress(done)
        missing = [key for key in rows if key not in known]
        for start in range(0, len(missing), _SHARD):
            shard_keys = missing[start : start + _SHARD]
            shard: list[Matrix] = []
            for at in range(0, len(shard_keys), _EMBED_AT_ONCE):
                keys = shard_keys[at : at + _EMBED_AT_ONCE]
                shard.extend(_vectors_of([texts[rows[key][0]] for key in keys], self._embedder))
                done += sum(len(rows[key]) for key in keys)
                if progress:
                    progress(done)
            self._write(shard_keys, shard)
            known.update(zip(shard_keys, shard, strict=True))
        if len({len(vector) for vector in known.values()}) > 1:
            raise _unusable(self._embedder, "长度前后不一")
        matrix = np.empty((len(texts), len(next(iter(known.values())))), dtype=np.float32)
        for key, places in rows.items():
            matrix[places] = known[key]
        return matrix

    def tidy(self) -> None:
        """Put small shards together, where updates have left many."""
        small = [path for path, heads in self._heads.items() if len(heads) <= _SMALL]
        if len(small) < _MANY_SMALL:
            return
        vectors = {key: vector for path in small for key, vector in self._shard(path)}
        keys = list(vectors)
        for start in range(0, len(keys), _SHARD):
            part = keys[start : start + _SHARD]
            self._write(part, [vectors[key] for key in part])
        for path in small:
            self._drop(path)

    def _read_heads(self) -> Iterator[tuple[Path, NDArray[np.uint64]]]:
        """The first eight bytes of each key of each shard."""
        for path in sorted(self._folder.glob("*.vectors")):
            try:
                with path.open("rb") as file:
                    yield path, _heads(np.load(file, allow_pickle=False))
            except (OSError, ValueError, EOFError):
                remove(path)

    def _found(self, keys: Iterable[bytes]) -> Iterator[tuple[bytes, Matrix]]:
        wanted = set(keys)
        heads = _heads(np.array(sorted(wanted), dtype="V32"))
        for path, own in tuple(self._heads.items()):
            if len(heads) and np.isin(own, heads).any():
                yield from ((key, vector) for key, vector in self._shard(path) if key in wanted)

    def _shard(self, path: Path) -> list[tuple[bytes, Matrix]]:
        try:
            if not is_sealed_name(path.stem):
                raise DamagedError(path)
            content = io.BytesIO(read_checked(path, path.stem))
            keys, vectors = (np.load(content, allow_pickle=False) for _ in range(2))
        except DamagedError:
            self._drop(path)
            return []
        return list(zip((key.tobytes() for key in keys), vectors, strict=True))

    def _write(self, keys: list[bytes], vectors: list[Matrix]) -> None:
        content = io.BytesIO()
        packed = np.array(keys, dtype="V32")
        np.save(content, packed)
        np.save(content, np.asarray(vectors, dtype=np.float32))
        self._heads[write_named(self._folder, content.getvalue(), ".vectors")] = _heads(packed)

    def _drop(self, path: Path) -> None:
        remove(path)
        self._heads.pop(path, None)


def unit(vectors: Matrix) -> Matrix:
    """The rows, each of length 1; a row of zeros stays."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    found: Matrix = (vectors / np.where(lengths > 0, lengths, 1)).astype(np.float32)
    return found


def _heads(keys: NDArray[np.void]) -> NDArray[np.uint64]:
    return keys.view(np.uint64).reshape(len(keys), 4)[:, 0].copy()


def _content(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()


def _vectors_of(texts: list[str], embedder: Embedder) -> Matrix:
    try:
        vectors = np.asarray(embedder.embed_passages(texts), dtype=np.float32)
    except OSError as error:  # a model's own trouble, not this folder's
        raise _unusable(embedder, cause(error)) from error
    except ValueError as error:  # rows of different lengths
        raise _unusable(embedder, "长度前后不一") from error
    if vectors.ndim != 2 or len(vectors) != len(texts) or not np.isfinite(vectors).all():
        raise _unusable(embedder, "数量不对或含非数值")
    return unit(vectors)


def _unusable(embedder: Embedder, problem: str) -> StoreError:
    return StoreError(
        f"向量模型「{embedder.name}」给出的向量不可用（{problem}）；请用 POLICY_QA_EMBEDDING 换一个模型。"
    )
