"""Where a figure stands in a question: its phrase, its item of a list, the measure named nearest to it."""

from __future__ import annotations

from collections.abc import Sequence

from policy_qa.money import Figure
from policy_qa.topic import ITEM_END, Naming, Reading, Topic

_ANOTHER_PHRASE = 200
_AFTER_THE_FIGURE = 2
"""「3件国内发明专利」: a count stands before its thing, so what follows is a little further only."""
_ANOTHER_ITEM = 20


def phrase(figure: Figure, reading: Reading) -> tuple[int, int]:
    """The span between punctuation marks that holds the figure."""
    return reading.phrase_of(figure.start)


def before(figure: Figure, reading: Reading, found: Sequence[Figure] = ()) -> str:
    """The text of the phrase before the figure, from the figure before it in ``found``."""
    start = max([phrase(figure, reading)[0], *(f.end for f in found if f.end <= figure.start)])
    return reading.text[start : figure.start]


def after(figure: Figure, reading: Reading, found: Sequence[Figure] = ()) -> str:
    """The text of the phrase after the figure, up to the figure after it in ``found``."""
    end = min([phrase(figure, reading)[1], *(f.start for f in found if f.start >= figure.end)])
    return reading.text[figure.end : end]


def item(figure: Figure, reading: Reading) -> str:
    """The item of a list that holds the figure: 「6件实用新型、3件发明」 are two."""
    start, end = reading.item_of(figure.start)
    return reading.text[start:end]


def nearest(figure: Figure, topic: Topic) -> tuple[Naming, ...]:
    """The namings of measures that stand nearest to the figure; several where they are equally near."""
    distances = [(_distance(figure, naming.spans, topic.reading), naming) for naming in topic.named]
    closest = min((distance for distance, _ in distances), default=0)
    taken = {span for naming in topic.named for span in naming.spans}
    others = [span for other in topic.rejected for span in other.spans if span not in taken]
    if others and _distance(figure, others, topic.reading) < closest:
        return ()  # 「1个省级工业精品」 beside patents that are named
    return tuple(naming for distance, naming in distances if distance == closest)


def _distance(figure: Figure, spans: Sequence[tuple[int, int]], reading: Reading) -> int:
    start, end = phrase(figure, reading)
    best = 100_000
    for s, e in spans:
        gap = figure.start - e if e <= figure.start else max(0, s - figure.end) + _AFTER_THE_FIGURE
        between = reading.text[e : figure.start] if e <= figure.start else reading.text[figure.end : s]
        gap += _ANOTHER_ITEM if ITEM_END.search(between) else 0
        best = min(best, gap if start <= s < end else gap + _ANOTHER_PHRASE)
    return best
