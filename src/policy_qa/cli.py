"""The command line: parses, calls one function, prints; no logic of its own lives here."""

from __future__ import annotations

import datetime
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from policy_qa.errors import PolicyQaError, UsageError
from policy_qa.settings import Settings, load_settings

if TYPE_CHECKING:
    from policy_qa.assistant import Assistant
    from policy_qa.corpus import Corpus, Holding
    from policy_qa.domain import Clause, FactValue

app = typer.Typer(
    help="政策问答：每句有据，每数有证。",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

Json = Annotated[bool, typer.Option("--json", help="输出 JSON。")]
PolicyId = Annotated[str | None, typer.Option("--policy", help="只用这一份政策（编号）。")]
AsOf = Annotated[str | None, typer.Option("--as-of", help="按哪一天回答，如 2026-01-31；默认今天。")]


@app.command()
def ask(
    question: Annotated[str | None, typer.Argument(help="您的问题。", show_default=False)] = None,
    facts: Annotated[Path | None, typer.Option("--facts", help="企业情况（JSON 文件）。")] = None,
    policy: PolicyId = None,
    as_of: AsOf = None,
    json: Json = False,
    jsonl: Annotated[bool, typer.Option("--jsonl", help="从标准输入逐行读问题，逐行输出 JSON。")] = False,
) -> None:
    """问一个问题，得到逐句有据的回答。"""
    day = _day(as_of)
    if (question is None) != jsonl:
        raise UsageError("请给出一个问题，或者用 --jsonl 从标准输入逐行读取，二者选一。")
    assistant = _open(policy)
    given = _facts(facts, assistant)
    if jsonl:
        _ask_lines(assistant, given, day)
        return
    assert question is not None
    answer = assistant.ask(_repaired(question), given, day)
    if json:
        from policy_qa.wire import answer_json, dumps

        _print(dumps(answer_json(answer)))
    else:
        _print(answer.answer)
        for notice in answer.notices:
            if notice not in answer.answer:
                _print(notice, err=True)


@app.command()
def clause(
    label: Annotated[str, typer.Argument(help="条款编号，如 三（五）13、第13条。")],
    policy: PolicyId = None,
    json: Json = False,
) -> None:
    """按编号查条款原文。"""
    from policy_qa.answer import notices
    from policy_qa.corpus import load_corpus
    from policy_qa.references import existing_range, find_references, normal_label, resolve
    from policy_qa.wire import clause_json, dumps

    holding = _chosen(load_corpus(_settings().corpus), policy)
    exact = holding.policy.clause(normal_label(label))
    found: tuple[Clause, ...] = (exact,) if exact else ()
    if not found:
        references = find_references(label)
        found = tuple(c for reference in references[:1] for c in resolve(reference, holding.policy.clauses))
    if json:
        _print(dumps(clause_json(found, holding.policy.id, holding.rules)))
    elif found:
        for one in found:
            _print(f"〔{one.label}〕\n{one.text}")
        for notice in notices([holding.policy], datetime.date.today()):
            _print(notice)
    else:
        _print(f"没有条款“{label}”，现有的条款是：{existing_range(holding.policy.clauses)}。")


@app.command()
def search(
    query: Annotated[str, typer.Argument(help="要找的词或一句话。")],
    k: Annotated[int, typer.Option("-k", min=1, max=100, help="要几条。")] = 5,
    policy: PolicyId = None,
    json: Json = False,
) -> None:
    """找出与几个词最相近的条款。"""
    from policy_qa.wire import dumps, hits_json

    assistant = _open(policy)
    hits = assistant.search(_repaired(query), k)
    quotes = [assistant.corpus.clause(hit.policy, hit.clause).text for hit in hits]
    if json:
        _print(dumps(hits_json(hits, quotes)))
        return
    for hit, quote in zip(hits, quotes, strict=True):
        _print(f"〔{hit.clause}〕{hit.why}\n  {quote[:80]}{'…' if len(quote) > 80 else ''}")


@app.command()
def index() -> None:
    """核验语料的切分，重建检索索引。"""
    from policy_qa.assistant import open_assistant
    from policy_qa.corpus import load_corpus
    from policy_qa.embedding import load_embedder

    settings = _settings()
    corpus = load_corpus(settings.corpus)
    for holding in corpus.holdings:
        certificate = holding.policy.certificate
        _print(
            f"{holding.policy.id}：{len(holding.policy.clauses)} 条，"
            f"{certificate.covered}/{certificate.characters} 字各归其位。"
        )
        for warning in certificate.warnings:
            _print(f"  提醒：{warning}")
    with _progress() as progress:
        open_assistant(settings, load_embedder, progress=progress, rebuild=True)
    _print("索引已建好。")


@app.command()
def lint(json: Json = False) -> None:
    """核对规则与条文的数字，两个方向都要对上。"""
    from policy_qa.corpus import load_corpus
    from policy_qa.lint import lint_corpus, render
    from policy_qa.wire import dumps, to_json

    report = lint_corpus(load_corpus(_settings().corpus), _settings().corpus)
    _print(dumps(to_json(report)) if json else render(report))
    if report.problems:
        raise typer.Exit(1)


@app.command("eval")
def evaluate(
    json: Json = False,
    suite: Annotated[str, typer.Option("--suite", help="dev、test、perturbations 或 all。")] = "all",
) -> None:
    """用评测题给产品打分。"""
    from policy_qa.evaluation import run_suites
    from policy_qa.wire import answer_json, dumps

    assistant = _open(None)
    today = datetime.date.today()
    report = run_suites(
        _settings().eval,
        suite,
        lambda question: answer_json(assistant.ask(question, {}, today)),
        lambda policy, label: assistant.corpus.clause(policy, label).text,
    )
    _print(dumps(report.to_json()) if json else report.render())
    if not report.passed:
        raise typer.Exit(1)


# ── around the commands ─────────────────────────────────────────────────────────────────────────


def main() -> NoReturn:
    """Run the command line; every failure is one Chinese sentence on stderr."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")
    try:
        app()
    except PolicyQaError as error:
        print(error, file=sys.stderr)
        sys.exit(error.exit_status)
    except KeyboardInterrupt:
        print("已中断，没有改动任何数据。", file=sys.stderr)
        sys.exit(1)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    sys.exit(0)


def _settings() -> Settings:
    return load_settings(os.environ)


def _open(policy: str | None) -> Assistant:
    from policy_qa.assistant import open_assistant
    from policy_qa.embedding import load_embedder

    return open_assistant(_settings(), load_embedder, policy=policy)


def _chosen(corpus: Corpus, policy: str | None) -> Holding:
    return corpus.holding(policy) if policy else corpus.holdings[0]


@contextmanager
def _progress() -> Iterator[Callable[[int, int], None]]:
    """A progress bar on stderr, so that stdout stays what was asked for."""
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("正在建索引")
        yield lambda done, total: bar.update(task, completed=done, total=total)


def _facts(path: Path | None, assistant: Assistant) -> dict[str, FactValue]:
    from policy_qa.rules import read_facts

    return read_facts(path, assistant.corpus.holdings[0].rules) if path else {}


def _day(text: str | None) -> datetime.date:
    if text is None:
        return datetime.date.today()
    try:
        return datetime.date.fromisoformat(text)
    except ValueError as error:
        raise UsageError(f"日期“{text}”看不懂，请写成 2026-01-31 这样。") from error


def _ask_lines(assistant: Assistant, given: dict[str, FactValue], day: datetime.date) -> None:
    """One object a line, in order; a line that fails gives an error object and stops nothing."""
    from policy_qa.wire import answer_json, dumps, error_json

    for raw in sys.stdin.buffer:
        question = raw.decode("utf-8", errors="replace").rstrip("\r\n")
        try:
            line = answer_json(assistant.ask(question, given, day))
        except Exception as error:
            message = (
                str(error) if isinstance(error, PolicyQaError) else "回答这个问题时出错，请换一种说法再试。"
            )
            line = error_json(question, message, day)
        _print(dumps(line))


def _repaired(text: str) -> str:
    """An argument that was not UTF-8 reaches Python as surrogates: read what can be read."""
    return os.fsencode(text).decode("utf-8", errors="replace") if _is_broken(text) else text


def _is_broken(text: str) -> bool:
    return any("\udc80" <= character <= "\udcff" for character in text)


def _print(text: str, *, err: bool = False) -> None:
    stream = sys.stderr if err else sys.stdout
    print(text, file=stream, flush=True)
