"""The command line: parses, calls one function, prints; no logic of its own lives here."""

from __future__ import annotations

import datetime
import errno
import functools
import os
import re
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer
from typer.core import TyperCommand, TyperGroup

from policy_qa.errors import PolicyQaError, UsageError
from policy_qa.settings import Settings, load_settings

if TYPE_CHECKING:
    from rich.progress import Progress

    from policy_qa.assistant import Assistant
    from policy_qa.corpus import Corpus, Holding
    from policy_qa.domain import Answer, Embedder, FactValue
    from policy_qa.publishing import Publisher

_NAME = "policy-qa"


# ── what is taken from the command line ─────────────────────────────────────────────────────────


def _readable(text: str) -> str:
    """An argument that was not UTF-8 reaches Python as surrogates: each bad run becomes U+FFFD."""
    return re.sub(
        "[\udc80-\udcff]+",
        lambda run: run.group().encode("utf-8", "surrogateescape").decode("utf-8", "replace"),
        text,
    )


def _day(text: str) -> datetime.date:
    try:
        return datetime.date.fromisoformat(text.strip())
    except ValueError as error:
        raise UsageError(f"日期“{_shortened(text)}”看不懂，请写成 2026-01-31 这样。") from error


def _count(text: str) -> int:
    try:
        number = int(text)
    except ValueError:
        number = 0
    if not 1 <= number <= 100:
        raise UsageError(f"选项 -k 的值“{_shortened(text)}”不对，请写 1 到 100 之间的整数。")
    return number


def _port(given: str | int) -> int:
    text = str(given)  # the default reaches a parser too, as it is
    if not (text.isascii() and text.isdigit() and int(text[:6]) <= 65535):
        raise UsageError(f"端口“{_shortened(text)}”不对，请写 0 到 65535 之间的整数，0 表示随便一个空闲的。")
    return int(text)


def _workers(given: str | int) -> int:
    text = str(given)
    if not (text.isascii() and text.isdigit() and 1 <= int(text[:6]) <= _MOST_WORKERS):
        raise UsageError(
            f"选项 --workers 的值“{_shortened(text)}”不对，请写 1 到 {_MOST_WORKERS} 之间的整数。"
        )
    return int(text)


_MOST_WORKERS = 64


Json = Annotated[bool, typer.Option("--json", help="输出 JSON。")]
PolicyId = Annotated[
    str | None, typer.Option("--policy", metavar="ID", help="只用这一份政策（编号）。", parser=_readable)
]
AsOf = Annotated[
    datetime.date | None,
    typer.Option("--as-of", metavar="DATE", help="按哪一天回答，如 2026-01-31；默认今天。", parser=_day),
]


def _status(text: str) -> str:
    if text not in ("正式", "征求意见稿"):
        raise UsageError(f"状态“{_shortened(text)}”不对，请写 正式 或 征求意见稿。")
    return text


# ── the commands ────────────────────────────────────────────────────────────────────────────────


class _Command(TyperCommand):
    """A command whose help is in Chinese."""

    def get_help(self, ctx: Any) -> str:
        return _in_chinese(super().get_help(ctx))


class _Group(TyperGroup):
    """The commands together: help in Chinese, an unknown command named."""

    def get_help(self, ctx: Any) -> str:
        return _in_chinese(super().get_help(ctx))

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        if args[0] not in self.commands:
            known = "、".join(self.commands)
            raise UsageError(f"没有“{_shortened(_readable(args[0]))}”这个命令，请改用其中之一：{known}。")
        return super().resolve_command(ctx, args)


app = typer.Typer(
    cls=_Group,
    help="政策问答：每句有据，每数有证。",
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    options_metavar="[选项]",
    subcommand_metavar="命令 …",
)
_command = functools.partial(app.command, cls=_Command, options_metavar="[选项]")


