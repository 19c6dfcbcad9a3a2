"""Lexical search over all policies: BM25 of words and of character pairs, from files that are mapped.

A **segment** (``Postings``) holds some documents, written once and never changed: for each field (words,
pairs) the sorted keys of its tokens, where each token's entries start, the rows they stand in with their
counts, and the length of each row. ``LivePostings`` scores several segments as one, leaving dead rows out:
number of documents, mean length and document frequencies are those of the live rows alone, and each row's
sum is taken in an order that the query fixes. So scores and order are the same to the last digit however
the documents came to be in segments.

A row's count of a token is kept up to 255. Whether the files are whole is for their owner to check.
"""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Literal, NamedTuple, Self

import numpy as np

from policy_qa import tokens
from policy_qa.lexicon import normal

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Mask = NDArray[np.bool_]
    Rows = NDArray[np.intp]

FieldName = Literal["words", "pairs"]
FIELDS: tuple[FieldName, ...] = ("words", "pairs")

Order = Callable[[int, "Rows"], "NDArray[np.int64]"]
"""(segment, rows) → one number a row, the smaller first among equal scores; no two live rows share one."""

Read = Callable[["Path"], "NDArray[Any]"]
"""A file to its array."""

_AT_ONCE = 50_000  # documents held as tokens at a time: some 350 MB
_ENTRIES_AT_ONCE = 4_000_000  # of a merge: some 150 MB
_MOST = 255
_BLOCK = 256


class Found(NamedTuple):
    """A row of a segment and its score."""

    segment: int
    row: int
    score: float


@dataclass(frozen=True, slots=True)
class Weights:
    """How the two fields are scored and combined."""

    words: float = 1.0
    pairs: float = 1.0
    k1: float = 1.5
    b: float = 0.75


@dataclass(frozen=True, slots=True)
class Query:
    """The tokens looked for, each with its weight."""

    words: Mapping[str, float] = field(default_factory=dict)
    pairs: Mapping[str, float] = field(default_factory=dict)

    @classmethod
    def of(cls, *texts: str) -> Self:
        """The tokens of a question and its expansions, each weighing as often as it stands there."""
        text = " ".join(texts)
        return cls(Counter(tokens.words(text)), Counter(tokens.pairs(text)))


@dataclass(frozen=True, slots=True)
class _Field:
    """One field of a segment: token ``i`` has the entries ``starts[i]:starts[i + 1]``, rows ascending."""

    keys: NDArray[np.uint64]
    starts: NDArray[np.int64]
    rows: NDArray[np.int32]
    counts: NDArray[np.uint8]
    lengths: NDArray[np.int32]

    @classmethod
    def of(cls, found: tokens.Field, size: int) -> Self:
        order = np.argsort(found.keys, kind="stable")
        keys, rows = found.keys[order], found.rows[order]
        new_token = np.diff(keys, prepend=np.uint64(0)) != 0
        entries = np.flatnonzero(new_token | (np.diff(rows, prepend=np.int32(-1)) != 0))
        first = np.flatnonzero(new_token[entries])
        return cls(
            keys[entries[first]],
            np.append(first, len(entries)),
            rows[entries],
            np.minimum(np.diff(entries, append=len(keys)), _MOST).astype(np.uint8),
            np.bincount(found.rows, minlength=size).astype(np.int32),
        )

    @classmethod
    def open(cls, folder: Path, name: FieldName, read: Read) -> Self:
        return cls(*(read(_path(folder, name, part)) for part in _PARTS))

    def slots(self, keys: NDArray[np.uint64]) -> NDArray[np.intp]:
        """Where each of ``keys`` stands among the tokens, -1 for none."""
        if not len(self.keys):
            return np.full(len(keys), -1, dtype=np.intp)
        slots = np.searchsorted(self.keys, keys)
        slots[slots == len(self.keys)] = 0
        return np.where(self.keys[slots] == keys, slots, -1)

    def sizes(self, live: Mask | None) -> NDArray[np.int64]:
        """How many live rows each token stands in."""
        found = [self.sizes_of(first, last, live) for first, last in _blocks(self.starts)]
        return np.concatenate(found) if found else np.zeros(0, dtype=np.int64)

    def sizes_of(self, first: int, last: int, live: Mask | None) -> NDArray[np.int64]:
        """The same for the tokens from ``first`` to before ``last``."""
        starts = self.starts[first : last + 1]
        if live is None:
            return np.diff(starts)
        alive = live[self.rows[starts[0] : starts[-1]]]
        sizes: NDArray[np.int64] = np.add.reduceat(alive, starts[:-1] - starts[0], dtype=np.int64)
        return sizes


