"""Text to the pieces the model knows: the cut whose scores sum to most (SentencePiece's unigram model)."""

from __future__ import annotations

import re
from collections.abc import Mapping

_SPACE = "\u2581"  # how a space is spelled inside pieces
_UNKNOWN_COSTS = 10.0  # more than the rarest piece
_SPACES = re.compile("  +")


class Pieces:
    """Cuts a text into the numbers of its pieces, in time linear in its length."""

    def __init__(
        self, known: Mapping[str, tuple[int, float]], replacements: Mapping[int, str], unknown: int
    ) -> None:
        self._replacements = replacements
        self._unknown = unknown
        self._unknown_score = min(score for _, score in known.values()) - _UNKNOWN_COSTS
        self._known = {piece: found for piece, found in known.items() if found[0] != unknown}
        self._longest: dict[str, int] = {}
        """Characters of the longest piece that begins with one."""
        for piece in self._known:
            self._longest[piece[0]] = max(len(piece), self._longest.get(piece[0], 0))

    def __call__(self, text: str) -> list[int]:
        text = _SPACES.sub(" ", text.translate(self._replacements))
        text = (text if text.startswith(" ") else f" {text}").replace(" ", _SPACE)
        best = [0.0] + [-1e30] * len(text)
        came: list[tuple[int, int]] = [(0, 0)] * (len(text) + 1)  # the piece that ends here, where it begins
        for begin, character in enumerate(text):
            sofar = best[begin]
            for end in range(begin + 1, min(len(text), begin + self._longest.get(character, 0)) + 1):
                if found := self._known.get(text[begin:end]):
                    number, score = found
                    if sofar + score > best[end]:
                        best[end] = sofar + score
                        came[end] = number, begin
            if sofar + self._unknown_score > best[begin + 1]:
                best[begin + 1] = sofar + self._unknown_score
                came[begin + 1] = self._unknown, begin
        numbers = []
        end = len(text)
        while end:
            number, end = came[end]
            numbers.append(number)
        return numbers[::-1]
