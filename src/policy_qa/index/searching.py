"""An open index: several segments, the rows of them that still count, searched as one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import TYPE_CHECKING, NamedTuple, Self

from policy_qa.domain import Vector

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from policy_qa.index.chroma import Graph
    from policy_qa.index.segments import Segment
    from policy_qa.postings import Query, Weights

    Matrix = NDArray[np.float32]
    Rows = NDArray[np.intp]
    Found = tuple[NDArray[np.float64], NDArray[np.int64], Rows]


class Place(NamedTuple):
    """A passage that was found."""

    id: str
    policy: str
    clause: str


@dataclass(slots=True)
class Part:
    """A segment in use: which of its policies count, in which order, and what proposes rows."""

    segment: Segment
    ordinals: NDArray[np.int64]
    """By position of the policy in the segment: its place in the corpus, -1 for one that no longer counts."""
    live: NDArray[np.bool_] | None
    """By row; None where all count."""
    size: int
    """How many rows count."""
    graph: Graph | None
    exact_because: str | None = None

    @classmethod
    def of(cls, segment: Segment, ordinals: NDArray[np.int64]) -> Self:
        import numpy as np

        rows = np.diff(segment.starts)
        alive = ordinals >= 0
        live = None if alive.all() else np.repeat(alive, rows)
        return cls(segment, ordinals, live, int(rows[alive].sum()), None)

    def order(self, rows: Rows) -> NDArray[np.int64]:
        """A number for each row that grows in the order of the corpus."""
        positions = self.segment.positions(rows)
        return (self.ordinals[positions] << 32) + (rows - self.segment.starts[positions])

    def nearest(self, query: Matrix, enough: int) -> Rows:
        """Rows that hold its best: ``enough`` of those that count, or all."""
        import numpy as np

        enough = min(enough, self.size)
        graph = self.graph
        if graph is not None and enough:
            try:
                rows = self._proposed(graph, query, enough)
            except Exception as error:  # the answer does not depend on Chroma
                self.exact_because = why_exact(error)
            else:
                self.exact_because = None
                if rows is not None:
                    return rows
        cosines = self._cosines(query)
        return np.argpartition(-cosines, enough - 1)[:enough] if enough else np.zeros(0, dtype=np.intp)

    def at_least(self, query: Matrix, cosine: float) -> Rows:
        """Every row that is so near, and perhaps some that are a little farther."""
        import numpy as np

        return np.flatnonzero(self._cosines(query) >= cosine - 1e-5)

    def _proposed(self, graph: Graph, query: Matrix, enough: int) -> Rows | None:
        """What Chroma proposes; None where so many dead rows are near that comparing all costs less."""
        import numpy as np

        total = len(self.segment)
        asked = min(total, enough + (total - self.size and 2 * enough))
        while True:
            rows = np.unique(np.asarray(graph.nearest(query[np.newaxis], asked)[0], dtype=np.intp))
            if len(rows) != asked or rows[-1] >= total:
                raise UnusedError(f"检索出错（只返回 {len(rows)} 条，应有 {asked} 条）")
            found = rows if self.live is None else rows[self.live[rows]]
            if len(found) >= enough:
                return found
            asked *= 4
            if asked > max(_ASKED_MOST, enough) or asked > total:
                return None

    def _cosines(self, query: Matrix) -> Matrix:
        vectors = self.segment.vectors
        assert vectors is not None
        cosines: Matrix = vectors @ query
        if self.live is not None:
            cosines[~self.live] = -2
        return cosines


_ASKED_MOST = 4096


class UnusedError(Exception):
    """Chroma cannot be used just now; the message says why, in Chinese."""


class Index:
    """An open index; ``close()`` it, or use it in ``with``. Threads may search at once."""

    def __init__(self, version: str, parts: Sequence[Part]) -> None:
        from policy_qa.postings import LivePostings

        self.version = version
        self.parts = tuple(parts)
        self._size = sum(part.size for part in parts)
        self._held = {
            part.segment.policies[position]: (number, position)
            for number, part in enumerate(parts)
            for position in (part.ordinals >= 0).nonzero()[0].tolist()
        }
        self._postings = LivePostings(
            [part.segment.postings for part in parts],
            [part.live for part in parts],
            lambda number, rows: parts[number].order(rows),
        )

    def __len__(self) -> int:
        return self._size

    @property
    def exact_because(self) -> str | None:
        """Why Chroma is not used, in Chinese; None while it is. The results are the same, slower at scale."""
        return next((part.exact_because for part in self.parts if part.exact_because), None)

    def nearest(self, vector: Vector, k: int, policy: str | None = None) -> list[tuple[Place, float]]:
        """The ``k`` passages most similar to ``vector`` with their cosine, best first.

        Exactly ``k`` of them, or all there are, equal cosines in the order of the corpus; cosines have six
        decimals. ``policy`` restricts it to the passages of one, compared one by one. Nothing without
        vectors. Raises ValueError for a vector of another length than the index holds.
        """
        import numpy as np

        from policy_qa.index.vectors import unit

        vectors = self.parts[0].segment.vectors if self.parts else None
        if k < 1 or vectors is None:
            return []
        query = unit(np.asarray([vector], dtype=np.float32))[0]
        length = vectors.shape[1]
        if len(query) != length:
            raise ValueError(f"a vector of {length} numbers is needed, not {len(query)}")
        if policy is not None:
            return self._nearest_of(query, k, policy)
        # More than are wanted, so that equal cosines are seen; and of one graph more than of several, which
        # looks farther by it: of 60 wanted among 58,749 real clauses 99 % are then found instead of 98 %.
        enough = max(2 * k + 16, 5 * k // len(self.parts))
        found = {
            number: _scored(part, query, part.nearest(query, enough))
            for number, part in enumerate(self.parts)
        }
        edge = _edge(found, k)
        for number, part in enumerate(self.parts):
            # Where all that was proposed is as near as the last that is wanted, as much may stand behind it.
            scores = found[number][0]
            if len(scores) < part.size and scores.min(initial=2.0) >= edge:
                found[number] = _scored(part, query, part.at_least(query, edge))
        return self._best(found, k)

    def matching(
        self, query: Query | str, k: int, weights: Weights | None = None
    ) -> list[tuple[Place, float]]:
        """The ``k`` passages that share most with ``query`` by BM25, best first; none that shares nothing.

        Equal scores come in the order of the corpus.
        """
        from policy_qa.postings import Query, Weights

        asked = Query.of(query) if isinstance(query, str) else query
        found = self._postings.best(asked, k, weights or Weights())
        return [(self._place(one.segment, one.row), one.score) for one in found]

    def document_frequency(self, word: str) -> int:
        """How many passages hold ``word``: exact for a word of the index, else at most this."""
        return self._postings.document_frequency(word)

    def close(self) -> None:
        """Give back Chroma's files; the index goes on searching exactly."""
        for part in self.parts:
            part.graph = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _nearest_of(self, query: Matrix, k: int, policy: str) -> list[tuple[Place, float]]:
        import numpy as np

        if policy not in self._held:
            return []
        number, position = self._held[policy]
        part = self.parts[number]
        rows = np.arange(*part.segment.rows_of(position))
        return self._best({number: _scored(part, query, rows)}, k)

    def _best(self, found: Mapping[int, Found], k: int) -> list[tuple[Place, float]]:
        import numpy as np

        if not found:
            return []
        scores, orders, rows = (np.concatenate(column) for column in zip(*found.values(), strict=True))
        numbers = np.repeat(list(found), [len(column) for column, _, _ in found.values()])
        best = np.lexsort((orders, -scores))[:k]
        return [(self._place(int(numbers[i]), int(rows[i])), float(scores[i])) for i in best]

    def _place(self, number: int, row: int) -> Place:
        segment = self.parts[number].segment
        position = int(segment.starts.searchsorted(row, side="right")) - 1
        return Place(segment.ids[row], segment.policies[position], segment.clauses[row])


