"""The pages as the server sends them: in Chinese, with the draft notice, escaped, whole without a script."""

from __future__ import annotations

import datetime
import html
import io
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from fastapi.testclient import TestClient

from policy_qa.assistant import Assistant
from policy_qa.catalogue import Piece
from policy_qa.corpus import load_corpus
from policy_qa.feedback import FeedbackStore
from policy_qa.status import notices
from policy_qa.web.app import create_app
from policy_qa.web.desk import Desk
from policy_qa.web.pages import DESKS, STATIC, Paragraph, paragraphs
from policy_qa.web.telemetry import Telemetry, json_log

ROOT = Path(__file__).parents[1]
ID = "huainan-zjtx-2020-draft"
DAY = datetime.date(2026, 1, 31)
EVERY_PAGE = [*DESKS, f"/clauses/{ID}/三（五）13"]


@pytest.fixture(scope="module")
def client(desk: Desk, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    with FeedbackStore.open(tmp_path_factory.mktemp("feedback")) as feedback:
        yield TestClient(create_app(desk, feedback, Telemetry(json_log(io.StringIO()))))


def said(page: str) -> str:
    """The text of a page, without its tags."""
    return html.unescape(re.sub(r"<[^>]*>", "", page))


@pytest.mark.parametrize("address", EVERY_PAGE)
def test_every_page_is_chinese_and_says_that_the_policy_is_a_draft(
    client: TestClient, desk: Desk, address: str
) -> None:
    answer = client.get(address)

    [notice] = notices(desk.corpus.policies, DAY)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert '<html lang="zh-CN">' in answer.text
    assert re.findall(r'<p class="banner" role="note">(.*?)</p>', answer.text) == [notice]


@pytest.mark.parametrize("address", EVERY_PAGE)
def test_every_page_leads_to_the_four_desks_and_to_its_own_text(client: TestClient, address: str) -> None:
    page = client.get(address).text

    header = page[page.index("<header") : page.index("</header>")]
    assert re.findall(r'<li><a href="([^"]+)"', header) == list(DESKS)
    assert '<a class="skip" href="#main">' in page
    assert page.count('<main id="main"') == 1


@pytest.mark.parametrize("address", [*EVERY_PAGE, "/print/proof", "/print/eligibility"])
def test_no_page_holds_a_script_or_a_style_of_its_own(client: TestClient, address: str) -> None:
    page = client.get(address).text

    assert re.findall(r"<script(?![^>]* src=)|<style| style=| on\w+=|javascript:", page) == []


def test_every_file_a_page_or_a_module_names_is_served_from_here(client: TestClient) -> None:
    pages = [client.get(address).text for address in [*EVERY_PAGE, "/print/proof", "/print/eligibility"]]
    named = {found for page in pages for found in re.findall(r'(?:src|href)="(/static/[^"]+)"', page)}
    for module in (STATIC / "js").glob("*.js"):
        for found in re.findall(r'from "([^"]+)"', module.read_text(encoding="utf-8")):
            target = (module.parent / found).resolve()
            named.add(f"/static/{target.relative_to(STATIC.resolve()).as_posix()}")

    assert {name: client.get(name).status_code for name in named} == dict.fromkeys(named, 200)
    ours = {f"/static/js/{module.name}" for module in (STATIC / "js").glob("*.js")}
    assert named >= ours - {"/static/js/admin.js"}  # test_admin.py opens the page that names it


def test_no_file_of_the_pages_names_another_host() -> None:
    namespaces = {"http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"}
    files = [path for path in STATIC.rglob("*") if path.suffix in {".js", ".css", ".svg"}]
    addresses = {
        address
        for path in files
        for address in re.findall(r"https?://[\w./-]+", path.read_text(encoding="utf-8"))
    }

    assert addresses <= namespaces


def test_what_is_vendored_comes_with_its_licence() -> None:
    assert sorted(path.name for path in (STATIC / "vendor").iterdir()) == [
        "LICENSE.htm.txt",
        "LICENSE.preact.txt",
        "README.md",
        "preact-htm.js",
    ]


# ── the clause desk ─────────────────────────────────────────────────────────────────────────────


def test_every_clause_has_an_address_that_shows_it_verbatim(client: TestClient, desk: Desk) -> None:
    for clause in desk.corpus.policies[0].clauses:
        page = client.get(f"/clauses/{ID}/{quote(clause.label, safe='')}").text

        shown = re.findall(r'<p class="verbatim">(.*?)</p>', page, re.DOTALL)
        assert "".join(said(paragraph) for paragraph in shown) == clause.text


def test_a_clause_stands_between_its_neighbours(client: TestClient, desk: Desk) -> None:
    labels = [clause.label for clause in desk.corpus.policies[0].clauses]
    walked = []
    address: str | None = f"/clauses/{ID}/{labels[0]}"
    while address:
        page = client.get(address).text
        walked.append(said(re.findall(r'<h2 id="found-title">(\S+) ', page)[0]))
        onward = re.findall(r'rel="next" href="([^"]+)"', page)
        address = onward[0] if onward else None

    assert walked == labels


def test_the_tree_leads_to_every_clause(client: TestClient, desk: Desk) -> None:
    page = client.get("/clauses").text

    tree = page[page.index('<nav class="tree') : page.index("</nav>", page.index('<nav class="tree'))]
    every = [f"/clauses/{ID}/{quote(clause.label, safe='')}" for clause in desk.corpus.policies[0].clauses]
    assert re.findall(r'href="([^"]+)"', tree) == every


def test_a_clause_can_be_copied_as_a_formal_citation(client: TestClient) -> None:
    page = client.get(f"/clauses/{ID}/三（五）13").text

    citation = "《关于进一步发挥专精特新排头兵作用促进中小企业高质量发展的实施意见》（征求意见稿）三（五）13"
    assert f'data-copy="{citation}"' in page
    assert f'data-copy="http://testserver/clauses/{ID}/{quote("三（五）13")}"' in page


@pytest.mark.parametrize("spelling", ["第13条", "十三", "三(五)13", "三（五）13"])
def test_a_number_in_any_spelling_finds_its_clause(client: TestClient, spelling: str) -> None:
    page = client.get("/clauses", params={"number": spelling}).text

    assert re.findall(r'<h3><a href="[^"]+">(\S+) ', page) == ["三（五）13"]


def test_a_keyword_is_highlighted_wherever_it_stands(client: TestClient) -> None:
    page = client.get("/clauses", params={"words": "贴息"}).text

    assert re.findall(r"<mark>(.*?)</mark>", page) == ["贴息", "贴息"]


def test_filters_are_met_together_and_stay_filled_in(client: TestClient) -> None:
    asked = {"department": "市科技局", "low": "60万", "high": "100万"}
    page = client.get("/clauses", params=asked).text

    assert re.findall(r'<h3><a href="[^"]+">(\S+) ', page) == ["三（一）3"]
    assert re.findall(r'<option value="([^"]*)" selected>', page) == ["市科技局"]
    assert [re.search(rf'name="{name}"[^>]*value="([^"]*)"', page)[1] for name in ("low", "high")] == [  # type: ignore[index]
        "60万",
        "100万",
    ]


@pytest.mark.parametrize(
    ("asked", "sentence"),
    [
        ({"low": "很多"}, "金额“很多”看不懂，请写成一个金额，例如 50万 或 500000。"),
        (
            {"low": "50万", "high": "10万"},
            "最低金额50万元比最高金额10万元还大，请把两个金额对调后再试。",
        ),
    ],
)
def test_a_filter_that_cannot_be_used_is_said_in_one_sentence(
    client: TestClient, asked: dict[str, str], sentence: str
) -> None:
    page = client.get("/clauses", params=asked)

    alert = page.text[page.text.index('role="alert"') :]
    assert page.status_code == 200
    assert said(alert[alert.index(">") + 1 : alert.index("</p>")]).removeprefix("⚠ ") == sentence


@pytest.mark.parametrize(
    "address",
    [f"/clauses/{ID}/九九", f"/clauses/{ID}/", "/clauses/nowhere/三（五）13", "/clauses?policy=nowhere"],
)
def test_an_address_without_a_clause_is_a_page_that_says_so(client: TestClient, address: str) -> None:
    page = client.get(address)

    assert (page.status_code, page.headers["content-type"]) == (404, "text/html; charset=utf-8")
    assert '<p class="failed" role="alert">' in page.text


@pytest.mark.parametrize("name", ["number", "words", "department", "audience", "kind", "low", "high"])
def test_what_is_asked_is_shown_as_text_and_never_as_markup(client: TestClient, name: str) -> None:
    page = client.get("/clauses", params={name: '"><script>alert(1)</script>'})

    assert page.status_code == 200
    assert "<script>" not in page.text


def test_each_of_several_policies_has_its_own_tree_and_addresses(tmp_path: Path) -> None:
    corpus = load_corpus(ROOT / "corpus", ROOT / "tests" / "fixtures" / "sound")
    desk = Desk(Assistant(corpus), lambda: DAY)
    with FeedbackStore.open(tmp_path) as feedback:
        client = TestClient(create_app(desk, feedback, Telemetry(json_log(io.StringIO()))))
        page = client.get("/clauses", params={"policy": "sample", "number": "一2"}).text

    every = [
        f"/clauses/sample/{quote(clause.label, safe='')}"
        for clause in corpus.holding("sample").policy.clauses
    ]
    tree = page[page.index('<nav class="tree') : page.index("</nav>", page.index('<nav class="tree'))]
    assert re.findall(r'<option value="(.*?)"( selected)?>', page)[:2] == [(ID, ""), ("sample", " selected")]
    assert re.findall(r'href="([^"]+)"', tree) == every
    assert re.findall(r'<h3><a href="([^"]+)">', page) == [f"/clauses/sample/{quote('一2', safe='')}"]
    assert len(re.findall(r'<p class="banner" role="note">', page)) == 2


# ── paragraphs ──────────────────────────────────────────────────────────────────────────────────


def test_a_paragraph_is_a_segment_cut_where_a_highlight_begins_or_ends(desk: Desk) -> None:
    [entry] = desk.catalogue(ID).find(number="三（五）13", words="首台套").entries
    clause = entry.clause

    first, *others = paragraphs(entry)

    ends = [segment.end for segment in clause.segments]
    starts = [0, *ends[:-1]]
    assert ["".join(piece.text for piece in p.pieces) for p in (first, *others)] == [
        clause.text[start:end] for start, end in zip(starts, ends, strict=True)
    ]
    assert first == Paragraph((Piece(clause.text[: ends[0]], passage=False, mark=False),))
    assert [piece.text for piece in others[0].pieces if piece.mark] == ["首台套"]


def test_a_passage_that_meets_the_filters_is_told_from_the_rest(desk: Desk) -> None:
    [entry] = desk.catalogue(ID).find(number="三（五）13", department="市财政局").entries

    assert [paragraph.passage for paragraph in paragraphs(entry)] == [False, False, True]
