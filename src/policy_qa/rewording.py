"""How a proven sentence may be said otherwise: its pieces stay, only plain words stand between them.

A piece is what bears meaning: a figure with its bound, a party, a verdict, a negation. The words around the
pieces come from a closed list of words that say nothing of a policy, so that whoever chooses among them, a
language model above all, can change the tone of a sentence and never what it says.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from policy_qa.domain import Proof
from policy_qa.money import figures
from policy_qa.texts import FRAMES

PIECES: dict[str, dict[str, str]] = {
    "item": {"title": "{title}", "result": "{formula}"},
    "total_exact": {"total": "以上合计{sum}"},
    "total_max": {"total": "以上合计最多{sum}"},
    "total_min": {"total": "以上合计至少{sum}", "left_out": "条文没有写明数额的部分没有计入"},
    "total_unknown": {"why": "以上各项有的没有写明数额", "total": "得不出合计数"},
    "reverse_rate": {
        "title": "{title}",
        "goal": "要达到您问的{sum}",
        "need": "{input}需要达到{value}",
        "how": "（{sum} ÷ {share}，不足一分的进为一分）",
    },
    "reverse_count": {
        "title": "{title}",
        "goal": "要达到您问的{sum}",
        "need": "需要{value}",
        "how": "（每{unit}{each}）",
    },
    "reverse_over": {"cap": "{title}最高{sum}", "verdict": "达不到您说的“{claim}”"},
    "departments": {"role": "负责部门", "names": "{departments}"},
    "duty": {"who": "{department}负责", "what": "{titles}"},
    "assumption": {"note": "说明：{assumption}"},
    "failing": {"condition": "条文的条件是“{condition}”", "verdict": "按您说的情况不符合"},
    "claim_right": {"said": "您说的“{claim}”", "verdict": "与条文相符"},
    "claim_wrong": {"said": "您说的“{claim}”", "verdict": "与条文不符", "advice": "请以条文为准"},
    "stacking": {"printed": "条文写明“{stacking}”"},
    "payee": {"payee": "这笔支持的对象是{payee}", "other": "不是企业自己"},
    "unprinted": {"gap": "文件没有写明{unprinted}", "advice": "请向{departments}核实"},
    "unprinted_alone": {"gap": "文件没有写明{unprinted}"},
    "clause_silent": {"gap": "这一条没有写明{unprinted}", "advice": "文件的其他条款请再查看"},
    "ask": {"ask": "请补充：{ask}"},
}
"""The frames of texts.py that may be said otherwise, each with the pieces of its text that stay as they are.