@_command()
def ask(
    question: Annotated[
        str | None,
        typer.Argument(metavar="问题", help="您的问题。", show_default=False, parser=_readable),
    ] = None,
    facts: Annotated[
        Path | None, typer.Option("--facts", metavar="FACTS.json", help="企业情况（JSON 文件）。")
    ] = None,
    policy: PolicyId = None,
    as_of: AsOf = None,
    json: Json = False,
    jsonl: Annotated[bool, typer.Option("--jsonl", help="从标准输入逐行读问题，逐行输出 JSON。")] = False,
) -> None:
    """问一个问题，得到逐句有据的回答。"""
    if (question is None) != jsonl:
        raise UsageError("请给出一个问题，或者用 --jsonl 从标准输入逐行读取，二者选一。")
    day = as_of or datetime.date.today()
    given = _facts(facts, policy)
    if question is None:
        _ask_lines(policy, given, day)
        return
    try:
        answer = _asked(_open(policy), question, given, day)
    except Exception as error:
        if json and not isinstance(error, UsageError):
            from policy_qa.wire import dumps, error_json

            _print(dumps(error_json(question, _sentence(error), day)))
        raise
    if json:
        from policy_qa.wire import answer_json, dumps

        _print(dumps(answer_json(answer)))
    else:
        _print_text("\n".join((answer.answer, *(n for n in answer.notices if n not in answer.answer))))


@_command()
def clause(
    label: Annotated[
        str, typer.Argument(metavar="编号", help="条款编号，如 三（五）13、第13条。", parser=_readable)
    ],
    policy: PolicyId = None,
    json: Json = False,
) -> None:
    """按编号查条款原文。"""
    from policy_qa.catalogue import look_up
    from policy_qa.references import existing_range
    from policy_qa.texts import FRAMES
    from policy_qa.wire import clause_json, dumps

    holding = _chosen(_corpus(), policy)
    clauses = holding.policy.clauses
    found = look_up(clauses, label)
    if json:
        _print(dumps(clause_json(found, holding.policy.id, holding.rules)))
        return
    from policy_qa.status import notices

    if not found:
        said = FRAMES["no_clause"].render({"said": _shortened(label), "range": existing_range(clauses)})
        _print_text(said)
    if len(found) > 1:
        _print_text(FRAMES["several"].render({"said": _shortened(label)}))
    for one in found:
        _print_text(f"〔{one.label}〕\n{one.text}")
    for notice in notices([holding.policy], datetime.date.today()):
        _print_text(notice)


@_command()
def search(
    query: Annotated[str, typer.Argument(metavar="词句", help="要找的词或一句话。", parser=_readable)],
    k: Annotated[
        int, typer.Option("-k", metavar="N", help="要几条，默认 5。", show_default=False, parser=_count)
    ] = 5,
    policy: PolicyId = None,
    json: Json = False,
) -> None:
    """找出与几个词最相近的条款。"""
    from policy_qa.question import check_words
    from policy_qa.status import notices
    from policy_qa.wire import dumps, hits_json

    check_words(query)  # refused before a model is loaded
    assistant = _open(policy)
    hits = assistant.search(query, k)
    quotes = assistant.quotes(query, hits)
    if json:
        _print(dumps(hits_json(hits, quotes)))
        return
    if not hits:
        _print_text(f"没有找到与“{_shortened(query)}”相近的条款，请换一种说法再试。")
    for hit, quote in zip(hits, quotes, strict=True):
        _print_text(f"〔{hit.clause}〕{hit.why}\n  {quote}")
    for notice in (*notices(assistant.corpus.policies, datetime.date.today()), *assistant.standing_notices):
        _print_text(notice)


@_command()
def eligibility(
    facts: Annotated[Path, typer.Option("--facts", metavar="FACTS.json", help="企业情况（JSON 文件）。")],
    policy: PolicyId = None,
    as_of: AsOf = None,
    json: Json = False,
) -> None:
    """列出全部支持：可享、不可享、还缺信息，各有金额或范围。"""
    from policy_qa.eligibility import render, sheet, vocabulary
    from policy_qa.rules import read_facts
    from policy_qa.wire import dumps, to_json

    corpus = _corpus().only(policy)
    told = sheet(corpus, read_facts(facts, vocabulary(corpus)), as_of or datetime.date.today())
    if json:
        _print(dumps(to_json(told)))
    else:
        _print_text(render(told))


