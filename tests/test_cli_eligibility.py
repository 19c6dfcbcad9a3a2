"""``policy-qa eligibility``: the contract's object, or the sheet to read, or one sentence on a fault."""

from __future__ import annotations

import datetime
import json
import subprocess
import sys
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest

from policy_qa.cli import main
from policy_qa.corpus import load_corpus
from policy_qa.domain import FactValue
from policy_qa.eligibility import render, sheet
from policy_qa.wire import to_json

ROOT = Path(__file__).parents[1]
ID = "huainan-zjtx-2020-draft"
DAY = datetime.date(2026, 1, 31)
FACTS = '{"technology_paid": 3456789.5, "technology_conditions_met": true, "cn_invention_patents": 2}'
CHECKED: dict[str, FactValue] = {
    "technology_paid": Decimal("3456789.5"),
    "technology_conditions_met": True,
    "cn_invention_patents": 2,
}
Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Run:
    """Run the command on the content of a facts file: exit status, stdout, stderr."""

    def command(content: str, *arguments: str) -> tuple[int, str, str]:
        path = tmp_path / "facts.json"
        path.write_text(content, encoding="utf-8")
        options = ["--facts", str(path), "--policy", ID, *arguments]
        monkeypatch.setattr(sys, "argv", ["policy-qa", "eligibility", *options])
        with pytest.raises(SystemExit) as ended:
            main()
        assert isinstance(ended.value.code, int)
        return ended.value.code, *capsys.readouterr()

    return command


def test_the_object_is_the_sheet_of_the_stated_facts_on_the_stated_day(run: Run) -> None:
    status, out, err = run(FACTS, "--as-of", DAY.isoformat(), "--json")
    expected = sheet(load_corpus(ROOT / "corpus").only(ID), CHECKED, DAY)
    assert (status, json.loads(out), err) == (0, to_json(expected), "")


def test_without_json_the_sheet_is_printed_to_read(run: Run) -> None:
    expected = render(sheet(load_corpus(ROOT / "corpus").only(ID), CHECKED, DAY))
    assert run(FACTS, "--as-of", DAY.isoformat()) == (0, f"{expected}\n", "")


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ('{"employees": 9}', "不认识的事实“employees”，可用的有：new_above_scale、"),
        ('{"cn_invention_patents": -1}', "事实“cn_invention_patents”的值不能用，应当是不小于 0 的整数。"),
        ("[]", "事实文件“facts.json”应当是一个 JSON 对象，"),
        ("{", "事实文件“facts.json”不是可读的 JSON，"),
    ],
)
def test_facts_that_cannot_be_used_are_refused_in_one_sentence(run: Run, content: str, told: str) -> None:
    status, out, err = run(content, "--json")
    assert (status, out) == (2, "")
    assert err.startswith(told)
    assert err.endswith("。\n")
    assert err.count("\n") == 1


def test_without_a_facts_file_the_command_says_what_is_missing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["policy-qa", "eligibility"])
    with pytest.raises(SystemExit) as ended:
        main()
    assert (ended.value.code, *capsys.readouterr()) == (
        2,
        "",
        "缺少“FACTS.json”，请补上再试，用法见 policy-qa eligibility --help。\n",
    )


def test_the_command_needs_no_model_no_index_and_writes_nothing(tmp_path: Path) -> None:
    facts = tmp_path / "facts.json"
    facts.write_text(FACTS, encoding="utf-8")
    code = """
import sys
from policy_qa.cli import main
try:
    main()
except SystemExit as ended:
    print(ended.code, *{name.split(".")[0] for name in sys.modules}, file=sys.stderr)
"""
    done = subprocess.run(
        [sys.executable, "-c", code, "eligibility", "--facts", str(facts), "--json"],
        env={"PYTHONPATH": str(ROOT / "src"), "POLICY_QA_HOME": str(tmp_path / "home")},
        capture_output=True,
        encoding="utf-8",
        check=True,
    )
    status, *loaded = done.stderr.split()
    heavy = {"torch", "sentence_transformers", "chromadb", "langchain_core", "numpy", "jieba", "bm25s"}
    assert (status, heavy & set(loaded)) == ("0", set())
    assert not (tmp_path / "home").exists()
