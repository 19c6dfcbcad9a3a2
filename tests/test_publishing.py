"""Promises about added policies: whole or not at all, nothing drafted calculated, every change kept."""

from __future__ import annotations

import datetime
import errno
import json
import multiprocessing
import os
import shutil
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from policy_qa.assistant import Assistant
from policy_qa.catalogue import citation
from policy_qa.corpus import load_corpus
from policy_qa.domain import Answer
from policy_qa.drafts import Draft
from policy_qa.eligibility import sheet
from policy_qa.errors import CertificateError, CorpusError, PolicyQaError, StoreError, UsageError
from policy_qa.lint import LintReport, lint_corpus
from policy_qa.publishing import Change, Given, Publisher, Reviewer, render_added, render_history
from policy_qa.rules import NotAward, Reviewed, SetAside
from policy_qa.strict_yaml import write_yaml

SHIPPED = Path(__file__).parents[1] / "corpus"
SOUND = Path(__file__).parent / "fixtures" / "sound"
NOW = datetime.datetime(2026, 3, 2, 9, 30, tzinfo=datetime.UTC)
DAY = datetime.date(2026, 3, 2)
LI = Reviewer("李核", NOW)
TEXT = """青川市支持科技企业若干措施

为支持科技企业，制定如下措施。

一、奖励办法

1.奖励试验基地。对新认定的市级中试基地，给予一次性奖励30万元。（市科技局负责）

2.补助检测费用。对委托检测的企业，按检测费用的20%给予补助，最高8万元。到2028年检测平台达到12家。（市科技局负责）

3.设立基金。设立总规模5亿元的科技基金。（市财政局负责）

本措施自2026年1月1日起施行，有效期3年。

青川市人民政府
2025年12月20日
"""


@pytest.fixture
def added(tmp_path: Path) -> Path:
    return tmp_path / "home" / "corpus"


@pytest.fixture
def publisher(added: Path) -> Publisher:
    return Publisher(SOUND, added)


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("source") / "措施.txt"
    path.write_text(TEXT, "utf-8")
    return path