@_command()
def index() -> None:
    """核验语料的切分，重建检索索引。"""
    from policy_qa.assistant import open_assistant
    from policy_qa.web.published import Published

    settings = _settings()
    for holding in _corpus().holdings:
        certificate = holding.policy.certificate
        _print_text(
            f"{holding.policy.id}：{len(holding.policy.clauses)} 条，"
            f"{certificate.covered}/{certificate.characters} 字各归其位。"
        )
        for warning in certificate.warnings:
            _print_text(f"  提醒：{warning}")
    with _progress("正在建索引") as progress:
        assistant = open_assistant(settings, _load_embedder(), progress=progress, rebuild=True)
    Published(settings.home).announce(assistant.corpus.sha256)
    _print_text("索引已建好。")


@_command()
def check(
    text: Annotated[
        str | None,
        typer.Argument(
            metavar="文字", help="要核对的话；写 - 从标准输入读。", show_default=False, parser=_readable
        ),
    ] = None,
    policy: PolicyId = None,
    as_of: AsOf = None,
    json: Json = False,
) -> None:
    """核对一段话，逐句给出结论、条款和差异。"""
    if text is None:
        raise UsageError("没有写要核对的文字，请写上一段话，或者写 - 从标准输入读。")
    from policy_qa.checking import Checker, render
    from policy_qa.wire import dumps, to_json

    pasted = _from_stdin() if text == "-" else text
    corpus = _corpus().only(policy)
    report = Checker(corpus).check(pasted, as_of or datetime.date.today())
    if json:
        _print(dumps(to_json(report)))
    else:
        _print_text(render(report))


@_command()
def lint(json: Json = False) -> None:
    """核对规则与条文的数字，两个方向都要对上。"""
    from policy_qa.corpus import load_corpus
    from policy_qa.lint import lint_corpus, render
    from policy_qa.wire import dumps, to_json

    settings = _settings()
    # What was checked before and kept proves nothing here: all is read from the files again.
    report = lint_corpus(load_corpus(settings.corpus, settings.added), settings.corpus)
    if json:
        _print(dumps(to_json(report)))
    else:
        _print_text(render(report))
    if report.problems:
        raise typer.Exit(1)


@_command()
def inspect(
    file: Annotated[
        Path, typer.Argument(metavar="文件", help="政策文件：txt、md、html、pdf、docx、ofd、doc。")
    ],
    json: Json = False,
) -> None:
    """看一份政策文件：条款、切分证书、里面的每一处金额。"""
    from policy_qa.inspection import inspect_file, render
    from policy_qa.wire import dumps, to_json

    found = inspect_file(file)
    if json:
        _print(dumps(to_json(found)))
    else:
        _print_text(render(found))


@_command()
def add(
    file: Annotated[
        Path, typer.Argument(metavar="文件", help="政策文件：txt、md、html、pdf、docx、ofd、doc。")
    ],
    policy_id: Annotated[
        str, typer.Option("--id", metavar="ID", help="给它的编号：小写字母、数字、连字符。", parser=_readable)
    ],
    title: Annotated[
        str | None, typer.Option("--title", metavar="文字", help="标题。", parser=_readable)
    ] = None,
    number: Annotated[
        str | None, typer.Option("--number", metavar="文字", help="文号。", parser=_readable)
    ] = None,
    region: Annotated[
        str | None,
        typer.Option("--region", metavar="文字", help="适用地区，如 安徽省淮南市。", parser=_readable),
    ] = None,
    status: Annotated[
        str | None, typer.Option("--status", metavar="状态", help="正式 或 征求意见稿。", parser=_status)
    ] = None,
    issued_on: Annotated[
        datetime.date | None, typer.Option("--issued-on", metavar="DATE", help="印发日期。", parser=_day)
    ] = None,
    in_force_from: Annotated[
        datetime.date | None, typer.Option("--from", metavar="DATE", help="施行日期。", parser=_day)
    ] = None,
    in_force_until: Annotated[
        datetime.date | None, typer.Option("--until", metavar="DATE", help="失效日期。", parser=_day)
    ] = None,
    supersedes: Annotated[
        str | None, typer.Option("--supersedes", metavar="文字", help="它替代的文件。", parser=_readable)
    ] = None,
    by: Annotated[
        str | None, typer.Option("--by", metavar="文字", help="添加的人。", parser=_readable)
    ] = None,
    json: Json = False,
) -> None:
    """添加一份政策：切分条款，认出金额，草拟规则待核对。"""
    from policy_qa.publishing import Given, added_json, render_added
    from policy_qa.wire import dumps

    given = Given(title, number, region, status, issued_on, in_force_from, in_force_until, supersedes)
    added = _publisher().add(file, policy_id, given, by, _now())
    if json:
        _print(dumps(added_json(added)))
    else:
        _print_text(render_added(added))


