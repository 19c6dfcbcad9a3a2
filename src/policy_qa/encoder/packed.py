"""The file in which the default model comes: little-endian, all of it read from the mapped file.

    "E5S1", version 1
    7 × i32    width, layers, heads, inner width, words, longest, token types
    f32, i32   the epsilon of the layer norms, weights in a block
    pieces     count, first, last, padding, unknown (i32); bytes (u64); offsets (u32), scores (f32), UTF-8
    characters count (i32), bytes (u32); of each: code point (u32), how many replace it (u8), those (u32)
    tensors    count (i32); of each: length (u16) and name, type (u8), numbers (u32), offset, bytes (u64)

A four-bit weight matrix has, for each output, blocks of 32 inputs: a scale (f16) and 16 bytes, of which byte
``j`` holds weight ``j`` in its low half and weight ``j + 16`` in its high half, both eight too great.
"""

from __future__ import annotations

import mmap
import struct
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

BLOCK = 32

_MAGIC = struct.pack("<4sI", b"E5S1", 1)
_SIZES = struct.Struct("<7ifi")
_PIECES = struct.Struct("<5iQ")
_CHARACTERS = struct.Struct("<iI")
_REPLACED = struct.Struct("<IB")
_TENSOR = struct.Struct("<BIQQ")


def is_packed(path: Path) -> bool:
    """Whether ``path`` is a file of the layout above."""
    try:
        with path.open("rb") as file:
            head = file.read(len(_MAGIC) + _SIZES.size)
    except OSError:
        return False
    whole = len(head) == len(_MAGIC) + _SIZES.size and head.startswith(_MAGIC)
    return whole and _SIZES.unpack_from(head, len(_MAGIC))[-1] == BLOCK


class Packed:
    """An open file of weights; what is read of it stays mapped. Raises OSError, ValueError, struct.error."""

    def __init__(self, path: Path) -> None:
        with path.open("rb") as file:
            self._bytes = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        sizes = _SIZES.unpack_from(self._bytes, len(_MAGIC))
        self.width, self.layers, self.heads, self.inner, self._words, self.longest, _, self.epsilon, _ = sizes
        at = len(_MAGIC) + _SIZES.size
        self._count, self.first, self.last, _, self.unknown, self._text = _PIECES.unpack_from(self._bytes, at)
        self._offsets = at + _PIECES.size
        self._scores = self._offsets + 4 * (self._count + 1)
        self._spelled = self._scores + 4 * self._count
        self._characters = self._spelled + self._text
        self._tensors = dict(self._directory())
        self._word = self._blocks("emb.word", self._words)
        self._position = (
            self.numbers("emb.pos").reshape(-1, self.width) + self.numbers("emb.type")[: self.width]
        )

    def pieces(self) -> dict[str, tuple[int, float]]:
        """The number and the score of each piece by its spelling; of two spelled alike, the first."""
        offsets = struct.unpack_from(f"<{self._count + 1}I", self._bytes, self._offsets)
        scores = struct.unpack_from(f"<{self._count}f", self._bytes, self._scores)
        spelled = self._bytes[self._spelled : self._spelled + self._text]
        found: dict[str, tuple[int, float]] = {}
        for number, score in enumerate(scores):
            piece = spelled[offsets[number] : offsets[number + 1]].decode("utf-8", "surrogateescape")
            if piece:
                found.setdefault(piece, (number, score))
        return found

    def replacements(self) -> dict[int, str]:
        """What stands for a character before the text is cut, by its code point."""
        count, _ = _CHARACTERS.unpack_from(self._bytes, self._characters)
        at = self._characters + _CHARACTERS.size
        found: dict[int, str] = {}
        for _ in range(count):
            point, size = _REPLACED.unpack_from(self._bytes, at)
            at += _REPLACED.size
            found[point] = "".join(map(chr, struct.unpack_from(f"<{size}I", self._bytes, at)))
            at += 4 * size
        return found

    def numbers(self, name: str) -> NDArray[np.float32]:
        """A tensor of plain numbers, flat."""
        import numpy as np

        _, offset, size = self._tensors[name]
        return np.frombuffer(self._bytes, "<f4", size // 4, offset)

    def quantised(self, name: str, outputs: int) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
        """A four-bit matrix: its weights from 0 to 15, shape (outputs, blocks, 32), and its scales."""
        return _unpacked(self._blocks(name, outputs))

    def matrix(self, name: str, outputs: int) -> NDArray[np.float32]:
        """A four-bit matrix as plain numbers, shape (outputs, inputs)."""
        return _scaled(self._blocks(name, outputs))

    def embedded(self, tokens: NDArray[np.int64]) -> NDArray[np.float32]:
        """What enters the first layer norm: word, position and type, shape (*tokens, width)."""
        return _scaled(self._word[tokens]) + self._position[: tokens.shape[-1]]

    def _blocks(self, name: str, rows: int) -> NDArray[np.void]:
        import numpy as np

        block = np.dtype([("scale", "<f2"), ("halves", "u1", BLOCK // 2)])
        _, offset, size = self._tensors[name]
        return np.frombuffer(self._bytes, block, size // block.itemsize, offset).reshape(rows, -1)

    def _directory(self) -> list[tuple[str, tuple[int, int, int]]]:
        _, size = _CHARACTERS.unpack_from(self._bytes, self._characters)
        at = self._characters + _CHARACTERS.size + size
        (count,) = struct.unpack_from("<i", self._bytes, at)
        at += 4
        found = []
        for _ in range(count):
            (length,) = struct.unpack_from("<H", self._bytes, at)
            name = self._bytes[at + 2 : at + 2 + length].decode("ascii")
            at += 2 + length
            _, numbers, offset, size = _TENSOR.unpack_from(self._bytes, at)
            at += _TENSOR.size
            found.append((name, (numbers, offset, size)))
        return found


def _unpacked(blocks: NDArray[np.void]) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    import numpy as np

    halves = blocks["halves"]
    return np.concatenate([halves & 15, halves >> 4], axis=-1), blocks["scale"].astype(np.float32)


def _scaled(blocks: NDArray[np.void]) -> NDArray[np.float32]:
    import numpy as np

    weights, scales = _unpacked(blocks)
    numbers = (weights.astype(np.float32) - 8) * scales[..., np.newaxis]
    return numbers.reshape(*blocks.shape[:-1], -1)
