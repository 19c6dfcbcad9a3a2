"""For whom an award is: in the words of the text, from 「对…的企业，给予」 or from whom it is given to."""

from __future__ import annotations

import re

from policy_qa.statements.words import RECIPIENT

_MARK = re.compile(
    r"^(?:第[一二三四五六七八九十百0-9]+条|[一二三四五六七八九十]+、|\([一二三四五六七八九十0-9]+\)"
    r"|[0-9]{1,2}[.、)]|[①-⑳])+"
)
_TO = re.compile(
    "(?:^|[,;:、。!?”)]|其中|同时|并|另外?|再|可|则|将)(?:针?对于?|凡是?)"
    "(?!应|象|接|口|标|比|照|外(?!地|来|资))|[,:;(、]其中,?"
)
_GIVEN_TO = re.compile(
    f"(?:给予|奖励|补助|补贴|向|资助|支付给|补助给)(?:每[家个户])?(?P<name>[^,;。0-9%给奖补]{{0,14}}{RECIPIENT})"
    "(?=一次性|支付|补助|补贴|奖励|资助|最高|不超过|发放|[0-9每]|$)"
)
_PAID_TO = re.compile(
    "(?:补助|奖励|支付|拨付|发放|补贴)给(?P<name>[^,;。0-9]{1,14})(?=[,;。]|$)"
    "|向(?P<whom>[^,;。0-9]{2,14})(?:支付|发放|拨付)"
)
_IS_RECIPIENT = re.compile(RECIPIENT)
_VERB = re.compile(
    "[,的]?(?:按[^,。按]{0,40})?(?:可|将|则|均|再|另|额外|当年|分别|一次性|最高|予|给|每[^,。每]{0,8}){0,5}"
    "(?:给予|予以|奖励|奖补|补助|补贴|资助|发放|享受|申领|申请|返还|减免"
    "|(?:支持|扶持)(?=比例|限额|金额|标准|不超过)|核拨)"
)
_MANNER = re.compile(
    "(?:,(?:可|分别|将|则|均|应|并|再)*(?:按|依据|根据)[^,]*|按照?[^,]*的|(?<=的)按照?[^,]*"
    "|,?(?:在|按)[^,]*基础上,?(?:再|另|额外)?)$"
)
_GIVES = re.compile("(?<=.)[,的]?(?:可|将|则|均|再|另|分别|一次性|每[户家个])*(?:给予|予以)")
_TRAILING = re.compile(
    "(?:,|:)?(?:分别|每[个件家户人项月年]|最高|一次性|按照?|给予|不超过|标准为|其中|按照?每[^,;]{1,6}){0,4}$"
)
_LEADING = re.compile(
    "^(?:[,、:;。 ]|其中|支持(?!资金|比例)|鼓励|引导|给予|奖励|补助|每[个件家户人项月年艘台辆亩座])+"
)
_NOBODY = re.compile("按|不超过|不高于|最高|总额|每|比例|标准|金额|资金")
_IS_TAIL = re.compile("[^,;:。]{0,16}")
_LONGEST = 120


def after_mark(text: str) -> int:
    """Where the words begin after the number that a clause begins with, 0 where it begins with none."""
    mark = _MARK.match(text)
    return mark.end() if mark else 0


def recipient(lead: str, following: str) -> tuple[str, int] | None:
    """The recipient of an award and where it begins in ``lead``, the words of its sentence before the award.

    ``following`` is the rest of the sentence: 「按每人800元计算，补助给承训单位」 names it there.
    """
    begin = after_mark(lead)
    opened = [match.end() for match in _TO.finditer(lead[begin:])]
    named = _trimmed(lead, begin + (opened[-1] if opened else 0))
    if opened and named is not None:
        return named
    if (paid_to := _PAID_TO.search(following)) is not None:
        return paid_to["whom"] or paid_to["name"], len(lead)
    given_to = [*_GIVEN_TO.finditer(lead, begin)]
    if given_to and (named is None or not _IS_RECIPIENT.search(named[0])):
        return given_to[-1]["name"], given_to[-1].start("name")
    return named


def _trimmed(lead: str, start: int) -> tuple[str, int] | None:
    words = _GIVES.split(lead[start:], maxsplit=1)[0]
    words = _without_manner(words)
    verbs = [match for match in _VERB.finditer(words) if match.start() > 0]
    if verbs and _IS_TAIL.fullmatch(words, verbs[-1].end()):
        words = words[: verbs[-1].start()]
    words = _without_manner(_TRAILING.sub("", words))
    stripped = _LEADING.sub("", words)
    start += len(words) - len(stripped)
    if len(stripped) > _LONGEST:
        stripped = stripped.split(",", 1)[0]
    named = 1 < len(stripped) <= _LONGEST and not _NOBODY.match(stripped)
    return (stripped, start) if named else None


def _without_manner(words: str) -> str:
    """The words without 「，按照…」 and 「，在省级奖补的基础上，再」 at their end."""
    while (shorter := _MANNER.sub("", words)) != words:
        words = shorter
    return words
