"""The facts a question states, with their figures given the role they play in it.

A figure is a fact, an award the user claims, a sum they aim at, or none of the rules' business (a turnover,
a loan). Its role follows from the words around it and from the measure named nearest to it; a figure that is
not clearly a fact never becomes one, because the amount computed from it would look proven.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal

from policy_qa.domain import FactValue
from policy_qa.money import Figure, figures
from policy_qa.rules import Condition, FactRule, Measure, PerUnit, RateOf, Rules
from policy_qa.topic import Naming, Reading, Topic, occurrences

_CLAIM = re.compile(r"奖励|奖补|奖|补贴|补助|补|资助|贴息|贴|给|领|拿|得|award|subsid|gets?|receive")
_UNPAID_BEFORE = re.compile(r"(还差|还欠|尚欠|还剩|剩下|剩余|未付|没付|待付|尾款还有|欠)[^，。；、]{0,4}$")
_UNPAID_AFTER = re.compile(
    r"^[^，。；、]{0,6}?(还没|没有|没付|没给|没转|没打|未付|未支付|未转|尚未|欠着|拖着|待付|以后|明年再|下一步)"
)
_PAID_UP = re.compile(
    r"(付|转|打)(完|清|讫|齐)|结清|全款|(全部|全额|一次性|都)(已经|已)?(付|支付|转|打)|(付|支付|转|打)(了)?全(款|额)"
    r"|款(项)?(都|已|全)+(付|清|结)|paid in full|fully paid"
)
_NOTHING_PAID = re.compile(
    r"(一分|分文|一毛)(钱)?(都|也)?(没|未)|(还没|尚未|还未|没有|暂未)(实际)?(付|支付|转|打)(款|钱|过)?|未(实际)?支付|没付(款|钱)"
)
_TOTAL = re.compile(r"(一共|总共|合计|累计|共计|共|总计|in total)[^，。；]{0,6}$")
_NEGATION = re.compile(
    r"(没有|没能|没|未能|未曾|未|尚未|不是|并非|不算|还没|非|不在|不属于|not|n't|without)[^，。；！？]{0,6}$"
)
_NEGATION_AFTER = re.compile(
    r"^[^，。；！？、]{0,8}?(没做|没办|没登|没有登|没进|没入|没评|没选|没拿|没通过|未办|未登|未完成|没完成|没上|没获|落选|还在(审|办|评|申))"
)
_PENDING = re.compile(
    r"^[^，。；、]{0,10}?(还在|在审|审查|没授权|未授权|没下来|未下来|申请中|受理|待授权|初审|公示|没批|正在申请|pending)"
)
_EACH = re.compile(r"(每(一)?(项|件|个)|各(自|个)?|分别|都|均|each)")
_PIECE_UNITS = frozenset("件项个款种类样张只台套") | {"patent", "invention", "product", "品种", "产品"}
_COUNTRY_UNITS = frozenset({"国", "国家", "个国家", "country", "countries", "外国"})
_HALF_PIECE = re.compile(r"半(件|个|项|款)")
_COUNT_LIMIT = Decimal(10) ** 6


@dataclass(frozen=True, slots=True)
class Stated:
    """What the user said of themselves, and of the policy."""

    facts: dict[str, FactValue] = field(default_factory=dict)
    claims: tuple[Figure, ...] = ()
    """Award figures the user says the policy grants."""
    target: Decimal | None = None
    """The sum of support the user wants to reach, in yuan."""
    impossible: str | None = None
    """The user's words for a value no one can have: a negative sum, half a patent."""
    inputs: tuple[Figure, ...] = ()
    """The figures that became facts."""
    assumptions: tuple[str, ...] = ()


