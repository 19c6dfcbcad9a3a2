"""Whatever happens to the index folder, an answer is the same as before or says in one sentence why not."""

from __future__ import annotations

import functools
import hashlib
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import pytest

from policy_qa.domain import Embedder
from policy_qa.errors import StoreError
from policy_qa.index import Index, Place, build, chroma, ensure, open_index, sealing
from policy_qa.index.chroma import EmbeddedGraph
from policy_qa.passages import Passage, digest

TESTS = Path(__file__).resolve().parent
QUESTIONS = ("小巨人奖补多少", "第7条", "贷款利息补贴", "xyz")


def passages(count: int, prefix: str = "第") -> list[Passage]:
    return [
        Passage(f"p{row}", "draft", f"三（一）{row}", f"{prefix}{row}条 奖补{row * 7 % 13}万元", "clause")
        for row in range(count)
    ]


class Shelf:
    """Passages as the index asks for them."""

    def __init__(self, passages: Iterable[Passage]) -> None:
        self._passages: dict[str, list[Passage]] = {}
        for passage in passages:
            self._passages.setdefault(passage.policy, []).append(passage)
        self.digests: Mapping[str, str] = {policy: digest(found) for policy, found in self._passages.items()}

    def passages(self, policy: str) -> Sequence[Passage]:
        return self._passages[policy]


PASSAGES = passages(24)
CORPUS = Shelf(PASSAGES)
Answers = list[list[tuple[Place, float]]]


def answers(index: Index, embedder: Embedder) -> Answers:
    """What the index finds by meaning, and then by words."""
    near = [index.nearest(embedder.embed_query(question), 10) for question in QUESTIONS]
    return near + [index.matching(question, 10) for question in QUESTIONS]


class Recorder:
    """An embedder that keeps the passages another one was given."""

    def __init__(self, embedder: Embedder) -> None:
        self.name = embedder.name
        self.texts: list[str] = []
        self._embedder = embedder

    def embed_passages(self, texts: Sequence[str]) -> list[list[float]]:
        self.texts.extend(texts)
        return self._embedder.embed_passages(texts)

    def embed_query(self, text: str) -> list[float]:
        return self._embedder.embed_query(text)


@pytest.fixture
def recorder(embedder: Embedder) -> Recorder:
    return Recorder(embedder)


@pytest.fixture
def good(recorder: Recorder, home: Path) -> Answers:
    """The answers of an undamaged index, which then stands closed in ``home``."""
    with build(CORPUS, recorder, home) as index:
        found = answers(index, recorder)
    recorder.texts.clear()
    return found


SEALED = ("segments", "graphs", "versions")


def sealed(home: Path) -> list[Path]:
    """The files of the one index that stands in ``home``, by their names."""
    return sorted(path for part in SEALED for path in (home / "index" / part).rglob("*") if path.is_file())


def digests(home: Path) -> dict[str, str]:
    return {str(path): hashlib.sha256(path.read_bytes()).hexdigest() for path in sealed(home)}


# ── damage ──────────────────────────────────────────────────────────────────────────────────────


def flip(place: float) -> Callable[[Path], None]:
    def damage(path: Path) -> None:
        content = bytearray(path.read_bytes()) or bytearray(b"\0")
        content[int(place * (len(content) - 1))] ^= 0xFF
        path.write_bytes(content)

    return damage


