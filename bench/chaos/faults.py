"""What breaks: each scenario makes its fault many times over while the users go on asking."""

from __future__ import annotations

import datetime
import inspect
import random
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import fields
from pathlib import Path

from bench.chaos import places
from bench.chaos.server import free_port
from bench.chaos.stage import Outcome, Setting, Stage, staged
from policy_qa.corpus import load_corpus
from policy_qa.errors import PolicyQaError
from policy_qa.publishing import Given, Publisher
from policy_qa.settings import Settings
from policy_qa.web.server import serve

_KEPT_POLICIES = 2
_LEAVING = (0, 4 << 10, 64 << 10, 512 << 10)
"""Bytes left on a disk that is filled: nothing, or too little at one step or another of the work."""
_ROOM = 6 << 20
"""What a home on a small disk has beside its files."""


# ── processes killed ────────────────────────────────────────────────────────────────────────────


def server_killed(setting: Setting) -> Outcome:
    """Kill the server at any moment; each fifth time also while it is starting again."""
    outcome = Outcome("server killed")
    with staged(outcome, setting, setting.home("server-killed")) as stage:
        while outcome.times < setting.kills:
            stage.pause(0.2, 3.0)
            stage.server.kill()
            outcome.times += 1
            if outcome.times % 5 == 4:
                stage.pause(0.1, 8.0)
                stage.server.kill()
                outcome.times += 1
            stage.server.wait_until_up()
        stage.sweep()
    return outcome


def worker_killed(setting: Setting) -> Outcome:
    """Kill one of two workers; the other one answers meanwhile."""
    outcome = Outcome("worker killed")
    home = setting.home("worker-killed")
    with staged(outcome, setting, home, options=("--workers", "2")) as stage:
        while outcome.times < setting.kills:
            stage.pause(2.0, 15.0)  # a crew that is killed faster than it starts rests between two starts
            if stage.server.kill_worker(stage.chance):
                outcome.times += 1
                begun = time.monotonic()
                stage.crowd.sweep(setting.requests[:1])
                outcome.again.append(time.monotonic() - begun)
        stage.sweep()
    return outcome


def indexer_killed(setting: Setting) -> Outcome:
    """Kill `policy-qa index`, which has a new policy to take in, and `policy-qa add`, by turns."""
    outcome = Outcome("indexer killed")
    home = setting.home("indexer-killed")
    added = home / "corpus"
    usual: dict[str, float] = {}
    amid = 0
    with staged(outcome, setting, home) as stage:
        for number in range(4 * setting.kills):
            if outcome.times == setting.kills:
                break
            name = f"chaos-{number}"
            file = setting.folder / f"{name}.txt"
            file.write_text(policy_text(number, stage.chance), encoding="utf-8")
            command = ["index"] if number % 2 else ["add", str(file), "--id", name]
            if command == ["index"]:
                now = datetime.datetime.now(datetime.UTC)
                Publisher(setting.settings.corpus, added).add(file, name, Given(), None, now)
            begun = time.monotonic()
            process = stage.start(*command)
            known = usual.get(command[0])
            try:
                moment = None if known is None else stage.chance.uniform(0.3, 1.0) * known
                process.wait(moment)
            except subprocess.TimeoutExpired:
                amid += any((home / "index").rglob("building-*")) or any(added.glob(".staging-*"))
                process.kill()
                process.communicate()
                outcome.times += 1
            else:  # it was quicker than the moment chosen, or its usual time is being measured
                stage.ended(command[0], process.returncode, process.communicate()[1])
                usual[command[0]] = time.monotonic() - begun
                continue
            _must_load(stage, added)
            _forget_old_policies(added)
            if outcome.times % 5 == 0:
                stage.restart()
                stage.sweep()
        last = setting.folder / "chaos-last.txt"
        last.write_text(policy_text(0, stage.chance), encoding="utf-8")
        stage.run("add", str(last), "--id", "chaos-last")
        stage.run("index")
        stage.restart()
        stage.sweep()
        for left in (*(home / "index").rglob("building-*"), *added.glob(".staging-*")):
            outcome.fail(f"left behind: {left.relative_to(home)}")
    outcome.notes.append(f"{amid} of {outcome.times} kills met a folder being written")
    return outcome


def policy_text(number: int, chance: random.Random) -> str:
    """A policy nobody has embedded: ten clauses with sums of its own."""
    aims = ("设备更新", "技术改造", "人才引进", "品牌建设", "出口信保", "绿色制造")
    clauses = "\n".join(
        f"第{label}条 对开展{chance.choice(aims)}的企业，按实际投入的{chance.randint(3, 30)}%给予补助，"
        f"最高{chance.randint(10, 900)}万元。"
        for label in "一二三四五六七八九十"
    )
    return f"关于支持企业发展的第{number}号若干措施\n\n{clauses}\n"