@_command()
def review(
    policy_id: Annotated[str, typer.Argument(metavar="编号", help="政策编号。", parser=_readable)],
    draft: Annotated[
        str | None,
        typer.Argument(metavar="草拟", help="草拟的编号。", show_default=False, parser=_readable),
    ] = None,
    brief: Annotated[bool, typer.Option("--list", help="每条只列一行。")] = False,
    history: Annotated[bool, typer.Option("--history", help="看改动记录。")] = False,
    accept: Annotated[bool, typer.Option("--accept", help="接受这一条。")] = False,
    reject: Annotated[bool, typer.Option("--reject", help="驳回这一条。")] = False,
    by: Annotated[
        str | None, typer.Option("--by", metavar="文字", help="核对的人。", parser=_readable)
    ] = None,
    reason: Annotated[
        str | None, typer.Option("--reason", metavar="文字", help="驳回的理由。", parser=_readable)
    ] = None,
    edit: Annotated[
        Path | None, typer.Option("--edit", metavar="FILE.yaml", help="接受时改用这里写的规则。")
    ] = None,
    json: Json = False,
) -> None:
    """逐条核对草拟的规则；接受以后才会用来计算。"""
    from policy_qa.publishing import Reviewer, pending_json, render_decision, render_history, render_pending
    from policy_qa.wire import dumps, to_json

    publisher = _publisher()
    if accept or reject:
        if draft is None or accept == reject:
            raise UsageError("请写明一条草拟的编号，并且在 --accept 和 --reject 里选一个。")
        reviewer = Reviewer(by or "", _now())
        decision = (
            publisher.accept(policy_id, draft, reviewer, None if edit is None else _text_of(edit))
            if accept
            else publisher.reject(policy_id, draft, reviewer, reason or "")
        )
        shown = dumps(to_json(decision)) if json else render_decision(decision)
        (_print if json else _print_text)(shown)
        return
    if history:
        changes = publisher.history(policy_id)
        shown = dumps(to_json(changes)) if json else render_history(changes)
        (_print if json else _print_text)(shown)
        return
    items = publisher.pending(policy_id, draft)
    if json:
        _print(dumps(pending_json(policy_id, items)))
    else:
        _print_text(render_pending(policy_id, items, whole=not brief))


@_command()
def diff(
    old: Annotated[str, typer.Argument(metavar="旧版", help="政策编号或文件。", parser=_readable)],
    new: Annotated[str, typer.Argument(metavar="新版", help="政策编号或文件。", parser=_readable)],
    json: Json = False,
) -> None:
    """比较两个版本：条款的增删改，以及涉及的规则、算例、评测题和评价。"""
    from policy_qa.revision import differences, open_version, render
    from policy_qa.wire import dumps, to_json

    settings, corpus = _settings(), _corpus()
    before, after = open_version(old, corpus), open_version(new, corpus)
    shipped = before.holding is not None and before.holding.home == settings.corpus / before.name
    questions = sorted(settings.eval.glob("*.jsonl")) if shipped else []
    found = differences(before, after, questions, _cited_in_feedback(corpus, before.holding))
    if json:
        _print(dumps(to_json(found)))
    else:
        _print_text(render(found, before, after))


