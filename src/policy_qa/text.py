"""The one way texts are compared: NFKC, without white space, with the way back to the original."""

from __future__ import annotations

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
    return "".join(unicodedata.normalize("NFKC", text).split())


@lru_cache(maxsize=64)
def fold_with_origins(text: str) -> Folded:
    """``text`` in comparison form, each character with the index it came from.

    Folds character by character, so that every folded character has one origin. Kept for the clauses that one
    question looks at again and again.
    """
    characters: list[str] = []
    origins: list[int] = []
    for index, character in enumerate(text):
        for folded in unicodedata.normalize("NFKC", character):
            if not folded.isspace():
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