def _must_load(stage: Stage, added: Path) -> None:
    try:
        load_corpus(stage.setting.settings.corpus, added)
    except PolicyQaError as error:
        stage.outcome.fail(f"the added policies do not load: {error}")


def _forget_old_policies(added: Path) -> None:
    """Few policies, so that each start and each build stays as long as it was."""
    homes = sorted(added.glob("chaos-*"), key=lambda home: int(home.name.rpartition("-")[2]))
    for home in homes[:-_KEPT_POLICIES]:
        shutil.rmtree(home)


# ── bytes flipped ───────────────────────────────────────────────────────────────────────────────


def bytes_flipped_at_rest(setting: Setting) -> Outcome:
    """Flip a byte of each derived file in turn, each time with a start and questions after it."""
    outcome = Outcome("bytes flipped, then started")
    home = setting.home("flipped-at-rest")
    files = derived(home)
    with staged(outcome, setting, home) as stage:
        for path in files[: setting.flips]:
            for spot in setting.spots:
                stage.server.hold()
                for file in derived(home):
                    file.unlink()
                shutil.copytree(setting.pristine, home, dirs_exist_ok=True)
                flip(path, spot)
                outcome.times += 1
                stage.server.release()
                stage.sweep()
        outcome.notes.append(f"{len(files[: setting.flips])} of {len(files)} files")
    return outcome


def bytes_flipped_while_serving(setting: Setting) -> Outcome:
    """Flip a byte of each derived file in turn, also in the copy the server works on, and back."""
    outcome = Outcome("bytes flipped while serving")
    home = setting.home("flipped-serving")
    with staged(outcome, setting, home) as stage:
        files = derived(home)
        chosen = files if setting.flips is None else stage.chance.sample(files, setting.flips)
        for path in chosen:
            for spot in setting.spots:
                if not path.exists():  # a copy of a server that has ended
                    continue
                before = flip(path, spot)
                outcome.times += 1
                stage.sweep()
                with suppress(FileNotFoundError), path.open("r+b") as file:
                    file.write(before)
                    file.truncate()
        stage.restart()
        stage.sweep()
        outcome.notes.append(f"{len(chosen)} of {len(files)} files")
    return outcome


def derived(home: Path) -> list[Path]:
    """Every file of a home that the product can make again from the corpus: the index and what it keeps."""
    return sorted(
        path
        for path in home.rglob("*")
        if path.is_file()
        and not path.name.startswith("feedback.sqlite")
        and path.relative_to(home).parts[0] != "corpus"
    )


def flip(path: Path, spot: float) -> bytes:
    """Turn over all bits of one byte, in place; an empty file gets a byte. Returns what stood in the file."""
    content = path.read_bytes()
    with path.open("r+b") as file:
        at = int(spot * max(0, len(content) - 1))
        file.seek(at)
        file.write(bytes([content[at] ^ 0xFF]) if content else b"\xff")
    return content


# ── disks ───────────────────────────────────────────────────────────────────────────────────────


def disk_full(setting: Setting) -> Outcome:
    """Fill the disk under a server that serves; start it there; index there; free the disk."""
    outcome = Outcome("disk full")
    with _small_home(setting, "disk-full") as home, staged(outcome, setting, home, may_refuse=True) as stage:
        for number in range(setting.rounds):
            filler = places.fill(home, _LEAVING[number % len(_LEAVING)])
            outcome.times += 1
            stage.pause(2, 4)
            if number % 2:
                stage.restart()
            else:  # the copy of the server that ended gives no room to the next one
                stage.server.hold()
                shutil.rmtree(home / "index" / "serving", ignore_errors=True)
                filler.unlink()
                filler = places.fill(home, _LEAVING[number % len(_LEAVING)])
                stage.server.release()
            stage.sweep()
            stage.run("index", may_fail=True)
            filler.unlink()
            stage.feedback_again()
            stage.sweep()
        if not _felt(stage):
            outcome.fail("no write ever failed: the disk was not full")
    return outcome


def _felt(stage: Stage) -> bool:
    """Whether the users felt that the home could not be written."""
    return stage.crowd.tally.counted["refused"] > 0


def first_start_on_a_full_disk(setting: Setting) -> Outcome:
    """Start where there is no index, no feedback and no room for either; then free the disk."""
    outcome = Outcome("first start on a full disk")
    for number, leaving in enumerate(_LEAVING[: setting.rounds]):
        with places.small_disk(setting.folder / f"first-start-{number}", _ROOM) as home:
            filler = places.fill(home, leaving)
            outcome.times += 1
            with staged(outcome, setting, home, may_refuse=True) as stage:
                stage.pause(1, 2)
                stage.sweep()
                filler.unlink()
                stage.feedback_again()
                stage.restart()
                stage.sweep()
    return outcome


