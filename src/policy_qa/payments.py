"""Sums a question states as paid: instalments added, shares of a contract taken, what is unpaid left out.

Only what is clearly said to be paid becomes a fact; a contract value alone never does.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal

from policy_qa.money import Figure
from policy_qa.rules import FactRule
from policy_qa.topic import Naming, Reading, Topic
from policy_qa.vicinity import after, before, nearest

Role = Literal["paid", "contract", "unpaid", "refund", "claim"]

CLAIM = re.compile(
    r"(奖励|奖补|补贴|补助|资助|贴息)[^，。；]{0,8}$"
    r"|(奖|补|贴|(?<!没)给|领|拿|得|拿到|领到|给到)[^，。；]{0,4}$"
    r"|(award|subsid[a-z]*( of)?|gets?|receive|brings?)[^，。；]{0,4}$"
)
_CLAIM_AFTER = re.compile(r"^(元|块|整)?(的)?(奖励|奖补|补贴|补助|资助|奖金|贴息|subsid|award)")
_UNPAID_BEFORE = re.compile(
    r"(还差|还欠|尚欠|还剩|剩下|剩余|未付|没付|待付|尾款还有|欠[^，。；、]{0,6}|扣着|除)[^，。；、]{0,4}$"
)
_UNPAID_AFTER = re.compile(
    r"^[^，。；、]{0,8}?(还没|没有付|没付|没给|没转|没打|没结|未付|未支付|未转|未结|尚未|欠着|拖着|待付|以后"
    r"|明年再|下一步|押着|没(任何)?(转账|银行)?凭证|现金)"
)
_REFUND = re.compile(r"(退回|退还|退了|退款|返还|退给|退)[^，。；、]{0,5}$")
_REFUND_AFTER = re.compile(r"^[^，。；、]{0,4}?(退回|退还|退了|又退)")
_PAID_UP = re.compile(
    r"(付|转|打|结)(完|清|讫|齐)|结清|全款|(全部|全额|一次性|都|均)(已经|已)?(付|支付|转|打|结)|(付|支付|转|打)(了)?全(款|额)"
    r"|款(项)?(都|已|全|均)+(付|清|结|转)|paid in full|fully paid"
)
_NOTHING_PAID = re.compile(
    r"(一分|分文|一毛)(钱)?(都|也)?(没|未)|(还没|尚未|还未|没有|暂未)(实际)?(付|支付|转|打)(款|钱|过)?"
    r"|未(实际)?支付|没付(款|钱)"
)
_OTHER_SUM = re.compile(r"(利润|营收|营业额|产值|收入|注册资本|税|工资|贷款|借款|设备|厂房)[^，。；、]{0,5}$")
"""Sums that are no payment for what is supported, whatever was said before."""
_TOTAL = re.compile(
    r"(一共|总共|合计|累计|共计|总计|加起来|拢共|in total|共)"
    r"(是|为|付了|付|支付了|支付|花了|转了|打了|实付)?$"
)
_PART = re.compile(r"其中")
_DONE = re.compile(r"(付|结|转|打|交|过|满)(了|完|清|掉)|已(经)?(付|结|转|打|交)?")
_PERIODS = frozenset({"季度", "月", "个月", "年", "期", "次", "笔", "季"})
_NEAR, _NEAR_IN_ENGLISH = 6, 40
_BARE = re.compile(r"^[，、,和及加又再先后 ]*(第?[一二三四五六1-6](季度|期|笔|次|年|月|批))?[是为：:]?$")


@dataclass
class _Ledger:
    """The figures of one fact by their role."""

    paid: list[Figure] = field(default_factory=list)
    contract: list[Figure] = field(default_factory=list)
    shares: list[Figure] = field(default_factory=list)
    unpaid: list[Figure] = field(default_factory=list)
    refunds: list[Figure] = field(default_factory=list)
    total: Figure | None = None


def read_paid(
    topic: Topic, naming: Naming, rule: FactRule, found: Sequence[Figure], *, aims: bool
) -> tuple[Decimal | None, list[Figure]]:
    """The sum paid for the measure of ``naming`` and the figures it came from; None where none is stated.

    ``aims``: the question runs backwards and states no payment.
    """
    text = topic.reading.text
    ledger = _ledger(topic, naming, rule, found, aims=aims)
    refunded = _sum(ledger.refunds)
    if ledger.total is not None:
        return ledger.total.value - refunded, [ledger.total, *ledger.paid, *ledger.refunds]
    if ledger.paid:
        paid = _by_periods(ledger.paid, found, topic.reading)
        return paid - refunded, [*ledger.paid, *ledger.refunds]
    if ledger.contract:
        whole = ledger.contract[0]
        if ledger.shares:
            return whole.value * _sum(ledger.shares), [whole, *ledger.shares]
        if ledger.unpaid:
            owed = sum(
                (f.value * whole.value if f.unit == "比例" else f.value for f in ledger.unpaid), Decimal(0)
            )
            return (whole.value - owed, [whole, *ledger.unpaid]) if owed <= whole.value else (None, [])
    if rule.other_words and _NOTHING_PAID.search(text):
        return Decimal(0), []
    if ledger.contract and _PAID_UP.search(text):
        return ledger.contract[0].value, ledger.contract[:1]
    return None, []


def _ledger(topic: Topic, naming: Naming, rule: FactRule, found: Sequence[Figure], *, aims: bool) -> _Ledger:
    ledger = _Ledger()
    last: Role | None = None
    part = _PART.search(topic.reading.text)
    for figure in found:
        if figure.unit not in ("元", "比例") or naming not in nearest(figure, topic):
            continue
        role = _role(figure, rule, topic, found, last)
        if role == "claim" or (aims and role == "paid"):
            continue
        if topic.reading.text[max(0, figure.start - 2) : figure.start] in ("两个", "这个", "这两", "三个"):
            continue  # 「两个一百万总共补多少」 says again what was said
        if part and figure.start > part.start() and ledger.paid and role == "paid":
            continue  # 「付了18万，其中6万是前年付的」
        last = role
        if role == "refund":
            ledger.refunds.append(figure)
        elif role == "unpaid":
            ledger.unpaid.append(figure)
        elif figure.unit == "比例":
            if role == "paid":
                ledger.shares.append(figure)
        elif role == "paid":
            if _TOTAL.search(topic.reading.text[: figure.start]) and ledger.paid:
                ledger.total = figure
            ledger.paid.append(figure)
        else:
            ledger.contract.append(figure)
    return ledger


def _role(figure: Figure, rule: FactRule, topic: Topic, found: Sequence[Figure], last: Role | None) -> Role:
    reading = topic.reading
    ahead = before(figure, reading, found)
    behind = after(figure, reading, found)
    if _REFUND.search(ahead) or _REFUND_AFTER.search(behind):
        return "refund"
    if _UNPAID_BEFORE.search(ahead) or _UNPAID_AFTER.search(behind):
        return "unpaid"
    if _CLAIM_AFTER.search(behind):
        return "claim"
    if _OTHER_SUM.search(ahead):
        return "contract"
    marked = _marks(ahead, rule)
    if claim := CLAIM.search(ahead):
        marked.append((max(claim.end(1), claim.end(2), claim.end(3)), "claim"))
    if marked:
        return max(marked, key=lambda mark: mark[0])[1]
    following = [(behind.find(word), role) for word, role in _words(rule) if word in behind]
    first = min(following, key=lambda mark: mark[0], default=None)
    if first and first[0] <= (_NEAR_IN_ENGLISH if behind[:1] == " " else _NEAR):
        return first[1]
    if last and _BARE.fullmatch(ahead):
        return last
    earlier = _marks(reading.text[max(0, figure.start - 14) : figure.start], rule)
    if earlier:
        return max(earlier, key=lambda mark: mark[0])[1]
    return "contract" if rule.other_words else "paid"


def _words(rule: FactRule) -> list[tuple[str, Role]]:
    paid: list[tuple[str, Role]] = [(word, "paid") for word in rule.words]
    contract: list[tuple[str, Role]] = [(word, "contract") for word in rule.other_words]
    return paid + contract


def _marks(text: str, rule: FactRule) -> list[tuple[int, Role]]:
    """Where the words of paying and of contracting end in ``text``; a longer word hides those inside it."""
    found = [
        (text.rfind(word), text.rfind(word) + len(word), role) for word, role in _words(rule) if word in text
    ]
    return [
        (end, role)
        for start, end, role in found
        if not any(s <= start and end <= e and (s, e) != (start, end) for s, e, _ in found)
    ]


def _by_periods(paid: Sequence[Figure], found: Sequence[Figure], reading: Reading) -> Decimal:
    """「每季度25万，结了三个季度」: a sum a period times the periods."""
    if len(paid) == 1 and paid[0].per in _PERIODS:
        unit = str(paid[0].per).removeprefix("个")
        periods = [
            f.value
            for f in found
            if f.kind == "count" and f.unit.removeprefix("个") == unit and _DONE.search(before(f, reading))
        ]
        if periods:
            return paid[0].value * periods[0]
    return _sum(paid)


def _sum(figures: Sequence[Figure]) -> Decimal:
    return sum((figure.value for figure in figures), Decimal(0))
