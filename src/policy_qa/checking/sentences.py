"""The sentences of a pasted text: verbatim, without list marks, speakers and margins."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

Span = tuple[int, int]

_ENDS = re.compile(r"[。；;！!？?…]+[”’」』）)\"']*|[\r\n]+")
_DUTY_NOTE = re.compile(
    r"\s*[（(][^（）()]{1,160}(?:[（(][^（）()]{0,20}[）)][^（）()]{0,80})?负\s*责\s*[）)]"
)
_MARKER = re.compile(
    r"\s*(?:[-*•·●○■◆▪►>＞]+\s+|[•·●○■◆▪►]|[（(]?\d{1,2}[)）]\s*|\d{1,2}[.．、](?!\d)\s*|[①-⑳]\s*"
    r"|[一二三四五六七八九十]{1,3}、\s*|[（(][一二三四五六七八九十]{1,3}[)）]\s*|(?:首先|其次|第[一二三四五六七八九十](?![条款项章])|另外)[,，、:：]\s*)"
)
_SPEAKER = re.compile(
    r"\s*[“「『\"【\[]?(?:客服|坐席|话务员|热线|同事|市民|用户|企业|老板|来电人|工作人员|机器人|助手|小\w|问|答|q|a|Q|A)"
    r"\s*\d{0,4}[】\]]?\s*[:：]\s*"
)
_PRINTED = re.compile(r"\S")
_QUOTE_MARKS = '“”"「」『』‘’'


def sentence_spans(text: str) -> Iterator[Span]:
    """Where the sentences of ``text`` stand, without list marks, speakers' names and white space around them.

    A 「（…负责）」 behind a full stop belongs to the sentence before it.
    """
    start = 0
    while start < len(text):
        end = _end_after(text, start)
        note = _DUTY_NOTE.match(text, end)
        end = note.end() if note else end
        if (span := _trimmed(text, start, end)) is not None:
            yield span
        start = end


def _end_after(text: str, start: int) -> int:
    """Where the sentence that begins at ``start`` ends; a line that is merely wrapped goes on."""
    for match in _ENDS.finditer(text, start):
        if match.group()[0] not in "\r\n" or not _is_wrapped(text, start, match):
            return match.end()
    return len(text)


def _is_wrapped(text: str, start: int, newline: re.Match[str]) -> bool:
    line = text[max(start, text.rfind("\n", start, newline.start()) + 1) : newline.start()].strip()
    following = _PRINTED.search(text, newline.end())
    if following is None:
        return False
    marked = any(mark.match(text, following.start()) for mark in (_MARKER, _SPEAKER, _HEADING_MARK))
    return (
        sum(0.5 if character.isascii() else 1.0 for character in line[-2 * _FULL_LINE :]) >= _FULL_LINE
        and (line[-1].isalnum() or line[-1] in "，,、")
        and not marked
    )


_FULL_LINE = 18
"""Full-width characters: a line as long without a full stop was broken by the margin."""
_HEADING_MARK = re.compile(
    r"[（(]?[一二三四五六七八九十\d]{1,3}[)）]?[、.．]|第[一二三四五六七八九十\d]{1,3}[条章节]|[-*•·●【\[]"
)


def _trimmed(text: str, start: int, end: int) -> Span | None:
    for pattern in (_MARKER, _SPEAKER, _MARKER):
        if (mark := pattern.match(text, start, end)) is not None:
            start = mark.end()
    quotes = Counter(character for character in text[start:end] if character in _QUOTE_MARKS)
    while start < end and (text[start].isspace() or (text[start] in _QUOTE_MARKS and _unpaired(quotes))):
        quotes[text[start]] -= 1
        start += 1
    while start < end and (text[end - 1].isspace() or (text[end - 1] in _QUOTE_MARKS and _unpaired(quotes))):
        quotes[text[end - 1]] -= 1
        end -= 1
    return (start, end) if any(character.isalnum() for character in text[start:end]) else None


def _unpaired(quotes: Counter[str]) -> bool:
    """Whether the quotation marks of the sentence do not pair: one of them belongs to a longer quotation."""
    opening = sum(quotes[mark] for mark in "“「『‘")
    closing = sum(quotes[mark] for mark in "”」』’")
    return opening != closing or quotes['"'] % 2 == 1
