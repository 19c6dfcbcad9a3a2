"""The command line of the check desk: argument or stdin, text or JSON, one sentence for what goes wrong."""

from __future__ import annotations

import io
import json
import sys
from typing import Any

import pytest

from policy_qa.cli import main


def run(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *arguments: str, stdin: bytes = b""
) -> tuple[Any, str, str]:
    monkeypatch.setattr(sys, "argv", ["policy-qa", "check", *arguments])
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin), encoding="ascii"))
    with pytest.raises(SystemExit) as left:
        main()
    captured = capsys.readouterr()
    return left.value.code, captured.out, captured.err


def test_a_text_is_checked_as_json(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    status, out, err = run(monkeypatch, capsys, "小巨人奖80万元。", "--json")
    report = json.loads(out)
    assert (status, err, report["verdict"]) == (0, "", "contradicted")
    assert [sentence["clause"] for sentence in report["sentences"]] == ["三（一）2"]


def test_a_text_on_stdin_is_checked_for_people(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    status, out, err = run(monkeypatch, capsys, "-", stdin="\ufeff小巨人一次性奖50万元。".encode())
    assert (status, err) == (0, "")
    assert out.startswith("【支持】小巨人一次性奖50万元。\n")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "没有写要核对的文字，请写上一段话，或者写 - 从标准输入读。\n"),
        (("",), "没有收到要核对的文字，请粘贴一段话再试。\n"),
        (("-",), "没有收到要核对的文字，请粘贴一段话再试。\n"),
        (("小巨人奖50万", "--policy", "x"), "没有编号为“x”的政策，现有：huainan-zjtx-2020-draft。\n"),
    ],
)
def test_what_cannot_be_checked_is_said_in_one_sentence(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: tuple[str, ...],
    message: str,
) -> None:
    assert run(monkeypatch, capsys, *arguments) == (2, "", message)
