"""One statement while its clause is being read."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from policy_qa.statements.amounts import Amount, Passage, Reading

StatementKind = Literal[
    "fixed",
    "rate",
    "rate+cap",
    "per_unit",
    "tier",
    "cap",
    "interest",
    "match",
    "range",
    "staged",
    "not_award",
]

ONE_RECIPIENT = frozenset(("企业", "家", "户", "单位", "机构", "主体"))
"""What names the recipient itself: 「每家50万元」 is 50万元."""
ONE_AWARD = frozenset(("项目", "个", "产品", "平台", "园区", "笔", "项", "品牌", "基地", "载体"))
"""What a cap may name beside the recipient: 「单个项目最高50万元」 caps one award."""

_LONGEST_PHRASE = 400
"""Characters behind an award in which its phrase ends: a text without any mark has no phrases."""


def is_whole(per: str) -> bool:
    """Whether ``per`` names what gets one award, alone or by the year, and no piece of something."""
    return all(part in ONE_RECIPIENT | ONE_AWARD | {"年"} for part in per.split("·"))


@dataclass(frozen=True, slots=True)
class Recipient:
    """For whom an award is, and where in the folded clause that begins; -1 where it stands elsewhere."""

    name: str
    start: int = -1


@dataclass(slots=True)
class Entry:
    """A statement as it grows, in offsets of the folded clause: the award, what caps it, what limits it."""

    amounts: list[Amount]
    passage: Passage
    is_award: bool
    kind: StatementKind = "not_award"
    who: Recipient | None = None
    limits: list[Amount] = field(default_factory=list)
    list_end: int = 0
    """Where the list ends that it is one of."""

    @property
    def main(self) -> Amount:
        return self.amounts[0]

    @property
    def start(self) -> int:
        return self.main.start

    @property
    def end(self) -> int:
        return max(amount.end for amount in (*self.amounts, *self.limits))

    @property
    def has_sum_cap(self) -> bool:
        return any(amount.kind == "money" for amount in self.amounts[1:])

    def span(self, reading: Reading) -> tuple[int, int]:
        """From its recipient, where its passage names it, to the end of its last phrase; a row as a whole."""
        begin, end = self.passage.frame
        text = reading.text
        limit = min(len(text), self.end + _LONGEST_PHRASE)
        ends = [at for mark in ",;。!?" if (at := text.find(mark, self.end, limit)) >= 0]
        if self.passage.row is not None:
            return begin, max(end, min(self.end, len(text)))
        if self.who is not None and begin <= self.who.start < self.start:
            begin = self.who.start
        else:
            begin = max(begin, *(text.rfind(mark, begin, self.start) + 1 for mark in ",;:。"))
        return begin, min([limit, *ends])
