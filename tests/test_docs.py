"""What the documents promise exists: settings, commands, targets, files."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
import typer

from policy_qa.cli import app
from policy_qa.settings import load_settings

ROOT = Path(__file__).parents[1]
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
DECISIONS = sorted((ROOT / "docs/adr").glob("*.md"))


class RecordingEnviron(dict[str, str]):
    """An environment that remembers what was asked of it."""

    def __init__(self, **values: str) -> None:
        super().__init__(values)
        self.read: set[str] = set()

    def get(self, name: str, default: str = "") -> str:  # type: ignore[override] # only strings are asked for
        self.read.add(name)
        return super().get(name, default)


def test_the_readme_documents_every_setting_and_invents_none() -> None:
    environ = RecordingEnviron(POLICY_QA_MODEL="any")  # with a model, its own settings are read too
    load_settings(environ)
    documented = set(re.findall(r"POLICY_QA_[A-Z_]+", _readme()))
    assert documented == environ.read


def test_the_readme_names_the_two_commands_and_only_targets_that_exist() -> None:
    named = set(re.findall(r"(?:^|`)make ([a-z]+)\b", _readme(), re.MULTILINE))
    assert {"run", "test"} <= named
    assert named <= _targets()


def test_the_readme_lists_every_command() -> None:
    rows = re.findall(r"^\| (`policy-qa .*?`) \| ", _readme(), re.MULTILINE)
    listed = {name for row in rows for name in re.findall(r"`(?:policy-qa )?([a-z]+)\b", row)}
    assert listed == set(_commands().commands)


@pytest.mark.parametrize("source", ["README.md", "Makefile"])
def test_every_command_a_document_shows_is_a_command(source: str) -> None:
    text = (ROOT / source).read_text(encoding="utf-8")
    shown = set(re.findall(r"(?<![\w.\-/])(?:\S*/)?policy-qa ([a-z]+)\b", text))
    assert shown
    assert shown <= set(_commands().commands)


def test_the_commands_make_run_prints_are_taken_as_printed() -> None:
    printed = [line.split("policy-qa ", 1)[1] for line in _block("NEXT") if "policy-qa " in line]
    assert len(printed) >= 5
    for line in printed:
        name, *arguments = shlex.split(line)
        if name == "--help":
            continue
        context = _commands().commands[name].make_context(name, arguments)
        assert context.args == []


def test_make_help_names_every_target_a_user_may_want() -> None:
    inner = {"help", "install", "ruff", "format", "mypy", "layers", "pytest"}
    shown = [match.group(1) for line in _block("HELP") if (match := re.match(r"make (\w+)", line))]
    assert sorted(shown) == sorted(_targets() - inner)


def test_decisions_are_numbered_without_a_gap_and_say_context_decision_consequence() -> None:
    shapes = [
        (path.name[:4], re.findall(r"^#+ (?:(\d+)\. )?(\w+)", path.read_text(encoding="utf-8"), re.MULTILINE))
        for path in DECISIONS
    ]
    assert [
        (number, headings[0][0], [word for _, word in headings[1:]]) for number, headings in shapes
    ] == [
        (f"{n:04}", str(n), ["Context", "Decision", "Consequence"]) for n in range(1, len(DECISIONS) + 1)
    ]  # fmt: skip


@pytest.mark.parametrize("path", DECISIONS, ids=lambda path: path.stem)
def test_a_decision_names_only_files_that_exist(path: Path) -> None:
    named = set(re.findall(r"`(?:\w+/)*(\w+\.(?:py|yaml))`", path.read_text(encoding="utf-8")))
    existing = {file.name for folder in ("src", "corpus") for file in (ROOT / folder).rglob("*.*")}
    assert named - existing == set()


# ── around the tests ────────────────────────────────────────────────────────────────────────────


def _readme() -> str:
    return (ROOT / "README.md").read_text(encoding="utf-8")


def _commands() -> typer.core.TyperGroup:
    group = typer.main.get_command(app)
    assert isinstance(group, typer.core.TyperGroup)
    return group


def _targets() -> set[str]:
    [phony] = re.findall(r"^\.PHONY: (.+)$", MAKEFILE, re.MULTILINE)
    return set(phony.split())


def _block(name: str) -> list[str]:
    """The lines of a ``define`` of the Makefile."""
    [text] = re.findall(rf"^define {name}\n(.*?)\nendef$", MAKEFILE, re.MULTILINE | re.DOTALL)
    return str(text).splitlines()
