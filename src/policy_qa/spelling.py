"""Small typos forgiven: a word of the domain with one character wrong, missing, doubled or swapped.

A wrong character is believed a typo where it sounds like the right one (pinyin input), or where the word is
long and the wrong character belongs to no word of its own. 「单项亚军」 is another thing, not a typo.
"""

from __future__ import annotations

import difflib
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property, lru_cache
from itertools import chain

_CHINESE = re.compile(r"[一-鿿]+")
_LONGEST = 10
_LATIN = re.compile(r"(?<![a-z])[a-z]{5,}(?![a-z])")
_CLOSE = 0.84
"""difflib's ratio: one letter wrong in seven passes, two do not."""


class Spelling:
    """Finds words of a vocabulary written with one character wrong, in time linear in the text."""

    def __init__(
        self, vocabulary: Iterable[str], names: Iterable[str] = (), shared: Spelling | None = None
    ) -> None:
        """``names`` are believed misspelt even where the wrong character sounds otherwise.

        What ``shared`` knows is known too, and first: the words that many vocabularies have in common are
        then held, and made ready to be searched, once.
        """
        vocabulary, names = tuple(vocabulary), tuple(names)
        self._layers: tuple[Spelling, ...] = (*(shared._layers if shared else ()), self)
        self._names: frozenset[str] = frozenset(names) | (shared._names if shared else frozenset())
        # Sorted, since among equally close words the first is taken.
        latin = {w for word in vocabulary for w in _LATIN.findall(word)}
        self._latin_words: list[str] = sorted(latin.union(shared._latin_words if shared else ()))
        self._vocabulary = tuple(w for w in (*vocabulary, *names) if _CHINESE.fullmatch(w))

    @cached_property
    def _own(self) -> frozenset[str]:
        return frozenset(self._vocabulary)

    def _knows(self, word: str) -> bool:
        return any(word in layer._own for layer in self._layers)

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
        found: list[tuple[int, int, str]] = list(self._latin(text))
        holder: list[tuple[int, int] | None] = [None] * len(text)
        for start, end in words:
            if end - start > 1:
                holder[start:end] = [(start, end)] * (end - start)
        grammar = {index for start, end in particles for index in range(start, end)}
        taken = bytearray(len(text) + 1)
        tables = [layer._with_a_hole for layer in self._layers]
        for sounding in (True, False):
            for start, end in _windows(len(text)):
                window = text[start:end]
                if any(taken[start:end]) or self._knows(window):
                    continue
                real = all(holder[start:end])
                for position in range(end - start):
                    hole = f"{window[:position]}*{window[position + 1 :]}"
                    for table in tables:
                        if hole in table:
                            break
                    else:
                        continue
                    held = holder[start + position]
                    if start + position in grammar or (held and not _may_split(text, held, start, end)):
                        continue
                    meant = self._meant(window, position, free=held is None, sounding=sounding)
                    # 「水费减免」 is made of real words: only a policy's own word is believed meant.
                    if meant is not None and (not real or meant in self._names):
                        found.append((start, end, meant))
                        taken[start:end] = b"\x01" * (end - start)
                        break
        for start, end in _windows(len(text)):
            whole = all(
                held is None or (start <= held[0] and held[1] <= end) for held in holder[start:end]
            ) and not all(held is not None for held in holder[start:end])
            window = text[start:end]
            if any(map(self._knows, (window, window[1:], window[:-1]))):
                continue
            if whole and not any(taken[start:end]):
                meant = self._slip_of(window) or self._undoubled(window)
                if meant is not None:
                    found.append((start, end, meant))
                    taken[start:end] = b"\x01" * (end - start)
        return tuple(sorted(found))

    @cached_property
    def _slipped(self) -> dict[str, str]:
        """Longer words with a character left out or two neighbours swapped."""
        slips: dict[str, str] = {}
        for word in self._vocabulary:
            if len(word) >= 3:
                for i in range(len(word) - 1):
                    slips.setdefault(word[:i] + word[i + 1] + word[i] + word[i + 2 :], word)
            if len(word) >= (4 if word in self._names else 5):
                for i in range(1, len(word) - 1):
                    slips.setdefault(word[:i] + word[i + 1 :], word)
        return slips

    def _slip_of(self, window: str) -> str | None:
        return next((layer._slipped[window] for layer in self._layers if window in layer._slipped), None)

    def _latin(self, text: str) -> Iterator[tuple[int, int, str]]:
        """Misspelt Latin words of some length: 「inventon」 → invention."""
        for match in _LATIN.finditer(text):
            if match.group() not in self._latin_words:
                word = match.group()
                alike = [w for w in self._latin_words if w[0] == word[0] and abs(len(w) - len(word)) <= 1]
                near = difflib.get_close_matches(word, alike, n=1, cutoff=_CLOSE)
                if near:
                    yield match.start(), match.end(), near[0]

    def _undoubled(self, window: str) -> str | None:
        """「小巨巨人」 → 小巨人."""
        for i in range(len(window) - 1):
            if window[i] == window[i + 1] and len(window) > 3:
                word = window[:i] + window[i + 1 :]
                if self._knows(word):
                    return word
        return None

    def _meant(self, window: str, position: int, *, free: bool, sounding: bool) -> str | None:
        """The word the window means if its character at ``position`` is wrong.

        ``sounding``: the wrong character must sound like the right one. ``free``: it is part of no word, so
        that it is likely wrong without sounding right.
        """
        written = window[position]
        if not _CHINESE.fullmatch(written):
            return None
        # 「技术合同网也」 is a known word and another one, not a longer word misspelt.
        rest = window[1:] if position == 0 else window[:-1] if position == len(window) - 1 else ""
        if self._knows(rest):
            return None
        hole = f"{window[:position]}*{window[position + 1 :]}"
        for word in chain.from_iterable(layer._with_a_hole.get(hole, ()) for layer in self._layers):
            alike = sound(written) == sound(word[position])
            if sounding and alike and (len(window) >= 3 or free):
                return word
            if not sounding and free and len(window) >= 4 and word in self._names:
                return word
        return None


def _windows(length: int) -> Iterator[tuple[int, int]]:
    """All stretches of 2 to 10 characters, the longest first."""
    for size in range(min(_LONGEST, length), 1, -1):
        for start in range(length - size + 1):
            yield start, start + size


def _may_split(text: str, word: tuple[int, int], start: int, end: int) -> bool:
    """A word that the window cuts may be chance: 「智能工唱和…」 holds 唱和, but what it leaves is 和."""
    outside = text[word[0] : max(word[0], start)] + text[min(word[1], end) : word[1]]
    return all(character in _JOINING for character in outside)


_JOINING = frozenset("的了和与及跟也都还在是把被给对就吗呢吧")


@lru_cache(maxsize=8192)
def sound(character: str) -> str:
    """The toneless pinyin, with the pairs that dialects do not tell apart made one."""
    from pypinyin import Style, pinyin

    plain = pinyin(character, style=Style.NORMAL, errors="default")[0][0]
    plain = re.sub(r"^([zcs])h", r"\1", plain)
    return re.sub(r"([aei]n)g$", r"\1", plain)