class Postings:
    """One segment of documents, by row; nothing in it ever changes. Threads may read at once."""

    def __init__(self, fields: Mapping[FieldName, _Field]) -> None:
        self._fields = dict(fields)

    @classmethod
    def in_memory(cls, documents: Iterable[str]) -> Self:
        """A segment of ``documents`` that is written nowhere."""
        texts = list(documents)
        words, pairs = tokens.fields(texts)
        return cls({"words": _Field.of(words, len(texts)), "pairs": _Field.of(pairs, len(texts))})

    @classmethod
    def build(cls, documents: Iterable[str], folder: Path) -> Self:
        """Write a segment of ``documents`` into the empty or missing ``folder``, and open it.

        Memory is that of 50,000 documents and of the vocabulary, whatever their number; the disk has for a
        while to hold it twice. Raises OSError where it cannot be written.
        """
        folder.mkdir(parents=True, exist_ok=True)
        parts = folder / "parts"
        written: list[tuple[Postings, Mask | None]] = []
        for batch in _batches(documents):
            written.append((cls.in_memory(batch)._saved(parts / str(len(written))), None))
        merged = cls.merged(written or [(cls.in_memory(()), None)], folder)
        shutil.rmtree(parts, ignore_errors=True)
        return merged

    @classmethod
    def merged(cls, parts: Sequence[tuple[Postings, Mask | None]], folder: Path) -> Self:
        """Write the live rows of ``parts``, one after the other, as one segment; no text is cut again.

        Raises OSError where it cannot be written.
        """
        folder.mkdir(parents=True, exist_ok=True)
        for name in FIELDS:
            _merge([(part._fields[name], live) for part, live in parts], folder, name)
        return cls.open(folder)

    @classmethod
    def open(cls, folder: Path, read: Read | None = None) -> Self:
        """What ``build`` or ``merged`` wrote, each file by ``read``, mapped where that is not given.

        Raises OSError or ValueError for files that are no such, or what ``read`` raises.
        """
        return cls({name: _Field.open(folder, name, read or _mapped) for name in FIELDS})

    def __len__(self) -> int:
        return len(self._fields["words"].lengths)

    def _saved(self, folder: Path) -> Self:
        folder.mkdir(parents=True, exist_ok=True)
        for name, found in self._fields.items():
            for part in _PARTS:
                np.save(_path(folder, name, part), getattr(found, part))
        return self.open(folder)


_PARTS = ("keys", "starts", "rows", "counts", "lengths")


def _path(folder: Path, name: FieldName, part: str) -> Path:
    return folder / f"{name}.{part}.npy"


def _mapped(path: Path) -> NDArray[Any]:
    # A plain array over the map: slicing numpy's own memmap class costs ten times as much.
    mapped: NDArray[Any] = np.load(path, mmap_mode="r", allow_pickle=False).view(np.ndarray)
    return mapped


def _merge(parts: Sequence[tuple[_Field, Mask | None]], folder: Path, name: FieldName) -> None:
    keys = np.unique(np.concatenate([part.keys for part, _ in parts]))
    slots = [np.searchsorted(keys, part.keys) for part, _ in parts]
    sizes = [part.sizes(live) for part, live in parts]
    numbers = _numbers(parts)
    every, kept = np.zeros(len(keys), dtype=np.int64), np.zeros(len(keys), dtype=np.int64)
    for (part, _), slot, size in zip(parts, slots, sizes, strict=True):
        every[slot] += np.diff(part.starts)
        kept[slot] += size
    starts = np.concatenate(([0], np.cumsum(kept)))
    held = kept > 0
    np.save(_path(folder, name, "keys"), keys[held])
    np.save(_path(folder, name, "starts"), np.append(starts[:-1][held], starts[-1]))
    lengths = [part.lengths if live is None else part.lengths[live] for part, live in parts]
    np.save(_path(folder, name, "lengths"), np.concatenate(lengths))
    # Written piece by piece, not through a map: on a full disk that would be a signal, not an error.
    with (
        _path(folder, name, "rows").open("wb") as rows_file,
        _path(folder, name, "counts").open("wb") as counts_file,
    ):
        _write_header(rows_file, "<i4", int(starts[-1]))
        _write_header(counts_file, "|u1", int(starts[-1]))
        for first, last in _blocks(np.concatenate(([0], np.cumsum(every)))):
            filled = starts[first:last] - starts[first]  # where the next entry of each token goes
            rows = np.empty(starts[last] - starts[first], dtype=np.int32)
            counts = np.empty(len(rows), dtype=np.uint8)
            for (part, live), slot, size, number in zip(parts, slots, sizes, numbers, strict=True):
                start, end = np.searchsorted(slot, (first, last)).tolist()
                places, here = slot[start:end] - first, size[start:end]
                entries = slice(*part.starts[[start, end]].tolist())
                alive = slice(None) if live is None else live[part.rows[entries]]
                moved = part.rows[entries][alive]
                targets = np.repeat(filled[places] - np.cumsum(here) + here, here) + np.arange(len(moved))
                rows[targets] = moved + number if live is None else number[moved]
                counts[targets] = part.counts[entries][alive]
                filled[places] += here
            rows_file.write(rows.data)
            counts_file.write(counts.data)


