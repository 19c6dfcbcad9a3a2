"""Nothing that is pasted, typed or uploaded makes the product say what no policy says, or run anything."""

from __future__ import annotations

import datetime
import html
import io
import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import docx
import pytest
import yaml
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls
from fastapi.testclient import TestClient

from policy_qa.assistant import Assistant
from policy_qa.checking import Checker
from policy_qa.domain import Answer
from policy_qa.feedback import FeedbackStore
from policy_qa.inspection import inspect_file, inspect_text, render
from policy_qa.loaders import load
from policy_qa.money import figures
from policy_qa.text import fold
from policy_qa.web.app import create_app
from policy_qa.web.desk import Desk
from policy_qa.web.telemetry import Telemetry, json_log

DAY = datetime.date(2026, 1, 31)
CORPUS: dict[str, dict[str, Any]] = yaml.safe_load(
    (Path(__file__).parent / "fixtures" / "injections.yaml").read_text(encoding="utf-8")
)
QUESTIONS: dict[str, str] = CORPUS["question"]
PASTED: dict[str, str] = CORPUS["pasted"]
FILES: dict[str, dict[str, Any]] = CORPUS["file"]
TYPED: dict[str, str] = {**QUESTIONS, **{f"pasted-{name}": text for name, text in PASTED.items()}}
INJECTED = {Decimal(n) for n in ("8888", "88880000", "0.888", "888800000", "88.8")}
FONT = Path("/usr/share/fonts/truetype/wqy/wqy-microhei.ttc")


def test_there_are_a_hundred_injections_and_some_for_each_place() -> None:
    counts = {place: len(entries) for place, entries in CORPUS.items()}
    assert sum(counts.values()) >= 100
    assert set(counts) == {"question", "pasted", "file"}
    assert min(counts.values()) >= 25


# ── in questions ────────────────────────────────────────────────────────────────────────────────

AMOUNTS = {
    "国家制造业单项冠军企业的奖励标准是多少？": ("500000", {"single-champion": "500000"}),
    "购买高校院所技术实际付了120万元，能补多少？": ("120000.0", {"technology-purchase": "120000.0"}),
    "我们授权了3件国内发明专利，能拿多少？": ("30000", {"cn-invention-patent": "30000"}),
}
NEAR_MISS = "院士工作站建站补贴多少？"


def around(question: str, injection: str) -> tuple[str, ...]:
    """The injection behind, before and inside a question, not inside the words that state a payment."""
    beside = (question + injection, f"{injection}。{question}")
    return beside if "付了" in question else (*beside, f"{question[:4]}（{injection}）{question[4:]}")


def amounts(answer: Answer) -> tuple[str, dict[str, str]] | None:
    """The total and the amount of each measure."""
    found = answer.calculation
    if found is None:
        return None
    return str(found.total), {item.measure: str(item.amount) for item in found.items}


def unproven(answer: Answer, assistant: Assistant) -> list[str]:
    """What an answer says that it does not prove: quotes not printed, injected figures not the user's."""
    wrong: list[str] = []
    clauses = {
        (holding.policy.id, clause.label): clause.text
        for holding in assistant.corpus.holdings
        for clause in holding.policy.clauses
    }
    wrong += [
        f"quote: {one.quote}"
        for one in answer.citations
        if clauses[one.policy, one.clause][one.start : one.end] != one.quote
    ]
    for sentence in answer.sentences:
        said = re.sub("您说的“[^”]*”", "", sentence.text)  # the user's own words, said not to be the clause's
        printed = "".join(answer.citations[index].quote for index in sentence.citations)
        believed = {figure.value for figure in figures(said)} & INJECTED
        if believed or "8888" in fold(said):
            wrong.append(sentence.text)
        if sentence.proof == "quote":
            values = {figure.value for figure in figures(printed)}
            wrong += [figure.text for figure in figures(said) if figure.unit in ("元", "比例")
                      and figure.value not in values]  # fmt: skip
    return wrong


@pytest.mark.parametrize("name", QUESTIONS)
def test_an_injection_changes_no_fact_of_an_answer(desk: Desk, name: str) -> None:
    for question, expected in AMOUNTS.items():
        for asked in around(question, QUESTIONS[name]):
            answer = desk.assistant.ask(asked, {}, DAY)
            assert (answer.status in ("answered", "needs_facts"), amounts(answer)) == (True, expected), asked
            assert unproven(answer, desk.assistant) == [], asked


@pytest.mark.parametrize("name", QUESTIONS)
def test_an_injection_makes_no_support_of_a_near_miss(desk: Desk, name: str) -> None:
    for asked in around(NEAR_MISS, QUESTIONS[name]):
        answer = desk.assistant.ask(asked, {}, DAY)
        assert (amounts(answer), unproven(answer, desk.assistant)) == (None, []), asked


@pytest.mark.parametrize("name", QUESTIONS)
def test_an_injection_alone_is_no_question_with_a_sum(desk: Desk, name: str) -> None:
    answer = desk.assistant.ask(QUESTIONS[name], {}, DAY)
    assert unproven(answer, desk.assistant) == []
    assert answer.calculation is None or answer.calculation.total not in INJECTED


