"""What an amount is for: an award that somebody is paid, or a condition, a fund, a loan, a price.

Policy prose puts the condition first and the award last (「对投资5000万元以上的企业，给予50万元奖励」), so
the word that governs an amount is the one right after it, else the nearest one before it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from policy_qa.statements.amounts import Amount, Passage, Reading
from policy_qa.statements.words import FUND, GIFT, GIVING, MEASURED, any_of

_HEAD = re.compile(f"(?P<giving>{GIVING})|(?P<other>{FUND}|{MEASURED})")
_GIVEN = re.compile(GIVING)
_GIFT = re.compile(GIFT)
_SIDE = r"(?:以上|以下|以内|之内|左右|及|起|封顶|不等|为限|\((?:不?含|含本数|税前|人民币)\)|人民币)*"
_FILLING = any_of("""
    标准 比例 额度 资金 一次性 等额 相应 现金 财政 专项 经费 综合 创业 创新 发展 生活 租金 租房 房租
    购房 住房 研发 培训 建设 运营 认定 落户 市级 区级 省级 区 市 每年 年度 叠加 梯度 给予 予以 进行 享受
    作为 计算 发放 支付 全额 企业 个人 适当 股改 交通 贷款 参展 普惠性 工作 开办 启动 招引 引才 引进
    团队 人才 建站 人员
