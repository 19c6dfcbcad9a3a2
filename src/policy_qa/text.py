"""The one way texts are compared: NFKC, without white space, with the way back to the original."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache


@dataclass(frozen=True, slots=True)
class Folded:
    """A text in comparison form; ``origins[i]`` is the original index of ``text[i]``."""

    text: str
    origins: tuple[int, ...]

    def original_span(self, start: int, end: int) -> tuple[int, int]:
        """The half-open span of the original text that ``text[start:end]`` came from."""
        if start >= end:
            raise ValueError("a span holds at least one character")
        return self.origins[start], self.origins[end - 1] + 1


def fold(text: str) -> str:
    """``text`` in comparison form: NFKC, all white space removed.

    >>> fold("５０ 万元")
    '50万元'
    """
    return "".join(_nfkc(text).split())


_MAY_BE_MARKS = re.compile(
    "[^\x00-\u02ff\u2000-\u206f\u2e80-\u3029\u3030-\u3098\u309b-\ua66e\uff00-\uff9d]{31,}"
)
"""No combining mark stands among the characters left out, the common ones of Chinese and Latin print."""
_MARKS_BESIDES = frozenset("\u0f73\u0f75\u0f81\uff9e\uff9f")
"""No combining marks by themselves, but what they are taken apart into."""
_MOST_MARKS = 30
"""Combining marks on one character that are put in order; as many as Unicode's stream-safe form allows."""


def _nfkc(text: str) -> str:
    """``text`` in NFKC, in linear time: to put many marks on one character in order takes their square."""
    if _MAY_BE_MARKS.search(text) is None:
        return unicodedata.normalize("NFKC", text)
    pieces: list[str] = []
    start = marks = 0
    for index, character in enumerate(text):
        marks = marks + 1 if unicodedata.combining(character) or character in _MARKS_BESIDES else 0
        if marks > _MOST_MARKS:
            pieces.append(text[start:index])
            start, marks = index, 1
    return "".join(unicodedata.normalize("NFKC", piece) for piece in (*pieces, text[start:]))


@lru_cache(maxsize=8192)
def _folded(character: str) -> str:
    return fold(character)


@lru_cache(maxsize=64)
def fold_with_origins(text: str) -> Folded:
    """``text`` in comparison form, each character with the index it came from.

    Folds character by character, so that every folded character has one origin. Kept for the clauses that one
    question looks at again and again.
    """
    characters: list[str] = []
    origins: list[int] = []
    for index, character in enumerate(text):
        for folded in _folded(character):
            characters.append(folded)
            origins.append(index)
    return Folded("".join(characters), tuple(origins))


def find_quote(text: str, quote: str) -> tuple[int, int] | None:
    """Where ``quote`` stands in ``text``, compared in folded form; None where it does not.

    An empty quote stands nowhere: ``"" in text`` would prove anything.
    """
    needle = fold(quote)
    if not needle:
        return None
    folded = fold_with_origins(text)
    start = folded.text.find(needle)
    return None if start < 0 else folded.original_span(start, start + len(needle))
