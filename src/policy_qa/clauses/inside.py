"""Numbers that open an item inside a printed line: 「一、总体要求（一）…」, or a whole text on one line.

A number in the running text is an item only where the sequence of the line starts misses it, or where it
follows the title of a heading; a list inside a sentence stays a part of its clause.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from policy_qa.clauses.items import is_document_title
from policy_qa.clauses.lines import Line
from policy_qa.clauses.markers import STYLES, Marker, marker

_BOUNDARY = re.compile(r"(?<=[。；！？：;!?）)”」』】])\s*(?=\S)|(?<=\S)(?:\u3000{2,}|\s{3,})(?=\S)")
_AFTER_TITLE = re.compile(r"(?<=[^\s，。；：、,;:（(第0-9０-９])\s*(?=[（(第①0-9０-９])")
_SPOKEN_OF = re.compile(r"\s{0,2}(?:[项款目条至到和及或、，；。]|以上|规定|所列)")
"""What follows a number that a sentence speaks of: 「违反（三）、（四）项」."""
_TITLE_LENGTH = 30
_LONGEST_TITLE = 120
_RUN_ON = 100
_SHARE = 0.6
"""A line this long that holds this share of the text may be the whole of it."""
_PASSES = 24
_BRACKETED = "（一）"
_DIVIDING = ("附件", "附则", "章", "条")


_Where = tuple[int, int]


@dataclass(frozen=True, slots=True)
class _Place:
    """A number at ``lines[line].text[at:]``; ``at`` is 0 where it begins the line."""

    line: int
    at: int
    marker: Marker

    @property
    def key(self) -> tuple[str, int]:
        return self.marker.style, self.marker.number


def cut_at_numbers(lines: Sequence[Line]) -> list[Line]:
    """The lines, cut where an item begins inside one; a cut may lay open the next."""
    running_on = _runs_on(lines)
    current = _title_apart(lines) if running_on else list(lines)
    for _ in range(_PASSES):
        cut = _cut_once(current, running_on)
        if len(cut) == len(current):
            break
        current = cut
    return current


def _cut_once(lines: Sequence[Line], running_on: bool) -> list[Line]:
    opened = [
        _Place(index, 0, found)
        for index, line in enumerate(lines)
        if not line.is_row and (found := marker(line.text)) is not None
    ]
    within = _within(lines)
    places = [
        *_missing(opened, within),
        *_after_titles(lines, opened, within),
        *_provisions(lines, opened, within),
    ]
    if running_on:
        places += _counted(opened, within)
    cuts: dict[int, set[int]] = {}
    for place in places:
        cuts.setdefault(place.line, set()).add(place.at)
    return [piece for index, line in enumerate(lines) for piece in _pieces(line, cuts.get(index, ()))]


def _runs_on(lines: Sequence[Line]) -> bool:
    """Whether the text stands on one line, or nearly."""
    longest = max((len(line.text) for line in lines), default=0)
    return longest >= _RUN_ON and longest >= _SHARE * sum(len(line.text) for line in lines)


def _title_apart(lines: Sequence[Line]) -> list[Line]:
    """The lines, the first cut behind the title of the text where a blank follows it."""
    for blank in re.finditer(r"\s+(?=\S)", lines[0].text[:_LONGEST_TITLE]):
        if is_document_title(lines[0].text[: blank.start()]):
            return [*_pieces(lines[0], {blank.end()}), *lines[1:]]
    return list(lines)


def _pieces(line: Line, cuts: Iterable[int]) -> Iterator[Line]:
    places = [0, *sorted(at for at in cuts if at), len(line.text)]
    for start, end in pairwise(places):
        printed = line.text[start:end].rstrip()
        if printed:
            first = line.start + start
            yield replace(
                line, start=first, end=first + len(printed), text=printed, is_cut=line.is_cut or start > 0
            )


def _within(lines: Sequence[Line]) -> list[_Place]:
    """All numbers behind a full stop or a wide blank inside a line, in order."""
    return [
        _Place(index, match.end(), found)
        for index, line in enumerate(lines)
        if not line.is_row
        for match in _BOUNDARY.finditer(line.text)
        if (found := _opening(line.text, match.end())) is not None
    ]


def _opening(text: str, position: int) -> Marker | None:
    """The number at this place of a line, None where the sentence only speaks of one."""
    found = marker(text, position)
    if found is None or not found.is_certain or _SPOKEN_OF.match(text, position + found.length):
        return None
    return found


def _missing(opened: Sequence[_Place], within: Sequence[_Place]) -> Iterator[_Place]:
    """Numbers that continue a list of line starts and stand inside its lines."""
    places = [(one.line, one.at) for one in within]
    for position, place in enumerate(opened):
        rest = range(position + 1, len(opened))
        following = next((opened[at] for at in rest if _closes(opened[at], place)), None)
        wanted = place.marker.number + 1
        if following is not None and following.key == (place.marker.style, wanted):
            continue
        first = bisect_right(places, (place.line, place.at))
        last = len(places) if following is None else bisect_left(places, (following.line, 0))
        for position_within in range(first, last):
            one = within[position_within]
            if one.key == (place.marker.style, wanted):
                yield one
                wanted += 1


def _closes(one: _Place, place: _Place) -> bool:
    """Whether the list of ``place`` goes on or ends at ``one``."""
    return STYLES.index(one.marker.style) <= STYLES.index(place.marker.style)


def _after_titles(
    lines: Sequence[Line], opened: Sequence[_Place], within: Sequence[_Place]
) -> Iterator[_Place]:
    """「一、总体要求（一）指导思想。…」: the first item begins right behind the title of its heading."""
    starts = {place.line: place for place in opened}
    begun: dict[tuple[str, int], int] = {}
    """The first line that each number begins."""
    for place in opened:
        begun.setdefault(place.key, place.line)
    numbered: dict[tuple[str, int], list[_Where]] = {}
    for place in sorted((*opened, *within), key=lambda one: (one.line, one.at)):
        numbered.setdefault(place.key, []).append((place.line, place.at))
    for index, place in starts.items():
        line = lines[index]
        for match in _AFTER_TITLE.finditer(
            line.text, place.marker.length, place.marker.length + _TITLE_LENGTH
        ):
            title = line.text[place.marker.length : match.start()]
            found = _opening(line.text, match.end())
            if re.search(r"[，。；：、,;:]", title) or not title.strip():
                break
            if found is None or STYLES.index(found.style) <= STYLES.index(place.marker.style):
                continue
            inner = _Place(index, match.end(), found)
            runs = begun.get((found.style, found.number - 1), index) < index
            if (
                runs
                or found.style == "条"
                or (found.number == 1 and _is_continued(inner, place, opened, numbered))
            ):
                yield inner
                break


def _provisions(
    lines: Sequence[Line], opened: Sequence[_Place], within: Sequence[_Place]
) -> Iterator[_Place]:
    """「第三条　有下列情形的：（一）…；（二）…」 and 「一、奖励。（一）…。（二）…」 on one line."""
    brackets: dict[int, list[_Place]] = {}
    for place in within:
        if place.marker.style == _BRACKETED:
            brackets.setdefault(place.line, []).append(place)
    for place in opened:
        listed = brackets.get(place.line, [])[:2]
        if [one.marker.number for one in listed] != [1, 2]:
            continue
        first = listed[0]
        lead = lines[place.line].text[place.marker.length : first.at].strip().removesuffix("。")
        is_titled = 0 < len(lead) <= _TITLE_LENGTH and not re.search(r"[，。；：、,;:]", lead)
        if place.marker.style == "条" or (
            is_titled and STYLES.index(place.marker.style) < STYLES.index(_BRACKETED)
        ):
            yield first


def _is_continued(
    inner: _Place, heading: _Place, opened: Sequence[_Place], numbered: Mapping[tuple[str, int], list[_Where]]
) -> bool:
    """Whether the next number of its style follows under the same heading, at a line start or inside."""
    first = bisect_right(opened, heading.line, key=lambda one: one.line)
    rest = range(first, len(opened))
    end = next((opened[at].line for at in rest if _closes(opened[at], heading)), None)
    places = numbered.get((inner.marker.style, inner.marker.number + 1), [])
    following = bisect_right(places, (inner.line, inner.at))
    return following < len(places) and (end is None or places[following][0] < end)


def _counted(opened: Sequence[_Place], within: Sequence[_Place]) -> Iterator[_Place]:
    """Every list behind full stops that counts 1, 2: in a text on one line all its items stand so."""
    counted = {one.key for one in (*opened, *within)}
    for place in within:
        style, number = place.key
        begins = number == 1 and (style, 2) in counted
        if begins or style in _DIVIDING or (style, number - 1) in counted:
            yield place