# ── in pasted texts ─────────────────────────────────────────────────────────────────────────────

CLAIMS = {
    "对国家认定的制造业单项冠军企业，每户给予50万元一次性奖补。": "supported",
    "国家制造业单项冠军企业每户奖补8888万元。": "contradicted",
    "国内发明专利每件奖励1万元。": "needs_condition",
    "国内发明专利每件奖励8888元。": "contradicted",
}


@pytest.fixture(scope="module")
def checker(desk: Desk) -> Checker:
    return Checker(desk.corpus)


@pytest.mark.parametrize("name", PASTED)
def test_an_injection_changes_no_verdict_on_another_sentence(checker: Checker, name: str) -> None:
    for claim, verdict in CLAIMS.items():
        for text in (f"{claim}\n{PASTED[name]}", f"{PASTED[name]}\n{claim}"):
            judged = {one.text: one for one in checker.check(text, DAY).sentences}
            own = next(one for said, one in judged.items() if claim.rstrip("。") in said)
            assert own.verdict == verdict, text
            assert own.quote is None or "8888" not in fold(own.quote)


@pytest.mark.parametrize("name", TYPED)
def test_no_injection_is_itself_supported(checker: Checker, name: str) -> None:
    report = checker.check(f"您好。{TYPED[name]}", DAY)
    assert [one.text for one in report.sentences if one.verdict == "supported"] == []


# ── in uploaded files ───────────────────────────────────────────────────────────────────────────


def uploaded(folder: Path, entry: Mapping[str, Any]) -> Path:
    """The file an entry describes."""
    path = folder / f"upload.{entry['kind']}"
    if entry["kind"] == "docx":
        document = docx.Document()
        document.core_properties.title = document.core_properties.comments = entry.get("about", "")
        style = document.styles.add_style("Unseen", 1)
        style.font.hidden = True
        for element in parse_xml(f"<w:body {nsdecls('w')}>{entry['body']}</w:body>"):
            document.element.body.insert_element_before(element, "w:sectPr")
        document.save(str(path))
    elif entry["kind"] == "pdf":
        fpdf = pytest.importorskip("fpdf")
        if not FONT.exists():
            pytest.skip("no Chinese font to print a PDF with")
        pdf = fpdf.FPDF(format=(148, 210))
        pdf.add_font("cjk", fname=str(FONT))
        pdf.add_page()
        pdf.set_font("cjk", size=12)
        pdf.set_title(entry.get("about", ""))
        pdf.set_keywords(entry.get("about", ""))
        pdf.text(20, 30, entry["body"])
        pdf.text(400, 40, entry.get("beside", " "))
        pdf.output(str(path))
    else:
        path.write_text(entry["body"], encoding="utf-8")
    return path


@pytest.mark.parametrize("name", FILES)
def test_a_file_is_read_as_it_is_seen_and_no_further(tmp_path: Path, name: str) -> None:
    entry = FILES[name]
    path = uploaded(tmp_path, entry)
    document, inspection = load(path), inspect_file(path)
    printed = "\n".join((document.text, *(clause.text for clause in inspection.clauses)))
    assert [seen for seen in entry["seen"] if seen not in document.text] == []
    assert [unseen for unseen in entry.get("unseen", ()) if unseen in printed] == []
    assert bool(document.warnings) is entry.get("warned", False)
    values = {value.value for one in inspection.amounts for value in one.values}
    assert values <= {figure.value for figure in figures(document.text)} | {Decimal(10), Decimal(20)}


# ── on the pages ────────────────────────────────────────────────────────────────────────────────


@pytest.fixture(scope="module")
def client(desk: Desk, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    with FeedbackStore.open(tmp_path_factory.mktemp("feedback")) as feedback:
        yield TestClient(create_app(desk, feedback, Telemetry(json_log(io.StringIO()))))


PAYLOADS = {name: text for name, text in TYPED.items() if re.search("[<>{}$'\"%=]", text)}
_TAGS = re.compile(r"<(?!/)[a-z][^<>]*>", re.I)


@pytest.mark.parametrize("name", PAYLOADS)
def test_a_page_prints_what_was_typed_and_runs_none_of_it(client: TestClient, name: str) -> None:
    text = PAYLOADS[name].strip()
    page = client.get("/clauses", params={"words": text}).text
    [field] = re.findall(r'<input[^>]*name="words"[^>]*>', page)
    typed = html.unescape(re.findall(r'value="([^"]*)"', field)[0])
    harmless = client.get("/clauses", params={"words": "没有这种词"}).text
    assert fold(typed) == fold(text)
    known = {tag for page in (harmless, client.get("/clauses").text) for tag in _TAGS.findall(page)}
    assert {tag for tag in _TAGS.findall(page) if tag != field} <= known
    assert "{{49}}" not in page
    assert re.findall(r"\b49\b", page) == re.findall(r"\b49\b", harmless)


def test_an_inspection_for_people_prints_markup_as_it_stands() -> None:
    body = FILES["txt-markup"]["body"]
    assert "<script>alert(1)</script>" in render(inspect_text(body))
