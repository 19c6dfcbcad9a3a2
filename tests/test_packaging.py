"""The wheel carries the corpus and the questions, and an installed copy stands on its own."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
COMMAND = [sys.executable, "-c", "from policy_qa.cli import main; main()"]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built by the backend itself: no network, no environment of its own."""
    from hatchling.build import build_wheel

    folder = tmp_path_factory.mktemp("dist")
    with contextlib.chdir(ROOT):
        return folder / build_wheel(str(folder))


@pytest.fixture
def installed(wheel: Path, tmp_path: Path) -> Path:
    """The folder of an installed copy, far from the checkout."""
    site = tmp_path / "site"
    zipfile.ZipFile(wheel).extractall(site)
    return site


def test_the_wheel_holds_the_sources_the_corpus_and_the_questions_and_nothing_else(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        packed = {name: archive.read(name) for name in archive.namelist() if ".dist-info/" not in name}
    expected = {
        **_files(ROOT / "src/policy_qa", "policy_qa"),
        **_files(ROOT / "corpus", "policy_qa/_data/corpus"),
        **_files(ROOT / "eval", "policy_qa/_data/eval"),
    }
    assert packed == expected


def test_the_wheel_installs_the_command_and_the_licence(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        metadata = {
            name.partition(".dist-info/")[2]: archive.read(name).decode()
            for name in archive.namelist()
            if name.endswith(("/entry_points.txt", "/licenses/LICENSE"))
        }
    assert metadata == {
        "entry_points.txt": "[console_scripts]\npolicy-qa = policy_qa.cli:main\n",
        "licenses/LICENSE": (ROOT / "LICENSE").read_text(encoding="utf-8"),
    }


def test_an_installed_copy_reads_the_corpus_it_carries(installed: Path, tmp_path: Path) -> None:
    code = "from policy_qa.settings import load_settings as s; print(s({}).corpus, s({}).eval, sep='\\n')"
    done = _run([sys.executable, "-c", code], installed, tmp_path)
    data = installed / "policy_qa/_data"
    assert done.stdout.splitlines() == [str(data / "corpus"), str(data / "eval")]


def test_an_installed_copy_shows_a_clause_and_writes_nothing(installed: Path, tmp_path: Path) -> None:
    before = _snapshot(tmp_path)
    done = _run([*COMMAND, "clause", "第13条", "--json"], installed, tmp_path)
    [clause] = json.loads(done.stdout)["clauses"]
    assert clause["label"] == "三（五）13"
    assert _snapshot(tmp_path) == before


@pytest.mark.slow
def test_an_installed_copy_answers_and_writes_only_in_its_home(installed: Path, tmp_path: Path) -> None:
    before = _snapshot(tmp_path)
    done = _run([*COMMAND, "ask", "国家级小巨人企业奖多少？", "--json"], installed, tmp_path)
    answer = json.loads(done.stdout)
    calculation = answer["calculation"]
    assert (answer["status"], calculation["total"], calculation["bound"]) == ("answered", "500000", "exact")
    after = _snapshot(tmp_path)
    assert {path for path in after if path not in before} == {
        path for path in after if path.startswith("home/")
    }
    assert any(path.startswith("home/index/") for path in after)
    assert {path: after.get(path) for path in before} == before


def test_skipped_tests_are_printed_as_a_table_with_their_reasons(tmp_path: Path) -> None:
    report = tmp_path / "junit.xml"
    report.write_text(
        '<testsuites><testsuite><testcase classname="tests.test_index" name="test_a"/>'
        '<testcase classname="tests.test_index" name="test_b"><skipped message="a&#10;mount"/></testcase>'
        "</testsuite></testsuites>",
        encoding="utf-8",
    )
    done = subprocess.run(
        [sys.executable, ROOT / "bench/skipped.py", report], capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines() == [
        "",
        "Skipped tests",
        "| test               | reason |",
        "| ------------------ | ------ |",
        "| test_index::test_b | a mount |",
        "",
        "1 passed, 0 failed, 1 skipped",
    ]


def test_a_missing_test_report_is_a_failure(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, ROOT / "bench/skipped.py", tmp_path / "none.xml"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout.splitlines()[-1]) == (1, "0 passed, 1 failed, 0 skipped")


# ── around the tests ────────────────────────────────────────────────────────────────────────────


def _run(command: list[str], site: Path, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run in a process that knows the installed copy, an empty user and no checkout."""
    for name in ("elsewhere", "user", "temporary"):
        (folder / name).mkdir(exist_ok=True)
    environ = {
        **{name: value for name, value in os.environ.items() if not name.startswith(("XDG_", "HF_"))},
        "PYTHONPATH": str(site),
        "PYTHONDONTWRITEBYTECODE": "1",
        "HOME": str(folder / "user"),
        "TMPDIR": str(folder / "temporary"),
        "POLICY_QA_HOME": str(folder / "home"),
    }
    done = subprocess.run(
        command, cwd=folder / "elsewhere", env=environ, capture_output=True, encoding="utf-8", check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done


def _files(folder: Path, prefix: str) -> dict[str, bytes]:
    """The files under ``folder`` by the name they have in the wheel."""
    return {
        f"{prefix}/{path.relative_to(folder).as_posix()}": path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }


def _snapshot(folder: Path) -> dict[str, tuple[int, int]]:
    """Each file under ``folder`` with its size and the time of its last change."""
    return {
        path.relative_to(folder).as_posix(): (path.stat().st_size, path.stat().st_mtime_ns)
        for path in folder.rglob("*")
        if path.is_file()
    }