def _scored(part: Part, query: Matrix, rows: Rows) -> Found:
    """The cosine of each row, its place in the order of the corpus, and the row.

    Row by row, not as a matrix product: its last digit would depend on which other rows are present.
    """
    import numpy as np

    assert part.segment.vectors is not None
    rows = np.sort(rows)
    cosines = (part.segment.vectors[rows] * query).sum(axis=1, dtype=np.float64).round(6)
    return cosines, part.order(rows), rows


def _edge(found: Mapping[int, Found], k: int) -> float:
    """The cosine of the last of the ``k`` best."""
    import numpy as np

    scores = np.concatenate([column for column, _, _ in found.values()])
    if not len(scores):
        return 2.0
    wanted = min(k, len(scores))
    return float(np.partition(scores, len(scores) - wanted)[len(scores) - wanted])


def why_exact(error: Exception) -> str:
    """What users are told where Chroma is not used, in Chinese."""
    problem = str(error) if isinstance(error, UnusedError) else f"检索出错（{type(error).__name__}）"
    return f"向量库 Chroma {problem}，已改用逐条精确比对。"


def parts_of(segments: Sequence[Segment], digests: Mapping[str, str]) -> Iterator[Part]:
    """The segments as parts of an index of just these policies; the first that has a policy holds it.

    A segment that holds none of them yields a part of size 0.
    """
    import numpy as np

    left = {policy: (ordinal, digest) for ordinal, (policy, digest) in enumerate(digests.items())}
    for segment in segments:
        ordinals = np.full(len(segment.policies), -1, dtype=np.int64)
        for position, (policy, digest) in enumerate(zip(segment.policies, segment.digests, strict=True)):
            if policy in left and left[policy][1] == digest:
                ordinals[position] = left.pop(policy)[0]
        yield Part.of(segment, ordinals)
