"""`policy-qa inspect` keeps the contract on any policy file: clauses, certificate, statements of money."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import pytest

from policy_qa.cli import main

POLICY = """示范市支持先进制造业发展若干措施

为支持先进制造业发展，制定本措施。
一、支持技术改造
1．对技术改造项目，按照设备投资额的10%给予补助，单个企业最高不超过200万元。
2．设立总规模10亿元的产业引导基金。
二、支持提质
1．对首次认定的国家级、省级智能工厂，分别给予50万元、30万元奖励。
"""

Run = Callable[..., "Done"]


@dataclass(frozen=True)
class Done:
    """What a command left behind."""

    status: int
    out: str
    err: str


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Run:
    def command(*arguments: str) -> Done:
        out, err = io.TextIOWrapper(io.BytesIO()), io.TextIOWrapper(io.BytesIO())
        with monkeypatch.context() as patch:
            patch.setattr(sys, "argv", ["policy-qa", *arguments])
            patch.setattr(sys, "stdout", out)
            patch.setattr(sys, "stderr", err)
            with pytest.raises(SystemExit) as ended:
                main()
        assert isinstance(ended.value.code, int)
        written = [stream.buffer.getvalue().decode("utf-8") for stream in (out, err)]
        return Done(ended.value.code, *written)

    return command


@pytest.fixture
def policy(tmp_path: Path) -> Path:
    path = tmp_path / "措施.txt"
    path.write_text(POLICY, encoding="utf-8")
    return path


def test_a_policy_file_is_printed_with_all_its_parts_as_the_contract_says(run: Run, policy: Path) -> None:
    done = run("inspect", str(policy), "--json")
    assert (done.status, done.err) == (0, "")
    found = json.loads(done.out)
    assert set(found) == {"title", "clauses", "certificate", "amounts"}
    assert found["title"] == "示范市支持先进制造业发展若干措施"
    assert [clause["label"] for clause in found["clauses"]] == ["序言", "一1", "一2", "二1"]
    assert [clause["level"] for clause in found["clauses"]] == [1, 2, 2, 2]
    for clause in found["clauses"]:
        assert set(clause) == {"label", "level", "title", "offset", "text"}
        assert POLICY[clause["offset"] :].startswith(clause["text"])
    certificate = found["certificate"]
    assert certificate["characters"] == certificate["covered"] == len("".join(POLICY.split()))
    assert certificate["coverage"] == 1.0
    assert {name: certificate[name] for name in ("numbering_gaps", "unresolved_references", "failures")} == {
        "numbering_gaps": [],
        "unresolved_references": [],
        "failures": [],
    }
    assert isinstance(certificate["warnings"], list)


def test_each_statement_has_plain_values_and_words_that_stand_in_its_clause(run: Run, policy: Path) -> None:
    found = json.loads(run("inspect", str(policy), "--json").out)
    texts = {clause["label"]: clause["text"] for clause in found["clauses"]}
    for one in found["amounts"]:
        assert texts[one["clause"]][one["start"] : one["end"]] == one["text"]
        assert all(f"{Decimal(value['value']):f}" == value["value"] for value in one["values"])
    assert [
        (
            one["clause"],
            one["kind"],
            one["who"],
            [(value["value"], value["unit"], value["bound"]) for value in one["values"]],
        )
        for one in found["amounts"]
    ] == [
        ("一1", "rate+cap", "技术改造项目", [("10", "%", "exact"), ("2000000", "元", "max")]),
        ("一2", "not_award", None, [("1000000000", "元", "exact")]),
        ("二1", "fixed", "首次认定的国家级", [("500000", "元", "exact")]),
        ("二1", "fixed", "省级", [("300000", "元", "exact")]),
    ]


def test_people_read_the_same_in_chinese_lines(run: Run, policy: Path) -> None:
    done = run("inspect", str(policy))
    assert (done.status, done.err) == (0, "")
    lines = done.out.splitlines()
    assert lines[0] == "标题：示范市支持先进制造业发展若干措施"
    assert "金额：4 处，其中奖补 3 处；是程序找到的，使用前请对照原文核对。" in lines
    at = lines.index("〔一1〕按比例，有上限：10%，最高200万元，给：技术改造项目")
    assert lines[at + 1].strip() in POLICY
    assert "〔一2〕不是奖补：10亿元" in lines


def test_a_sum_in_a_heading_is_found_too(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "标准.txt"
    text = "人才补贴办法\n一、A类人才每人每月补贴1500元\n（一）在本市工作的。\n（二）在本市缴纳社保的。\n"
    path.write_text(text, encoding="utf-8")
    found = json.loads(run("inspect", str(path), "--json").out)
    assert [(one["clause"], one["values"][0]["value"]) for one in found["amounts"]] == [("一", "1500")]


@pytest.mark.parametrize(
    ("name", "content"), [("空.txt", b""), ("没有这个文件.txt", None), ("假的.pdf", b"MZ\x90\x00\x03")]
)
def test_a_file_without_text_is_one_sentence_and_nothing_on_stdout(
    run: Run, tmp_path: Path, name: str, content: bytes | None
) -> None:
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    done = run("inspect", str(path), "--json")
    assert (done.status, done.out) == (1, "")
    assert len(done.err.splitlines()) == 1
    assert "请" in done.err


def test_a_call_without_a_file_is_wrong_use(run: Run) -> None:
    done = run("inspect")
    assert (done.status, done.out) == (2, "")
    assert "文件" in done.err