Quotes, refusals and what is said of a policy's status are none of them.
"""


def _words(*lines: str) -> frozenset[str]:
    return frozenset(word for line in lines for word in line.split())


PLAIN_WORDS = _words(
    "您好 关于 对于 针对 就 您的问题 关于您的问题 这个问题 这项 该项 本项",
    "具体 具体来说 简单说 简单来说 总的来说 换句话说 也就是说 情况如下 说明 说明如下",
    "结果 结果如下 计算结果 算下来 为您查到 为您算出 为您整理 为您说明 向您说明 帮您算了一下 帮您查了一下",
    "供您参考 请看 请注意 请您注意 请您留意 另请留意 麻烦您 谢谢您的提问 感谢您的提问",
    "是 为 即 就是 的 其 而 并 并且 同时 因此 所以 因为 但 但是 那么 这里 在这里",
)
"""Words that carry no figure, bound, party, measure, condition, duty, negation or promise."""
SOURCE_WORDS = _words(
    "根据条文 按照条文 依据条文 按条文 根据文件 按照文件 依据文件",
    "根据政策 按照政策 依据政策 根据规定 按照规定",
)
"""Plain words that name the text as the source; an assumption is ours and may not begin with them."""
_OWN_WORDS: dict[str, frozenset[str]] = {
    "assumption": frozenset(),
    "duty": SOURCE_WORDS | {"由"},
}
"""What a frame may hold beside PLAIN_WORDS, where it is not SOURCE_WORDS."""
MOST_PLAIN = 48
"""Characters of plain words in one sentence; more is talk."""
_BREAKS = "，：；"
_NEGATORS = ("不", "没", "未", "无", "非")
_SLOT = re.compile(r"\{(\w+)\}")


class UnfitError(ValueError):
    """A wording that says more, less or other than the sentence it is to replace; why, in Chinese."""


@dataclass(frozen=True, slots=True)
class Sketch:
    """A proven sentence, taken apart."""

    skeleton: str
    """The sentence with ``{name}`` marks in place of its pieces: ``{title}：{result}。``."""
    pieces: Mapping[str, str]
    words: frozenset[str]
    """What may stand between the pieces."""
    text: str
    marks: str
    """The citation marks the sentence ends with."""

    def say(self, wording: str) -> str:
        """The sentence in another wording, which holds each piece once as ``{name}`` and plain words.

        Raises UnfitError for anything else.
        """
        parts = _SLOT.split(wording.strip().removesuffix("。"))
        runs, names = parts[::2], parts[1::2]
        if sorted(names) != sorted(self.pieces):
            raise UnfitError("内容没有逐一各出现一次")
        if sum(map(len, runs)) > MOST_PLAIN:
            raise UnfitError("套话太长")
        if not all(_is_covered(run, self.words) for run in runs):
            raise UnfitError("有不在词表里的字")
        self._hold_apart(runs, names)
        said = "".join(run + self.pieces[name] for run, name in zip(runs, names, strict=False)) + runs[-1]
        end = "" if said.endswith(("？", "。")) else "。"
        text = said + end + self.marks
        if _figures(text) != _figures(self.text):
            raise UnfitError("数字或界限变了")
        return text

    def _hold_apart(self, runs: list[str], names: list[str]) -> None:
        """No two pieces run together, and a negation begins after a break: 「是」 would ask 「是不是…」."""
        before = ""
        for run, name in zip(runs, names, strict=False):
            piece = self.pieces[name]
            if not run and before[-1:].isalnum() and piece[0].isalnum():
                raise UnfitError("两项内容连在了一起")
            if piece.startswith(_NEGATORS) and (before + run)[-1:] not in _BREAKS:
                raise UnfitError("否定的话前面没有停顿")
            before = piece


def sketch(text: str, proof: Proof) -> Sketch | None:
    """A proven sentence taken apart; None where it is not to be reworded or falls apart in two ways.

    Of the frames it fits the one counts that prints most of it: 「文件没有写明…，请向…核实」 fits a
    shorter one too.
    """
    fitting = [name for name in FRAMES if FRAMES[name].proof == proof and _patterns(name)[0].fullmatch(text)]
    name = max(fitting, key=_printed, default=None)
    if name not in PIECES:
        return None
    one, *others = (_taken_apart(name, text, pattern) for pattern in _patterns(name))
    return one if others == [one] else None


def _taken_apart(name: str, text: str, pattern: re.Pattern[str]) -> Sketch | None:
    match = pattern.fullmatch(text)
    if match is None:
        return None
    slots = match.groupdict()
    skeleton, marks = _parted(name)
    for piece, shape in PIECES[name].items():
        skeleton = skeleton.replace(shape, f"{{{{{piece}}}}}", 1)
    return Sketch(
        skeleton.replace("{{", "{").replace("}}", "}"),
        {piece: shape.format_map(slots) for piece, shape in PIECES[name].items()},
        PLAIN_WORDS | _OWN_WORDS.get(name, SOURCE_WORDS),
        text,
        marks.format_map(slots),
    )


def _printed(name: str) -> int:
    """The characters that a frame prints itself."""
    return len(_SLOT.sub("", FRAMES[name].text))


@cache
def _patterns(name: str) -> tuple[re.Pattern[str], re.Pattern[str]]:
    """A frame with the shortest slots that fit and with the longest."""
    shortest = FRAMES[name].pattern
    return shortest, re.compile(shortest.pattern.replace(">.+?)", ">.+)"), shortest.flags)


def _parted(name: str) -> tuple[str, str]:
    """The text of a frame before its citation marks, and the marks."""
    text = FRAMES[name].text
    at = min(at for mark in ("〔{label}〕", "{labels}") if (at := text.find(mark)) >= 0)
    return text[:at], text[at:]


def _is_covered(run: str, words: frozenset[str]) -> bool:
    """Whether a run of characters is plain words and breaks throughout."""
    longest = max(map(len, words))
    reached = {0}
    for end in range(1, len(run) + 1):
        if any(
            start in reached and (run[start:end] in words or run[start:end] in _BREAKS)
            for start in range(max(0, end - longest), end)
        ):
            reached.add(end)
    return len(run) in reached


def _figures(text: str) -> Counter[tuple[object, ...]]:
    return Counter((f.kind, f.value, f.upper, f.unit, f.bound) for f in figures(text))
