"""Small typos forgiven: a word of the domain with one character wrong is read as that word.

A wrong character is believed a typo where it sounds like the right one (pinyin input), or where the word is
long and the wrong character belongs to no word of its own. 「单项亚军」 is another thing, not a typo.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from functools import cached_property, lru_cache

_CHINESE = re.compile(r"[一-鿿]+")
_LONGEST = 10


class Spelling:
    """Finds words of a vocabulary written with one character wrong, in time linear in the text."""

    def __init__(self, vocabulary: Iterable[str]) -> None:
        self._vocabulary = tuple(word for word in vocabulary if _CHINESE.fullmatch(word))

    @cached_property
    def _known(self) -> frozenset[str]:
        return frozenset(self._vocabulary)

    @cached_property
    def _with_a_hole(self) -> dict[str, tuple[str, ...]]:
        """「小*人」 → 小巨人: every word under each of its spellings with one character left out."""
        holes: defaultdict[str, list[str]] = defaultdict(list)
        for word in self._vocabulary:
            if 2 <= len(word) <= _LONGEST:
                for position in range(len(word)):
                    holes[f"{word[:position]}*{word[position + 1 :]}"].append(word)
        return {hole: tuple(words) for hole, words in holes.items()}

    def corrections(
        self, text: str, words: Sequence[tuple[int, int]], particles: Sequence[tuple[int, int]]
    ) -> tuple[tuple[int, int, str], ...]:
        """(start, end, meant) for the typos of ``text``, the longest first found, none overlapping.

        ``words`` are spans of the text that are words by themselves, ``particles`` those that carry grammar:
        neither holds a typo, save where a whole window sounds like the right word.
        """
        holder: list[tuple[int, int] | None] = [None] * len(text)
        for start, end in words:
            if end - start > 1:
                holder[start:end] = [(start, end)] * (end - start)
        grammar = {index for start, end in particles for index in range(start, end)}
        found: list[tuple[int, int, str]] = []
        taken = bytearray(len(text) + 1)
        for length in range(min(_LONGEST, len(text)), 1, -1):
            for start in range(len(text) - length + 1):
                end = start + length
                window = text[start:end]
                if any(taken[start:end]) or window in self._known:
                    continue
                for position in range(length):
                    held = holder[start + position]
                    crosses = held is not None and not (start <= held[0] and held[1] <= end)
                    if start + position in grammar or crosses:
                        continue
                    meant = self._meant(window, position, free=held is None)
                    if meant is not None:
                        found.append((start, end, meant))
                        taken[start:end] = b"\x01" * length
                        break
        return tuple(sorted(found))

    def _meant(self, window: str, position: int, *, free: bool) -> str | None:
        """The word the window means if its character at ``position`` is wrong.

        ``free``: the character is part of no word, so that it is likely wrong without sounding right.
        """
        written = window[position]
        if not _CHINESE.fullmatch(written):
            return None
        # 「技术合同网也」 is a known word and another one, not a longer word misspelt.
        rest = window[1:] if position == 0 else window[:-1] if position == len(window) - 1 else ""
        if rest in self._known:
            return None
        for word in self._with_a_hole.get(f"{window[:position]}*{window[position + 1 :]}", ()):
            if sound(written) == sound(word[position]) and (free or len(window) >= 3):
                return word
            if free and len(window) >= 4:
                return word
        return None


@lru_cache(maxsize=8192)
def sound(character: str) -> str:
    """The toneless pinyin, with the pairs that dialects do not tell apart made one."""
    from pypinyin import Style, pinyin

    plain = pinyin(character, style=Style.NORMAL, errors="default")[0][0]
    plain = re.sub(r"^([zcs])h", r"\1", plain)
    return re.sub(r"([aei]n)g$", r"\1", plain)
