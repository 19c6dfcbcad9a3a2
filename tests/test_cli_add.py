"""``add``, ``review``, ``diff``, ``lint`` of added policies: what is printed, one sentence on a fault."""

from __future__ import annotations

import datetime
import json
import re
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from policy_qa.cli import main
from policy_qa.feedback import Feedback, FeedbackStore
from policy_qa.strict_yaml import write_yaml

SOUND = Path(__file__).parent / "fixtures" / "sound"
TEXT = """云岭市支持企业若干措施

为支持企业，制定如下措施。

1.奖励实验室。对新认定的市级重点实验室，给予一次性奖励40万元。（市科技局负责）

2.优化服务。设立企业服务专窗。（市政务局负责）
"""
Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run the command over a small corpus: exit status, stdout, stderr."""
    monkeypatch.setenv("POLICY_QA_CORPUS", str(SOUND))

    def command(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["policy-qa", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
        assert isinstance(ended.value.code, int)
        return ended.value.code, *capsys.readouterr()

    return command


@pytest.fixture
def source(tmp_path: Path) -> str:
    path = tmp_path / "云岭措施.txt"
    path.write_text(TEXT, "utf-8")
    return str(path)


@pytest.fixture
def yunling(run: Run, source: str) -> None:
    """The policy ``yunling``, added and not reviewed."""
    assert run("add", source, "--id", "yunling", "--by", "张添")[0] == 0


def test_adding_prints_the_certificate_the_doubts_the_drafts_and_the_next_step(run: Run, source: str) -> None:
    characters = len("".join(TEXT.split()))
    assert run("add", source, "--id", "yunling") == (
        0,
        "已添加：yunling《云岭市支持企业若干措施》\n"
        f"条款：3 条；{characters}/{characters} 字各归其位。\n"
        "请核对：没有认出印发日期，请对照原文填写；确实没有印的留空。\n"
        "草拟：规则 1 条。核对以前，金额问题只引用原文，不作计算。\n"
        "下一步：policy-qa review yunling --list\n",
        "",
    )


def test_what_is_given_settles_its_doubt_and_stands_in_the_object(run: Run, source: str) -> None:
    options = ["--issued-on", "2026-02-03", "--from", "2026-03-01", "--until", "2027-03-01"]
    options += [
        "--title",
        "云岭措施",
        "--number",
        "云政〔2026〕1号",
        "--region",
        "甲省云岭市",
        "--status",
        "正式",
    ]
    status, out, _ = run("add", source, "--id", "yunling", "--supersedes", "《旧措施》", "--json", *options)
    added = json.loads(out)
    drafts = added.pop("drafts")
    certificate = added.pop("certificate")
    assert (status, [draft["id"] for draft in drafts], certificate["failures"]) == (0, ["draft-1"], [])
    assert added == {
        "policy": "yunling",
        "title": "云岭措施",
        "status": "正式",
        "number": "云政〔2026〕1号",
        "issuing_body": added["issuing_body"],
        "region": "甲省云岭市",
        "issued_on": "2026-02-03",
        "in_force_from": "2026-03-01",
        "in_force_until": "2027-03-01",
        "supersedes": "《旧措施》",
        "clauses": ["序言", "1", "2"],
        "doubts": [],
    }


_NO_ID = "编号“云岭”不能用，请只用小写字母 a–z、数字和连字符，不以连字符开头结尾，最多 64 个字符。"


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (["--id", "云岭"], 2, _NO_ID),
        (["--id", "sample"], 2, "编号“sample”已经有了，请换一个编号。"),
        (["--id", "yunling", "--status", "草案"], 2, "状态“草案”不对，请写 正式 或 征求意见稿。"),
        (["--id", "yunling", "--from", "昨天"], 2, "日期“昨天”看不懂，请写成 2026-01-31 这样。"),
    ],
)  # fmt: skip
def test_a_fault_while_adding_is_one_sentence(
    run: Run, source: str, home: Path, arguments: list[str], status: int, said: str
) -> None:
    assert run("add", source, *arguments) == (status, "", f"{said}\n")
    assert not (home / "corpus").exists()


@pytest.mark.usefixtures("yunling")
def test_reviewing_lists_shows_decides_and_keeps_who(run: Run) -> None:
    draft = "draft-1〔1〕规则“市级重点实验室奖补”：新认定的市级重点实验室，给予一次性奖励40万元\n"
    listed = run("review", "yunling", "--list")[1]
    assert draft.replace("市级重点", "重点", 1) in listed or draft in listed
    shown = run("review", "yunling", "draft-1")[1]
    assert "条款：1.奖励实验室。对新认定的市级重点实验室，给予一次性奖励40万元。" in shown
    assert "    amount: 40万元\n" not in listed
    assert "      amount: 40万元\n" in shown
    assert run("review", "yunling", "draft-1", "--accept", "--by", "李核") == (
        0,
        "已接受 draft-1，记在 李核 名下；还有 0 条待核对。\n",
        "",
    )
    assert run("review", "yunling")[1] == "“yunling”没有待核对的草拟规则。\n"
    history = run("review", "yunling", "--history")[1].splitlines()
    assert [line.split(" ", 2)[2] for line in history] == ["张添 添加政策", "李核 接受draft-1"]


@pytest.mark.usefixtures("yunling")
def test_the_object_of_a_review_has_each_draft_beside_its_clause(run: Run) -> None:
    told = json.loads(run("review", "yunling", "--json")[1])
    assert [(one["id"], one["clause"], one["kind"]) for one in told["pending"]] == [("draft-1", "1", "fixed")]
    assert told["pending"][0]["quote"] in told["pending"][0]["clause_text"]
    decided = json.loads(
        run("review", "yunling", "draft-1", "--reject", "--by", "李核", "--reason", "停", "--json")[1]
    )
    assert (decided["left"], decided["change"]["action"], decided["change"]["by"]) == (0, "reject", "李核")


@pytest.mark.usefixtures("yunling")
def test_an_edit_comes_from_a_file(run: Run, tmp_path: Path) -> None:
    (item,) = json.loads(run("review", "yunling", "--json")[1])["pending"]
    path = tmp_path / "改.yaml"
    wrong = {**item["measure"], "benefit": {"kind": "fixed", "amount": "400万元"}}
    path.write_text(write_yaml({"measure": wrong, "facts": item["facts"]}, ""), "utf-8")
    decide = ("review", "yunling", "draft-1", "--accept", "--by", "李核", "--edit")
    assert run(*decide, str(path)) == (
        1, "", "措施“yunling-1”的数字 400万元 不在它的引文里，请核对原文。\n"
    )  # fmt: skip
    assert run(*decide, str(tmp_path / "无.yaml")) == (
        2, "", "打不开修改稿“无.yaml”，请确认文件存在并且是 UTF-8 编码。\n"
    )  # fmt: skip
    path.write_text(write_yaml({"measure": item["measure"], "facts": item["facts"]}, ""), "utf-8")
    assert run(*decide, str(path))[0] == 0


@pytest.mark.usefixtures("yunling")
@pytest.mark.parametrize(
    "arguments",
    [["--accept", "--by", "李核"], ["draft-1", "--accept", "--reject", "--by", "李核"]],
)
def test_a_decision_is_one_draft_and_one_verdict(run: Run, arguments: list[str]) -> None:
    assert run("review", "yunling", *arguments) == (
        2, "", "请写明一条草拟的编号，并且在 --accept 和 --reject 里选一个。\n"
    )  # fmt: skip


@pytest.mark.usefixtures("yunling")
def test_lint_reports_what_is_pending_and_holds_what_is_reviewed_to_the_same_bar(run: Run) -> None:
    status, out, _ = run("lint")
    assert status == 0
    assert "待核对：还有 1 条草拟的规则，金额只引用原文，没有算作覆盖。" in out
    run("review", "yunling", "draft-1", "--accept", "--by", "李核")
    status, out, _ = run("lint", "--json")
    report = json.loads(out)["policies"][1]
    assert status == 0
    assert (report["policy"], report["coverage"], report["pending"]) == ("yunling", "1", 0)
    assert (report["cases"], report["cases_passed"]) == (3, 3)


@pytest.mark.usefixtures("yunling")
def test_two_versions_are_compared_word_by_word_with_the_rules_that_are_touched(
    run: Run, tmp_path: Path
) -> None:
    run("review", "yunling", "draft-1", "--accept", "--by", "李核")
    newer = tmp_path / "新版.txt"
    newer.write_text(TEXT.replace("40万元", "60万元") + "\n3.加强评估。每年公布执行情况。\n", "utf-8")
    assert run("diff", "yunling", str(newer)) == (
        0,
        "从“yunling”到“新版.txt”：新增 1 条，改动 1 条，没有变 2 条。\n"
        "改动〔1〕\n"
        "  【-40万元-】【+60万元+】\n"
        "新增〔3〕\n"
        "  3.加强评估。每年公布执行情况。\n"
        "引文已变的规则（1）：yunling-1\n"
        "涉及的算例（3）：yunling-1：不符合条件，0元、yunling-1：没说是否符合条件，40万元、yunling-1：符合条件，40万元\n",
        "",
    )
    told = json.loads(run("diff", "yunling", "yunling", "--json")[1])
    assert (told["changes"], told["unchanged"]) == ([], 3)


def test_what_is_neither_a_policy_nor_a_file_cannot_be_compared(run: Run) -> None:
    assert run("diff", "sample", "无此文件.txt") == (
        2,
        "",
        "“无此文件.txt”既不是政策编号，也不是文件；编号有：sample，文件请写对路径。\n",
    )


def test_what_rests_on_the_shipped_policy_is_named_down_to_the_users_word(
    run: Run, monkeypatch: pytest.MonkeyPatch, home: Path, tmp_path: Path
) -> None:
    monkeypatch.delenv("POLICY_QA_CORPUS")
    shipped = Path(__file__).parents[1] / "corpus" / "huainan-zjtx-2020-draft"
    newer = tmp_path / "新版.txt"
    text = (shipped / "text.txt").read_text("utf-8")
    newer.write_text(re.sub(r"(规上工业企业给予一次\s*性奖补)\s*10", r"\g<1>15", text), "utf-8")
    with FeedbackStore.open(home) as store:
        for answer, question in {
            "a1": "当年新增规上工业企业奖补多少？",
            "a2": "第13条原文",
            "a3": None,
        }.items():
            store.add(
                Feedback(answer, True, None, question, datetime.datetime(2026, 1, 5, tzinfo=datetime.UTC))
            )
    told = json.loads(run("diff", shipped.name, str(newer), "--json")[1])["touched"]
    assert told["rules"] == ["above-scale-new"]
    assert told["feedback"] == ["a1"]
    assert "dev-002" in told["questions"]