def truncate(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def swap_for_zeros(path: Path) -> None:
    path.write_bytes(bytes(path.stat().st_size or 1))


def remove(path: Path) -> None:
    path.unlink()


def swap_for_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


DAMAGES = {
    "first byte": flip(0.0),
    "early byte": flip(0.003),
    "byte in the middle": flip(0.5),
    "last byte": flip(1.0),
    "half of it": truncate,
    "zeros": swap_for_zeros,
    "removed": remove,
    "a folder": swap_for_folder,
}
FILES = (
    "graphs/*/chroma.sqlite3",
    "graphs/*/*/data_level0.bin",
    "graphs/*/*/header.bin",
    "graphs/*/*/index_metadata.pickle",
    "graphs/*/*/length.bin",
    "graphs/*/*/link_lists.bin",
    "graphs/*/manifest.json",
    "segments/*/manifest.json",
    "segments/*/vectors.npy",
    "versions/*.json",
    *(f"segments/*/{name}.npy" for name in ("ids", "ids.ends", "clauses", "clauses.ends", "kinds")),
    *(
        f"segments/*/postings/{field}.{part}.npy"
        for field in ("words", "pairs")
        for part in ("keys", "starts", "rows", "counts", "lengths")
    ),
)
THOROUGHLY = 10
"""So many of the files meet every damage; the others, which are read in the same way, two."""


def test_the_damage_tests_reach_every_file_of_an_index(embedder: Embedder, home: Path) -> None:
    build(CORPUS, embedder, home).close()

    assert sorted(path for name in FILES for path in (home / "index").glob(name)) == sealed(home)


@pytest.mark.slow
@pytest.mark.parametrize("name", FILES)
def test_a_damaged_file_is_detected_and_the_index_rebuilt_with_the_same_answers(
    recorder: Recorder, home: Path, good: Answers, tmp_path: Path, name: str
) -> None:
    shutil.copytree(home, tmp_path / "undamaged")
    kinds = DAMAGES if name in FILES[:THOROUGHLY] else ("byte in the middle", "half of it")
    for kind in kinds:
        shutil.rmtree(home)
        shutil.copytree(tmp_path / "undamaged", home)
        [path] = (home / "index").glob(name)
        before = path.read_bytes()
        DAMAGES[kind](path)
        if path.is_file() and path.read_bytes() == before:  # half of an empty file
            continue

        assert open_index(CORPUS, recorder.name, home) is None, kind
        with ensure(CORPUS, recorder, home) as index:
            assert (index.exact_because, answers(index, recorder)) == (None, good), kind
        assert open_index(CORPUS, recorder.name, home) is not None, kind
    assert recorder.texts == []


@pytest.mark.parametrize("content", [b"", b"\xff\xfe", b"../../etc", b"0123456789abcdef-" + b"0" * 32])
def test_a_damaged_pointer_leads_to_a_rebuild_with_the_same_answers(
    recorder: Recorder, home: Path, good: Answers, content: bytes
) -> None:
    (home / "index" / "CURRENT").write_bytes(content)

    index = ensure(CORPUS, recorder, home)

    assert (answers(index, recorder), recorder.texts) == (good, [])


@pytest.mark.parametrize("kind", ["first byte", "byte in the middle", "last byte", "half of it", "zeros"])
def test_damaged_vectors_in_the_store_are_embedded_again(
    recorder: Recorder, home: Path, good: Answers, kind: str
) -> None:
    [shard] = (home / "index" / "vectors").glob("*/*.vectors")
    DAMAGES[kind](shard)

    index = build(CORPUS, recorder, home)

    assert (answers(index, recorder), recorder.texts) == (good, [passage.text for passage in PASSAGES])


def test_opening_and_searching_leave_the_sealed_files_as_they_were(
    recorder: Recorder, home: Path, good: Answers
) -> None:
    before = digests(home)
    for _ in range(3):
        with _opened(home, recorder) as index:
            assert answers(index, recorder) == good

    assert digests(home) == before


def test_large_files_are_mapped_and_linked_with_the_same_answers_and_stay_as_they_were(
    recorder: Recorder, home: Path, good: Answers, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = digests(home)
    for module in (sealing, chroma):
        monkeypatch.setattr(module, "IN_MEMORY", 0)
    with _opened(home, recorder) as index:
        links = [path.stat().st_nlink for path in (home / "index" / "graphs").rglob("data_level0.bin")]
        assert (answers(index, recorder), links) == (good, [2])

    assert digests(home) == before


def test_an_open_index_answers_the_same_when_its_folder_is_replaced_or_gone(
    recorder: Recorder, home: Path, good: Answers
) -> None:
    index = _opened(home, recorder)
    build(Shelf(passages(5)), recorder, home)
    build(Shelf(passages(6)), recorder, home)
    while_replaced = answers(index, recorder)
    shutil.rmtree(home)

    assert (while_replaced, answers(index, recorder)) == (good, good)


@pytest.mark.parametrize("fault", ["raises", "returns too few"])
def test_chroma_failing_in_a_search_changes_no_answer_and_is_said(
    recorder: Recorder,
    home: Path,
    good: Answers,
    monkeypatch: pytest.MonkeyPatch,
    fault: str,
) -> None:
    def failing(*_: object) -> list[list[int]]:
        if fault == "raises":
            raise RuntimeError("hnsw")
        return [[1, 1, 2]]

    index = _opened(home, recorder)
    monkeypatch.setattr(EmbeddedGraph, "nearest", failing)

    assert answers(index, recorder) == good
    assert (
        index.exact_because
        == {
            "raises": "向量库 Chroma 检索出错（RuntimeError），已改用逐条精确比对。",
            "returns too few": "向量库 Chroma 检索出错（只返回 2 条，应有 24 条），已改用逐条精确比对。",
        }[fault]
    )


def test_a_new_index_that_loses_vectors_is_not_put_in_use(
    recorder: Recorder, home: Path, good: Answers, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = (home / "index" / "CURRENT").read_text()
    monkeypatch.setattr(EmbeddedGraph, "nearest", lambda *given: [list(range(18))] * len(given[1]))

    with pytest.raises(StoreError) as refused:
        build(CORPUS, recorder, home)
    monkeypatch.undo()

    assert str(refused.value) == (
        "新建的检索索引没有通过核对（24 条里有 6 条检索不到自己），未启用；"
        "请重新运行 policy-qa index，仍然如此时请重装 chromadb。"
    )
    assert (home / "index" / "CURRENT").read_text() == before
    assert answers(_opened(home, recorder), recorder) == good


def _opened(home: Path, embedder: Embedder) -> Index:
    index = open_index(CORPUS, embedder.name, home)
    assert index is not None
    assert index.exact_because is None
    return index


# ── other processes ─────────────────────────────────────────────────────────────────────────────

PRELUDE = """
import os, sys, time
from pathlib import Path
from conftest import FakeEmbedder
from test_index_faults import CORPUS, QUESTIONS, Shelf, answers, passages
from policy_qa import index
from policy_qa.index import graphs, keeping
from policy_qa.errors import StoreError
home = Path(os.environ["POLICY_QA_HOME"])
def say(text):
    print(text, flush=True)
"""


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Start Python code in a process of its own, which does not outlive the test."""
    started: list[subprocess.Popen[str]] = []
    environ = dict(os.environ, PYTHONPATH=os.pathsep.join([str(TESTS.parent / "src"), str(TESTS)]))

    def run(code: str, *before: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [*before, sys.executable, "-c", PRELUDE + code],
            env=environ,
            cwd=tmp_path,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        return process

    yield run
    for process in started:
        process.kill()
        process.communicate()


def line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


KILLED_AT = {
    # the second shard is under way when the first is on the disk
    "embedding": "progress = lambda done, total: done > 256 and stop()",
    "writing Chroma's files": "graphs.seal = stop",
    "before the pointer moves": """
durably = keeping.write_durably
keeping.write_durably = lambda path, content: stop() if path.name == "CURRENT" else durably(path, content)
""",
}


@pytest.mark.slow
@pytest.mark.parametrize("moment", KILLED_AT)
def test_an_indexer_killed_leaves_the_old_index_serving_and_the_next_one_goes_on(
    recorder: Recorder,
    home: Path,
    good: Answers,
    start: Callable[..., subprocess.Popen[str]],
    moment: str,
) -> None:
    new = passages(300, "新")
    process = start(
        f"""
def stop(*_):
    say("here")
    time.sleep(60)
progress = None
{KILLED_AT[moment]}
index.build(Shelf(passages(300, "新")), FakeEmbedder(), home, progress=progress)
"""
    )
    assert line(process) == "here"
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL

    assert answers(_opened(home, recorder), recorder) == good
    with_new = ensure(Shelf(new), recorder, home)
    assert with_new.exact_because is None
    [(place, cosine)] = with_new.nearest(recorder.embed_query(new[299].text), 1)
    assert (place.id, cosine) == ("p299", 1.0)
    kept = 256 if moment == "embedding" else 300
    assert recorder.texts == [passage.text for passage in new[kept:]]
    assert [path.name for path in (home / "index").glob("building-*")] == []
    assert [len(list((home / "index" / part).iterdir())) for part in SEALED] == [2, 2, 2]


@pytest.mark.slow
def test_of_two_indexers_at_once_one_waits_and_opens_what_the_other_built(
    home: Path, start: Callable[..., subprocess.Popen[str]]
) -> None:
    code = """
embedder = FakeEmbedder(delay=0.02)
opened = index.ensure(CORPUS, embedder, home)
say(len(embedder.embedded))
say(opened.exact_because)
say(answers(opened, FakeEmbedder()))
"""
    first, second = (start(code) for _ in range(2))
    outputs = [process.communicate() for process in (first, second)]

    assert [errors for _, errors in outputs] == ["", ""]
    lines = [output.splitlines() for output, _ in outputs]
    assert sorted(embedded for embedded, *_ in lines) == ["0", "24"]
    assert lines[0][1:] == lines[1][1:]
    assert lines[0][1] == "None"
    assert [len(list((home / "index" / part).iterdir())) for part in SEALED] == [1, 1, 1]


def test_an_indexer_that_waited_too_long_says_so(home: Path, recorder: Recorder) -> None:
    from filelock import FileLock

    (home / "index").mkdir(parents=True)
    with FileLock(home / "index" / "lock"), pytest.raises(StoreError) as refused:
        ensure(CORPUS, recorder, home, wait=0.2)

    assert str(refused.value) == ("检索索引正由另一个进程建立，等了 0.2 秒仍未完成；请等它结束后再试。")


def test_a_reader_does_not_wait_for_an_indexer(home: Path, recorder: Recorder, good: Answers) -> None:
    from filelock import FileLock

    with FileLock(home / "index" / "lock"):
        index = ensure(CORPUS, recorder, home, wait=0.0)

    assert answers(index, recorder) == good


@pytest.mark.slow
def test_copies_of_killed_readers_are_swept_and_those_of_living_ones_stay(
    home: Path,
    recorder: Recorder,
    good: Answers,
    start: Callable[..., subprocess.Popen[str]],
) -> None:
    code = """
opened = index.open_index(CORPUS, "fake-bigrams", home)
say(sorted(path.name for path in (home / "index" / "serving").iterdir() if path.is_dir()))
time.sleep(60)
"""

    def copies() -> set[str]:
        return {path.name for path in (home / "index" / "serving").iterdir() if path.is_dir()}

    dying = start(code)
    line(dying)
    left = copies()
    dying.send_signal(signal.SIGKILL)
    dying.wait()
    living = start(code)
    line(living)
    index = _opened(home, recorder)
    now = copies()

    assert len(left) == 1
    assert len(now) == 2
    assert not left & now
    assert answers(index, recorder) == good
    index.close()
    assert len(copies()) == 1


# ── folders that cannot be written ──────────────────────────────────────────────────────────────


@pytest.mark.parametrize("place", ["", "index"])
def test_a_file_in_place_of_the_folder_is_named_in_one_sentence(
    home: Path, recorder: Recorder, place: str
) -> None:
    (home / place).parent.mkdir(parents=True, exist_ok=True)
    (home / place).write_text("no folder")

    with pytest.raises(StoreError) as refused:
        ensure(CORPUS, recorder, home)

    assert str(refused.value) == (
        f"检索索引写不进「{home}」（路径上有一个同名文件）；"
        "请检查该文件夹的权限和剩余空间，或用 POLICY_QA_HOME 换一个可写的文件夹。"
    )
    assert recorder.texts == []


def test_where_no_copy_can_be_made_the_answers_are_the_same_and_it_is_said(
    home: Path, recorder: Recorder, good: Answers
) -> None:
    shutil.rmtree(home / "index" / "serving")
    (home / "index" / "serving").write_text("no folder")

    index = open_index(CORPUS, recorder.name, home)

    assert index
    assert answers(index, recorder) == good
    assert index.exact_because == "索引文件夹不能写入（路径上有一个同名文件），已改用逐条精确比对。"


MOUNT = ("unshare", "--mount", "sh", "-c")


@functools.cache
def _can_mount() -> bool:
    if shutil.which("unshare") is None:
        return False
    probe = [*MOUNT, "mount --bind /tmp /tmp && mount -o remount,bind,ro /tmp"]
    return subprocess.run(probe, capture_output=True, check=False).returncode == 0


@pytest.mark.slow
@pytest.mark.skipif(not _can_mount(), reason="this user may not mount a folder read-only")
def test_on_a_read_only_mount_the_answers_are_the_same_and_a_build_says_why_not(
    home: Path,
    good: Answers,
    start: Callable[..., subprocess.Popen[str]],
) -> None:
    process = start(
        """
opened = index.ensure(CORPUS, FakeEmbedder(), home)
say(opened.exact_because)
say(answers(opened, FakeEmbedder()))
try:
    index.ensure(Shelf(passages(3)), FakeEmbedder(), home)
except StoreError as error:
    say(error)
""",
        *MOUNT,
        'mount --bind "$0" "$0" && mount -o remount,bind,ro "$0" && exec "$@"',
        str(home),
    )
    output, errors = process.communicate()

    assert (output.splitlines(), errors) == (
        [
            "索引文件夹不能写入（只读），已改用逐条精确比对。",
            str(good),
            f"检索索引写不进「{home}」（只读）；"
            "请检查该文件夹的权限和剩余空间，或用 POLICY_QA_HOME 换一个可写的文件夹。",
        ],
        "",
    )


@pytest.mark.slow
@pytest.mark.skipif(not _can_mount(), reason="this user may not mount a small disk")
@pytest.mark.parametrize("size", ["60k", "300k"])
def test_a_full_disk_is_named_as_such(
    home: Path, start: Callable[..., subprocess.Popen[str]], size: str
) -> None:
    home.mkdir()
    process = start(
        """
try:
    index.ensure(Shelf(passages(100)), FakeEmbedder(), home)
except StoreError as error:
    say(error)
""",
        *MOUNT,
        f'mount -t tmpfs -o size={size} none "$0" && exec "$@"',
        str(home),
    )
    output, errors = process.communicate()

    assert (output.splitlines(), errors) == (
        [
            f"检索索引写不进「{home}」（磁盘空间不足）；"
            "请检查该文件夹的权限和剩余空间，或用 POLICY_QA_HOME 换一个可写的文件夹。"
        ],
        "",
    )


@pytest.mark.skipif(os.geteuid() == 0, reason="permissions do not bind root; the mount test stands in")
def test_without_permission_to_write_the_answers_are_the_same(
    home: Path, recorder: Recorder, good: Answers
) -> None:
    folders = [home / "index" / "serving", home / "index"]
    for folder in folders:
        folder.chmod(0o500)
    try:
        index = ensure(CORPUS, recorder, home)

        assert answers(index, recorder) == good
        assert index.exact_because == "索引文件夹不能写入（没有权限），已改用逐条精确比对。"
    finally:
        for folder in folders:
            folder.chmod(0o700)
