"""A segment: the passages of some policies by row, written once; and which of its rows still count.

Nothing here is a Python object for each row. The rows of one policy stand together.
"""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Self, get_args
from weakref import WeakValueDictionary

import numpy as np

from policy_qa.index.sealing import DamagedError, Sealed, seal, staging
from policy_qa.passages import Kind, Passage
from policy_qa.postings import Postings

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Matrix = NDArray[np.float32]
    Mask = NDArray[np.bool_]
    Rows = NDArray[np.intp]

_KINDS: tuple[Kind, ...] = get_args(Kind)


class Batch(NamedTuple):
    """Policies to be written: each with its digest and its passages."""

    policies: tuple[tuple[str, str, Sequence[Passage]], ...]

    @property
    def texts(self) -> list[str]:
        return [passage.text for _, _, passages in self.policies for passage in passages]

    def __len__(self) -> int:
        return sum(len(passages) for _, _, passages in self.policies)


@dataclass(frozen=True, slots=True)
class Strings:
    """Strings by number, without a Python object for each."""

    content: NDArray[np.uint8]
    ends: NDArray[np.int64]
    """From 0: string ``i`` is ``content[ends[i]:ends[i + 1]]``."""

    @classmethod
    def of(cls, strings: Iterable[str]) -> Self:
        encoded = [string.encode("utf-8", "surrogatepass") for string in strings]
        ends = np.zeros(len(encoded) + 1, dtype=np.int64)
        np.cumsum([len(one) for one in encoded], out=ends[1:])
        return cls(np.frombuffer(b"".join(encoded), dtype=np.uint8), ends)

    @classmethod
    def joined(cls, parts: Sequence[Self]) -> Self:
        lengths = np.concatenate([np.diff(part.ends) for part in parts])
        ends = np.concatenate(([0], np.cumsum(lengths)))
        return cls(np.concatenate([part.content for part in parts]), ends)

    def __getitem__(self, number: int) -> str:
        start, end = self.ends[number : number + 2].tolist()
        return self.content[start:end].tobytes().decode("utf-8", "surrogatepass")

    def slice(self, first: int, last: int) -> Self:
        """The strings from one number to before another."""
        start, end = self.ends[[first, last]].tolist()
        return type(self)(self.content[start:end], self.ends[first : last + 1] - start)


@dataclass(frozen=True, slots=True, weakref_slot=True)
class Segment:
    """Some policies' passages by row, the rows of policy ``i`` being ``starts[i]:starts[i + 1]``."""

    name: str
    """Of its sealed folder; empty for one that is written nowhere."""
    policies: tuple[str, ...]
    digests: tuple[str, ...]
    starts: NDArray[np.int64]
    ids: Strings
    clauses: Strings
    kinds: NDArray[np.uint8]
    vectors: Matrix | None
    """One unit vector a row; None in operation by words alone."""
    postings: Postings
    signature: tuple[tuple[int, int, int], ...] = ()

    @classmethod
    def in_memory(cls, batch: Batch) -> Self:
        """A segment that is written nowhere and has no vectors."""
        return cls(
            "",
            tuple(policy for policy, _, _ in batch.policies),
            tuple(digest for _, digest, _ in batch.policies),
            _starts([len(passages) for _, _, passages in batch.policies]),
            *_keys(batch),
            None,
            Postings.in_memory(batch.texts),
        )

    def __len__(self) -> int:
        return int(self.starts[-1])

    def rows_of(self, position: int) -> tuple[int, int]:
        """The first row of a policy and the one after its last."""
        first, last = self.starts[position : position + 2].tolist()
        return first, last

    def positions(self, rows: Rows) -> Rows:
        """The position of the policy of each row."""
        return np.searchsorted(self.starts, rows, side="right") - 1

    def labels(self, first: int, last: int) -> list[dict[str, str]]:
        """What Chroma is told of the rows from one to before another."""
        positions = self.positions(np.arange(first, last))
        return [
            {
                "id": _storable(self.ids[row]),
                "policy": _storable(self.policies[position]),
                "clause": _storable(self.clauses[row]),
                "kind": _KINDS[self.kinds[row]],
            }
            for row, position in zip(range(first, last), positions.tolist(), strict=True)
        ]


class Kept(NamedTuple):
    """The policies of a segment that a new one takes over, by position, ascending."""

    segment: Segment
    positions: Sequence[int]

    def __len__(self) -> int:
        return sum(last - first for first, last in map(self.segment.rows_of, self.positions))

    @property
    def mask(self) -> Mask:
        mask = np.zeros(len(self.segment), dtype=np.bool_)
        for first, last in map(self.segment.rows_of, self.positions):
            mask[first:last] = True
        return mask


def open_segment(path: Path, identity: str) -> Segment:
    """The segment in a sealed folder, each byte checked; at once where this process has it open already.

    Raises DamagedError, also for a segment of another ``identity``.
    """
    with _opening:
        known = _open.get(path)
        sealed = Sealed.open(path)
        if known is not None and known.signature == sealed.signature():
            return known
        segment = _opened(sealed, identity)
        _open[path] = segment
        return segment


