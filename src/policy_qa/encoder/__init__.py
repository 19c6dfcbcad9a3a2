"""Passages to vectors in bulk: the weights of the default model, run by onnxruntime.

The package that carries the model runs it with a kernel written for one text at a time. What is run here are
the same four-bit weights, read from the same file, in the same arithmetic (activations in blocks of 32 at
eight bits), by the kernels of onnxruntime, which Chroma brings anyway: more than twice the passages a second,
cosine to the package's own vectors at least 0.9999, and neither torch nor a second copy of the model.

    packed.py   the file: sizes, pieces, tensors
    pieces.py   text to pieces, as the model was trained
    graph.py    the layers as an onnx model, written byte by byte, as the onnx package is not needed otherwise

A passage has one vector, whatever is embedded with it: only passages of equal length share a call, so nothing
is padded, each row of a layer is computed from itself alone, and means are taken one passage at a time. Bit
for bit; a difference of 1e-7 would be rounded to another eighth bit in some layer and come out as 1e-4.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

from policy_qa.encoder.packed import Packed, is_packed

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from policy_qa.encoder.pieces import Pieces

TOKENS_AT_ONCE = 1024
"""Tokens in one call: the weights are then read often enough, and what lies between layers fits a cache."""

_PREFIX = "passage: "

Layers = Callable[["NDArray[np.float32]"], "NDArray[np.float32]"]
"""From what is embedded to the states after the last layer, both (passages, tokens, width)."""


def runtime() -> str | None:
    """What would run the weights, as ``package==version``, without loading it; None where it is missing."""
    from importlib.metadata import PackageNotFoundError, version

    try:
        return f"onnxruntime=={version('onnxruntime')}"
    except PackageNotFoundError:
        return None


def by_onnxruntime(model: bytes) -> Layers:
    """The layers that the bytes of an onnx file describe. Raises whatever onnxruntime raises."""
    import onnxruntime  # type: ignore[import-untyped, unused-ignore]

    options = onnxruntime.SessionOptions()
    # Calls side by side share the cores better than the threads of one call, a third faster on two.
    options.intra_op_num_threads = 1
    # Lengths differ from call to call: kept memory plans and a growing arena would only hold memory.
    options.enable_mem_pattern = False
    options.enable_cpu_mem_arena = False
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])

    def run(embedded: NDArray[np.float32]) -> NDArray[np.float32]:
        states: NDArray[np.float32] = session.run(None, {"embedded": embedded})[0]
        return states

    return run


def in_four_bits(packed: Packed) -> Layers:
    """The layers as the product runs them."""
    from policy_qa.encoder.graph import four_bit_layers

    return by_onnxruntime(four_bit_layers(packed))


class PassageEncoder:
    """Encodes passages with the weights in ``path``; they are loaded at the first call, in half a second.

    Threads may encode at once. ``layers`` makes what is run between the embedding and the mean; it differs
    for measurements only.
    """

    def __init__(self, path: Path, layers: Callable[[Packed], Layers] = in_four_bits) -> None:
        self._path = path
        self._layers = layers
        self._loading = threading.Lock()
        self._loaded: tuple[Packed, Pieces, Layers] | None = None

    def encode(self, texts: Sequence[str], tokens_at_once: int = TOKENS_AT_ONCE) -> NDArray[np.float32]:
        """One row of length 1 for each text, in their order, shape (texts, width of the model).

        A text longer than the model takes is encoded in windows and their mean taken, each weighted by its
        tokens. Raises whatever onnxruntime raises where it cannot run the model.
        """
        import numpy as np

        packed, pieces, layers = self._load()
        by_length: dict[int, list[tuple[int, list[int]]]] = {}
        for row, text in enumerate(texts):
            for window in _windows(pieces(_PREFIX + text), packed):
                by_length.setdefault(len(window), []).append((row, window))
        batches = [
            windows[start : start + at_once]
            for length, windows in sorted(by_length.items(), reverse=True)
            for at_once in [max(1, tokens_at_once // length)]
            for start in range(0, len(windows), at_once)
        ]

        def weighted(batch: list[tuple[int, list[int]]]) -> list[tuple[int, NDArray[np.float32]]]:
            tokens = np.array([window for _, window in batch])
            states = layers(packed.embedded(tokens))
            inside = tokens.shape[1] - 2
            return [(row, state.mean(axis=0) * inside) for (row, _), state in zip(batch, states, strict=True)]

        sums = np.zeros((len(texts), packed.width), dtype=np.float32)
        with ThreadPoolExecutor(_cores()) as threads:
            for results in threads.map(weighted, batches):
                for row, vector in results:
                    sums[row] += vector
        for vector in sums:
            vector /= np.sqrt((vector * vector).sum())
        return sums

    def _load(self) -> tuple[Packed, Pieces, Layers]:
        with self._loading:
            if self._loaded is None:
                from policy_qa.encoder.pieces import Pieces

                packed = Packed(self._path)
                pieces = Pieces(packed.pieces(), packed.replacements(), packed.unknown)
                self._loaded = packed, pieces, self._layers(packed)
            return self._loaded


def _windows(pieces: list[int], packed: Packed) -> list[list[int]]:
    inside = packed.longest - 2
    starts = range(0, len(pieces), inside)
    return [[packed.first, *pieces[start : start + inside], packed.last] for start in starts]


def _cores() -> int:
    """Cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


__all__ = ["TOKENS_AT_ONCE", "Layers", "Packed", "PassageEncoder", "by_onnxruntime", "is_packed", "runtime"]
