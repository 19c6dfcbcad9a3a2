"""What the guides show is what one gets: every example is entered and compared, every name is looked for.

An example is a fenced block that begins with the name of its page: what is entered, a line of ────, what is
seen. A line 「……」 stands for any lines, 「……」 at the end of a line for the rest of it.
"""

from __future__ import annotations

import datetime
import functools
import io
import json
import re
import shlex
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from policy_qa.assistant import Assistant, open_assistant
from policy_qa.catalogue import Catalogue, citation, look_up, read_edge
from policy_qa.checking import Checker
from policy_qa.cli import main
from policy_qa.corpus import load_corpus
from policy_qa.domain import Embedder
from policy_qa.money import parse_amount
from policy_qa.rules import FactRule
from policy_qa.web.pages import DESKS

ROOT = Path(__file__).parents[1]
GUIDES = {path.stem: path.read_text("utf-8") for path in sorted((ROOT / "docs/guides").glob("*.zh.md"))}
USERS = ("owner.zh", "hotline.zh", "clauses.zh")
WEB = ROOT / "src/policy_qa/web"
CORPUS = load_corpus(ROOT / "corpus")
[HOLDING] = CORPUS.holdings
CATALOGUE = Catalogue(HOLDING, CORPUS.lexicon)


@dataclass(frozen=True)
class Example:
    """What a guide says that one enters on a page, and what it says that one sees."""

    page: str
    entered: str
    seen: str


def examples() -> Iterator[tuple[str, Example]]:
    for guide, text in GUIDES.items():
        for page, body in re.findall(r"^```(\S+)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL):
            if "────\n" in body:
                entered, seen = body.split("────\n")
                yield guide, Example(page, entered.rstrip("\n"), seen)


EXAMPLES = [pytest.param(example, id=f"{guide}-{example.page}") for guide, example in examples()]

Run = Callable[..., str]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, embedder: Embedder, tmp_path: Path) -> Run:
    """Run the command line in this process and return what it prints."""
    monkeypatch.setattr("policy_qa.embedding.load_embedder", lambda *_, **__: embedder)
    monkeypatch.setattr("policy_qa.assistant.open_assistant", _opened_once)
    monkeypatch.chdir(tmp_path)

    def command(*arguments: str) -> str:
        out = io.TextIOWrapper(io.BytesIO())
        with monkeypatch.context() as patch:
            patch.setattr(sys, "argv", ["policy-qa", *arguments])
            patch.setattr(sys, "stdout", out)
            with pytest.raises(SystemExit) as ended:
                main()
        assert ended.value.code == 0
        return out.buffer.getvalue().decode()

    return command


_opened: list[Assistant] = []


def _opened_once(*arguments: Any, **options: Any) -> Assistant:
    """The assistant of the first example serves all: the index and the dictionary take a second."""
    if not _opened:
        _opened.append(open_assistant(*arguments, **options))
    return _opened[0]


# ── the pages ───────────────────────────────────────────────────────────────────────────────────


def ask(entered: str, run: Run) -> str:
    return run("ask", entered)


def check(entered: str, _: Run) -> str:
    """The report in the words of the page: its verdicts and kinds are read from its script."""
    report = _checker().check(entered, datetime.date(2026, 1, 1))
    script = (WEB / "static/js/check.js").read_text("utf-8")
    badges = re.findall(r'^  (\w+): \["(.)", "(\S+)",', script, re.MULTILINE)
    verdicts = {verdict: (icon, name) for verdict, icon, name in badges}
    kinds = dict(re.findall(r'^  (\w+): "(\S+)",$', script, re.MULTILINE))
    lines = [f"核对结果：{verdicts[report.verdict][1]}"]
    for sentence in report.sentences:
        lines.append(f"{' '.join(verdicts[sentence.verdict])}：{sentence.text.strip()}")
        for difference in sentence.differences:
            said = f"说的是{difference.said}" if difference.said else "没有说到"
            printed = f"条文是{difference.policy}" if difference.policy else "条文没有这一点"
            lines.append(f"    〔{sentence.clause}〕{kinds[difference.kind]}：{said}，{printed}。")
    return "".join(f"{line}\n" for line in lines)


@functools.cache
def _checker() -> Checker:
    return Checker(CORPUS)


