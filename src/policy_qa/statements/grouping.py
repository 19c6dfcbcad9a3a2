"""From the amounts of a passage to its entries: one for one award to one kind of recipient.

A list is as many entries as it has amounts; a rate and its cap are one, so are a sum and the count it is
limited to, and a sum and the parts it is paid in. Money that nobody is paid is an entry of its own.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import islice, pairwise, takewhile

from policy_qa.money import paired, two_parties
from policy_qa.statements.amounts import Amount, Passage, Reading
from policy_qa.statements.entry import Entry, Recipient, is_whole
from policy_qa.statements.recipients import after_mark, recipient
from policy_qa.statements.roles import linked


def entries(
    reading: Reading, passage: Passage, roles: dict[Amount, bool], earlier: Sequence[Entry]
) -> list[Entry]:
    """The entries of a passage; one that is only a cap goes to the one award of ``earlier`` it may mean."""
    return _Grouping(reading, passage, roles).read(earlier)


_NEW = re.compile(
    "[,;、:](?:对(?![应外])|其中|凡|经|首次|新认定)|^,?其中|(?:的|者|企业),(?!最高|每|单)"
    "|,(?!单|每|同一|年|全年|累计|享受|获得|其)[^,]{3,}的(?:累计|最高|给予|奖励|补助|再|一次性)"
)
"""Words that begin another recipient."""
_GIVEN_AGAIN = re.compile(",[^,]*(?<!最高)(?:给予|予以|发放)")
_WIDER = re.compile(
    "[,的](?:且|并|但|原则上)?"
    "(?:(?:单[个家户]|同一|每[家个户])[^,]{0,6}(?:企业|单位|主体|机构|家|户|年)"
    "|每年|累计|合计|总额|总计|年度|全年|年(?:补助|奖励|补贴))"
)
"""Words that cap more than one award: 「单个企业」, 「累计」."""
_IN_ALL = re.compile("合计|累计|总计|总额")
_CAPS_ONLY = re.compile(
    "(?:单[个家]|同一|每[个家户年]|最高|年度|(?:补助|补贴|奖励|贴息)(?:金额|资金|总额)?(?:最高|不超过))[^,;0-9]{0,18}"
)
_CAP_OF_ONE = re.compile(
    "(?P<name>(?!单|每|同一|累计|合计|年度|全年)[^,;:。0-9最不限]{2,24})(?:的,?)?(?:最高|限额|不超过)[^,;:。0-9]{0,8}"
)
_IN_PARTS = re.compile("(?:拨付|兑现|兑付|支付|预拨|发放)(?:剩余|其余|余下)?(?:的|资金|奖励|补助)*$")
_SAME_AGAIN = re.compile(",每[年月]")
_LIMITED = re.compile("(?:期限|时限|时间|年限|为期|连续|最多|最长|不超过|限)[^,;。0-9]{0,8}$")
_LIMITED_TO = re.compile("(?:最多|不超过|限)[^,;0-9]{0,12}$")
_TIMES = frozenset(("年", "月", "季度", "天", "日"))
_REACH = 400
"""No clause of a sentence is longer; a text without full stops must not take for ever."""
_MARK = re.compile("[,;、]")
_ASIDE = re.compile(r"\([^()]*\)")

_SIBLING = re.compile(
    "(?:以上|以下|以内)?(?:的?(?:奖励|补助|补贴|资助))?(?:、|和|及|,(?=[前后第][^,]{1,4}年))(?P<name>[^,;、。:0-9]{1,24})"
)
_NAMED_CAP = re.compile("[、和及,](?P<name>[^,;、。:0-9]{1,24})")
_BESIDE = re.compile("[^,;。:0-9]{1,8}、")
_SEVERALLY = re.compile("分别[^,;。0-9]{0,12}$")
_NAME_LEAD = re.compile("^.*(?:为|给予|按照?|:|,|分别|发放|奖励|补助|补贴|资助)")
_NAME_TAIL = re.compile("(?:每[人家户个件项年月]|最高|不超过|给予|一次性|奖励|补助|补贴|资助|标准|的|为)+$")


@dataclass(slots=True)
class _Grouping:
    reading: Reading
    passage: Passage
    roles: dict[Amount, bool]
    found: list[Entry] = field(default_factory=list)
    open: list[Entry] = field(default_factory=list)
    """The awards that what comes next may cap, limit or go on from."""
    parties: dict[int, str] | None = None
    """The party of each listed amount by where it begins, once it was asked for."""

    def read(self, earlier: Sequence[Entry]) -> list[Entry]:
        amounts = self.reading.amounts_in(self.passage.start, self.passage.end)
        sums = [amount for amount in amounts if amount.kind != "count"]
        if self._goes_on_from(earlier, sums):
            return self.found
        self.open = self._left_open(earlier, sums)
        for run in linked(self.reading.text, amounts):
            if run[0].kind == "count":
                self._limit(run)
            elif not self.roles[run[0]]:
                self._set_apart(run)
            elif not (self._adds(run) or self._is_sibling(run)):
                self._begin(run)
        return self.found

    def _left_open(self, earlier: Sequence[Entry], amounts: Sequence[Amount]) -> list[Entry]:
        """The one award of the paragraph so far, where this sentence is no more than its cap."""
        start = self.passage.start
        if self.passage.row is not None:
            first = self.passage.row[0]
            beside = takewhile(lambda one: one.passage.start >= first, reversed(earlier))
            return [*islice((one for one in beside if one.is_award), 1)]
        if len(amounts) != 1 or not _CAPS_ONLY.fullmatch(self.reading.text, start, amounts[0].start):
            return []
        near = takewhile(lambda one: self.reading.same_paragraph(one.passage.end, start), reversed(earlier))
        given = [*islice((one for one in near if one.is_award), 2)]
        if len(given) != 1 or len(given[0].amounts) > 1:
            return []
        return [] if given[0].main.kind == "money" and given[0].main.is_cap else given

    def _goes_on_from(self, earlier: Sequence[Entry], amounts: Sequence[Amount]) -> bool:
        """「按购置额的8%补助：国产设备最高300万元；进口设备最高200万元」: the next name shares the rate."""
        text, start = self.reading.text, self.passage.start
        before = earlier[-1] if earlier else None
        if before is None or not before.is_award or text[start - 1] != ";" or len(amounts) != 1:
            return False
        if before.main.kind != "rate" or not before.has_sum_cap:
            return False
        own = _CAP_OF_ONE.fullmatch(text, start, amounts[0].start)
        colon = text.rfind(":", before.main.end, before.amounts[-1].start)
        first = _CAP_OF_ONE.fullmatch(text, colon + 1, before.amounts[-1].start) if colon >= 0 else None
        named = first is not None or (before.who is not None and before.who.start > before.main.end)
        if own is None or not named or not amounts[0].is_cap:
            return False
        if first is not None:
            before.who = Recipient(first["name"], first.start("name"))
        who = Recipient(own["name"], own.start("name"))
        self._add([Entry([*before.amounts[:-1], amounts[0]], self.passage, True, who=who)], beside=[])
        return True

    def _between(self, run: Sequence[Amount]) -> str:
        begin = max(self.passage.start, *(entry.end for entry in self.open), 0)
        return _ASIDE.sub("", self.reading.text[begin : run[0].start])

    def _before(self, amount: Amount) -> str:
        return self.reading.text[max(self.passage.start, amount.start - _REACH) : amount.start]

    # what is no award

    def _set_apart(self, run: Sequence[Amount]) -> None:
        """Money that nobody is paid; a rate that nobody is paid is no statement of money."""
        if run[0].kind != "money":
            return
        ends = {run[0].values[0].bound, run[-1].values[0].bound} - {"exact"}
        shared = ends.pop() if len(ends) == 1 else "exact"
        for amount in run:
            plain = not amount.is_range and amount.values[0].bound == "exact"
            self.found.append(Entry([amount.bounded(shared) if plain else amount], self.passage, False))

    # what belongs to the awards before it

    def _limit(self, run: Sequence[Amount]) -> None:
        """A count that limits the awards before it: 「最多资助3个国家」, 「期限不超过2年」."""
        if not self.open or len(run) > 1 or _NEW.search(self._between(run)):
            return
        before = self._before(run[0])
        timed = run[0].values[0].unit in _TIMES and _LIMITED.search(before)
        if timed or (run[0].is_cap and _LIMITED_TO.search(before)):
            for entry in self.open:
                entry.limits.append(run[0])

    def _adds(self, run: Sequence[Amount]) -> bool:
        """Whether the run is a part, a cap or another spelling of the awards before it, and now theirs."""
        if not self.open or _NEW.search(self._between(run)):
            return False
        only = self.open[0] if len(self.open) == 1 else None
        if only and len(run) == 1 and (self._is_part(only, run[0]) or self._is_same(only, run[0])):
            only.amounts.append(run[0])
            return True
        if only and len(run) == 1 and self._bounds_below(only, run[0]):
            only.amounts.append(run[0])
            return True
        return all(amount.is_cap for amount in run) and self._may_cap(run) and self._cap(run)

    def _is_part(self, award: Entry, amount: Amount) -> bool:
        """「500万元，首期拨付50%」, 「最高200万元，先期拨付60%」, 「先期拨付50%，验收后拨付50%」."""
        paid = amount.kind == "rate" and _IN_PARTS.search(self._before(amount)) is not None
        is_sum = award.main.kind == "money" or award.has_sum_cap
        return paid and (is_sum or _IN_PARTS.search(self._before(award.main)) is not None)

    def _bounds_below(self, award: Entry, amount: Amount) -> bool:
        """「按20%资助，资助额最低50万元、最高200万元」: what the rate may come to."""
        least = amount.is_range or amount.values[0].bound == "min"
        given_again = _GIVEN_AGAIN.search(self._between([amount]))
        return award.main.kind == "rate" and amount.kind == "money" and least and not given_again

    def _is_same(self, award: Entry, amount: Amount) -> bool:
        """「每月333元，每年4000元」 is one award in two spellings."""
        said_again = _SAME_AGAIN.fullmatch(self._between([amount])) is not None
        return said_again and {award.amounts[-1].per, amount.per} == {"年", "月"}

    def _may_cap(self, run: Sequence[Amount]) -> bool:
        between, main, cap = self._between(run), self.open[0].main, run[0]
        if "增加" in between or (main.kind == cap.kind == "rate" and not _IN_ALL.search(between)):
            return False
        if cap.kind == "rate":
            return True
        if main.kind != "money":
            named = self.open[-1].has_sum_cap and _NAMED_CAP.fullmatch(between)
            return not named or not _NAME_TAIL.sub("", named["name"]) or _WIDER.search(between) is not None
        is_piece = cap.per is not None and not is_whole(cap.per) and main.per in (None, cap.per)
        if is_piece or _GIVEN_AGAIN.search(between):
            return False
        if not main.is_cap or (main.per and not is_whole(main.per)):
            return True
        alone = sum(entry.is_award for entry in self.found) == 1
        return alone and _WIDER.search(between) is not None

    def _cap(self, caps: Sequence[Amount]) -> bool:
        """Each its own where caps are as many as awards; one caps all; several split the one they cap."""
        if len(caps) == 1:
            self.open = (
                self._shares_of_one() or self.open if _IN_ALL.search(self._between(caps)) else self.open
            )
            caps = [*caps] * len(self.open)
        if len(caps) == len(self.open):
            for entry, cap in zip(self.open, caps, strict=True):
                entry.amounts.append(cap)
            return True
        rates = [entry for entry in self.found if entry.is_award][-len(caps) :]
        if len(rates) == len(caps) and all(
            one.main.kind == "rate" and len(one.amounts) == 1 for one in rates
        ):
            self.open = rates
            return self._cap(caps)
        if len(self.open) > 1:
            return False
        only, parties = self.open[0], self._paired()
        split = [
            replace(
                only,
                amounts=[*only.amounts, cap],
                limits=list(only.limits),
                who=_named(parties.get(cap.start), only.who),
            )
            for cap in caps
        ]
        only.amounts, only.who = split[0].amounts, split[0].who
        self._add(split[1:], beside=[only])
        return True

    def _shares_of_one(self) -> list[Entry]:
        """The steps of one award that a cap on its total means: 「…按3%奖励，…按4%奖励，奖励总额不超过…」."""
        rates = list(
            takewhile(lambda one: one.main.kind != "money" or not one.is_award, reversed(self.found))
        )
        uncapped = [one for one in reversed(rates) if one.is_award]
        same = all(one.main.kind == "rate" and len(one.amounts) == 1 for one in uncapped)
        return uncapped if same else []

    def _is_sibling(self, run: Sequence[Amount]) -> bool:
        """「特等奖150万元、一等奖50万元」, 「限额为甲类20万元、乙类10万元」: names stand before the sums."""
        text, before = self.reading.text, self.open[-1] if self.open else None
        if before is None or len(run) > 1 or before.amounts[-1].kind != run[0].kind:
            return False
        last = before.amounts[-1]
        capped = before.has_sum_cap and run[0].is_cap
        match = (_NAMED_CAP if capped else _SIBLING).fullmatch(text, last.end, run[0].start)
        name = _NAME_TAIL.sub("", match["name"]) if match else ""
        if match is None or not name or _NEW.search(match[0]):
            return False
        if len(self.open) == 1 and (before.who is None or before.who.start < before.start):
            before.who = self._own_name(last) or before.who
        bounded = run[0].values[0].bound != "exact" or run[0].is_range
        amounts = [*before.amounts[:-1], run[0] if bounded else run[0].bounded(last.values[0].bound)]
        fresh = Entry(amounts, before.passage, True, who=Recipient(name, match.start("name")))
        self._add([fresh], beside=self.open)
        return True

    def _own_name(self, amount: Amount) -> Recipient | None:
        """The name right before the first of such sums: 「限额为甲类企业20万元」."""
        phrase = re.split("[,;:。]", self._before(amount))[-1]
        name = _NAME_TAIL.sub("", _NAME_LEAD.sub("", phrase))
        return Recipient(name, amount.start - len(phrase)) if name else None

    # new awards

    def _begin(self, run: Sequence[Amount]) -> None:
        """New awards: one for each amount, one for alternatives (「50%或70%」), two for 「甲和乙分别」."""
        text = self.reading.text
        if self.open and self.open[-1].amounts[-1].is_cap and _BESIDE.fullmatch(self._between(run)):
            run = [amount if amount.is_range else amount.bounded("max") for amount in run]
        alternatives = {text[one.end : two.start] for one, two in pairwise(run)} == {"或"}
        groups = [list(run)] if alternatives else [[amount] for amount in run]
        who = self._recipient(run[0])
        if len(run) == 1:
            names: Sequence[str | None] = self._each(run[0]) or (None,)
            groups = groups * len(names)
        else:
            parties = self._paired()
            names = [parties.get(group[0].start) for group in groups]
        fresh = [
            Entry([*group], self.passage, True, who=_named(name, who), list_end=run[-1].end)
            for group, name in zip(groups, names, strict=True)
        ]
        self._add(fresh, beside=[])

    def _add(self, fresh: list[Entry], *, beside: list[Entry]) -> None:
        self.found += fresh
        self.open = [*beside, *fresh]

    # for whom

    def _recipient(self, first: Amount) -> Recipient | None:
        text = self.reading.text
        given = next((entry for entry in reversed(self.found) if entry.is_award), None)
        begin = self.passage.start
        if given:
            last = given.end
            mark = _MARK.search(text, last, first.start)
            if mark is None:
                return given.who
            begin = mark.end()
        begin = max(begin, first.start - _REACH)
        end = min(self.passage.end, first.end + _REACH)
        named = recipient(text[begin : first.start], text[first.end : end])
        if named is not None:
            return Recipient(named[0], begin + named[1])
        return given.who if given else self._head_of_row()

    def _head_of_row(self) -> Recipient | None:
        """The first cell of the row that says something."""
        at = self.passage.frame[0]
        while at < self.passage.start:
            cell = self.reading.passage_at(at)
            name = self.reading.text[cell.start : cell.end]
            if not name.isdigit():
                return Recipient(name, cell.start)
            at = cell.end + 1
        return None

    def _each(self, only: Amount) -> Sequence[str]:
        """The two that are given one and the same sum each: 「甲和乙，每户分别给予50万元」."""
        before = self._before(only)
        before = before[after_mark(before) :]
        each = only.kind == "money" and _SEVERALLY.search(before) and "或" not in before
        return two_parties(before) if each else ()

    def _paired(self) -> dict[int, str]:
        if self.parties is None:
            self.parties = self._all_paired()
        return self.parties

    def _all_paired(self) -> dict[int, str]:
        start = self.passage.start
        start += after_mark(self.reading.text[start : self.passage.end])
        pairs = paired(self.reading.text[start : self.passage.end])
        return {start + figure.start: party for party, figure in pairs}


def _named(party: str | None, who: Recipient | None) -> Recipient | None:
    """``party``, whose statement is quoted from where ``who`` begins."""
    if party is None:
        return who
    return Recipient(party, who.start if who else -1)
