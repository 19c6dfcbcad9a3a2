"""The only module that knows jieba: Chinese text to words, with the words of the domain kept whole."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cached_property
from typing import Any

_WORD = re.compile(r"[0-9a-z一-鿿]+")


class Segmenter:
    """jieba with the domain's words as its user dictionary; the model loads at the first use."""

    def __init__(self, words: Iterable[str]) -> None:
        # Latin words are cut at their ends anyway; as dictionary words they would be found inside others.
        self._words = tuple(dict.fromkeys(word for word in words if len(word) > 1 and not word.isascii()))

    @cached_property
    def _tokenizer(self) -> Any:
        import jieba

        tokenizer = jieba.Tokenizer()
        # jieba's own initialize() leaves a cache in the temporary folder, outside the product's home.
        tokenizer.FREQ, tokenizer.total = tokenizer.gen_pfdict(tokenizer.get_dict_file())
        tokenizer.initialized = True
        for word in self._words:
            tokenizer.add_word(word)
        return tokenizer

    @cached_property
    def _tagger(self) -> Any:
        from jieba import posseg

        return posseg.POSTokenizer(self._tokenizer)

    def words(self, text: str) -> list[str]:
        """The words of ``text`` for an index: overlapping compounds and their parts, no punctuation."""
        return [word for word in self._tokenizer.cut_for_search(text) if _WORD.match(word)]

    def tagged(self, text: str) -> list[tuple[str, str]]:
        """The words of ``text`` with jieba's part-of-speech tags, covering it without a gap."""
        return [(pair.word, pair.flag) for pair in self._tagger.cut(text)]

    def is_word(self, text: str) -> bool:
        """Whether the dictionary has the word; jieba also invents words from characters that often meet."""
        return bool(self._tokenizer.FREQ.get(text, 0))

    def is_common(self, text: str) -> bool:
        """Whether the word is frequent enough for its part-of-speech tag to be believed."""
        return bool(self._tokenizer.FREQ.get(text, 0) >= _COMMON)

    def spans(self, text: str) -> tuple[tuple[int, int], ...]:
        """Where the words of the dictionary stand in ``text``, covering it; no word is invented."""
        spans: list[tuple[int, int]] = []
        position = 0
        for word in self._tokenizer.cut(text, HMM=False):
            spans.append((position, position + len(word)))
            position += len(word)
        return tuple(spans)


_COMMON = 1000
"""Occurrences in jieba's corpus: 「已经」 has 51,289, 「高新」, tagged an adverb there, 563."""