@_command()
def serve(
    host: Annotated[
        str,
        typer.Option(
            "--host",
            metavar="地址",
            help="在哪个地址上服务，默认只给本机。",
            show_default=False,
            parser=_readable,
        ),
    ] = "127.0.0.1",
    port: Annotated[
        int,
        typer.Option("--port", metavar="端口", help="端口，默认 8000。", show_default=False, parser=_port),
    ] = 8000,
    workers: Annotated[
        int,
        typer.Option(
            "--workers",
            metavar="N",
            help="几个进程一起服务，默认 1；每个要单独占一份内存。",
            show_default=False,
            parser=_workers,
        ),
    ] = 1,
) -> None:
    """启动网页和接口，日志写到标准错误。"""
    from policy_qa.web.server import serve as serve_web

    with _progress("正在建索引") as progress:
        serve_web(
            _settings(),
            _load_embedder(),
            host,
            port,
            workers=workers,
            say=_print_text,
            log=sys.stderr,
            progress=progress,
        )


@_command()
def mcp() -> None:
    """把工具接到一个智能体上（mcp 协议）：从标准输入读，往标准输出写。"""
    from policy_qa.web.mcp import serve_stdio

    with _progress("正在建索引") as progress:
        serve_stdio(_settings(), _load_embedder(), progress=progress)


_feedback = typer.Typer(
    cls=_Group, help="用户对回答的评价。", options_metavar="[选项]", subcommand_metavar="命令 …"
)
app.add_typer(_feedback, name="feedback")


@_feedback.command("export", cls=_Command, options_metavar="[选项]")
def export_feedback(
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="写到这个文件，默认写到标准输出。")
    ] = None,
) -> None:
    """把评价导出成待审核的评测题，一行一题。"""
    from policy_qa.feedback import FeedbackStore, as_cases
    from policy_qa.wire import dumps

    with FeedbackStore.open(_settings().home) as store:
        entries = store.all()
    lines = [dumps(case) for case in as_cases(entries)]
    if out is None:
        for line in lines:
            _print(line)
        return
    out.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    silent = sum(entry.question is None for entry in entries)
    _print_text(
        f"{len(entries)} 条评价导出成 {len(lines)} 道待审核的题；其中 {silent} 条没有留下问题，不成题。"
    )


@_command("eval")
def evaluate(
    json: Json = False,
    suite: Annotated[
        str,
        typer.Option(
            "--suite",
            metavar="NAME",
            help="dev、hard、test、perturbations、check 或 all（默认）。",
            show_default=False,
        ),
    ] = "all",
) -> None:
    """用评测题给产品打分。"""
    from policy_qa.claims_evaluation import SUITE, run_bench
    from policy_qa.evaluation import run_suites
    from policy_qa.wire import answer_json, dumps

    assistant = _open(None)
    corpus, folder = assistant.corpus, _settings().eval
    today = datetime.date.today()
    with _progress("正在评测") as progress:
        report = run_suites(
            folder,
            suite,
            lambda question: answer_json(assistant.ask(question, {}, today)),
            lambda policy, label: corpus.clause(policy, label).text,
            progress,
            {SUITE: lambda: run_bench(folder, corpus, _checking(corpus, today), progress)},
        )
    if json:
        _print(dumps(report.to_json()))
    else:
        _print_text(report.render())
    if not report.passed:
        raise typer.Exit(1)


# ── what the commands stand on ──────────────────────────────────────────────────────────────────

Report = Callable[[int, int], None]


def _settings() -> Settings:
    return load_settings(os.environ)


def _corpus() -> Corpus:
    """The shipped policies and those added here."""
    from policy_qa.corpus import load_corpus

    settings = _settings()
    return load_corpus(settings.corpus, settings.added, settings.kept, keep=False)


def _publisher() -> Publisher:
    from policy_qa.publishing import Publisher

    settings = _settings()
    return Publisher(settings.corpus, settings.added, settings.kept)


def _now() -> datetime.datetime:
    return datetime.datetime.now().astimezone()


def _text_of(path: Path) -> str:
    """A file of YAML that a reviewer wrote."""
    try:
        return path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"打不开修改稿“{path.name}”，请确认文件存在并且是 UTF-8 编码。") from error


