"""Pieces a question counts: patents and products of a kind, inventions with their countries.

Pending, refused and excluded pieces are left out; one invention in several countries is not several.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from decimal import Decimal

from policy_qa.money import Figure
from policy_qa.text import fold
from policy_qa.topic import Naming, Reading, Topic
from policy_qa.vicinity import after, before, item, nearest

PIECE_UNITS = frozenset("件项个款种类样张只台套本") | {"patent", "invention", "product", "品种", "产品"}
_COUNTRY_UNITS = frozenset({"国", "国家", "个国家", "country", "countries", "外国"})
_GRANTED = re.compile(r"授权|拿证|下证|到手|批下来|拿到|获得|证书|下来|granted|拿了|新认定|认定|评上")
_PENDING = re.compile(
    r"在审|审查|正在申请|在申请|实审|没授权|未授权|没下来|未下来|没批|未批|申请中|受理|待授权|初审|公示|驳回|没拿|还没|尚未|没过"
    r"|未获|没评|未评|pending|rejected"
)
_NONE = re.compile(r"^(都|也)?没(有)?")
_APPLIED = re.compile(r"(申请|提交|申报|递交|报)(了|过)?[^，。；]{0,3}$")
_EACH = re.compile(r"(每(一)?(项|件|个)|各(自|个)?|分别|都|均|each)")
_ONE_EACH = re.compile(r"(各|每国|每个国家)(有|拿了|授权)?$")
_ADDITION = re.compile(r"另|还有|还|外加|加上|此外|再加|plus|also")
_PART_START = re.compile(r"其中|:|：")
_PASSAGE_END = re.compile(
    r"[，。；;？?！!：:]|(?<!\d)[,.]|[,.](?!\d)|(?=[甲乙丙丁](?:项|在|只|的)?)|(?=另(?:外)?(?:一|两|二|1|2))"
)
_JOINS = frozenset({" ", "、", "和", "及", "以及", "与", "and", "the", "in", "."})


def read_count(topic: Topic, naming: Naming, found: Sequence[Figure]) -> tuple[int | None, list[Figure]]:
    """How many pieces of the measure of ``naming``, and the figures that say so; None where none does.

    0 where all pieces named are pending, or the thing is said not to be had.
    """
    near = [figure for figure in found if _counts_for(figure, naming, topic)]
    used = [figure for figure in near if _had(figure, topic.reading)]
    used = _parts_only(used, naming.spans, topic.reading)
    if used:
        less = _excluded_part(used, naming, found, topic.reading)
        return int(_sum(used) - less), used
    return (0, near) if near or _said_not_to_be_had(naming, topic.reading) else (None, [])


def _parts_only(used: list[Figure], spans: Sequence[tuple[int, int]], reading: Reading) -> list[Figure]:
    """「授权专利共28件，其中国内发明9件」: the parts count, the whole mixes kinds."""
    for mark in _PART_START.finditer(reading.text):
        parts = [figure for figure in used if figure.start >= mark.end()]
        wholes = [figure for figure in used if figure.end <= mark.start()]
        named = [
            part
            for part in parts
            if any(start <= s < end for s, _ in spans for start, end in [reading.item_of(part.start)])
        ]
        if parts == named and parts and len(wholes) == 1 and wholes[0].value >= _sum(parts):
            return parts
        if parts and not named and len(wholes) == 1:
            return wholes  # 「10件，其中4件是去年的」
    return used


def _excluded_part(
    used: Sequence[Figure], naming: Naming, found: Sequence[Figure], reading: Reading
) -> Decimal:
    """「5件专利，其中2件是实用新型」: what of the counted whole is of an excluded kind."""
    mark = _OF_WHICH.search(reading.text)
    if mark is None or any(figure.start > mark.start() for figure in used):
        return Decimal(0)
    parts = [f for f in found if f.start > mark.start() and f.unit in PIECE_UNITS]
    excluded = [f for f in parts if any(word in item(f, reading) for word in naming.measure.excludes)]
    return min(_sum(excluded), _sum(used))


_OF_WHICH = re.compile(r"其中|里面有|里头有|包括")


def _counts_for(figure: Figure, naming: Naming, topic: Topic, *, shared: bool = False) -> bool:
    """``shared``: a less specific naming of the same words may lie nearer (「三项发明，各在两个国家」)."""
    reading = topic.reading
    if figure.kind not in ("count", "number") or figure.unit not in PIECE_UNITS or figure.per:
        return False
    if reading.text[figure.start - 1 : figure.start] in ("每", "第", "哪") or _counts_countries(
        figure, reading
    ):
        return False
    if _of_another_noun(figure, naming, reading):
        return False
    near = nearest(figure, topic)
    wider = shared and any(set(other.words) < set(naming.words) for other in near)
    if naming not in near and not wider:
        return False
    return not any(word in item(figure, reading) for word in naming.measure.excludes)


_HOLDERS = ("企业", "公司", "厂", "单位", "人", "部门", "县", "园区", "车间主任")


def _of_another_noun(figure: Figure, naming: Naming, reading: Reading) -> bool:
    """「两个车间，一个工业精品」: the noun right after the figure says what is counted."""
    if reading.text.startswith(_HOLDERS, figure.end):
        return True
    following = [t for t in reading.tokens if t.start >= figure.end and t.content and t.noun]
    if not following or reading.text[figure.end : following[0].start] not in ("", "的"):
        return False
    noun = following[0]
    spans = naming.spans
    if any(start <= noun.start and noun.end <= end for start, end in spans) or noun.text in _COUNTED:
        return False
    return noun.text not in fold(naming.measure.title + naming.measure.quote)


_COUNTED = frozenset(
    {"产品", "品种", "发明", "专利", "发明专利", "证书", "国内", "国外", "中国", "授权", "技术"}
)


def _had(figure: Figure, reading: Reading) -> bool:
    """Granted or recognised, not applied for, pending or refused."""
    ahead, behind = before(figure, reading), after(figure, reading)
    own = item(figure, reading)
    if _PENDING.search(own) and not re.search(r"授权(的|了|下来)", own):
        return False
    within = behind[: max(0, reading.item_of(figure.start)[1] - figure.end)]
    if _PENDING.search(within[:12]) or _NONE.search(behind):
        return False
    return not (_APPLIED.search(ahead) and not _GRANTED.search(behind))


_NOT_HAD = re.compile(r"^[^，。；！？、]{0,6}?(没|未|不)(有|评|选|拿|过|批|成|通过|认|得|获|下)")
_NOT_HAD_BEFORE = re.compile(r"(没有|没|未|无|并无)(评上|拿到|获得|认定|新认定)?[^，。；！？、]{0,3}$")


def _said_not_to_be_had(naming: Naming, reading: Reading) -> bool:
    for start, end in naming.spans:
        left, right = reading.phrase_of(start)
        if _NOT_HAD.search(reading.text[end:right]) or _NOT_HAD_BEFORE.search(reading.text[left:start]):
            return "有没有" not in reading.text[left:right]
    return False


# ── inventions in countries ─────────────────────────────────────────────────────────────────────


def read_countries(
    topic: Topic, naming: Naming, found: Sequence[Figure]
) -> tuple[tuple[int, ...] | None, list[Figure]]:
    """For each invention the number of countries that granted it, and the figures used; None where unsaid."""
    reading = topic.reading
    inventions: list[int] = []
    used: list[Figure] = []
    waiting: list[Figure] = []
    """Pieces named before the countries they were granted in: 「三项发明，各在两个国家」."""
    for start, end in _passages(reading):
        inside = [f for f in found if start <= f.start < end]
        if any(word in reading.text[start:end] for word in naming.measure.excludes) and not any(
            _counts_for(f, naming, topic) for f in inside
        ):
            continue
        own = [f for f in inside if _counts_for(f, naming, topic) and _had(f, reading)]
        pieces = own or [f for f in inside if _counts_for(f, naming, topic, shared=True) and _had(f, reading)]
        countries = [f for f in inside if _counts_countries(f, reading) and f.bound != "max"]
        each = bool(_EACH.search(reading.text[start:end]))
        if not pieces and countries and each and waiting:
            pieces, waiting = waiting[-1:], []
        many = int(_sum(pieces))
        places = _places(reading, start, end)
        same = "同一" in reading.text or "同族" in reading.text
        if len(countries) > 1:
            inventions += [int(f.value) for f in countries]
        elif countries:
            beside = [f for f in pieces if item(f, reading) == item(countries[0], reading)] or pieces
            inventions += [int(countries[0].value)] * (int(_sum(beside)) or 1)
            pieces = beside
        elif places and len(pieces) == 1 and _ONE_EACH.search(before(pieces[0], reading)):
            # 「越南、泰国各一件」 are two inventions, unless they are said to be one.
            inventions += [places] * many if same else [1] * (many * places)
        elif places and (many <= 1 or (each and len(pieces) == 1)):
            inventions += [places] * max(many, 1)
        elif places:  # 「美国2件、日本1件」: granted patents, country by country
            inventions += [1] * many
        else:
            waiting += own or pieces
            continue
        used += [*pieces, *countries]
    waiting = [f for f in waiting if naming in nearest(f, topic)]
    if waiting and not inventions and len(naming.words) > 1:
        inventions = [1] * int(_sum(waiting))
        used += waiting
    return (tuple(inventions), used) if inventions else (None, [])


def adds_to(naming: Naming, other: Naming, figure: Figure, topic: Topic) -> bool:
    """Whether a count beside the less specific ``naming`` adds to what ``other`` already counts.

    「5件发明专利，另有2件国外专利」 adds; 「美国2件、日本1件，分属三项发明」 says the same pieces again.
    """
    if not set(naming.words) <= set(other.words):
        return True
    marks = [mark.start() for mark in _ADDITION.finditer(topic.reading.text)]
    place = min((start for start, _ in other.spans), default=0)
    low, high = sorted((figure.start, place))
    return any(low <= mark <= high for mark in marks)


def _passages(reading: Reading) -> list[tuple[int, int]]:
    """Phrases; 「甲在三国、乙在一国」 are two, and a phrase of places alone goes on with the one before."""
    spans: list[tuple[int, int]] = []
    position = 0
    for end, following in _cuts(reading.text):
        if end > position:
            if spans and _only_places(reading, position, end) and _places(reading, *spans[-1]):
                spans[-1] = (spans[-1][0], end)
            else:
                spans.append((position, end))
        position = following
    return spans


def _cuts(text: str) -> Iterator[tuple[int, int]]:
    for match in _PASSAGE_END.finditer(text):
        yield match.start(), match.end()
    yield len(text), len(text)


def _counts_countries(figure: Figure, reading: Reading) -> bool:
    following = reading.text[figure.end : figure.end + 2]
    return figure.unit in _COUNTRY_UNITS or (figure.unit == "个" and following in ("外国", "国家", "国外"))


def _only_places(reading: Reading, start: int, end: int) -> bool:
    """「…in the US, Japan and Korea」: the rest of a list of countries."""
    tokens = [t for t in reading.tokens if start <= t.start < end]
    places = {t.start for t in reading.terms if t.kind == "place"}
    return bool(tokens) and all(t.start in places or t.text in _JOINS for t in tokens)


def _places(reading: Reading, start: int, end: int) -> int:
    """Countries named in the passage, those still pending left out."""
    named = set()
    for term in reading.terms:
        if term.kind == "place" and start <= term.start < end:
            following = re.split(r"[、和及与]", reading.text[term.end : end])[0]
            if not _PENDING.search(following):
                named |= set(term.text) if set(term.text) <= _SHORT_PLACES else {term.text}
    return len(named)


_SHORT_PLACES = frozenset("美日韩欧英德法俄印加澳")
"""「美日欧」 are three places."""


def _sum(figures: Sequence[Figure]) -> Decimal:
    return sum((figure.value for figure in figures), Decimal(0))
