"""What the pages about the doors show is what one gets: every example is run, against a real server."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

from policy_qa.domain import Embedder

pytestmark = pytest.mark.loopback

ROOT = Path(__file__).parents[1]
DOORS = {path.stem: path.read_text("utf-8") for path in sorted((ROOT / "docs/doors").glob("*.md"))}
README = (ROOT / "README.md").read_text("utf-8")


@pytest.fixture(autouse=True)
def _fake_model(monkeypatch: pytest.MonkeyPatch, embedder: Embedder) -> None:
    monkeypatch.setattr("policy_qa.embedding.load_embedder", lambda *_, **__: embedder)


def blocks(page: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)


def pattern(shown: str) -> str:
    """A regular expression for what a page shows: 「……」 stands for any lines, or for the rest of one."""

    def line(printed: str) -> str:
        if printed == "……":
            return r"(?:.*\n)*?"
        return re.escape(printed.removesuffix("……")) + (".*" if printed.endswith("……") else "") + r"\n"

    return "".join(line(printed) for printed in shown.splitlines())


@pytest.mark.parametrize("door", DOORS)
def test_the_examples_of_a_page_print_what_it_shows(
    door: str, serving: Callable[..., str], capsys: pytest.CaptureFixture[str]
) -> None:
    examples, shown = blocks(DOORS[door], "python"), blocks(DOORS[door], "text")
    assert len(examples) == len(shown) >= 1
    address = serving()
    page = ModuleType(door)
    for example, expected in zip(examples, shown, strict=True):
        exec(example.replace("http://127.0.0.1:8000", address), page.__dict__)
        printed = capsys.readouterr().out
        assert re.fullmatch(pattern(expected), printed), printed


def test_the_readme_opens_an_assistant_in_five_lines(capsys: pytest.CaptureFixture[str]) -> None:
    [example] = blocks(README, "python")
    assert len([line for line in example.splitlines() if line]) <= 5
    exec(example, {})
    first, *_, last = capsys.readouterr().out.splitlines()
    assert first == "购买高校院所先进技术成果补助：120万元 × 10% = 12万元。〔三（一）3〕"
    assert last.endswith("给予 10%的补助，单个企业最高可达 100万元")


def test_the_readme_leads_to_every_door() -> None:
    assert set(re.findall(r"docs/doors/(\w+)\.md", README)) == DOORS.keys()


def test_the_configuration_for_an_mcp_host_starts_the_command_there_is() -> None:
    [configuration] = blocks(DOORS["mcp"], "json")
    assert json.loads(configuration) == {
        "mcpServers": {"policy-qa": {"command": "policy-qa", "args": ["mcp"]}}
    }