def _cited_in_feedback(corpus: Corpus, holding: Holding | None) -> list[tuple[str, tuple[str, ...]]]:
    """Each kept feedback with the clauses its question's answer cites; asked again, by words only."""
    home = _settings().home
    if holding is None or not home.exists():
        return []
    from policy_qa.assistant import Assistant
    from policy_qa.feedback import FeedbackStore

    with FeedbackStore.open(home) as store:
        entries = [entry for entry in store.all() if entry.question is not None]
    if not entries:
        return []
    assistant = Assistant(corpus.only(holding.policy.id))
    answers = [(e, assistant.ask(e.question or "", {}, e.received_at.date())) for e in entries]
    return [(e.answer_id, tuple(c.clause for c in answer.citations)) for e, answer in answers]


def _load_embedder() -> Callable[[str], Embedder]:
    """Past sentence-transformers: the same vectors, without seconds spent on importing torch."""
    from policy_qa.embedding import load_embedder

    return functools.partial(load_embedder, through="engine")


def _open(policy: str | None) -> Assistant:
    from policy_qa.assistant import open_assistant

    with _progress("正在建索引") as progress:
        return open_assistant(_settings(), _load_embedder(), policy=policy, progress=progress)


def _chosen(corpus: Corpus, policy: str | None) -> Holding:
    return corpus.holdings[0] if policy is None else corpus.holding(policy)


def _facts(path: Path | None, policy: str | None) -> dict[str, FactValue]:
    """The facts of a file, refused before a model is loaded."""
    if path is None:
        return {}
    from policy_qa.rules import read_facts

    return read_facts(path, _chosen(_corpus(), policy).rules)


def _checking(corpus: Corpus, day: datetime.date) -> Callable[[str], object]:
    """A text → the object of ``check --json``."""
    from policy_qa.checking import Checker
    from policy_qa.wire import to_json

    checker = Checker(corpus)
    return lambda text: to_json(checker.check(text, day))


def _asked(assistant: Assistant, question: str, given: dict[str, FactValue], day: datetime.date) -> Answer:
    """The answer, with a notice where characters of the question could not be read."""
    answer = assistant.ask(question, given, day)
    return replace(answer, notices=(*answer.notices, _UNREADABLE)) if "\ufffd" in question else answer


_UNREADABLE = "问题里有不是 UTF-8 编码、读不出来的字，已经略去，请改用 UTF-8 编码再试。"


def _ask_lines(policy: str | None, given: dict[str, FactValue], day: datetime.date) -> None:
    """One object a line, in order; a line that fails gives an error object and stops nothing."""
    from policy_qa.wire import answer_json, dumps, error_json

    if sys.stdin is None:
        raise UsageError("标准输入没有打开，读不到问题，请写成 policy-qa ask --jsonl < 问题文件。")
    assistant = _open(policy)
    for number, raw in enumerate(sys.stdin.buffer):
        line = raw.decode("utf-8", errors="replace").rstrip("\r\n")
        question = line.removeprefix("\ufeff") if number == 0 else line
        try:
            text = dumps(answer_json(_asked(assistant, question, given, day)))
        except Exception as error:
            text = dumps(error_json(question, _sentence(error), day))
        _print(text)


def _from_stdin() -> str:
    """All of stdin; what is not UTF-8 becomes U+FFFD."""
    if sys.stdin is None:
        raise UsageError("标准输入没有打开，读不到文字，请写成 policy-qa check - < 文件。")
    return sys.stdin.buffer.read().decode("utf-8-sig", errors="replace")


@contextmanager
def _progress(doing: str) -> Iterator[Report | None]:
    """A bar on stderr from the first step on, so that stdout stays what was asked for.

    None where stderr is no terminal: nobody watches, and an error has to stand there alone.
    """
    if sys.stderr is None or not sys.stderr.isatty():
        yield None
        return
    bars: list[Progress] = []
    with ExitStack() as stack:

        def report(done: int, total: int) -> None:
            if not bars:
                from rich.console import Console
                from rich.progress import Progress

                bars.append(stack.enter_context(Progress(console=Console(stderr=True), transient=True)))
                bars[0].add_task(doing)
            bars[0].update(bars[0].task_ids[0], completed=done, total=total)

        yield report


# ── output ──────────────────────────────────────────────────────────────────────────────────────


def _print(line: str) -> None:
    """One line to stdout at once; a reader that has gone ends the program quietly."""
    try:
        print(line, flush=True)
    except BrokenPipeError:
        _give_up_stdout()
        raise typer.Exit(1) from None
    except OSError as error:
        _give_up_stdout()
        raise PolicyQaError("结果写不出去，磁盘可能已满，请检查输出到的文件或磁盘后再试。") from error