def read_stated(topic: Topic, rules: Rules, *, aims: bool) -> Stated:
    """The facts ``topic``'s question states about its named measures.

    ``aims``: the question runs backwards, so that a sum of support is an aim and not a claim.
    """
    reading = topic.reading
    found = figures(reading.text)
    impossible = _impossible(topic, found)
    if impossible:
        return Stated(impossible=impossible)
    facts: dict[str, FactValue] = dict(_conditions(topic))
    inputs: list[Figure] = []
    assumptions: list[str] = []
    value: FactValue | None
    for naming in sorted(topic.named, key=lambda n: -len(n.words)):
        benefit = naming.measure.benefit
        if not isinstance(benefit, RateOf | PerUnit):
            continue
        rule = rules.facts[benefit.fact]
        if rule.type == "yuan":
            value, used = _paid(topic, naming, rule, found, aims=aims)
        elif rule.type == "integer":
            value, used = _count(topic, naming, [figure for figure in found if figure not in inputs])
        else:
            value, used, assumed = _countries(topic, naming, found)
            assumptions += assumed
        if value is not None:
            facts[benefit.fact] = value
            inputs += used
    rest = [figure for figure in found if figure not in inputs]
    claims = tuple(figure for figure in rest if _is_claim(figure, reading))
    target = next((c.value for c in claims if c.unit == "元"), None) if aims else None
    return Stated(facts, () if aims else claims, target, None, tuple(inputs), tuple(assumptions))


# ── which measure a figure belongs to ───────────────────────────────────────────────────────────


def _distance(figure: Figure, naming: Naming, reading: Reading) -> int:
    """How far the naming is from the figure; another phrase is further than any in the same."""
    start, end = reading.phrase_of(figure.start)
    best = 10_000
    for s, e in naming.spans:
        gap = figure.start - e if e <= figure.start else max(0, s - figure.end)
        if not (start <= s < end):
            gap += 200
        elif s < figure.end:
            gap += 2  # 「3件国内发明专利」: a count stands before its thing
        best = min(best, gap)
    return best


def _nearest(figure: Figure, topic: Topic) -> tuple[Naming, ...]:
    distances = [(_distance(figure, naming, topic.reading), naming) for naming in topic.named]
    closest = min((distance for distance, _ in distances), default=0)
    return tuple(naming for distance, naming in distances if distance == closest)


# ── conditions ──────────────────────────────────────────────────────────────────────────────────


def _conditions(topic: Topic) -> Iterator[tuple[str, bool]]:
    for naming in topic.named:
        for condition in naming.measure.conditions:
            verdict = condition_stated(condition, naming.measure, topic.reading)
            if verdict is not None:
                yield condition.fact, verdict


def condition_stated(condition: Condition, measure: Measure, reading: Reading) -> bool | None:
    """Whether the question says that the condition holds or fails; None where it says nothing."""
    for words in condition.names or measure.names:
        found = [occurrences(word, reading) for word in words]
        if not all(found):
            continue
        start = min(spans[0][0] for spans in found)
        end = max(spans[0][1] for spans in found)
        before = reading.text[reading.phrase_of(start)[0] : start]
        after = reading.text[end : reading.phrase_of(max(start, end - 1))[1]]
        denied = _NEGATION.search(before) or _NEGATION_AFTER.search(after)
        return not denied
    if condition.level and _other_level_stated(condition, reading):
        return False
    return None


def _other_level_stated(condition: Condition, reading: Reading) -> bool:
    """「只是市级专精特新」 says of a condition on the provincial level that it fails."""
    levelled = [words for words in condition.names if condition.level in words]
    for words in levelled:
        rest = [word for word in words if word != condition.level]
        for term in reading.terms:
            if term.kind == "level" and term.means[0] != condition.level:
                following = reading.text[term.end : term.end + 6]
                if any(word in following for word in rest):
                    return True
    return False


# ── sums of money ───────────────────────────────────────────────────────────────────────────────


def _paid(
    topic: Topic, naming: Naming, rule: FactRule, found: Sequence[Figure], *, aims: bool
) -> tuple[Decimal | None, list[Figure]]:
    """What was paid: instalments summed, a share of the contract taken, what is unpaid left out."""
    text = topic.reading.text
    paid: list[Figure] = []
    contract: list[Figure] = []
    shares: list[Figure] = []
    unpaid: list[Figure] = []
    total: Figure | None = None
    last: str | None = None
    for figure in found:
        if figure.unit not in ("元", "比例") or naming not in _nearest(figure, topic):
            continue
        role = _money_role(figure, rule, topic.reading, found, last)
        if role == "claim" or (figure.unit == "比例" and role != "paid"):
            continue
        if role == "paid" and aims:
            continue
        last = role
        if figure.unit == "比例":
            shares.append(figure)
        elif role == "unpaid":
            unpaid.append(figure)
        elif role == "paid":
            if _TOTAL.search(text[: figure.start]):
                total = figure
            paid.append(figure)
        else:
            contract.append(figure)
    if total is not None:
        return total.value, paid
    if paid:
        return sum((figure.value for figure in paid), Decimal(0)), paid
    if contract and shares:
        return contract[0].value * sum((f.value for f in shares), Decimal(0)), [contract[0], *shares]
    if contract and unpaid:
        rest = contract[0].value - sum((f.value for f in unpaid), Decimal(0))
        return (rest, [contract[0], *unpaid]) if rest >= 0 else (None, [])
    if rule.other_words and _NOTHING_PAID.search(text):
        return Decimal(0), []
    if contract and _PAID_UP.search(text):
        return contract[0].value, contract[:1]
    return None, []