def _numbers(parts: Sequence[tuple[_Field, Mask | None]]) -> list[NDArray[np.int32]]:
    """For each part what each of its rows is called in the whole; one number to add where all live."""
    found = []
    base = 0
    for part, live in parts:
        if live is None:
            found.append(np.array([base], dtype=np.int32))
            base += len(part.lengths)
        else:
            found.append(np.cumsum(live, dtype=np.int32) + np.int32(base - 1))
            base += int(live.sum())
    return found


def _blocks(starts: NDArray[np.int64]) -> Iterator[tuple[int, int]]:
    """Ranges of tokens, from one to before another, with not too many entries at a time."""
    first = 0
    while first < len(starts) - 1:
        full = int(np.searchsorted(starts, starts[first] + _ENTRIES_AT_ONCE, side="right")) - 1
        yield first, (last := max(full, first + 1))
        first = last


def _write_header(file: BinaryIO, kind: str, size: int) -> None:
    header = {"descr": kind, "fortran_order": False, "shape": (size,)}
    np.lib.format.write_array_header_1_0(file, header)


class LivePostings:
    """The live rows of some segments, searched as one. Threads may search at once."""

    def __init__(
        self,
        segments: Sequence[Postings],
        live: Sequence[Mask | None] | None = None,
        order: Order | None = None,
    ) -> None:
        """``live`` has a mask of rows for each segment, None where all are; ``order`` decides among equal
        scores, without it the order of segments and rows."""
        masks = live if live is not None else [None] * len(segments)
        self._segments = tuple(zip(segments, masks, strict=True))
        self._order = order
        self._bases = np.cumsum([0, *(len(segment) for segment in segments)])
        self._size = sum(
            len(segment) if mask is None else int(mask.sum()) for segment, mask in self._segments
        )
        self._fields = {name: _LiveField(self._parts(name), self._size) for name in FIELDS}

    def __len__(self) -> int:
        return self._size

    def best(self, query: Query, k: int, weights: Weights = Weights()) -> list[Found]:
        """The ``k`` best live rows, best first; none that shares no token with ``query``.

        Each field's score is divided by its best, so that neither drowns the other, then weighted and
        summed; rounded to six decimals.
        """
        total = np.zeros(self._bases[-1], dtype=np.float32)
        for name in FIELDS:
            looked_for: Mapping[str, float] = getattr(query, name)
            share: float = getattr(weights, name)
            if looked_for and share:
                scores = self._fields[name].scores(looked_for, weights)
                if (highest := scores.max(initial=0.0)) > 0:
                    total += scores * np.float32(share / highest)
        return self._ranked(total, k)

    def document_frequency(self, phrase: str) -> int:
        """How many live rows hold ``phrase`` as a word or a pair; for one that is neither, at most this many.

        The most is the frequency of the rarest of its pairs: 0 says that no live row has the phrase.
        """
        token = normal(phrase)
        if held := max(int(self._fields[name].frequencies([tokens.key(token)])[0]) for name in FIELDS):
            return held
        pairs = self._fields["pairs"].frequencies([tokens.key(pair) for pair in tokens.pairs(token)])
        return int(pairs.min()) if len(pairs) else 0

    def _parts(self, name: FieldName) -> list[tuple[_Field, Mask | None]]:
        return [(segment._fields[name], mask) for segment, mask in self._segments]

    def _ranked(self, total: NDArray[np.float32], k: int) -> list[Found]:
        if k < 1:
            return []
        # The k-th best of the best of each block is no better than the k-th best of all, and found sooner.
        blocks = total[: len(total) // _BLOCK * _BLOCK].reshape(-1, _BLOCK).max(axis=1)
        least = np.partition(blocks, -k)[-k] if len(blocks) >= k else 0
        positions = np.flatnonzero(total > max(least - 2e-6, 0))
        scores = total[positions].astype(np.float64).round(6)
        if len(positions) > k:
            enough = scores >= np.partition(scores, -k)[-k]
            positions, scores = positions[enough], scores[enough]
        segments = np.searchsorted(self._bases, positions, side="right") - 1
        rows = positions - self._bases[segments]
        ranks = np.lexsort((self._ordinals(segments, rows), -scores))[:k]
        return [Found(int(segments[i]), int(rows[i]), float(scores[i])) for i in ranks]

    def _ordinals(self, segments: Rows, rows: Rows) -> NDArray[np.int64]:
        ordinals = self._bases[segments] + rows
        if self._order:
            for segment in np.unique(segments).tolist():
                here = segments == segment
                ordinals[here] = self._order(segment, rows[here])
        return ordinals


class _LiveField:
    """One field over all segments."""

    def __init__(self, parts: Sequence[tuple[_Field, Mask | None]], size: int) -> None:
        self._parts = tuple(parts)
        self._size = size
        self._tokens = sum(
            int(part.lengths.sum() if live is None else part.lengths[live].sum()) for part, live in parts
        )
        # What was once counted of a segment with dead rows, -1 for a token not yet asked for.
        self._live_sizes = [
            None if live is None else np.full(len(part.keys), -1, dtype=np.int32) for part, live in parts
        ]
        self._norms: dict[tuple[float, float], NDArray[np.float32]] = {}

    def frequencies(self, keys: Sequence[int]) -> NDArray[np.int64]:
        """How many live rows hold each of the tokens."""
        return self._frequencies(self._slots(keys), len(keys))

    def scores(self, looked_for: Mapping[str, float], weights: Weights) -> NDArray[np.float32]:
        """The BM25 of each row of all segments, 0 for the dead."""
        # By key: the sum of a row is then taken in the same order whoever asks, wherever the row stands.
        wanted = sorted((tokens.key(token), weight) for token, weight in looked_for.items())
        slots = self._slots([key for key, _ in wanted])
        frequency = self._frequencies(slots, len(wanted))
        rarity = np.log(1 + (self._size - frequency + 0.5) / (frequency + 0.5))
        worth = (rarity * np.array([weight for _, weight in wanted])).astype(np.float32)
        norms = self._norms_of(weights)
        scores = np.zeros(len(norms), dtype=np.float32)
        base = 0
        for (part, live), places in zip(self._parts, slots, strict=True):
            here, norm = scores[base:], norms[base:]
            for number in np.flatnonzero(places >= 0).tolist():
                first, last = part.starts[places[number] : places[number] + 2].tolist()
                # As intp, and added with add.at: five times as fast as here[rows] += …
                rows = part.rows[first:last].astype(np.intp)
                counts = part.counts[first:last].astype(np.float32)
                share = norm.take(rows)
                share += counts
                np.divide(counts, share, out=share)
                share *= worth[number]
                np.add.at(here, rows, share)
            if live is not None:
                here[: len(live)][~live] = 0
            base += len(part.lengths)
        return scores

    def _slots(self, keys: Sequence[int]) -> list[NDArray[np.intp]]:
        wanted = np.array(keys, dtype=np.uint64)
        return [part.slots(wanted) for part, _ in self._parts]

    def _frequencies(self, slots: Sequence[NDArray[np.intp]], size: int) -> NDArray[np.int64]:
        found = np.zeros(size, dtype=np.int64)
        for (part, live), places, counted in zip(self._parts, slots, self._live_sizes, strict=True):
            held = np.flatnonzero(places >= 0)
            here = places[held]
            if live is None or counted is None:
                found[held] += part.starts[here + 1] - part.starts[here]
                continue
            for slot in here[counted[here] < 0].tolist():
                counted[slot] = part.sizes_of(slot, slot + 1, live)[0]
            found[held] += counted[here]
        return found

    def _norms_of(self, weights: Weights) -> NDArray[np.float32]:
        kept = self._norms.get((weights.k1, weights.b))
        if kept is None:
            mean = self._tokens / self._size if self._tokens else 1.0
            kept = np.concatenate(
                [
                    (weights.k1 * (1 - weights.b + weights.b * part.lengths / mean)).astype(np.float32)
                    for part, _ in self._parts
                ]
                or [np.zeros(0, dtype=np.float32)]
            )
            self._norms = {(weights.k1, weights.b): kept}
        return kept


def _batches(documents: Iterable[str]) -> Iterator[list[str]]:
    left = iter(documents)
    while batch := list(islice(left, _AT_ONCE)):
        yield batch