def eligibility(entered: str, run: Run) -> str:
    """Each line is the question of a fact and its answer, as the form has them."""
    told = dict(_fact(line) for line in entered.splitlines())
    Path("facts.json").write_text(json.dumps(told), encoding="utf-8")
    return run("eligibility", "--facts", "facts.json")


def _fact(line: str) -> tuple[str, object]:
    [(name, rule)] = [(n, r) for n, r in HOLDING.rules.facts.items() if line.startswith(r.ask)]
    return name, _value(rule, line.removeprefix(rule.ask).strip())


def _value(rule: FactRule, said: str) -> object:
    if rule.type == "bool":
        return {"是": True, "否": False}[said]
    if rule.type == "yuan":
        return str(parse_amount(said))
    counts = [int(digits) for digits in re.findall(r"\d+", said)]
    return counts if rule.type == "integers" else counts[0]


def clauses(entered: str, _: Run) -> str:
    """Each line is a field of the form and what is written into it."""
    fields = dict(line.split("：", 1) for line in entered.splitlines())
    low, high = (edge.strip() for edge in fields.get("金额", "至").split("至"))
    found = CATALOGUE.find(
        number=fields.get("条款号"),
        words=fields.get("关键词"),
        department=fields.get("负责部门"),
        audience=fields.get("给谁的"),
        kind=fields.get("哪一类支持"),
        low=read_edge(low),
        high=read_edge(high),
    )
    listed = [f"{entry.clause.label} {entry.clause.title}：{entry.why}" for entry in found.entries]
    return "".join(f"{line}\n" for line in (f"找到 {len(listed)} 条", *found.notes, *listed))


def cite(entered: str, _: Run) -> str:
    [clause] = look_up(HOLDING.policy.clauses, entered)
    return f"{citation(HOLDING.policy, clause)}\n"


def command_line(entered: str, run: Run) -> str:
    name, *arguments = shlex.split(entered.removeprefix("$ "))
    assert name == "policy-qa"
    return run(*arguments)


PAGES: Mapping[str, Callable[[str, Run], str]] = {
    "问一问": ask,
    "我能享受什么": eligibility,
    "帮我核对": check,
    "查条款": clauses,
    "引用": cite,
    "命令行": command_line,
}


def pattern(seen: str) -> str:
    """A regular expression for what a guide shows."""

    def line(printed: str) -> str:
        if printed == "……":
            return r"(?:.*\n)*?"
        rest = ".*" if printed.endswith("……") else ""
        return re.escape(printed.removesuffix("……")) + rest + r"\n"

    return "".join(line(printed) for printed in seen.splitlines())


# ── the promises ────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("example", EXAMPLES)
def test_an_example_shows_what_one_gets(example: Example, run: Run) -> None:
    got = PAGES[example.page](example.entered, run)
    assert re.fullmatch(pattern(example.seen), got), got


@pytest.mark.parametrize("guide", USERS)
def test_a_guide_has_examples_and_says_that_the_policy_is_a_draft(guide: str) -> None:
    assert sum(name == guide for name, _ in examples()) >= 5
    assert "征求意见稿" in GUIDES[guide]


@pytest.mark.parametrize("guide", USERS)
def test_what_a_guide_prints_bold_stands_on_a_page(guide: str) -> None:
    pages = [*WEB.glob("templates/*.html"), *WEB.glob("static/js/*.js")]
    shown = "".join(page.read_text("utf-8") for page in pages) + "".join(DESKS.values())
    named = set(re.findall(r"\*\*(.+?)\*\*", GUIDES[guide]))
    assert len(named) >= 3
    assert [name for name in sorted(named) if name not in shown] == []


@pytest.mark.parametrize("guide", USERS)
def test_the_addresses_a_guide_names_are_pages(guide: str) -> None:
    named = re.findall(r"`(/[a-z]*)`", GUIDES[guide])
    assert named
    assert set(named) <= set(DESKS)


def test_an_ellipsis_stands_for_lines_or_for_the_rest_of_a_line_and_for_nothing_else() -> None:
    def fits(seen: Sequence[str], got: Sequence[str]) -> bool:
        return bool(re.fullmatch(pattern("\n".join(seen)), "".join(f"{line}\n" for line in got)))

    assert fits(["……", "第二行"], ["第一行", "第二行"])
    assert fits(["第一……", "第二行"], ["第一行", "第二行"])
    assert not fits(["第一行"], ["第一行", "第二行"])
    assert not fits(["……", "第二"], ["第一行", "第二行"])