def _money_role(
    figure: Figure, rule: FactRule, reading: Reading, found: Sequence[Figure], last: str | None
) -> str:
    start, end = reading.phrase_of(figure.start)
    previous = max((f.end for f in found if f.end <= figure.start), default=0)
    following = min((f.start for f in found if f.start >= figure.end), default=len(reading.text))
    before = reading.text[max(start, previous) : figure.start]
    after = reading.text[figure.end : min(end, following)]
    if _UNPAID_BEFORE.search(before) or _UNPAID_AFTER.search(after):
        return "unpaid"
    marked = [
        (before.rfind(word) + len(word), role)
        for role, words in (("paid", rule.words), ("contract", rule.other_words))
        for word in words
        if word in before
    ]
    marked += [(match.end(), "claim") for match in _CLAIM.finditer(before)]
    if marked:
        return max(marked)[1]
    marked = [
        (after.find(word), role)
        for role, words in (("paid", rule.words), ("contract", rule.other_words))
        for word in words
        if word in after
    ]
    if marked and min(marked)[0] <= 6:
        return min(marked)[1]
    # 「分三笔付的，40万、35万」 and 「先付100万，80万」: a bare figure continues the one before it.
    earlier = reading.text[: figure.start]
    carried = [
        (earlier.rfind(word), role)
        for role, words in (("paid", rule.words), ("contract", rule.other_words))
        for word in words
        if word in earlier
    ]
    if not before.strip("，、,和及加又再 ") and last:
        return last
    if carried and figure.start - max(carried)[0] <= 12:
        return max(carried)[1]
    return "contract" if rule.other_words else "paid"


# ── counts ──────────────────────────────────────────────────────────────────────────────────────


def _count(topic: Topic, naming: Naming, found: Sequence[Figure]) -> tuple[int | None, list[Figure]]:
    """How many pieces: figures with a measure word nearest to this measure, pending ones left out."""
    used = [figure for figure in found if _counts_for(figure, naming, topic)]
    if not used:
        return None, []
    return int(sum((figure.value for figure in used), Decimal(0))), used


def _counts_for(figure: Figure, naming: Naming, topic: Topic, *, shared: bool = False) -> bool:
    """``shared``: a less specific naming of the same words may lie nearer (「三项发明，各在两个国家」)."""
    text = topic.reading.text
    if figure.kind not in ("count", "number") or figure.unit not in _PIECE_UNITS or figure.per:
        return False
    near = _nearest(figure, topic)
    wider = shared and any(set(other.words) < set(naming.words) for other in near)
    if (naming not in near and not wider) or _counts_countries(figure, topic.reading):
        return False
    after = text[figure.end : topic.reading.phrase_of(figure.start)[1]]
    if _PENDING.search(after) or text[figure.start - 1 : figure.start] in ("每", "第", "哪"):
        return False
    item = re.split(r"[、，,和及]", after)[0]
    return not any(word in item for word in naming.measure.excludes)


# ── inventions in countries ─────────────────────────────────────────────────────────────────────


