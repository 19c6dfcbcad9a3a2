"""The bound and the party of a figure, from the words of its phrase."""

from __future__ import annotations

import re

from policy_qa.money.figure import FigureBound
from policy_qa.money.joining import LIST_LINKS
from policy_qa.money.scan import PIECES
from policy_qa.money.units import SINGLE_NOUNS, TIMES, per_word
from policy_qa.money.view import Raw

_BREAKS = re.compile(r"[,;。!?:()\n《》]")
_BEFORE = re.compile(
    "(?P<max>不超过|不超(?!过)|不得超过|不能超过|不超出|不高于|不得高于|不多于|不大于|最高(?!人民|法院|检察|学历|级|层)|最多"
    "|最大|上限|限额(?!以)|封顶|至多|顶格|up to|at most|no more than|not exceed|maximum|capped at)"
    "|(?P<min>不低于|不得低于|不少于|不得少于|不小于|至少|最少|最低(?!生活|工资|限度)|起码"
    "|at least|no less than|minimum)"
    "|(?P<over>超过|超出|超(?![市额级前])|高于|多于|大于|more than|over )"
    "|(?P<under>低于|少于|小于|不足|未满|不满|less than|under )"
)
_CLOSE = re.compile(" ?(?:[了的过约为]|人民币){0,3} ?")
_AFTER = re.compile(
    r"(?:人民币)?(?:\(含\)|\(不含\)|\(含本数\))?(?:及|或)?(?:\(含\))?"
    "(?:(?P<min>以上(?!述)|起步|打底|起(?![草来到诉点作重]))"
    "|(?P<max>以内|以下(?![简列条方统称])|之内|封顶|为上限|为限|(?P<inside>内(?![部容设外]))))"
)
_EACH = re.compile("每(?P<each>)|单(?P<single>[个户家件笔台人])")


def bounds_and_parties(text: str, raws: list[Raw]) -> None:
    """Sets bound and per of each figure from its own comma-delimited phrase, up to the figure before."""
    lowered = text.lower() if len(text.lower()) == len(text) else text
    before: Raw | None = None
    bound: FigureBound = "exact"
    one: str | None = None  # the party that 「每新增1户」 and 「一个企业」 name for the next figure
    for raw in raws:
        if raw.kind == "label":
            continue
        window = lowered[before.end if before else 0 : raw.start]
        listed = before is not None and window in LIST_LINKS and before.kind == raw.kind
        phrase = _BREAKS.split(window)[-1]
        if not listed:
            bound = _bound_before(phrase)
        one = one if phrase == window else None
        if raw.kind in ("money", "rate", "count", "number"):
            raw.bound = _bound_after(lowered, raw) or bound
            raw.per = raw.per or (before.per if before and listed else _party(phrase))
            if raw.kind == "money":
                raw.per = raw.per or one
        one = _one_of(text, raw, phrase)
        before = raw


def _one_of(text: str, raw: Raw, phrase: str) -> str | None:
    if raw.kind != "count" or raw.value != 1:
        return None
    if not ("每" in phrase or (text[raw.start] == "一" and raw.unit in PIECES)):
        return None
    noun = SINGLE_NOUNS.match(text, raw.end) if raw.unit == "个" else None
    return noun[0] if noun else raw.unit


def _bound_before(phrase: str) -> FigureBound:
    found: FigureBound = "exact"
    for match in _BEFORE.finditer(phrase):
        close = _CLOSE.fullmatch(phrase, match.end()) is not None
        if match["max"]:
            found = "max"
        elif match["min"]:
            found = "min"
        elif close:
            found = "min" if match["over"] else "max"
    return found


def _bound_after(text: str, raw: Raw) -> FigureBound | None:
    match = _AFTER.match(text, raw.end)
    if match is None or (match["inside"] and raw.unit not in TIMES):
        return None
    return "max" if match["max"] else "min"


def _party(phrase: str) -> str | None:
    parties: list[str] = []
    for match in _EACH.finditer(phrase):
        if match["single"]:
            noun = _noun_behind(phrase, match.end()) if match["single"] == "个" else None
            parties = [noun or match["single"]]
        elif (word := per_word(phrase, match.end())) is not None:
            name = word[0]
            if name in TIMES and parties and name not in parties:
                parties = [*parties, name]
            elif parties and parties[-1] in TIMES and name not in TIMES:
                parties = [name, parties[-1]]  # 「每年每户」 is 「每户每年」
            else:
                parties = [name]
    return "·".join(parties) or None


def _noun_behind(phrase: str, at: int) -> str | None:
    """The noun that 「单个」 counts, also behind what narrows it: 「单个重点工业企业」."""
    for start in range(at, min(at + _LONGEST_MODIFIER, len(phrase)) + 1):
        if (noun := SINGLE_NOUNS.match(phrase, start)) is not None:
            return noun[0]
        if phrase[start : start + 1] in _NO_MODIFIER:
            return None
    return None


_LONGEST_MODIFIER = 8
"""Characters between 「单个」 and its noun."""
_NO_MODIFIER = frozenset("奖补给予最不每上可达应得贴资支发的、0123456789")
"""What ends the search for a noun: here the phrase goes on to the sum."""
