"""What was split before is kept, found again and never trusted when a byte of it is wrong."""

from __future__ import annotations

import hashlib
import shutil
import sqlite3
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

import pytest

from policy_qa.clauses import split
from policy_qa.compiled import Store, key_of
from policy_qa.corpus import Corpus, load_corpus
from policy_qa.errors import CorpusError

SHIPPED = Path(__file__).parent.parent / "corpus"
HUAINAN = "huainan-zjtx-2020-draft"


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    return tmp_path / "home" / "compiled.sqlite3"


@pytest.fixture
def splits(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The policies that were split, in order."""
    done: list[str] = []

    def counted(policy_id: str, text: str) -> object:
        done.append(policy_id)
        return split(policy_id, text)

    monkeypatch.setattr("policy_qa.corpus.split", counted)
    return done


def same(one: Corpus, other: Corpus) -> bool:
    return [(h.policy, h.rules, h.drafts, h.departments(), h.home) for h in one.holdings] == [
        (h.policy, h.rules, h.drafts, h.departments(), h.home) for h in other.holdings
    ] and (one.sha256, one.digests) == (other.sha256, other.digests)


def test_what_is_kept_is_what_the_files_say(kept: Path) -> None:
    fresh = load_corpus(SHIPPED)
    first, second = load_corpus(SHIPPED, None, kept), load_corpus(SHIPPED, None, kept)
    assert same(fresh, first)
    assert same(fresh, second)


def test_a_policy_is_split_once_for_all_starts(kept: Path, splits: list[str]) -> None:
    for _ in range(3):
        load_corpus(SHIPPED, None, kept)
    assert splits == [HUAINAN]


def test_a_changed_file_is_split_again_and_a_wrong_one_refused(
    kept: Path, tmp_path: Path, splits: list[str]
) -> None:
    folder = copied(tmp_path)
    load_corpus(folder, None, kept)
    described = folder / HUAINAN / "policy.yaml"
    described.write_text(described.read_text("utf-8") + "\n# 改过\n", "utf-8")
    load_corpus(folder, None, kept)
    assert splits == [HUAINAN, HUAINAN]
    (folder / HUAINAN / "text.txt").write_text("改了一个字", "utf-8")
    with pytest.raises(CorpusError, match="sha256"):
        load_corpus(folder, None, kept)


def test_a_text_is_read_when_it_is_needed_and_the_clauses_know_their_number_before(
    kept: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    load_corpus(SHIPPED, None, kept)
    read: list[str] = []
    body = Store.body

    def counted(store: Store, key: str) -> object:
        read.append(key)
        return body(store, key)

    monkeypatch.setattr(Store, "body", counted)
    clauses = load_corpus(SHIPPED, None, kept).holdings[0].policy.clauses
    assert (len(clauses), read) == (24, [])
    assert (clauses[0].label, clauses[-1].number, len(read)) == ("序言", 17, 1)


def damaged_everywhere(path: Path) -> list[int]:
    """An offset in each page, and some of the header."""
    size = path.stat().st_size
    return [0, 20, 100, *range(200, size, 3989)]


def test_no_flipped_byte_changes_what_is_loaded(kept: Path) -> None:
    sound = load_corpus(SHIPPED)
    load_corpus(SHIPPED, None, kept)
    whole = kept.read_bytes()
    for offset in damaged_everywhere(kept):
        kept.write_bytes(whole[:offset] + bytes([whole[offset] ^ 0xFF]) + whole[offset + 1 :])
        assert same(load_corpus(SHIPPED, None, kept), sound), offset


@pytest.mark.parametrize(
    "spoil",
    [
        lambda file: file.write_bytes(b""),
        lambda file: file.write_bytes(b"no database" * 100),
        lambda file: file.write_bytes(file.read_bytes()[:5000]),
        lambda file: (file.unlink(), file.mkdir()),
        lambda file: file.unlink(),
    ],
    ids=["empty", "no database", "cut off", "a folder", "gone"],
)
def test_a_file_that_is_no_store_costs_time_and_nothing_else(
    kept: Path, spoil: Callable[[Path], object]
) -> None:
    sound = load_corpus(SHIPPED, None, kept)
    spoil(kept)
    assert same(load_corpus(SHIPPED, None, kept), sound)
    assert same(load_corpus(SHIPPED, None, kept), sound)


def test_a_home_that_cannot_be_written_is_no_hindrance(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    assert same(load_corpus(SHIPPED, None, blocked / "home" / "compiled.sqlite3"), load_corpus(SHIPPED))


def test_a_text_whose_row_is_lost_while_it_serves_is_split_again(kept: Path) -> None:
    load_corpus(SHIPPED, None, kept)
    holding = load_corpus(SHIPPED, None, kept).holdings[0]
    with sqlite3.connect(kept) as connection:
        connection.execute("DELETE FROM policy")
    connection.close()
    assert tuple(holding.policy.clauses) == tuple(load_corpus(SHIPPED).holdings[0].policy.clauses)


def test_a_text_that_was_changed_while_it_serves_is_never_answered_from(kept: Path, tmp_path: Path) -> None:
    folder = copied(tmp_path)
    load_corpus(folder, None, kept)
    holding = load_corpus(folder, None, kept).holdings[0]
    (folder / HUAINAN / "text.txt").write_text("另一份", "utf-8")
    with sqlite3.connect(kept) as connection:
        connection.execute("DELETE FROM policy")
    connection.close()
    with pytest.raises(CorpusError, match="在运行中被改动"):
        len(tuple(holding.policy.clauses))


def test_only_the_texts_read_last_stay_in_memory(
    kept: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = copied(tmp_path)
    shutil.copytree(folder / HUAINAN, folder / "twin")
    for name in ("policy.yaml", "rules.yaml"):
        file = folder / "twin" / name
        file.write_text(file.read_text("utf-8").replace(HUAINAN, "twin"), "utf-8")
    monkeypatch.setattr("policy_qa.corpus._IN_MEMORY", 24)
    load_corpus(folder, None, kept)
    one, other = (holding.policy.clauses for holding in load_corpus(folder, None, kept).holdings)
    first = one[0]
    assert one[0] is first
    assert other[0].text == first.text
    assert one[0] is not first
    assert one[0] == first


def test_what_no_policy_needs_any_more_does_not_pile_up(
    kept: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("policy_qa.compiled._AT_ONCE", 2)
    folder = copied(tmp_path)
    described = folder / HUAINAN / "policy.yaml"
    for number in range(8):
        described.write_text(described.read_text("utf-8") + f"# {number}\n", "utf-8")
        load_corpus(folder, None, kept)
    with sqlite3.connect(kept) as connection:
        (rows,) = connection.execute("SELECT count(*) FROM policy").fetchone()
    connection.close()
    assert rows <= 4


def test_threads_and_starts_at_once_read_the_same(kept: Path) -> None:
    sound = load_corpus(SHIPPED)
    found: list[bool] = []
    threads = [
        threading.Thread(target=lambda: found.append(same(load_corpus(SHIPPED, None, kept), sound)))
        for _ in range(6)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [True] * 6


def test_a_key_changes_with_every_file() -> None:
    one, other = hashlib.sha256(b"1").digest(), hashlib.sha256(b"2").digest()
    assert len({key_of([one]), key_of([other]), key_of([one, other]), key_of([other, one])}) == 4


def copied(tmp_path: Path) -> Path:
    folder = tmp_path / "corpus"
    shutil.copytree(SHIPPED, folder)
    return folder


@pytest.mark.parametrize("killed", [False, True], ids=["side by side", "a process is killed"])
def test_many_policies_are_split_by_several_processes_and_come_out_the_same(
    kept: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, killed: bool
) -> None:
    folder = copied(tmp_path)
    for number in range(3):
        home = folder / f"twin-{number}"
        shutil.copytree(folder / HUAINAN, home)
        for name in ("policy.yaml", "rules.yaml"):
            file = home / name
            file.write_text(file.read_text("utf-8").replace(HUAINAN, home.name), "utf-8")
    alone = load_corpus(folder)
    monkeypatch.setattr("policy_qa.corpus._MANY", 2)
    if killed:
        monkeypatch.setattr("concurrent.futures.ProcessPoolExecutor", Dying)
    assert same(load_corpus(folder, None, kept), alone)


class Dying:
    """A pool that gives the first result and then breaks."""

    def __init__(self, **_: object) -> None: ...

    def __enter__(self) -> Dying:
        return self

    def __exit__(self, *_: object) -> None: ...

    def map(self, work: Callable[[Path], object], homes: Sequence[Path], **_: object) -> Iterator[object]:
        yield work(homes[0])
        raise BrokenProcessPool("killed")