def disk_read_only(setting: Setting) -> Outcome:
    """Start on a disk that can only be read; index there; then make it writable under the running server."""
    outcome = Outcome("disk read-only")
    with _small_home(setting, "read-only") as home, staged(outcome, setting, home, may_refuse=True) as stage:
        for _ in range(setting.rounds):
            stage.server.hold()
            places.remount(home, "ro")
            outcome.times += 1
            stage.server.release()
            stage.pause(2, 4)
            stage.sweep()
            stage.run("index", may_fail=True)
            places.remount(home, "rw")
            stage.feedback_again()
            stage.sweep()
        if not _felt(stage):
            outcome.fail("no write ever failed: the disk was not read-only")
    return outcome


def write_access_taken_away(setting: Setting) -> Outcome:
    """Take the right to write from the home under a server that serves; start it there; give it back."""
    outcome = Outcome("write access taken away")
    home = setting.home("no-write-access")
    prefix = places.rights_prefix()
    with staged(outcome, setting, home, prefix=prefix, may_refuse=True) as stage:
        for number in range(setting.rounds):
            places.set_writable(home, False)
            outcome.times += 1
            stage.pause(2, 4)
            if number % 2:
                stage.restart()
            stage.sweep()
            stage.run("index", may_fail=True)
            places.set_writable(home, True)
            stage.feedback_again()
            stage.sweep()
        if not _felt(stage):
            outcome.fail("no write ever failed: the right was not taken away")
    return outcome


@contextmanager
def _small_home(setting: Setting, name: str) -> Iterator[Path]:
    """A copy of the pristine home on a disk of its own."""
    size = 2 * places.folder_bytes(setting.pristine) + _ROOM
    with places.small_disk(setting.folder / name, size) as home:
        shutil.copytree(setting.pristine, home, dirs_exist_ok=True)
        yield home


# ── the Chroma server ───────────────────────────────────────────────────────────────────────────


def chroma_server_stopped(setting: Setting) -> Outcome:
    """Kill the Chroma server behind the product, ask without it, start it again."""
    outcome = Outcome("Chroma server stopped")
    home = setting.home("chroma-stopped")
    port = free_port()
    chroma = _Chroma(setting.folder / "chroma", port)
    try:
        with staged(
            outcome, setting, home, environ={"POLICY_QA_CHROMA": f"http://127.0.0.1:{port}"}
        ) as stage:
            for number in range(setting.rounds):
                stage.pause(1, 3)
                chroma.stop()
                outcome.times += 1
                stage.pause(1, 3)
                if number % 2:
                    stage.restart()
                stage.sweep()
                chroma.start()
                stage.sweep()
            exact = stage.crowd.tally.counted["exact"]
            outcome.notes.append(f"{exact} answers say that they did without Chroma")
            if not exact:
                outcome.fail("no answer did without Chroma: the server was not missed")
    finally:
        chroma.stop()
    return outcome


class _Chroma:
    """`chroma run` on loopback."""

    def __init__(self, folder: Path, port: int) -> None:
        program = Path(sys.executable).with_name("chroma")
        self._command = [
            str(program),
            "run",
            "--path",
            str(folder),
            "--host",
            "127.0.0.1",
            "--port",
            str(port),
        ]
        self._port = port
        self.start()

    def start(self) -> None:
        self._process = subprocess.Popen(self._command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        while self._process.poll() is None:
            with suppress(OSError), socket.create_connection(("127.0.0.1", self._port), 1):
                return
            time.sleep(0.1)
        raise RuntimeError("chroma run did not start")

    def stop(self) -> None:
        self._process.kill()
        self._process.wait()


# ── all of them ─────────────────────────────────────────────────────────────────────────────────

SCENARIOS: Mapping[str, Callable[[Setting], Outcome]] = {
    "server-killed": server_killed,
    "worker-killed": worker_killed,
    "indexer-killed": indexer_killed,
    "disk-full": disk_full,
    "first-start-on-a-full-disk": first_start_on_a_full_disk,
    "bytes-flipped-at-rest": bytes_flipped_at_rest,
    "bytes-flipped-while-serving": bytes_flipped_while_serving,
    "chroma-server-stopped": chroma_server_stopped,
    "write-access-taken-away": write_access_taken_away,
    "disk-read-only": disk_read_only,
}
_ON_A_DISK_OF_ITS_OWN = {"disk-full", "first-start-on-a-full-disk", "disk-read-only"}


def why_skipped(name: str, *, may_mount: bool) -> str | None:
    """Why this machine or this version does not permit a scenario; None where it does."""
    if name in _ON_A_DISK_OF_ITS_OWN and not may_mount:
        return "this user may not mount a small disk"
    if name == "write-access-taken-away":
        return places.why_rights_cannot_be_taken()
    if name == "worker-killed" and "workers" not in inspect.signature(serve).parameters:
        return "no workers"
    if name == "chroma-server-stopped" and "chroma" not in {one.name for one in fields(Settings)}:
        return "no Chroma server mode"
    return None