def _countries(
    topic: Topic, naming: Naming, found: Sequence[Figure]
) -> tuple[tuple[int, ...] | None, list[Figure], list[str]]:
    """For each invention the number of countries: one in several countries is not several in one each."""
    reading = topic.reading
    inventions: list[int] = []
    used: list[Figure] = []
    assumed: list[str] = []
    waiting: list[Figure] = []
    """Pieces named before the countries they were granted in: 「三项发明，各在两个国家」."""
    for start, end in _passages(reading):
        inside = [f for f in found if start <= f.start < end]
        own = [f for f in inside if _counts_for(f, naming, topic)]
        pieces = own or [f for f in inside if _counts_for(f, naming, topic, shared=True)]
        countries = [f for f in inside if _counts_countries(f, reading) and f.bound != "max"]
        each = bool(_EACH.search(reading.text[start:end]))
        if not pieces and countries and each and waiting:
            pieces, waiting = waiting[-1:], []
        many = int(sum((f.value for f in pieces), Decimal(0)))
        places = _places(reading, start, end)
        if len(countries) > 1:
            inventions += [int(f.value) for f in countries]
        elif countries:
            inventions += [int(countries[0].value)] * (many or 1)
        elif places and (many <= 1 or (each and len(pieces) == 1)):
            inventions += [places] * max(many, 1)
        elif places:  # 「美国2件、日本1件」: granted patents, country by country
            inventions += [1] * many
        else:
            waiting += own or pieces
            continue
        used += [*pieces, *countries]
    waiting = [f for f in waiting if naming in _nearest(f, topic)]
    if waiting and not inventions:
        many = int(sum((f.value for f in waiting), Decimal(0)))
        inventions = [1] * many
        used += waiting
        if many > 2:
            assumed.append("按每件各属一项发明、各在一个国家授权计算；同一项发明只按条文限定的国家数计")
    if not inventions:
        return None, [], []
    return tuple(inventions), used, assumed


def _passages(reading: Reading) -> list[tuple[int, int]]:
    """Phrases; 「甲在三国、乙在一国」 are two, and a phrase of places alone goes on with the one before."""
    spans: list[tuple[int, int]] = []
    position = 0
    for match in (*_PASSAGE_END.finditer(reading.text), None):
        end = match.start() if match else len(reading.text)
        if end > position:
            if spans and _only_places(reading, position, end) and _places(reading, *spans[-1]):
                spans[-1] = (spans[-1][0], end)
            else:
                spans.append((position, end))
        position = match.end() if match else end
    return spans


_PASSAGE_END = re.compile(
    r"[，。；;？?！!：:]|(?<!\d)[,.]|[,.](?!\d)|(?=[甲乙丙丁](?:项|在|只|的)?)|(?=另(?:外)?(?:一|两|二|1|2))"
)


def _counts_countries(figure: Figure, reading: Reading) -> bool:
    after = reading.text[figure.end : figure.end + 2]
    return figure.unit in _COUNTRY_UNITS or (figure.unit == "个" and after in ("外国", "国家", "国外"))


def _only_places(reading: Reading, start: int, end: int) -> bool:
    """「…in the US, Japan and Korea」: the rest of a list of countries."""
    tokens = [t for t in reading.tokens if start <= t.start < end]
    places = {t.start for t in reading.terms if t.kind == "place"}
    return bool(tokens) and all(t.start in places or t.text in _JOINS for t in tokens)


_JOINS = frozenset({" ", "、", "和", "及", "以及", "与", "and", "the", "in", "."})


def _places(reading: Reading, start: int, end: int) -> int:
    return len({t.text for t in reading.terms if t.kind == "place" and start <= t.start < end})


# ── what cannot be, and what is claimed ─────────────────────────────────────────────────────────


def _impossible(topic: Topic, found: Sequence[Figure]) -> str | None:
    if not topic.candidates and not topic.rejected:
        return None
    half = _HALF_PIECE.search(topic.reading.text)
    if half:
        return half.group()
    for figure in found:
        fractional = figure.unit in _PIECE_UNITS and figure.value != figure.value.to_integral_value()
        excessive = figure.unit in _PIECE_UNITS and figure.value > _COUNT_LIMIT
        if figure.value < 0 or fractional or excessive:
            return figure.text
    return None


def _is_claim(figure: Figure, reading: Reading) -> bool:
    """A sum or share the user says is granted: it stands beside a word of awarding."""
    if figure.unit not in ("元", "比例"):
        return False
    start, end = reading.phrase_of(figure.start)
    before = reading.text[start : figure.start]
    after = reading.text[figure.end : end]
    return bool(_CLAIM.search(before[-10:]) or _CLAIM.search(after[:6]) or figure.bound != "exact")


def narrowed(topic: Topic, measures: Sequence[Measure]) -> Topic:
    """``topic`` with only the namings of ``measures``."""
    kept = {measure.id for measure in measures}
    return replace(topic, named=tuple(n for n in topic.named if n.measure.id in kept))
