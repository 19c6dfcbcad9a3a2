"""What a question is about: which measures it names, and which of its words no policy holds.

Refusal rests on this and not on a score: a near miss (瞪羚企业, 技改贷款贴息) shares words with a clause,
but the thing it asks about has a part that the clause does not name.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from weakref import WeakKeyDictionary

from policy_qa.lexicon import Lexicon, Term, normal
from policy_qa.rules import Measure, Rules
from policy_qa.segmenter import Segmenter
from policy_qa.spelling import Spelling
from policy_qa.text import fold

_PHRASE_END = re.compile(r"[，。；;？?！!:：\n]|(?<!\d)[,.]|[,.](?!\d)")
ITEM_END = re.compile(r"[、和及与+;；]|加上|以及| and ")
_FUNCTION_TAGS = frozenset("rpcumqytefod")
_LIGHT = frozenset(
    "能会可要想给拿补贴奖领发了的得着过没有不去来到个多少几钱是在和跟对把被让就也都还再又才只很太更最这那哪啥咋么呢吗吧啊呀嘛哦"
)
"""Characters that carry grammar or the asking itself, so that 「能贴」 is no thing."""
_ORGANISATION = re.compile(r"(公司|集团|厂|店|局|委|部门|部|院|会|办|中心|银行)$")


@dataclass(frozen=True, slots=True)
class Token:
    """A word of a normal text; ``content`` where it can be what the question is about."""

    start: int
    end: int
    text: str
    content: bool
    noun: bool
    known: bool
    """A word of the lexicon or of a policy."""
    means: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Reading:
    """A question as words: its terms, its tokens in order, and its phrases."""

    text: str
    terms: tuple[Term, ...]
    tokens: tuple[Token, ...]
    corrections: tuple[tuple[str, str], ...] = ()
    """Typos as read: (written, meant); ``text`` has what is meant."""

    @property
    def expansions(self) -> tuple[str, ...]:
        """The words of policies that its terms stand for."""
        return tuple(word for term in self.terms for word in term.means)

    def phrase_of(self, position: int) -> tuple[int, int]:
        """The span between the punctuation marks around ``position``."""
        start = 0
        for mark in _PHRASE_END.finditer(self.text):
            if mark.start() >= position:
                return start, mark.start()
            start = mark.end()
        return start, len(self.text)

    def item_of(self, position: int) -> tuple[int, int]:
        """The span of the item of a list around ``position``: 「6件实用新型、3件发明」 are two."""
        start, end = self.phrase_of(position)
        for mark in ITEM_END.finditer(self.text, start, end):
            if mark.end() <= position:
                start = mark.end()
            elif mark.start() > position:
                return start, mark.start()
        return start, end


@dataclass(frozen=True, slots=True)
class Naming:
    """A measure named in a question: by which words, where, how specifically."""

    measure: Measure
    words: tuple[str, ...]
    spans: tuple[tuple[int, int], ...]
    """Spans of the informative words, all words where none is informative."""
    score: float
    informative: bool
    """False where only words name it that many measures share."""


@dataclass(frozen=True, slots=True)
class Rejection:
    """A measure that shares words with the question but is not what it asks about."""

    measure: Measure
    why: str
    score: float
    spans: tuple[tuple[int, int], ...] = ()
    """Where the other thing stands: a figure beside it is no figure of a named measure."""


@dataclass(frozen=True, slots=True)
class Topic:
    """What a question is about."""

    reading: Reading
    named: tuple[Naming, ...]
    """The measures asked about, the most specific naming of each thing."""
    candidates: tuple[Naming, ...]
    """All measures named, the less specific ones too."""
    rejected: tuple[Rejection, ...]
    unheld: tuple[str, ...]
    """Things in the question that no word of the policies or the lexicon covers."""


_spellings: WeakKeyDictionary[Lexicon, Spelling] = WeakKeyDictionary()


def _spelling_of(lexicon: Lexicon) -> Spelling:
    """The words of a lexicon, which many policies share, made ready to be searched once while it lives."""
    if lexicon in _spellings:
        return _spellings[lexicon]
    latin = (word for word in lexicon.words if word.isascii())
    names = {mean for meaning in lexicon.meanings for mean in meaning} | set(_LEVELS)
    spelling = Spelling((*lexicon.topical, *latin), sorted(names - lexicon.generic))
    return _spellings.setdefault(lexicon, spelling)


class TopicReader:
    """Reads topics against the measures of the loaded policies."""

    def __init__(
        self, rules: Sequence[Rules], lexicon: Lexicon, segmenter: Segmenter, spellings: Iterable[str] = ()
    ) -> None:
        self._measures = tuple(measure for entry in rules for measure in entry.measures)
        self._lexicon = lexicon
        self._segmenter = segmenter
        # Sorted, since of two equally near words the first is taken, in every process the same.
        own = {word for measure in self._measures for words in measure.names for word in words}
        titles = sorted(self._title_words())
        self._spelling = Spelling((*spellings, *titles), sorted(own - lexicon.generic), _spelling_of(lexicon))

    def _title_words(self) -> frozenset[str]:
        """The words of the measures' titles: what a typo may have meant beside the lexicon's words."""
        return frozenset(word for measure in self._measures for word in self._segmenter.words(measure.title))

    @cached_property
    def _weights(self) -> dict[str, float]:
        """How specific each name word is: a word that many measures share says little."""
        texts = [fold(measure.title + measure.quote).lower() for measure in self._measures]
        count = len(texts)
        weights: dict[str, float] = {}
        for measure in self._measures:
            for alternative in measure.names:
                for word in alternative:
                    shared = sum(normal(word) in text for text in texts)
                    weight = math.log((count + 1) / (shared + 0.5))
                    weights[word] = min(weight, 0.5) if normal(word) in self._lexicon.generic else weight
        return weights

    def read(self, text: str) -> Reading:
        """The words of a question; ``text`` in any form, its typos read as what they mean."""
        plain = normal(text)
        reading = self._tokenised(plain)
        words = [(t.start, t.end) for t in reading.tokens]
        words = [(start, end) for start, end in words if self._is_word(plain[start:end])]
        particles = [(t.start, t.end) for t in reading.tokens if not t.content and not t.known]
        doubtful = any(not t.known for t in reading.tokens)
        typos = self._spelling.corrections(plain, words, particles) if doubtful else ()
        if not typos:
            return reading
        for start, end, meant in reversed(typos):
            plain = plain[:start] + meant + plain[end:]
        corrections = tuple((reading.text[start:end], meant) for start, end, meant in typos)
        return replace(self._tokenised(plain), corrections=corrections)

    def _is_word(self, text: str) -> bool:
        return self._segmenter.is_word(text) or bool(self._lexicon.scan(text))

    def _tokenised(self, plain: str) -> Reading:
        words = self._segmenter.spans(plain)
        terms = tuple(term for term in self._lexicon.scan(plain) if _stands_alone(term, plain, words))
        tokens: list[Token] = []
        position = 0
        for term in terms:
            tokens += self._rest(plain, position, term.start)
            topical = term.kind in ("policy", "spoken")
            tokens.append(Token(term.start, term.end, term.text, topical, topical, True, term.means))
            position = term.end
        tokens += self._rest(plain, position, len(plain))
        return Reading(plain, terms, tuple(tokens))

    def _rest(self, text: str, start: int, end: int) -> list[Token]:
        tokens = []
        position = start
        for word, tag in self._segmenter.tagged(text[start:end]) if start < end else ():
            stop = position + len(word)
            content = self._can_be_topic(word, tag)
            tokens.append(Token(position, stop, word, content, content and _nominal(word, tag), False))
            position = stop
        return tokens

    def _can_be_topic(self, word: str, tag: str) -> bool:
        if not any(character.isalnum() for character in word) or any(c.isdigit() for c in word):
            return False
        if all(character in _LIGHT for character in word):
            return False
        grammatical = tag[0] in _FUNCTION_TAGS and tag != "eng"
        return not grammatical or (len(word) > 1 and tag[0] == "d" and not self._segmenter.is_common(word))

    def topic(self, reading: Reading, *, strict: bool) -> Topic:
        """The measures the question names, those it only seems to name, and what nobody holds.

        ``strict``: money is asked for, so that a weak name beside an unknown thing names nothing.
        """
        named: list[Naming] = []
        rejected: list[Rejection] = []
        for measure in self._measures:
            naming = self._naming(measure, reading)
            if naming is None:
                continue
            judged = [(span, _another_thing(naming, span, reading)) for span in naming.spans]
            weak = self._too_weak(naming, reading) if strict else None
            why = weak or next((why for _, why in judged if why), None)
            standing = tuple(span for span, other in judged if other is None)
            if standing and not weak:
                named.append(replace(naming, spans=standing))
            else:
                rejected.append(Rejection(measure, why or "", naming.score, naming.spans))
        return Topic(reading, most_specific(named), tuple(named), tuple(rejected), _unheld(reading))

    def _too_weak(self, naming: Naming, reading: Reading) -> str | None:
        """A weak name counts only where no unknown thing stands in the question, or where much else fits.

        In its own phrase a thing is unknown if the measure has no word for it, elsewhere if no measure has.
        """
        if not _is_weak(naming):
            return None
        own = _own_words(naming.measure)
        named = {index for start, end in naming.spans for index in range(start, end)}
        fitting = {t.text for t in reading.tokens if t.content and len(t.text) > 1 and t.text in own}
        fitting -= {t.text for t in reading.tokens if t.start in named}
        if len(fitting) >= 2:
            return None
        phrases = {reading.phrase_of(start) for start, _ in naming.spans}
        for run in _unheld(reading):
            near = reading.phrase_of(reading.text.find(run)) in phrases
            if run not in (own if near else self._held):
                return f"问的是“{run}”，条文没有“{run}”"
        return None

    @cached_property
    def _held(self) -> str:
        return "；".join(_own_words(measure) for measure in self._measures)

    def _naming(self, measure: Measure, reading: Reading) -> Naming | None:
        best: Naming | None = None
        for words in measure.names:
            found = {word: occurrences(word, reading) for word in words}
            if not all(found.values()) or not levels_stand_before(found, reading):
                continue
            score = sum(self._weights[word] for word in words)
            if best is None or _preference(words, score, measure) > _preference(
                best.words, best.score, measure
            ):
                informative = [w for w in words if self._weights[w] > _INFORMATIVE and w not in _LEVELS]
                spans = _together(found, informative or words, reading)
                best = Naming(measure, tuple(words), tuple(sorted(spans)), score, bool(informative))
        return best


def _preference(words: Sequence[str], score: float, measure: Measure) -> tuple[bool, float]:
    return not all(word in measure.weak for word in words), score


def _together(
    found: dict[str, list[tuple[int, int]]], words: Sequence[str], reading: Reading
) -> set[tuple[int, int]]:
    """The spans of ``words`` in the items or phrases that hold all words of the name; else all spans."""
    spans = {span for word in words for span in found[word]}
    for place_of in (reading.item_of, reading.phrase_of):
        places = [{place_of(start) for start, _ in own} for own in found.values()]
        shared = set.intersection(*places)
        if shared:
            return {span for span in spans if place_of(span[0]) in shared}
    return spans


_INFORMATIVE = 1.0
"""A word that a third or more of the measures share names none of them."""

_LEVELS = ("国家级", "省级", "市级", "县级")


def levels_stand_before(found: Mapping[str, Sequence[tuple[int, int]]], reading: Reading) -> bool:
    """A level in a name must stand right before another word of it: 「省里的报纸」, not 「省里…专精特新」."""
    things = [span for word, spans in found.items() if word not in _LEVELS for span in spans]
    return all(
        any(
            -4 <= start - end <= 3 and "," not in reading.text[end:start]
            for _, end in spans
            for start, _ in things
        )
        for word, spans in found.items()
        if word in _LEVELS
    )


def _stands_alone(term: Term, plain: str, words: Sequence[tuple[int, int]]) -> bool:
    """Whether no longer word begins with the term: 「市长」 is no level 「市」, 「技术改造」 no 「技术」.

    Nor does a short one stand there that two words make between them: 「以上规则」 holds no 「上规」.

    The head of a Chinese compound stands last, so that what ends a longer word keeps its meaning, and so does
    what one character goes on (专利权), unless that makes a person of it (机器人).
    """
    if term.kind != "generic" and len(term.text) > 2:
        return True
    if len(term.text) == 2 and {(term.start - 1, term.start + 1), (term.start + 1, term.end + 1)} <= {*words}:
        return False
    longer = [end for start, end in words if start == term.start and end > term.end]
    if len(term.text) == 2 and longer == [term.end + 1]:
        return plain[term.end] not in "人员师"
    return not longer


def _nominal(word: str, tag: str) -> bool:
    return tag[0] in "nijlxe" or tag in ("vn", "an") or word.isascii()


@lru_cache(maxsize=8192)
def _normal_word(word: str) -> str:
    return normal(word)


@lru_cache(maxsize=8192)
def _normal_means(means: tuple[str, ...]) -> str:
    """All that a term means as one text, apart, so that each is looked for in one search."""
    return "\n".join(map(normal, means))


def occurrences(word: str, reading: Reading) -> list[tuple[int, int]]:
    """Where a word of a policy is said: literally, or by a term that stands for it."""
    needle = _normal_word(word)
    spans = [
        (t.start, t.end)
        for t in reading.terms
        if needle in _normal_means(t.means) and (t.kind != "place" or _of_a_grant(t, reading))
    ]
    start = reading.text.find(needle)
    while start >= 0:
        if _stands_free(start, start + len(needle), reading):
            spans.append((start, start + len(needle)))
        start = reading.text.find(needle, start + 1)
    return sorted(set(spans))


def _of_a_grant(place: Term, reading: Reading) -> bool:
    """A country counts where something was granted, not where a machine came from."""
    start, end = reading.phrase_of(place.start)
    return bool(_GRANT.search(reading.text, start, end))


_GRANT = re.compile(r"专利|发明|授权|获|下证|拿|批|invention|patent|grant")


def _stands_free(start: int, end: int, reading: Reading) -> bool:
    """「上市」 in 「评上市级精品」 is chance: a word may be part of a longer one that names a thing."""
    for token in reading.tokens:
        inside = token.start <= start and end <= token.end
        apart = token.end <= start or end <= token.start
        around = start <= token.start and token.end <= end
        if not (apart or around or (inside and token.content and token.known)):
            return False
    return True


def most_specific(namings: Sequence[Naming]) -> tuple[Naming, ...]:
    """Best first; a naming whose words a better one already uses adds nothing."""
    ordered = sorted(namings, key=lambda one: (not one.informative, _is_weak(one), -one.score))
    accepted: list[Naming] = []
    for naming in ordered:
        if accepted and not naming.informative and accepted[0].informative:
            continue
        rivals = [other for other in accepted if other.score > naming.score + 1e-9]
        covered = [
            any(start < e and s < end for other in rivals for s, e in other.spans)
            for start, end in naming.spans
        ]
        if covered and all(covered):
            continue
        if _is_weak(naming) and any(_borne_by(naming, other) for other in accepted):
            continue
        accepted.append(naming)
    return tuple(accepted)


def _says_of(between: str) -> bool:
    """「智能工厂是省级的」, 「智能工厂（省级）」: the level stands behind its thing."""
    return between in ("(", "（", "是", "属于", "是个", "只是")


def _is_weak(naming: Naming) -> bool:
    return all(word in naming.measure.weak for word in naming.words)


def _borne_by(naming: Naming, other: Naming) -> bool:
    """「专利质押贷款的利息」 is one thing: 贷款 and 利息 stand in what the better naming names."""
    return not _is_weak(other) and all(word in _own_words(other.measure) for word in naming.words)


def _another_thing(naming: Naming, span: tuple[int, int], reading: Reading) -> str | None:
    """Why the thing at ``span`` is not the measure: another level, an excluded kind, a foreign part."""
    measure = naming.measure
    start, end = span
    phrase = reading.phrase_of(start)
    left, right = reading.item_of(start)
    for word in measure.excludes:
        if word in reading.text[left:right]:
            return f"问的是“{word}”，这一条不包括"
    levels = _levels_before(start, phrase[0], reading)
    if (
        measure.level
        and measure.level not in reading.text[start:end]
        and levels
        and measure.level not in levels
    ):
        return f"问的是“{'、'.join(sorted(levels))}{reading.text[start:end]}”，条文写的是{measure.level}"
    behind = next(
        (t for t in reading.terms if t.kind == "level" and _says_of(reading.text[end : t.start])), None
    )
    if measure.level and behind and behind.start >= end and behind.means[0] != measure.level:
        return f"问的是“{behind.means[0]}{reading.text[start:end]}”，条文写的是{measure.level}"
    spoken = next((t for t in reading.terms if (t.start, t.end) == span and t.text not in t.means), None)
    if (len(naming.words) > 1 and naming.score > 4) or (spoken and len(spoken.text) > 3):
        return None  # a compound names the thing by itself: 「清华|大学的成果」
    own = _own_words(measure)
    for part in (_modifier_before(start, phrase[0], reading), _head_after(end, phrase[1], reading)):
        if part and part not in own and not all(t.text in own for t in _tokens_in(part, reading)):
            whole = (
                part + reading.text[start:end]
                if reading.text.find(part) < start
                else reading.text[start:end] + part
            )
            return f"问的是“{whole}”，条文没有“{part}”"
    return None


def _own_words(measure: Measure) -> str:
    return fold(measure.title + measure.quote).lower()


def _tokens_in(part: str, reading: Reading) -> list[Token]:
    start = reading.text.find(part)
    return [t for t in reading.tokens if start <= t.start and t.end <= start + len(part)]


def _levels_before(start: int, limit: int, reading: Reading) -> frozenset[str]:
    """The levels of recognition that directly modify the thing at ``start``: 「国家级、省级媒体」 has two."""
    levels: set[str] = set()
    for token in reversed([t for t in reading.tokens if limit <= t.start and t.end <= start]):
        term = next((t for t in reading.terms if t.start == token.start and t.kind == "level"), None)
        if term and _recognition(term, reading.text):
            levels.add(term.means[0])
        elif token.text == " ":
            continue
        elif not (levels and token.text in _LIST_MARKS) and (term or token.content or not token.known):
            break
    return frozenset(levels)


_LIST_MARKS = frozenset("、和及与或跟")


def _recognition(term: Term, text: str) -> bool:
    """「市级」「省认定」 say whose recognition it is; 「市里给」 says who pays."""
    return (
        term.text.endswith(("级", "认定", "家"))
        or text[term.end : term.end + 2] == "认定"
        or len(term.text) == 1
    )


def _narrows(token: Token) -> bool:
    """An organisation has the thing, it does not narrow it; 「没下证」, 「数限制」 are no things."""
    return not _ORGANISATION.search(token.text) and token.text[0] not in "没未不无数各每另就都"


def _modifier_before(start: int, limit: int, reading: Reading) -> str | None:
    """A noun no policy word covers that stands directly before the thing and narrows it."""
    run = ""
    position = start
    for token in reversed([t for t in reading.tokens if limit <= t.start and t.end <= start]):
        if token.end != position or token.known or not token.noun or not _narrows(token):
            break
        run = token.text + run
        position = token.start
    return run if len(run) > 1 else None


def _head_after(end: int, limit: int, reading: Reading) -> str | None:
    """A noun no policy word covers that stands directly after the thing and makes it another."""
    run = ""
    position = end
    for token in [t for t in reading.tokens if end <= t.start and t.end <= limit]:
        if token.start != position or token.known or not token.noun or not _narrows(token):
            break
        run += token.text
        position = token.end
    return run if len(run) > 1 else None


def _unheld(reading: Reading) -> tuple[str, ...]:
    """Runs of adjacent unknown words that hold a noun: the things nobody has a word for."""
    runs: list[list[Token]] = []
    for token in reading.tokens:
        if not token.content or token.known:
            continue
        if runs and runs[-1][-1].end == token.start:
            runs[-1].append(token)
        else:
            runs.append([token])
    return tuple(
        text for run in runs if any(t.noun for t in run) and len(text := "".join(t.text for t in run)) > 1
    )