def _print_text(text: str) -> None:
    """Text for people: control characters of a question must not reach the terminal."""
    _print(_CONTROL.sub(" ", text))


def _give_up_stdout() -> None:
    """What stands in the buffer goes nowhere, or Python would try it again on leaving and complain."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _complain(sentence: str) -> None:
    if sys.stderr is not None:
        with suppress(OSError):
            print(" ".join(_CONTROL.sub(" ", sentence).split("\n")), file=sys.stderr, flush=True)


_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]")


def _shortened(text: str) -> str:
    """What the user wrote, on one line and short enough to stand in a sentence."""
    line = " ".join(_CONTROL.sub(" ", text).split())
    return line if len(line) <= 40 else f"{line[:40]}…"


def _in_chinese(help_text: str) -> str:
    for english, chinese in _HELP_WORDS:
        help_text = re.sub(english, chinese, help_text, flags=re.MULTILINE)
    return help_text


_HELP_WORDS = (
    (r"^Usage: ", "用法："),
    (r"^Arguments:$", "参数："),
    (r"^Options:$", "选项："),
    (r"^Commands:$", "命令："),
    (r"Show this message and exit\.", "显示这份说明。"),
    (r"  \[required\]$", "（必填）"),
    (r" <[a-z]+>", ""),
)


# ── the way in, and every way out ───────────────────────────────────────────────────────────────


def main() -> NoReturn:
    """Run the command line; every failure is one Chinese sentence on stderr."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")
    if not sys.warnoptions:  # stderr is for our one sentence, not for what packages say to programmers
        warnings.simplefilter("ignore")
    arguments = sys.argv[1:]
    try:
        status = app(arguments or ["--help"], prog_name=_NAME, standalone_mode=False)
        if not arguments:
            raise UsageError(f'没有写要做什么，请写上一个命令，例如 {_NAME} ask "小巨人奖多少？"。')
        if status == _INTERRUPTED:
            raise PolicyQaError("已按您的要求中断，原有的数据没有改动，需要时请重新运行。")
    except PolicyQaError as error:
        _complain(_sentence(error))
        status = error.exit_status
    except typer.TyperException as error:
        _complain(_wrong_use(error))
        status = 2
    except Exception as error:
        _complain(_sentence(error))
        status = 1
    sys.exit(status or 0)


_INTERRUPTED = 130
"""What typer returns for Ctrl-C."""


def _sentence(error: Exception) -> str:
    """What to say of a failure: our own errors are sentences already."""
    if isinstance(error, PolicyQaError):
        return str(error)
    if isinstance(error, OSError):
        reason = errno.errorcode.get(error.errno or 0, "原因不明")
        return f"读写文件时出错（{reason}），请检查权限和磁盘空间后再试。"
    return (
        f"程序内部出错（{type(error).__name__}），这一次没有得到结果，"
        "请换一种说法再试，仍然出错请把命令告诉维护者。"
    )


def _wrong_use(error: typer.TyperException) -> str:
    """The parser's complaint in Chinese; its classes are private to typer, so they are told by name."""
    context = getattr(error, "ctx", None)
    command = context.command_path if context else _NAME
    see = f"用法见 {command} --help。"
    option = _shortened(_readable(str(getattr(error, "option_name", ""))))
    match type(error).__name__:
        case "MissingParameter":
            parameter = getattr(error, "param", None)
            return f"缺少“{getattr(parameter, 'metavar', None) or '参数'}”，请补上再试，{see}"
        case "NoSuchOption":
            return f"没有“{option}”这个选项，请去掉它；如果它是内容的一部分，请在内容前面加上 --，{see}"
        case "BadOptionUsage" if "requires" in error.message:
            return f"选项“{option}”后面缺少它的值，请补上再试，{see}"
        case "BadOptionUsage":
            return f"选项“{option}”不带值，请去掉等号后面的内容，{see}"
        case _:
            return f"参数写得不对或者多了，含空格的内容请用引号括起来，{see}"