_open: WeakValueDictionary[Path, Segment] = WeakValueDictionary()
_opening = threading.Lock()


def write_segment(
    root: Path, home: Path, identity: str, kept: Sequence[Kept], batch: Batch, vectors: Matrix | None
) -> Path:
    """Write and seal one segment of ``kept`` and then ``batch``, with a row of ``vectors`` for each passage.

    Raises OSError where it cannot be written, ValueError where two passages share an id.
    """
    ids, clauses, kinds = _keys(batch)
    with staging(root) as stage:
        for name, strings in (
            ("ids", Strings.joined([*(_kept_strings(one, one.segment.ids) for one in kept), ids])),
            (
                "clauses",
                Strings.joined([*(_kept_strings(one, one.segment.clauses) for one in kept), clauses]),
            ),
        ):
            np.save(stage / f"{name}.npy", strings.content)
            np.save(stage / f"{name}.ends.npy", strings.ends)
        np.save(stage / "kinds.npy", np.concatenate([*(one.segment.kinds[one.mask] for one in kept), kinds]))
        if matrices := [*_kept_vectors(kept), *([] if vectors is None else [vectors])]:
            _save_vectors(stage / "vectors.npy", matrices)
        _write_postings(stage, kept, batch)
        policies = [
            *(
                [one.segment.policies[at], one.segment.digests[at], last - first]
                for one in kept
                for at in one.positions
                for first, last in [one.segment.rows_of(at)]
            ),
            *([policy, digest, len(passages)] for policy, digest, passages in batch.policies),
        ]
        return seal(stage, home, {"identity": identity, "policies": policies})


def policies_of(sealed: Sealed, identity: str) -> Mapping[str, str]:
    """The digests by policy of a sealed segment; none for one of another identity."""
    if sealed.content.get("identity") != identity:
        return {}
    return {policy: digest for policy, digest, _ in sealed.content["policies"]}


def _opened(sealed: Sealed, identity: str) -> Segment:
    signature = sealed.signature()
    if sealed.content.get("identity") != identity:
        raise DamagedError(sealed.path)
    policies: list[tuple[str, str, int]] = sealed.content["policies"]
    try:
        folder = sealed.path / "postings"
        opened = Postings.open(folder, lambda path: sealed.array(f"postings/{path.name}"))
    except (OSError, ValueError) as error:
        raise DamagedError(sealed.path) from error
    segment = Segment(
        sealed.path.name,
        tuple(policy for policy, _, _ in policies),
        tuple(digest for _, digest, _ in policies),
        _starts([rows for _, _, rows in policies]),
        Strings(sealed.array("ids.npy"), sealed.array("ids.ends.npy")),
        Strings(sealed.array("clauses.npy"), sealed.array("clauses.ends.npy")),
        sealed.array("kinds.npy"),
        sealed.array("vectors.npy") if "vectors.npy" in sealed.files else None,
        opened,
        signature,
    )
    if len(opened) != len(segment):
        raise DamagedError(sealed.path)
    return segment


def _starts(rows: Sequence[int]) -> NDArray[np.int64]:
    return np.concatenate(([0], np.cumsum(rows))).astype(np.int64)


def _keys(batch: Batch) -> tuple[Strings, Strings, NDArray[np.uint8]]:
    passages = [passage for _, _, found in batch.policies for passage in found]
    if len({passage.id for passage in passages}) != len(passages):
        raise ValueError("two passages share an id")
    return (
        Strings.of(passage.id for passage in passages),
        Strings.of(passage.clause for passage in passages),
        np.array([_KINDS.index(passage.kind) for passage in passages], dtype=np.uint8),
    )


def _kept_strings(kept: Kept, strings: Strings) -> Strings:
    parts = [strings.slice(*kept.segment.rows_of(position)) for position in kept.positions]
    return Strings.joined([Strings.of(()), *parts])


def _kept_vectors(kept: Sequence[Kept]) -> Iterator[Matrix]:
    for one in kept:
        if one.segment.vectors is not None:
            yield from (one.segment.vectors[slice(*one.segment.rows_of(at))] for at in one.positions)


def _save_vectors(path: Path, parts: Sequence[Matrix]) -> None:
    """One array after the other as one file; written, not mapped, since a full disk would kill a writer."""
    rows = sum(len(part) for part in parts)
    with path.open("xb") as file:
        header = {"descr": "<f4", "fortran_order": False, "shape": (rows, parts[-1].shape[1])}
        np.lib.format.write_array_header_1_0(file, header)
        for part in parts:
            file.write(np.ascontiguousarray(part, dtype=np.float32).data)


def _write_postings(stage: Path, kept: Sequence[Kept], batch: Batch) -> None:
    if not kept:
        Postings.build(batch.texts, stage / "postings")
        return
    parts: list[tuple[Postings, Any]] = [(one.segment.postings, one.mask) for one in kept]
    if len(batch):
        parts.append((Postings.build(batch.texts, stage / "new"), None))
    Postings.merged(parts, stage / "postings")
    shutil.rmtree(stage / "new", ignore_errors=True)


def _storable(text: str) -> str:
    return text.encode("utf-8", "replace").decode().replace("\0", " ")
