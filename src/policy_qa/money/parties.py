"""Lists of figures with the parties they belong to."""

from __future__ import annotations

import re
from collections.abc import Sequence

from policy_qa.money.figure import Figure
from policy_qa.money.joining import LIST_LINKS
from policy_qa.money.numerals import CHINESE
from policy_qa.money.reading import figures
from policy_qa.text import fold

_REACH = 400  # no sentence that pairs is longer
_SENTENCE_ENDS = re.compile("[。;!?]")
_ASIDE = re.compile(r"\([^()]*\)")
_PHRASE_ENDS = re.compile("[,:]")
_BASIS = re.compile("按|根据|依|经")
_LEAD = re.compile("^(?:对于|对|在|给予|将|为|按照?|获得|获评|获|被?评为|被?认定为|入选)+")
_TAIL = re.compile("的|分别|最高|最多|给予|奖励|奖补|补助|资助|不超过|一次性|每|各|按|可获|可得")
_AND = re.compile("、|以及|和|及|与|或")


def paired(text: str) -> tuple[tuple[str, Figure], ...]:
    """The figures of lists such as 「分别给予50万元、30万元」, each with its party, in the order printed.

    Empty where the list of parties before them has another length: nothing is guessed.
    """
    pairs: list[tuple[str, Figure]] = []
    for group in _groups(text, [f for f in figures(text) if f.kind in ("money", "rate", "count")]):
        reach = group[0].start
        parties = _parties(fold(text[max(0, reach - _REACH) : reach]), len(group))
        pairs += zip(parties, group, strict=True) if parties else ()
    return tuple(pairs)


def two_parties(before: str) -> tuple[str, ...]:
    """The two recipients that the words ``before`` one figure name as getting it each, else none.

    >>> two_parties("对国家级小巨人和单项冠军企业，每户分别给予一次性奖补")
    ('国家级小巨人', '单项冠军企业')
    """
    return tuple(_parties(fold(before[-_REACH:]), 2))


def _groups(text: str, found: Sequence[Figure]) -> list[list[Figure]]:
    """The lists of two and more figures that only 、 和 or 或 part."""
    groups: list[list[Figure]] = []
    for figure in found:
        last = groups[-1][-1] if groups else None
        if (
            last is not None
            and last.kind == figure.kind
            and fold(text[last.end : figure.start]) in LIST_LINKS
        ):
            groups[-1].append(figure)
        else:
            groups.append([figure])
    return [group for group in groups if len(group) > 1]


def _parties(before: str, wanted: int) -> Sequence[str]:
    """The nearest list of a sentence, if it names as many parties as ``wanted``."""
    sentence = _SENTENCE_ENDS.split(_ASIDE.sub("", before))[-1]
    for phrase in reversed(_PHRASE_ENDS.split(sentence)):
        items = phrase.split("、")
        if len(items) != wanted and not _BASIS.match(phrase):
            items = _AND.split(phrase)
        if len(items) == wanted:
            return _names(items)
        if "、" in phrase:
            return ()
    return ()


def _names(items: Sequence[str]) -> list[str]:
    """The parties without the words before the first and after the last: 「国家级」, 「省级」."""
    first, *middle = [_LEAD.sub("", items[0]), *items[1:-1]]
    last = items[-1]
    if (tail := _TAIL.search(last, 1)) is not None:
        last = last[: tail.start()]
    kin = (middle or [first])[-1][-1:]
    if kin and (shared := last.find(kin)) > 0:
        last = last[: shared + 1]
    numbered = all(item and all(c in CHINESE for c in item) for item in (first, *middle))
    suffix = last.lstrip("".join(CHINESE)) if numbered else ""
    return [f"{item}{suffix}" for item in (first, *middle)] + [last]
