"""The words people use and the words of policies; what a word of a question can stand for.

The lexicon is data (corpus/lexicon.yaml): synonyms of the same thing only, never a kind for its class,
so that a support no policy holds is not answered with a broader one that it does.
"""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache, partial
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict

from policy_qa.errors import CorpusError
from policy_qa.strict_yaml import read_model

TermKind = Literal["policy", "spoken", "level", "place", "generic"]
_PRECEDENCE: dict[TermKind, int] = {"policy": 0, "spoken": 1, "level": 2, "place": 3, "generic": 4}


def normal(text: str) -> str:
    """``text`` as questions are read: NFKC, lower case, no white space but between two Latin words.

    A blank between two longer stretches of Chinese stands for a comma (telegram style).

    >>> normal("Ｌittle  Giant 奖 多少")
    'little giant奖多少'
    >>> normal("国内发明3件 国外1项 合计 50 万元")
    '国内发明3件,国外1项合计50万元'
    """
    words = unicodedata.normalize("NFKC", text).lower().split()
    pieces: list[str] = []
    for word in words:
        if pieces and pieces[-1][-1].isascii() and word[0].isascii():
            pieces.append(" " if pieces[-1][-1].isalnum() or word[0].isalnum() else "")
        elif pieces and len(pieces[-1]) > 2 and len(word) > 2 and _stops(pieces[-1][-1], word):
            pieces.append(",")
        pieces.append(word)
    return "".join(pieces)


def _stops(last: str, word: str) -> bool:
    """「实付 300万」 and 「50 万元」 go on over the blank, 「国内3件 国外1项」 does not."""
    if last.isdigit():
        return "一" <= word[0] <= "鿿" and word[0] not in _UNIT_HEADS
    return "一" <= last <= "鿿" and "一" <= word[0] <= "鿿"


_UNIT_HEADS = frozenset("万亿千百十元块个件户项名家国年月日条款种类号点成倍多余来分")


@dataclass(frozen=True, slots=True)
class Term:
    """A word of the lexicon or of a policy where it stands in a normal text."""

    start: int
    end: int
    text: str
    kind: TermKind
    means: tuple[str, ...]
    """The words of policies it stands for; itself for a policy word, the level for a level word."""


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    means: tuple[str, ...]
    say: tuple[str, ...]


class LexiconFile(BaseModel):
    """The content of corpus/lexicon.yaml."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    entries: tuple[_Entry, ...]
    generic: dict[str, tuple[str, ...]]
    personal: tuple[str, ...] = ()
    levels: dict[str, tuple[str, ...]] = {}
    foreign_places: tuple[str, ...] = ()


class Lexicon:
    """Finds terms in a normal text, longest first, none overlapping."""

    def __init__(
        self, content: LexiconFile, policy_words: Iterable[str] = (), places: Iterable[str] = ()
    ) -> None:
        self._content = content
        self.personal = tuple(normal(word) for word in content.personal)
        self.foreign_places = frozenset(normal(word) for word in content.foreign_places)
        self.generic = frozenset(normal(word) for words in content.generic.values() for word in words)
        self.generic |= {normal(word) for word in places}
        self._terms: dict[str, tuple[TermKind, tuple[str, ...]]] = {}
        for word in policy_words:
            if normal(word) not in self.generic:
                self._add(word, "policy", (word,))
        for entry in content.entries:
            topical = tuple(mean for mean in entry.means if normal(mean) not in self.generic)
            for said in entry.say:
                self._add(said, "spoken" if topical else "generic", topical)
            for mean in topical:
                self._add(mean, "spoken", (mean,))
        for level, words in content.levels.items():
            for word in words:
                self._add(word, "level", (level,))
        for place in content.foreign_places:
            self._add(place, "place", ("国外",))
        for word in sorted(self.generic):  # a set's order is the process's own, and jieba's would follow it
            self._add(word, "generic", ())
        self._by_head: Mapping[str, tuple[str, ...]] = self._heads()

    @classmethod
    def load(cls, path: Path, policy_words: Iterable[str] = (), places: Iterable[str] = ()) -> Lexicon:
        """``places`` are the policies' own: naming them asks for nothing in particular."""
        content = read_model(path, LexiconFile)
        seen: set[str] = set()
        for entry in content.entries:
            for said in entry.say:
                if (key := normal(said)) in seen:
                    raise CorpusError(f"lexicon.yaml 里“{said}”写了两次，请只留一处。")
                seen.add(key)
        return cls(content, policy_words, places)

    def narrowed(self, policy_words: Iterable[str], places: Iterable[str]) -> Lexicon:
        """The same words of people over the words of fewer policies; one object for the same words."""
        return self._narrowed(tuple(policy_words), tuple(places))

    @cached_property
    def _narrowed(self) -> Callable[[tuple[str, ...], tuple[str, ...]], Lexicon]:
        return lru_cache(maxsize=64)(partial(Lexicon, self._content))

    def _add(self, word: str, kind: TermKind, means: tuple[str, ...]) -> None:
        key = normal(word)
        known = self._terms.get(key)
        if known is None:
            self._terms[key] = (kind, means)
        elif known[0] == "policy" and kind == "spoken":
            self._terms[key] = ("policy", tuple(dict.fromkeys((*known[1], *means))))

    def _heads(self) -> dict[str, tuple[str, ...]]:
        heads: defaultdict[str, list[str]] = defaultdict(list)
        for word in self._terms:
            heads[word[0]].append(word)
        return {head: tuple(sorted(words, key=len, reverse=True)) for head, words in heads.items()}

    @property
    def words(self) -> tuple[str, ...]:
        """Every word of the lexicon, for a segmenter's dictionary."""
        return tuple(self._terms)

    @property
    def meanings(self) -> frozenset[tuple[str, ...]]:
        """The words of policies that spoken words stand for."""
        return frozenset(means for kind, means in self._terms.values() if kind in ("policy", "spoken"))

    @property
    def topical(self) -> tuple[str, ...]:
        """The words that can name a support: what a typo may have meant."""
        return tuple(word for word, (kind, _) in self._terms.items() if kind in ("policy", "spoken"))

    def scan(self, text: str) -> tuple[Term, ...]:
        """The terms of a normal text in order; longer ones win, then the more specific kind."""
        found: list[Term] = []
        for start, head in enumerate(text):
            for word in self._by_head.get(head, ()):
                if text.startswith(word, start) and _whole_word(text, start, word):
                    kind, means = self._terms[word]
                    found.append(Term(start, start + len(word), word, kind, means))
        found.sort(key=lambda term: (term.start - term.end, _PRECEDENCE[term.kind], term.start))
        taken = bytearray(len(text))
        chosen: list[Term] = []
        for term in found:
            if not any(taken[term.start : term.end]):
                taken[term.start : term.end] = b"\x01" * (term.end - term.start)
                chosen.append(term)
        return tuple(sorted(chosen, key=lambda term: term.start))


def _whole_word(text: str, start: int, word: str) -> bool:
    """A Latin word counts only between other characters than letters: 「ip」 is not in 「tips」."""
    if not word.isascii():
        return True
    end = start + len(word)
    before = text[start - 1] if start else " "
    after = text[end] if end < len(text) else " "
    return not (
        (before.isascii() and before.isalnum() and word[0].isalnum())
        or (after.isascii() and after.isalnum() and word[-1].isalnum())
    )
