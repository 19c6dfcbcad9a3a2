"""Text to index tokens: the words of a fixed dictionary and character pairs, each with a 64-bit key.

The dictionary is rjieba's own and knows nothing of the policies that are loaded: one policy more cuts no
other text anew, and what is found does not depend on the order in which policies came.

A token of up to four characters, Chinese or of ``0-9a-z``, is packed into its key, so that its key is
its own; any other has a hash of 63 bits. At a million hashed tokens two of them share a key with a
probability of about 5e-8, and would then count as one.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from hashlib import blake2b
from importlib.metadata import version
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from policy_qa.lexicon import normal

if TYPE_CHECKING:
    from numpy.typing import NDArray

_RUN = re.compile(r"[0-9a-z]+|[一-鿿]+")
_WORD = re.compile(r"[0-9a-z一-鿿]")
_PACKED = re.compile(r"[0-9a-z一-鿿]{1,4}")

_BITS = 15
"""37 to 21,028 for the Chinese characters, 1 to 10 for digits, 11 to 36 for letters."""
_HAN, _HANS, _HAN_CODE = 0x4E00, 0x9FFF - 0x4E00 + 1, 37
_HASHED = 1 << 63
_LAYOUT = 1
_KNOWN_KEYS = 500_000


class Field(NamedTuple):
    """The tokens of some texts: equal lengths, the texts' numbers ascending for each key."""

    keys: NDArray[np.uint64]
    rows: NDArray[np.int32]


@cache
def tokenizer() -> str:
    """What decides how text is cut; part of the version of whatever is built from tokens."""
    return f"rjieba {version('rjieba')} search+hmm, pairs, keys {_LAYOUT}"


def words(text: str) -> list[str]:
    """The words of ``text``: overlapping compounds and their parts, no punctuation."""
    return [word for word in _cut(normal(text)) if _WORD.match(word)]


def pairs(text: str) -> list[str]:
    """The adjacent pairs of Chinese characters, the single ones and the Latin words of ``text``."""
    tokens: list[str] = []
    for run in _RUN.findall(normal(text)):
        tokens += (
            [run] if run[0].isascii() or len(run) == 1 else [run[i : i + 2] for i in range(len(run) - 1)]
        )
    return tokens


def key(token: str) -> int:
    """The key of a token, never 0."""
    if _PACKED.fullmatch(token):
        packed = 0
        for character in token:
            packed = packed << _BITS | _code(character)
        return packed
    return int.from_bytes(blake2b(token.encode("utf-8", "surrogatepass"), digest_size=8).digest()) | _HASHED


def fields(texts: Sequence[str]) -> tuple[Field, Field]:
    """The words and the pairs of ``texts``, as ``words`` and ``pairs`` have them, by their keys."""
    normals = [normal(text) for text in texts]
    return _word_field(normals), _pair_field(normals)


def _code(character: str) -> int:
    if character.isdigit():
        return ord(character) - ord("0") + 1
    if character.isascii():
        return ord(character) - ord("a") + 11
    return ord(character) - _HAN + _HAN_CODE


def _cut(text: str) -> list[str]:
    import rjieba

    return rjieba.cut_for_search(text.encode("utf-8", "replace").decode())


class _Keys(dict[str, int]):
    """word → key, 0 for what is no word; emptied when it grows, as numbers are without end."""

    def __missing__(self, word: str) -> int:
        if len(self) >= _KNOWN_KEYS:
            self.clear()
        found = self[word] = key(word) if _WORD.match(word) else 0
        return found


_keys = _Keys()


def _word_field(normals: Sequence[str]) -> Field:
    found: list[int] = []
    lengths = np.zeros(len(normals), dtype=np.int64)
    for row, text in enumerate(normals):
        cut = _cut(text)
        found += map(_keys.__getitem__, cut)
        lengths[row] = len(cut)
    keys = np.array(found, dtype=np.uint64)
    rows = np.repeat(np.arange(len(normals), dtype=np.int32), lengths)
    return Field(keys[keys != 0], rows[keys != 0])


def _pair_field(normals: Sequence[str]) -> Field:
    joined = "\n".join((*normals, ""))  # a normal text has no line ends
    codes = np.frombuffer(joined.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
    rows = np.cumsum(codes == ord("\n"), dtype=np.int32)
    offsets = codes - np.uint32(_HAN)  # wraps around: what stands before the Chinese block is far behind it
    han = offsets < _HANS
    packed = (offsets + np.uint32(_HAN_CODE)).astype(np.uint64)
    follows = np.zeros_like(han)  # a Chinese character after a Chinese character
    follows[1:] = han[1:] & han[:-1]
    second = np.flatnonzero(follows)
    leads = np.zeros_like(han)
    leads[:-1] = follows[1:]
    single = np.flatnonzero(han & ~follows & ~leads)
    latin = ((codes - np.uint32(48)) < 10) | ((codes - np.uint32(97)) < 26)
    edges = np.flatnonzero(np.diff(latin, prepend=False))
    starts, ends = edges[::2], edges[1::2]
    runs = [_keys[joined[start:end]] for start, end in zip(starts.tolist(), ends.tolist(), strict=True)]
    return Field(
        np.concatenate(
            (
                packed[second - 1] << np.uint64(_BITS) | packed[second],
                packed[single],
                np.array(runs, dtype=np.uint64),
            )
        ),
        np.concatenate((rows[second], rows[single], rows[starts])),
    )