@pytest.fixture(scope="module")
def fresh(source: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of added policies with ``city`` in it, made once and never changed."""
    added = tmp_path_factory.mktemp("fresh")
    Publisher(SOUND, added).add(source, "city", Given(), "张添", NOW)
    return added


@pytest.fixture
def city(publisher: Publisher, fresh: Path, added: Path) -> Publisher:
    """The policy ``city``, added and not reviewed."""
    shutil.copytree(fresh, added)
    return publisher


def asked(added: Path, question: str) -> Answer:
    return Assistant(load_corpus(SHIPPED, added).only("city")).ask(question, {}, DAY)


def linted(publisher: Publisher) -> LintReport:
    return lint_corpus(publisher.corpus().only("city"), SOUND)


def ids(publisher: Publisher) -> list[str]:
    return [item.draft.id for item in publisher.pending("city")]


def tree(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != ".lock"
    }


# ── adding ──────────────────────────────────────────────────────────────────────────────────────


def test_a_file_becomes_a_policy_with_what_it_says_of_itself(publisher: Publisher, source: Path) -> None:
    added = publisher.add(source, "city", Given(), "张添", NOW)
    policy = publisher.corpus().holding("city").policy
    assert added.policy == policy
    assert (policy.title, policy.status, policy.region) == ("青川市支持科技企业若干措施", "正式", "青川市")
    assert (policy.issued_on, policy.in_force_from, policy.in_force_until) == (
        datetime.date(2025, 12, 20),
        datetime.date(2026, 1, 1),
        datetime.date(2028, 12, 31),
    )
    assert [(draft.id, draft.clause, draft.kind) for draft in added.drafts] == [
        ("draft-1", "一1", "fixed"),
        ("draft-2", "一2", "rate+cap"),
        ("draft-3", "一3", "not_award"),
    ]
    assert render_added(added).splitlines()[-2:] == [
        "草拟：规则 2 条，不是奖补 1 条。核对以前，金额问题只引用原文，不作计算。",
        "下一步：policy-qa review city --list",
    ]


def test_the_folder_holds_text_particulars_certificate_drafts_and_the_original(
    city: Publisher, added: Path
) -> None:
    home = added / "city"
    assert sorted(path.name for path in home.iterdir()) == [
        "cases.yaml", "certificate.json", "changes.jsonl", "policy.yaml", "rules.draft.yaml", "rules.yaml",
        "source.txt", "text.txt",
    ]  # fmt: skip
    assert (home / "source.txt").read_text("utf-8") == TEXT
    certificate = json.loads((home / "certificate.json").read_text("utf-8"))
    assert certificate["covered"] == certificate["characters"]
    assert [path.name for path in added.iterdir() if path.name != ".lock"] == ["city"]
    assert city.history("city") == (
        Change(NOW, "张添", "add", None, None, {"source": "措施.txt", "sha256": certificate_sha(city)}),
    )


def certificate_sha(publisher: Publisher) -> str:
    return publisher.corpus().holding("city").policy.sha256


def test_what_is_given_wins_over_what_is_printed(publisher: Publisher, source: Path) -> None:
    given = Given(
        title="另一个标题",
        number="青政〔2025〕9号",
        region="甲省乙市",
        status="征求意见稿",
        issued_on=datetime.date(2025, 1, 1),
        in_force_from=datetime.date(2025, 2, 1),
        in_force_until=datetime.date(2027, 2, 1),
        supersedes="《旧措施》",
    )
    publisher.add(source, "city", given, None, NOW)
    policy = publisher.corpus().holding("city").policy
    assert Given(
        policy.title, policy.number, policy.region, policy.status, policy.issued_on, policy.in_force_from,
        policy.in_force_until, policy.supersedes,
    ) == given  # fmt: skip


@pytest.mark.parametrize(
    "policy_id", ["", "City", "城市", "a/b", "..", "-a", "a-", "a b", "a" * 65, "a.b", "a\n"]
)
def test_an_id_that_cannot_name_a_folder_is_refused(
    publisher: Publisher, source: Path, added: Path, policy_id: str
) -> None:
    with pytest.raises(UsageError, match=r"不能用，请只用小写字母"):
        publisher.add(source, policy_id, Given(), None, NOW)
    assert not added.exists()


@pytest.mark.parametrize("policy_id", ["city", "sample"])
def test_an_id_that_is_taken_is_refused(city: Publisher, source: Path, policy_id: str) -> None:
    with pytest.raises(UsageError) as refused:
        city.add(source, policy_id, Given(), None, NOW)
    assert str(refused.value) == f"编号“{policy_id}”已经有了，请换一个编号。"


def test_a_file_that_cannot_be_used_leaves_nothing(publisher: Publisher, tmp_path: Path, added: Path) -> None:
    empty = tmp_path / "空.txt"
    empty.write_bytes(b"")
    with pytest.raises(PolicyQaError, match="是空的"):
        publisher.add(empty, "city", Given(), None, NOW)
    with pytest.raises(PolicyQaError, match="文件不存在"):
        publisher.add(tmp_path / "没有.txt", "city", Given(), None, NOW)
    assert not added.exists()


def test_a_split_that_lost_something_is_refused(
    publisher: Publisher, source: Path, added: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("policy_qa.publishing.adding.losses", lambda _: ("第 3 行：丢了字。",))
    with pytest.raises(CertificateError) as refused:
        publisher.add(source, "city", Given(), None, NOW)
    assert str(refused.value) == ("“措施.txt”的条款切分没有通过核验：第 3 行：丢了字，请先改正文件再添加。")
    assert not added.exists()


def test_a_number_that_the_print_skips_is_a_doubt_and_the_policy_loads(
    publisher: Publisher, tmp_path: Path
) -> None:
    skipping = tmp_path / "跳号.txt"
    skipping.write_text(TEXT.replace("3.设立", "4.设立"), "utf-8")
    added = publisher.add(skipping, "city", Given(), None, NOW)
    gaps = publisher.corpus().holding("city").policy.certificate.numbering_gaps
    assert len(gaps) == 1
    assert set(gaps) <= set(added.doubts)


def test_dates_that_contradict_each_other_are_refused(publisher: Publisher, source: Path) -> None:
    with pytest.raises(UsageError, match="晚于失效日期"):
        publisher.add(source, "city", Given(in_force_until=datetime.date(2025, 1, 1)), None, NOW)


@pytest.mark.parametrize(
    ("number", "why"),
    [(errno.ENOSPC, "磁盘已经写满"), (errno.EROFS, "存放政策的文件夹不能写"), (errno.EIO, "写文件时出错")],
)
@pytest.mark.parametrize("call", ["fsync", "rename"])
def test_a_disk_that_fails_leaves_nothing_half_done(
    publisher: Publisher,
    source: Path,
    added: Path,
    monkeypatch: pytest.MonkeyPatch,
    number: int,
    why: str,
    call: str,
) -> None:
    def fail(*_: object) -> None:
        raise OSError(number, os.strerror(number))

    if call == "fsync":
        monkeypatch.setattr(os, "fsync", fail)
    else:
        monkeypatch.setattr(Path, "rename", fail)
    with pytest.raises(StoreError) as refused:
        publisher.add(source, "city", Given(), None, NOW)
    assert str(refused.value) == f"没有存下来，因为{why}，原来的内容都没有变，请处理后再试。"
    assert tree(added) == {}
    monkeypatch.undo()
    assert publisher.add(source, "city", Given(), None, NOW).policy.id == "city"


def _add_and_die(shipped: Path, added: Path, source: Path, calls: int) -> None:
    """Add, killed at the ``calls``-th write to the disk."""
    left = [calls]
    real = os.fsync

    def fsync(handle: Any) -> None:
        left[0] -= 1
        if left[0] < 0:
            os._exit(9)
        real(handle)

    setattr(os, "fsync", fsync)  # noqa: B010 # mypy sees a function there
    Publisher(shipped, added).add(source, "city", Given(), None, NOW)


@pytest.mark.slow
@pytest.mark.parametrize("calls", [0, 3, 7])
def test_a_kill_while_adding_leaves_no_policy_and_the_next_try_works(
    publisher: Publisher, source: Path, added: Path, calls: int
) -> None:
    process = multiprocessing.get_context("spawn").Process(
        target=_add_and_die, args=(SOUND, added, source, calls)
    )
    process.start()
    process.join()
    assert process.exitcode == 9
    assert [policy.id for policy in publisher.corpus().policies] == ["sample"]
    publisher.add(source, "city", Given(), None, NOW)
    assert [path.name for path in added.iterdir() if path.name != ".lock"] == ["city"]


def test_the_number_of_a_document_stands_in_its_formal_citation(publisher: Publisher, source: Path) -> None:
    publisher.add(source, "city", Given(number="青政 〔2025〕 9 号"), None, NOW)
    policy = publisher.corpus().holding("city").policy
    assert citation(policy, policy.clauses[1]) == "《青川市支持科技企业若干措施》（青政〔2025〕9号）一1"


# ── what is drafted is not calculated with ──────────────────────────────────────────────────────


@pytest.mark.usefixtures("city")
def test_money_of_an_unreviewed_clause_is_quoted_and_never_calculated(added: Path) -> None:
    answer = asked(added, "新认定的市级中试基地奖励多少？")
    assert answer.status == "answered"
    assert answer.calculation is None
    assert {citation.clause for citation in answer.citations} == {"一1"}
    assert "金额规则还没有经人核对，这里只引用原文，不作计算" in answer.answer


def test_a_reviewed_clause_is_calculated_while_another_is_still_quoted(city: Publisher, added: Path) -> None:
    city.accept("city", "draft-1", LI)
    reviewed = asked(added, "新认定的市级中试基地奖励多少？")
    assert reviewed.calculation is not None
    assert (reviewed.calculation.total, reviewed.calculation.bound) == (Decimal(300_000), "exact")
    assert "没有经人核对" not in reviewed.answer
    quoted = asked(added, "委托检测的费用补助多少？")
    assert quoted.calculation is None
    assert {citation.clause for citation in quoted.citations} == {"一2"}
    assert "没有经人核对" in quoted.answer


def test_the_sheet_counts_reviewed_rules_alone_and_says_that_others_are_left(city: Publisher) -> None:
    def told() -> tuple[list[str], tuple[str, ...]]:
        now = sheet(city.corpus().only("city"), {}, DAY)
        return [item.measure for item in now.items], now.notices

    assert told() == (
        [],
        ("注意：《青川市支持科技企业若干措施》的金额规则还没有经人核对，这里只引用原文，不作计算。",),
    )
    city.accept("city", "draft-1", LI)
    assert told() == (
        ["city-1"],
        ("《青川市支持科技企业若干措施》还有条款的金额规则没有经人核对，没有计入，请再看原文。",),
    )
    city.accept("city", "draft-2", LI)
    city.accept("city", "draft-3", LI)
    assert told() == (["city-1", "city-2"], ())


def test_the_corpus_is_another_one_after_a_decision(city: Publisher) -> None:
    before = city.corpus().sha256
    city.accept("city", "draft-1", LI)
    assert city.corpus().sha256 != before


# ── reviewing ───────────────────────────────────────────────────────────────────────────────────


def test_an_accepted_draft_is_a_rule_with_name_and_date_its_facts_and_cases(city: Publisher) -> None:
    decision = city.accept("city", "draft-2", LI)
    rules = city.corpus().holding("city").rules
    (measure,) = rules.measures
    assert measure.reviewed == Reviewed(draft="draft-2", by="李核", on=DAY)
    assert (measure.clause, measure.quote) == ("一2", "委托检测的企业，按检测费用的20%给予补助，最高8万元")
    assert list(rules.facts) == ["city_2_met", "city_2_base"]
    assert decision.change.draft == "draft-2"
    assert ids(city) == ["draft-1", "figures-3", "draft-3", "figures-5"]
    assert linted(city).problems == ()


def test_what_is_left_when_the_drafts_of_a_clause_are_decided_is_shown_for_the_other_figures(
    city: Publisher,
) -> None:
    city.accept("city", "draft-2", LI)
    (left,) = city.pending("city", "figures-3")
    assert left.clause.label == "一2"
    assert left.not_awards == (
        NotAward(clause="一2", text="2028年", reason="年份或期限"),
        NotAward(clause="一2", text="12家", reason="数目，不是奖补数额"),
    )


def test_when_all_is_decided_the_policy_meets_the_bar_of_the_shipped_one(city: Publisher) -> None:
    pending = linted(city)
    assert pending.problems == ()
    assert [(report.pending, report.claimed) for report in pending.policies] == [(3, 0)]
    while waiting := ids(city):
        city.accept("city", waiting[0], LI)
    report = linted(city)
    assert report.problems == ()
    (policy,) = report.policies
    assert (policy.pending, policy.coverage, policy.cases, policy.cases_passed) == (0, Decimal(1), 10, 10)


def test_lint_fails_where_all_drafts_are_decided_and_a_figure_is_not_accounted_for(city: Publisher) -> None:
    for draft in ("draft-1", "draft-2", "draft-3"):
        city.accept("city", draft, LI)
    problems = linted(city).problems
    assert any("条款“一2”的数字“12家”" in problem for problem in problems)


def test_a_rejected_draft_is_no_award_with_the_reviewers_reason(city: Publisher) -> None:
    city.reject("city", "draft-1", LI, "已经停止执行")
    rules = city.corpus().holding("city").rules
    assert rules.measures == ()
    assert rules.not_awards == (
        NotAward(
            clause="一1",
            text="新认定的市级中试基地，给予一次性奖励30万元",
            reason="已经停止执行",
            reviewed=Reviewed(draft="draft-1", by="李核", on=DAY),
        ),
    )


def test_a_double_of_a_rule_is_set_aside_when_rejected(city: Publisher, added: Path) -> None:
    home = added / "city"
    drafts = city.corpus().holding("city").drafts
    assert drafts is not None
    double = drafts[0].model_copy(update={"id": "draft-4"})
    every = [draft.model_dump(mode="json", exclude_defaults=True) for draft in (*drafts, double)]
    (home / "rules.draft.yaml").write_text(write_yaml({"policy": "city", "drafts": every}, ""), "utf-8")
    city.accept("city", "draft-1", LI)
    city.reject("city", "draft-4", LI, "与另一条重复")
    rules = city.corpus().holding("city").rules
    assert rules.not_awards == ()
    assert rules.set_aside == (
        SetAside(
            clause="一1",
            text=double.quote,
            reason="与另一条重复",
            reviewed=Reviewed(draft="draft-4", by="李核", on=DAY),
        ),
    )
    assert linted(city).problems == ()


def edit_of(publisher: Publisher, draft: str, **changes: object) -> str:
    (item,) = publisher.pending("city", draft)
    assert item.draft.measure is not None
    return write_yaml({"measure": {**item.draft.measure, **changes}, "facts": item.draft.facts}, "")


def test_an_edit_is_what_becomes_the_rule(city: Publisher) -> None:
    city.accept(
        "city", "draft-1", LI, edit_of(city, "draft-1", title="中试基地一次性奖励", names=[["中试基地"]])
    )
    (measure,) = city.corpus().holding("city").rules.measures
    assert (measure.title, measure.names) == ("中试基地一次性奖励", (("中试基地",),))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        (
            {"benefit": {"kind": "fixed", "amount": "300万元"}},
            "措施“city-1”的数字 300万元 不在它的引文里，请核对原文。",
        ),
        ({"quote": "奖励30万元整"}, "措施“city-1”的 conditions“新认定的市级中试基地”不在它的引文里"),
        (
            {"benefit": {"kind": "bound", "cap": "30万元"}},
            "措施“city-1”把30万元当作上限，引文却没有写“最高”“不超过”，请核对原文。",
        ),
        ({"clause": "一2"}, "规则写的条款是“一2”，这条草拟属于“一1”，请改成同一条。"),
        ({"payout": 1}, "没有这个键"),
    ],
)
def test_what_contradicts_the_text_is_refused_and_changes_nothing(
    city: Publisher, added: Path, changes: dict[str, object], said: str
) -> None:
    before = tree(added)
    with pytest.raises(PolicyQaError) as refused:
        city.accept("city", "draft-1", LI, edit_of(city, "draft-1", **changes))
    assert said in str(refused.value)
    assert tree(added) == before


@pytest.mark.parametrize("edit", ["measure: [", "measure: {}\nmeasure: {}", "other: 1", "- 1"])
def test_an_edit_that_is_no_yaml_of_a_rule_is_refused(city: Publisher, added: Path, edit: str) -> None:
    before = tree(added)
    with pytest.raises(CorpusError, match="修改稿"):
        city.accept("city", "draft-1", LI, edit)
    assert tree(added) == before


def test_a_decision_needs_a_name_a_reason_and_a_draft_that_is_undecided(city: Publisher, added: Path) -> None:
    city.accept("city", "draft-1", LI)
    before = tree(added)
    refusals: dict[str, Callable[[], object]] = {
        "核对的人要留名，请用 --by 写上姓名。": lambda: city.accept("city", "draft-2", Reviewer(" ", NOW)),
        "驳回要写明理由，请用 --reason 写一句。": lambda: city.reject("city", "draft-2", LI, " "),
        "“draft-1”已经核对过了，请看其余待核对的。": lambda: city.accept("city", "draft-1", LI),
        "没有待核对的“draft-9”，现在待核对的有：draft-2、draft-3、figures-5。": lambda: city.accept(
            "city", "draft-9", LI
        ),
        "“draft-3”拟的就是“不是奖补”；如果它是奖补，请用 --edit 写出规则再接受。": (
            lambda: city.reject("city", "draft-3", LI, "是奖补")
        ),
        "“sample”是自带的政策，规则不在这里核对，请改它的 rules.yaml。": (
            lambda: city.accept("sample", "draft-1", LI)
        ),
    }
    for said, decide in refusals.items():
        with pytest.raises(UsageError) as refused:
            decide()
        assert str(refused.value) == said
    assert tree(added) == before


# ── history ─────────────────────────────────────────────────────────────────────────────────────


def test_every_change_is_kept_with_who_when_before_and_after(city: Publisher) -> None:
    city.accept("city", "draft-1", LI)
    city.reject("city", "draft-2", LI, "另文规定")
    add, accept, reject = city.history("city")
    assert (add.action, add.by) == ("add", "张添")
    assert (accept.at, accept.by, accept.action, accept.draft) == (NOW, "李核", "accept", "draft-1")
    assert isinstance(accept.before, dict)
    assert Draft.model_validate(accept.before).quote == "新认定的市级中试基地，给予一次性奖励30万元"
    assert isinstance(accept.after, dict)
    assert accept.after["measure"]["reviewed"] == {"draft": "draft-1", "by": "李核", "on": "2026-03-02"}
    assert (reject.action, reject.draft, reject.done) == ("reject", "draft-2", True)
    assert render_history((add, accept, reject)) == (
        "2026-03-02 09:30 张添 添加政策\n2026-03-02 09:30 李核 接受draft-1\n2026-03-02 09:30 李核 驳回draft-2"
    )


def test_a_decision_that_the_disk_cut_short_changes_no_rule_and_is_told_as_not_done(
    city: Publisher, added: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rules = (added / "city" / "rules.yaml").read_bytes()

    def fail(*_: object) -> None:
        raise OSError(errno.ENOSPC, "full")

    monkeypatch.setattr(Path, "replace", fail)
    with pytest.raises(StoreError, match="磁盘已经写满"):
        city.accept("city", "draft-1", LI)
    monkeypatch.undo()
    assert (added / "city" / "rules.yaml").read_bytes() == rules
    assert [change.done for change in city.history("city")] == [True, False]
    city.accept("city", "draft-1", LI)
    assert [change.done for change in city.history("city")] == [True, False, True]


def test_cases_of_a_decision_that_was_cut_short_are_written_once(city: Publisher, added: Path) -> None:
    rules = (added / "city" / "rules.yaml").read_bytes()
    city.accept("city", "draft-1", LI)
    cases = (added / "city" / "cases.yaml").read_bytes()
    (added / "city" / "rules.yaml").write_bytes(rules)  # as if killed between the two files
    city.accept("city", "draft-1", LI)
    assert (added / "city" / "cases.yaml").read_bytes() == cases


def test_a_line_that_a_kill_cut_short_hides_no_other_change(city: Publisher, added: Path) -> None:
    with (added / "city" / "changes.jsonl").open("a", encoding="utf-8") as file:
        file.write('{"at": "2026-')
    city.accept("city", "draft-1", LI)
    assert [change.action for change in city.history("city")] == ["add", "accept"]


def test_a_policy_copied_elsewhere_is_the_same_policy(city: Publisher, added: Path, tmp_path: Path) -> None:
    city.accept("city", "draft-1", LI)
    shutil.copytree(added / "city", tmp_path / "copy" / "city")
    assert load_corpus(SOUND, tmp_path / "copy").sha256 == city.corpus().sha256
