"""Every sentence the product can say, as frames with typed slots; all texts that refuse or ask stand here.

A frame is the shape of one sentence. Its slots are filled by answer.py and checked one by one by proof.py,
which accepts no sentence that is not one of these frames. A frame without a citation holds no figure and no
party; the little it says of the corpus is checked against the corpus.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from policy_qa.domain import Proof, Segment


@dataclass(frozen=True, slots=True)
class Frame:
    """One sentence: its text with ``{slot}`` marks and the proof it needs."""

    text: str
    proof: Proof

    @property
    def pattern(self) -> re.Pattern[str]:
        """Matches the sentences of this shape; a slot that comes twice must say the same twice."""
        expression = ""
        seen: set[str] = set()
        for position, piece in enumerate(re.split(r"\{(\w+)\}", self.text)):
            if position % 2 == 0:
                expression += re.escape(piece)
            else:
                expression += f"(?P={piece})" if piece in seen else f"(?P<{piece}>.+?)"
                seen.add(piece)
        return re.compile(expression, re.DOTALL)

    def render(self, slots: Mapping[str, str]) -> str:
        return self.text.format_map(dict(slots))


FRAMES: dict[str, Frame] = {
    # what is computed
    "item": Frame("{title}：{formula}。〔{label}〕", "calculation"),
    "total_exact": Frame("以上合计{sum}。{labels}", "calculation"),
    "total_max": Frame("以上合计最多{sum}。{labels}", "calculation"),
    "total_min": Frame("以上合计至少{sum}，条文没有写明数额的部分没有计入。{labels}", "calculation"),
    "total_unknown": Frame("以上各项有的没有写明数额，得不出合计数。{labels}", "calculation"),
    "reverse_rate": Frame(
        "{title}要达到您问的{sum}，{input}需要达到{value}"
        "（{sum} ÷ {share}，不足一分的进为一分）。〔{label}〕",
        "calculation",
    ),
    "reverse_count": Frame(
        "{title}要达到您问的{sum}，需要{value}（每{unit}{each}）。〔{label}〕", "calculation"
    ),
    "reverse_over": Frame("{title}最高{sum}，达不到您说的“{claim}”。〔{label}〕", "calculation"),
    # what the text says
    "quote": Frame("条文原文：「{quote}」〔{label}〕", "quote"),
    "clause": Frame("〔{label}〕原文：「{quote}」", "quote"),
    "departments": Frame("负责部门：{departments}。〔{label}〕", "quote"),
    "duty": Frame("{department}负责：{titles}。〔{label}〕", "quote"),
    "duty_text": Frame("{department}负责：「{quote}」〔{label}〕", "quote"),
    "assumption": Frame("说明：{assumption}。〔{label}〕", "quote"),
    "failing": Frame("条文的条件是“{condition}”，按您说的情况不符合。〔{label}〕", "quote"),
    "claim_right": Frame("您说的“{claim}”与条文相符。〔{label}〕", "quote"),
    "claim_wrong": Frame("您说的“{claim}”与条文不符，请以条文为准。〔{label}〕", "quote"),
    "stacking": Frame("条文写明“{stacking}”。〔{label}〕", "quote"),
    "payee": Frame("这笔支持的对象是{payee}，不是企业自己。〔{label}〕", "quote"),
    "unprinted": Frame("文件没有写明{unprinted}，请向{departments}核实。〔{label}〕", "quote"),
    "unprinted_alone": Frame("文件没有写明{unprinted}。〔{label}〕", "quote"),
    "clause_silent": Frame("这一条没有写明{unprinted}，文件的其他条款请再查看。〔{label}〕", "quote"),
    "ask": Frame("请补充：{ask}〔{label}〕", "quote"),
    # what stands in no policy: no figure, no party, no claim
    "several": Frame("您写的“{said}”对应几个条款，分别列出。", "template"),
    "reading": Frame("已把您写的“{said}”当作“{meant}”来理解。", "template"),
    "part_missing": Frame("您提到的“{said}”没有找到对应的条款，没有计入。", "template"),
    "not_found": Frame("没有找到与您问的“{said}”对应的条款，不能据此说有没有支持、能拿多少。", "template"),
    "not_found_plain": Frame("没有找到与您的问题对应的条款，不能据此说有没有支持、能拿多少。", "template"),
    "elsewhere": Frame("请换一种说法再问，或者向当地主管部门核实。", "template"),
    "no_clause": Frame("没有您写的条款“{said}”，现有的条款是：{range}。", "template"),
    "no_department": Frame("没有找到由您说的“{said}”负责的条款。", "template"),
    "out_of_scope": Frame(
        "这里只回答惠企政策方面的问题，您问的不在范围内，请换一个与企业扶持政策有关的问题。", "template"
    ),
    "eligibility": Frame("按您说的情况，能对上的支持如下。", "template"),
    "eligibility_open": Frame(
        "文件里写明数额的支持如下，能不能享受要看企业的情况，请回答下面的问题。", "template"
    ),
    "empty": Frame("没有收到问题，请写下您想问的内容。", "template"),
    "no_words": Frame("您的输入里没有可以理解的文字，请用一句话写下您想问的内容。", "template"),
    "too_long": Frame("您的问题太长，请把要问的缩短成几句话再试。", "template"),
    "impossible": Frame("您说的“{said}”不可能是真实的数值，请核对后再问。", "template"),
    "lapsed": Frame("《{policy}》在所问的日期不在印明的施行期内，没有据此回答。", "template"),
    # of several policies
    "titled": Frame("《{policy}》：", "template"),
    "several_policies": Frame(
        "以上出自不同的政策，分别列出，没有相加；能不能同时享受，以各自的条文为准。", "template"
    ),
    # how every answer ends
    "unreviewed": Frame("注意：《{policy}》的金额规则还没有经人核对，这里只引用原文，不作计算。", "template"),
    "draft": Frame("注意：《{policy}》目前是征求意见稿，不是正式印发的文件，请以正式文件为准。", "template"),
    "not_in_force": Frame("注意：按所问的日期，《{policy}》不在印明的施行期内。", "template"),
}  # fmt: skip

INVALID = ("empty", "no_words", "too_long", "impossible")

UNPRINTED = {
    "deadline": "办理或截止的时间",
    "materials": "需要哪些材料",
    "process": "申报和办理的流程",
    "conditions": "评选、认定的具体条件",
    "previous": "以前年度的情况算不算",
    "validity": "有效期和施行日期",
    "stacking": "能否与其他奖补同时享受",
    "period": "是一次性的还是每年都算",
    "amount": "奖补的数额",
    "rate": "奖补的比例",
}

PRINTED_WORDS = {
    "deadline": ("截止", "日前", "工作日内", "月底前"),
    "materials": ("申报材料", "提交材料", "提供材料"),
    "process": ("申报程序", "受理", "网上申报"),
}
"""Words that show that a clause does print what would be said to be missing."""

PAYEES = {"guarantee_institution": "担保机构", "student": "定向培养生"}
"""Who receives support that is not the enterprise's own, in the words of the policies."""


def listed(segment: Segment) -> str:
    """The departments of a segment as printed, with the 等 that leaves the list open."""
    return "、".join(segment.departments) + ("等" if segment.open_ended else "")


def labels(printed: Iterator[str] | list[str]) -> str:
    """Citation marks of several clauses, each once: 〔三（一）2〕〔三（四）12〕."""
    return "".join(f"〔{label}〕" for label in dict.fromkeys(printed))
