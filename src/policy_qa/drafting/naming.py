"""What a drafted rule is called: a title, and the words people would ask for it by."""

from __future__ import annotations

import re

from policy_qa.domain import Clause
from policy_qa.segmenter import Segmenter

_LEVELS = ("国家级", "省级", "市级", "县级")
_GENERIC = re.compile(
    "企业|单位|机构|项目|资金|补[助贴]|奖[励补]|资助|标准|条件|情况|方式|比例|金额|总额|部门|政策|规定|以上|主体|个人|地区|有关|"
    "工作|实际|年度"
)
_LEAD = re.compile(
    r"^(?:对|凡|经|为|在|当年|上年度?|首次|新近?|已|成功|获得?|取得|荣获|通过|被|认定为?|评定为?|评为|列入|入选|创建|"
    r"符合|国家级?|省级?|市级?|区级?|县级?|的|、|,|，)+"
)
_TAIL = re.compile(r"(?:的企业|企业|的单位|单位|的项目|的|且.*|并.*)$")
_ASIDE = re.compile(r"[（(][^（）()]*[）)]")
_LONGEST_TITLE = 28


def title(who: str | None, clause: Clause, suffix: str) -> str:
    """A title of the words of the text: for whom, else what the clause is called."""
    core = _TAIL.sub("", _LEAD.sub("", re.split(r"[，,；;（(]", who or "")[0]))
    own = core if 2 <= len(core) <= _LONGEST_TITLE else re.split(r"[。，,；;：:]", clause.title)[0]
    return f"{own[:_LONGEST_TITLE]}{suffix}"


def names(who: str | None, clause: Clause, segmenter: Segmenter) -> list[list[str]]:
    """One alternative: the two last nouns that say for what it is; those of the clause's title else."""
    for source in (who, clause.title):
        nouns = [
            word for word in _nouns(_ASIDE.sub("", source or ""), segmenter) if not _GENERIC.fullmatch(word)
        ]
        if nouns:
            return [nouns[-2:]]
    return [[clause.title[:_LONGEST_TITLE]]]


def level(who: str | None) -> str | None:
    """Whose recognition is rewarded, where it prints exactly one."""
    printed = [one for one in _LEVELS if one in (who or "")]
    return printed[0] if len(printed) == 1 else None


def _nouns(text: str, segmenter: Segmenter) -> list[str]:
    tagged = segmenter.tagged(text)
    found = [word for word, tag in tagged if tag[0] in "nljx" and len(word) > 1 and word not in _LEVELS]
    return list(dict.fromkeys(word for word in found if not re.search(r"[\W\d]", word)))