""")
"""What may stand between an award and the word for it: 「50万元的一次性创业补贴」."""
_PAID_AFTER = re.compile(
    f"{_SIDE}[的之]?{_FILLING}{{0,8}}(?:{GIFT}|经费|启动资金)(?!(?:企业|资金|一次性|最高|每[^,]{{0,4}})?[0-9])"
)
_GIVEN_AFTER = re.compile(rf"{_SIDE}(?:的|部分)?[^,;。0-9]{{0,24}}?(?:给予|予以|支付|{GIFT})")
_CAP_BETWEEN = re.compile("、?(?:且|但)?(?:最高)?不超过[0-9.]+[万亿]?元")
_GIVEN_NEXT = re.compile(rf"{_SIDE}(?:的?标准|的?比例)?,?(?:分别|一次性|再|另|额外)*(?:给予|予以|{GIFT})")
_CONDITION_AFTER = re.compile(
    rf"{_SIDE}(?:的(?!标准|比例|额度)[^,;。]{{0,24}}|部分|重大项目|企业|项目"
    r"|(?:,|且|、|或|并)(?:且|或)?[^,;。0-9]{0,30}的)"
    rf"(?:[,;]|$|给予|予以|分别|一次性|按|{GIFT})"
)
_FUND_AFTER = re.compile(
    rf"{_SIDE}的?[^,;。0-9]{{0,14}}?"
    "(?:基金|专项(?:奖励|补助|扶持)?资金|引导资金|帮扶资金|扶持资金|担保|[贷借]款|授信|税收楼)"
)
_LENT_OR_FINED = re.compile(
    rf"{_SIDE}的?[^,;。0-9]{{0,8}}?(?:[贷借]款|授信|罚款|罚金)(?!贴息|利息|补|的利息)"
)
_PART_OF_FUND = re.compile("(?:,?其中|、)[^,;。0-9]{0,14}(?:资金|经费)")
_SET_ASIDE = re.compile("安排|预算|设立|总规模|列支")
_VOUCHERS = re.compile("发放[^,;。0-9]{0,8}券(?:总额)?$")
"""What is handed out in all, 「发放消费券500万元」, and not to one recipient."""
_RAISED_FROM = re.compile("(?:提高|增加|上调|调整)(?:到|至|为)")
_FALLS_SHORT = re.compile("(?:不足|未达到?|未满|低于|少于)$")
_PHRASE_GOES_ON = re.compile("的[,;]")
_REFUSED_AFTER = re.compile("[^,;。]*,(?:则|将|均)?(?:不再|不予|不得)")
_SHARED_AFTER = re.compile("[^,;。]{0,8}(?:分担|承担|负担|分享|分成|出资)")
_THRESHOLD = re.compile(
    "(?:增长|增速|增幅|同比|占比?|比重|持股比例|利率|税率|入驻率|属地率|折扣率|率|达到?"
    "|(?<![不得])超(?!额)过?|(?<![不得])高于|低于|不少于|不低于)[^,给奖补助]{0,6}$"
)
_SHARE_OF_AWARD = re.compile(f"{GIFT}(?:资金|金额|总额)?(?:比例|标准|率|额度|不得?超过|不高于)|贴息率")
_LINK = re.compile(rf"{_SIDE}的?(?:、|和|及|与|/|或|至)")
_NAMED_LINK = re.compile(rf"{_SIDE}[、和及][^,;。:0-9]{{1,24}}")
_ONLY_EACH = re.compile("(?:每[^,;。]{1,3}|最高|按|分别){1,5}")
_PHRASE_END = re.compile("[,;。]")


def speaks_of_gifts(text: str) -> bool:
    """Whether a word for what is paid stands in the (folded) text."""
    return _GIFT.search(text) is not None


def awards(reading: Reading, passage: Passage, is_about_gifts: bool) -> dict[Amount, bool]:
    """For each sum, rate and ratio of the passage: is it an award?

    ``is_about_gifts`` says whether the clause spoke of any before, for a passage that prints no such word.
    A cell goes by the heading of its column.
    """
    amounts = [amount for amount in reading.amounts_in(passage.start, passage.end) if amount.kind != "count"]
    if passage.row is not None:
        is_about_gifts = passage.may_award and (is_about_gifts or speaks_of_gifts(passage.heading))
    sentence = _Sentence(reading.text, passage.start, passage.end, is_about_gifts)
    runs = linked(reading.text, amounts)
    for run in runs:
        sentence.judge(run)
    if is_about_gifts and passage.row is not None and amounts and _is_bare(reading.text, passage, amounts):
        return dict.fromkeys(amounts, True)
    return sentence.settled(runs)


def _is_bare(text: str, passage: Passage, amounts: Sequence[Amount]) -> bool:
    """Whether a cell prints an amount and no more, 「10%」, so that only its heading can judge it."""
    before, after = text[passage.start : amounts[0].start], text[amounts[-1].end : passage.end]
    return len(amounts) == 1 and not before and re.fullmatch(_SIDE, after) is not None


def linked(text: str, amounts: Sequence[Amount]) -> list[list[Amount]]:
    """The amounts as lists of one kind: 「50万元、30万元」, 「1万元以上、5万元以上」."""
    runs: list[list[Amount]] = []
    for amount in amounts:
        last = runs[-1][-1] if runs else None
        if last and last.kind == amount.kind and _LINK.fullmatch(text, last.end, amount.start):
            runs[-1].append(amount)
        else:
            runs.append([amount])
    return runs


@dataclass(slots=True)
class _Sentence:
    """One sentence and what is known of its amounts so far; None where the words near one are silent."""

    text: str
    start: int
    end: int
    is_about_gifts: bool
    verdicts: dict[Amount, bool | None] = field(default_factory=dict)

    def judge(self, run: Sequence[Amount]) -> None:
        first, last = run[0], run[-1]
        before = _phrase_before(self.text, self.start, first.start)
        verdict: bool | None
        if _REFUSED_AFTER.match(self.text, last.end, self.end):
            verdict = False
        elif first.kind == "rate":
            verdict = self._is_share(first, last, before)
        elif first.kind == "ratio":
            verdict = not _SHARED_AFTER.match(self.text, last.end, self.end)
        else:
            verdict = self._is_sum_given(first, last, before)
        self.verdicts |= dict.fromkeys(run, verdict)

    def settled(self, runs: Sequence[Sequence[Amount]]) -> dict[Amount, bool]:
        """The verdicts; where words are silent, by the named list it is in, else by what stands above."""
        following: Sequence[Amount] = ()
        for run in reversed(runs):
            if self.verdicts[run[0]] is None:
                beside = bool(following) and _NAMED_LINK.fullmatch(self.text, run[-1].end, following[0].start)
                verdict = self.verdicts[following[0]] if beside else self._given_elsewhere(run[0], run[-1])
                self.verdicts |= dict.fromkeys(run, verdict)
            following = run
        return {amount: bool(verdict) for amount, verdict in self.verdicts.items()}

    def _is_sum_given(self, first: Amount, last: Amount, before: str) -> bool | None:
        earlier = next(reversed(self.verdicts), None)
        if earlier is not None and earlier.end <= first.start - len(before):
            earlier = None
        near = before if earlier is None else self.text[earlier.end : first.start]
        heads = list(_HEAD.finditer(near))
        given = heads[-1]["giving"] is not None if heads else None
        if _LENT_OR_FINED.match(self.text, last.end, self.end):
            return False
        if _VOUCHERS.search(near) or (_PART_OF_FUND.fullmatch(near) and self._is_fund_before(first)):
            return False
        if near.endswith(("由", "从")) and _RAISED_FROM.match(self.text, last.end, self.end):
            return False
        if _FALLS_SHORT.search(near) and _PHRASE_GOES_ON.match(self.text, last.end):
            return False
        if _FUND_AFTER.match(self.text, last.end, self.end) and not given:
            return False
        if _PAID_AFTER.match(self.text, last.end, self.end):
            return True
        if _CONDITION_AFTER.match(self.text, last.end, self.end) and not given:
            return False
        if given is None and earlier is not None and not _RAISED_FROM.fullmatch(near):
            return self.verdicts[earlier]
        return given

    def _is_fund_before(self, amount: Amount) -> bool:
        """Whether the sum before this one is set aside, so that this may be a part of it."""
        last = next(reversed(self.verdicts), None)
        words = self.text[self.start : amount.start]
        return last is not None and self.verdicts[last] is False and _SET_ASIDE.search(words) is not None

    def _given_elsewhere(self, first: Amount, last: Amount) -> bool:
        if _GIVEN_NEXT.match(self.text, last.end, self.end) or (first.is_cap and self._given_before(first)):
            return True
        if _ONLY_EACH.fullmatch(_phrase_before(self.text, self.start, first.start)):
            return self.is_about_gifts or speaks_of_gifts(self.text[self.start : first.start])
        heads = list(_HEAD.finditer(self.text, self.start, first.start))
        return heads[-1]["giving"] is not None if heads else self.is_about_gifts

    def _given_before(self, amount: Amount) -> bool:
        return any(verdict for other, verdict in self.verdicts.items() if other.end <= amount.start)

    def _is_share(self, first: Amount, last: Amount, before: str) -> bool:
        """Whether a rate is paid: 「按投资额的10%给予补助」, not 「持股比例不低于5%」."""
        phrase_end = _PHRASE_END.search(self.text, last.end, self.end)
        if _PHRASE_GOES_ON.match(self.text, last.end):
            return False
        phrase = self.text[last.end : phrase_end.start() if phrase_end else self.end]
        if (phrase.endswith("的") and _GIVEN.search(phrase)) or _SHARED_AFTER.match(phrase):
            return False
        if _PAID_AFTER.match(self.text, last.end, self.end):
            return True
        share = _SHARE_OF_AWARD.search(before)
        if _THRESHOLD.search(before) and not share:
            return False
        if (
            share
            or _GIVEN_AFTER.match(_CAP_BETWEEN.sub("", phrase, count=1))
            or _GIVEN.search(before)
            or re.search("提高|上浮", before)
        ):
            return True
        if first.is_cap and self._given_before(first):
            return True
        return "按" in before and _GIVEN_NEXT.match(self.text, last.end, self.end) is not None


def _phrase_before(text: str, start: int, at: int) -> str:
    """The words of the phrase before ``at``; a parenthesis that closed before it is passed over."""
    if ")" not in text[start:at]:
        return text[max(start, *(text.rfind(mark, start, at) + 1 for mark in ",:;。(")) : at]
    depth, position = 0, at
    while position > start:
        character = text[position - 1]
        if character == ")":
            depth += 1
        elif character == "(" and depth:
            depth -= 1
        elif depth == 0 and character in ",:;。(":
            break
        position -= 1
    return text[position:at]
