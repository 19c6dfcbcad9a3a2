"""Promises about the admin page: off by default, guarded, every form signed, served only when it stands."""

from __future__ import annotations

import datetime
import html
import io
import re
import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

import pytest
from fastapi.testclient import TestClient

from policy_qa.assistant import Assistant
from policy_qa.corpus import load_corpus
from policy_qa.errors import PolicyQaError
from policy_qa.feedback import FeedbackStore
from policy_qa.publishing import Given, Publisher, Reviewer, proposal
from policy_qa.settings import load_settings
from policy_qa.web.admin import COOKIE, Office
from policy_qa.web.app import Limits, create_app
from policy_qa.web.desk import Desk
from policy_qa.web.gate import SESSION_SECONDS, Gate
from policy_qa.web.telemetry import Telemetry, json_log

SHIPPED = Path(__file__).parents[1] / "corpus"
TOKEN = "correct-horse-battery"
NOW = datetime.datetime(2026, 3, 2, 9, 30, tzinfo=datetime.UTC)
TEXT = """白石市支持企业若干措施

为支持企业，制定如下措施。

1.奖励实验室。对新认定的市级重点实验室，给予一次性奖励40万元。（市科技局负责）

2.优化服务。设立企业服务专窗。（市政务局负责）
"""


class Page(Protocol):
    """What is looked at of a response."""

    @property
    def text(self) -> str: ...
    @property
    def status_code(self) -> int: ...
    @property
    def headers(self) -> Mapping[str, str]: ...


@dataclass
class Clock:
    """Seconds that pass when a test says so."""

    seconds: float = 1000.0

    def __call__(self) -> float:
        return self.seconds


@dataclass
class Site:
    """The application with an admin page, and what a test turns in it."""

    client: TestClient
    office: Office
    clock: Clock
    added: Path

    def log_in(self, name: str = "王管") -> Page:
        return self.client.post("/admin/login", data={"token": TOKEN, "name": name}, follow_redirects=False)

    def csrf(self, path: str = "/admin") -> str:
        found = re.search(r'name="csrf" value="([0-9a-f]+)"', self.client.get(path).text)
        assert found is not None
        return found.group(1)

    def upload(self, policy: str = "baishi", **more: str) -> Page:
        return self.client.post(
            "/admin/policies",
            data={"csrf": self.csrf(), "id": policy, **more},
            files={"file": ("措施.txt", TEXT.encode(), "text/plain")},
            follow_redirects=False,
        )

    def decide(self, draft: str, **form: str) -> Page:
        return self.client.post(
            f"/admin/policies/baishi/drafts/{draft}",
            data={"csrf": self.csrf(), **form},
            follow_redirects=False,
        )


@pytest.fixture(scope="module")
def shipped() -> Assistant:
    return Assistant(load_corpus(SHIPPED))


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Added policies with ``baishi`` in it, made once and never changed."""
    folder = tmp_path_factory.mktemp("fresh")
    source = folder / "措施.txt"
    source.write_text(TEXT, "utf-8")
    Publisher(SHIPPED, folder / "corpus").add(source, "baishi", Given(), "王管", NOW)
    return folder / "corpus"


@pytest.fixture
def site(shipped: Assistant, tmp_path: Path) -> Iterator[Site]:
    added = tmp_path / "home" / "corpus"
    clock = Clock()
    desk = Desk(shipped, lambda: NOW.date())
    office = Office(
        Gate(TOKEN, clock),
        Publisher(SHIPPED, added),
        desk,
        reopen=lambda: Assistant(load_corpus(SHIPPED, added)),
        now=lambda: NOW,
    )
    with FeedbackStore.open(tmp_path / "home") as feedback:
        app = create_app(desk, feedback, Telemetry(json_log(io.StringIO())), office=office)
        yield Site(TestClient(app), office, clock, added)


@pytest.fixture
def inside(site: Site, fresh: Path) -> Site:
    """Logged in, with the unreviewed policy ``baishi``."""
    shutil.copytree(fresh, site.added)
    assert site.log_in().status_code == 303
    return site


def said(response: Page) -> str:
    return html.unescape(re.sub(r"<[^>]*>", "", response.text))


# ── who gets in ─────────────────────────────────────────────────────────────────────────────────


def test_without_a_token_in_the_settings_there_is_no_admin_page(desk: Desk, tmp_path: Path) -> None:
    assert load_settings({}).admin_token is None
    with FeedbackStore.open(tmp_path) as feedback:
        client = TestClient(create_app(desk, feedback, Telemetry(json_log(io.StringIO()))))
        paths = ("/admin", "/admin/login", "/admin/policies", "/admin/publish")
        assert [client.get(path).status_code for path in paths] == [404] * 4
        assert [client.post(path).status_code for path in paths] == [404] * 4


def test_the_token_stands_in_no_print_of_the_settings() -> None:
    settings = load_settings({"POLICY_QA_ADMIN_TOKEN": f" {TOKEN} "})
    assert settings.admin_token == TOKEN
    assert TOKEN not in repr(settings)


def test_a_token_that_can_be_guessed_is_refused_at_the_start() -> None:
    with pytest.raises(PolicyQaError) as refused:
        Gate("short", Clock())
    assert str(refused.value) == (
        "管理口令太短，容易被猜中，请把 POLICY_QA_ADMIN_TOKEN 换成至少 16 个字符的。"
    )


@pytest.mark.parametrize("path", ["/admin", "/admin/policies/baishi"])
def test_who_is_not_logged_in_sees_the_log_in_and_nothing_else(site: Site, path: str) -> None:
    page = site.client.get(path)
    assert "管理口令" in said(page)
    assert "baishi" not in page.text
    assert 'src="/static/js/admin.js"' in page.text
    assert site.client.get("/static/js/admin.js").status_code == 200
    assert page.headers["cache-control"] == "no-store"


def test_the_session_cookie_is_kept_from_scripts_and_from_other_sites(site: Site) -> None:
    cookie = site.log_in().headers["set-cookie"]
    attributes = {part.strip().lower() for part in cookie.split(";")[1:]}
    assert attributes == {"httponly", f"max-age={SESSION_SECONDS}", "path=/admin", "samesite=strict"}
    secure = TestClient(site.client.app, base_url="https://testserver")
    over_tls = secure.post("/admin/login", data={"token": TOKEN, "name": "王管"}, follow_redirects=False)
    assert "secure" in over_tls.headers["set-cookie"].lower()


def test_a_name_is_asked_for_since_every_change_is_kept_under_one(site: Site) -> None:
    refused = site.log_in(name=" ")
    assert (refused.status_code, "请写上您的姓名" in said(refused)) == (422, True)


def test_guessing_costs_more_and_more_time_even_for_the_right_token(site: Site) -> None:
    def guess() -> int:
        wrong = {"token": "wrong", "name": "某人"}
        return site.client.post("/admin/login", data=wrong).status_code

    assert [guess() for _ in range(4)] == [403, 403, 403, 429]
    refused = site.log_in()
    assert (refused.status_code, refused.headers["retry-after"]) == (429, "3")
    assert "猜错的次数太多，请等 3 秒再试。" in said(refused)
    waits = []
    for _ in range(4):
        site.clock.seconds += site.office.gate.wait("testclient")
        assert guess() == 403
        waits.append(site.office.gate.wait("testclient"))
    assert waits == [5, 9, 17, 33]
    site.clock.seconds += 33
    assert site.log_in().status_code == 303


def test_one_guesser_keeps_no_other_address_out() -> None:
    gate = Gate(TOKEN, Clock())
    for _ in range(10):
        gate.enter("1.1.1.1", "wrong", "某人")
    assert gate.wait("1.1.1.1") > 0
    assert gate.enter("2.2.2.2", TOKEN, "王管") is not None


def test_a_session_ends_after_its_time(site: Site) -> None:
    site.log_in()
    site.clock.seconds += SESSION_SECONDS + 1
    assert "管理口令" in said(site.client.get("/admin"))


@pytest.mark.parametrize(
    "forge", [lambda c: c[:-1] + ("0" if c[-1] != "0" else "1"), lambda c: "x" + c, lambda _: "a.b"]
)
def test_a_forged_session_is_none(forge: Callable[[str], str]) -> None:
    gate = Gate(TOKEN, Clock())
    cookie = gate.enter("1.1.1.1", TOKEN, "王管")
    assert cookie is not None
    session = gate.session(cookie)
    assert session is not None
    assert session.name == "王管"
    assert gate.session(forge(cookie)) is None
    assert Gate(TOKEN, Clock()).session(cookie) is None


POSTS = ["/admin/policies", "/admin/publish", "/admin/logout", "/admin/policies/baishi/drafts/draft-1"]


@pytest.mark.parametrize("path", POSTS)
@pytest.mark.parametrize("csrf", ["", "0" * 64])
def test_a_form_without_its_sessions_token_changes_nothing(inside: Site, path: str, csrf: str) -> None:
    before = {p: p.read_bytes() for p in inside.added.rglob("*") if p.is_file()}
    form = {"csrf": csrf, "action": "accept", "id": "other"}
    response = inside.client.post(path, data=form)
    assert (response.status_code, "请重新登录" in said(response)) == (403, True)
    assert {p: p.read_bytes() for p in inside.added.rglob("*") if p.is_file()} == before


def test_a_token_of_another_session_is_no_token_of_this_one(inside: Site) -> None:
    other = TestClient(inside.client.app)
    other.post("/admin/login", data={"token": TOKEN, "name": "别人"})
    response = other.post("/admin/publish", data={"csrf": inside.csrf()})
    assert response.status_code == 403


def test_after_logging_out_the_page_is_closed(inside: Site) -> None:
    inside.client.post("/admin/logout", data={"csrf": inside.csrf()})
    assert COOKIE not in inside.client.cookies
    assert "管理口令" in said(inside.client.get("/admin"))


# ── a policy in ─────────────────────────────────────────────────────────────────────────────────


def test_an_uploaded_file_is_a_policy_with_certificate_tree_and_drafts(site: Site) -> None:
    site.log_in()
    response = site.upload(region="甲省白石市")
    assert (response.status_code, response.headers["location"]) == (303, "/admin/policies/baishi")
    page = said(site.client.get("/admin/policies/baishi"))
    characters = len("".join(TEXT.split()))
    assert f"3 条；{characters}/{characters} 字各归其位" in " ".join(page.split())
    assert "适用 甲省白石市" in page
    assert "待核对（1）" in page
    assert "amount: 40万元" in page
    assert site.office.publisher.history("baishi")[0].by == "王管"


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ({"policy": "Bai Shi"}, "编号“Bai Shi”不能用"),
        ({"policy": "huainan-zjtx-2020-draft"}, "已经有了，请换一个编号"),
        ({"issued_on": "昨天"}, "日期看不懂"),
        ({"status": "草案"}, "状态不对"),
    ],
)
def test_an_upload_that_cannot_be_used_says_why_and_keeps_what_was_entered(
    site: Site, more: dict[str, str], why: str
) -> None:
    site.log_in()
    response = site.upload(**{"title": "我写的标题", **more})
    assert (response.status_code, why in said(response)) == (422, True)
    assert 'value="我写的标题"' in response.text
    assert not any(path.is_dir() for path in site.added.glob("*"))


def test_a_form_without_a_file_says_so(site: Site) -> None:
    site.log_in()
    response = site.client.post("/admin/policies", data={"csrf": site.csrf(), "id": "baishi"})
    assert (response.status_code, "没有选文件" in said(response)) == (422, True)


def test_only_the_upload_may_be_large_and_that_is_bounded(
    shipped: Assistant, site: Site, tmp_path: Path
) -> None:
    limits = Limits(max_body=2000, max_upload=4000)
    desk = site.office.desk
    with FeedbackStore.open(tmp_path / "other") as feedback:
        app = create_app(
            desk, feedback, Telemetry(json_log(io.StringIO())), office=site.office, limits=limits
        )
        client = TestClient(app)
        sizes = {"/admin/policies": (3000, 5000), "/api/check": (1000, 3000)}
        refused = {
            path: [client.post(path, content=b"x" * size).status_code == 413 for size in pair]
            for path, pair in sizes.items()
        }
    assert refused == {"/admin/policies": [False, True], "/api/check": [False, True]}
    assert shipped is desk.assistant


# ── rules for review ────────────────────────────────────────────────────────────────────────────


def test_a_draft_stands_beside_its_clause_with_its_words_marked(inside: Site) -> None:
    page = inside.client.get("/admin/policies/baishi?draft=draft-1").text
    assert "<mark>新认定的市级重点实验室，给予一次性奖励40万元</mark>" in page
    assert "1.奖励实验室。" in page


def test_accepting_a_draft_makes_it_a_rule_under_the_name_of_the_session(inside: Site) -> None:
    shown = inside.client.get("/admin/policies/baishi").text
    (edit,) = re.findall(r"<textarea[^>]*>(.*?)</textarea>", shown, re.DOTALL)
    edit = html.unescape(edit)
    response = inside.decide("draft-1", action="accept", edit=edit.replace("\n", "\r\n"))
    assert response.headers["location"] == "/admin/policies/baishi?done=draft-1"
    (measure,) = inside.office.publisher.corpus().holding("baishi").rules.measures
    assert measure.reviewed is not None
    assert (measure.reviewed.by, measure.reviewed.on) == ("王管", NOW.date())
    page = said(inside.client.get("/admin/policies/baishi?done=draft-1"))
    assert "“draft-1”已经记下。" in page
    assert "2026-03-02 09:30" in page
    assert "王管" in page


def test_an_edited_rule_that_contradicts_the_text_is_refused_and_the_edit_is_kept(inside: Site) -> None:
    (item,) = inside.office.publisher.pending("baishi")
    edit = proposal(item).replace("amount: 40万元", "amount: 400万元")
    response = inside.decide("draft-1", action="accept", edit=edit)
    assert response.status_code == 422
    assert "不在它的引文里" in said(response)
    assert "400万元" in said(response)
    assert inside.office.publisher.corpus().holding("baishi").rules.measures == ()


def test_rejecting_asks_for_a_reason_and_keeps_it(inside: Site) -> None:
    refused = inside.decide("draft-1", action="reject", reason="")
    assert (refused.status_code, "驳回要写明理由" in said(refused)) == (422, True)
    assert inside.decide("draft-1", action="reject", reason="已停止").status_code == 303
    (entry,) = inside.office.publisher.corpus().holding("baishi").rules.not_awards
    assert entry.reason == "已停止"


def test_what_a_policy_says_is_shown_as_text_and_never_as_markup(inside: Site) -> None:
    reviewer = Reviewer("<script>x</script>", NOW)
    inside.office.publisher.accept("baishi", "draft-1", reviewer)
    page = inside.client.get("/admin/policies/baishi").text
    assert "<script>x" not in page
    assert "&lt;script&gt;x" in page


# ── publishing ──────────────────────────────────────────────────────────────────────────────────


def test_users_see_a_change_when_it_is_published_and_not_before(inside: Site) -> None:
    question = {"question": "新认定的市级重点实验室奖励多少？", "policy": "baishi"}
    inside.decide("draft-1", action="accept")
    assert inside.client.post("/api/ask", json=question).status_code == 422
    assert "有改动还没有发布" in said(inside.client.get("/admin"))
    response = inside.client.post("/admin/publish", data={"csrf": inside.csrf()}, follow_redirects=False)
    assert response.headers["location"] == "/admin?done=published"
    answer = inside.client.post("/api/ask", json=question).json()
    assert answer["calculation"]["total"] == "400000"
    assert "有改动还没有发布" not in said(inside.client.get("/admin"))
    assert 'value="baishi"' in inside.client.get("/clauses").text


@pytest.mark.parametrize("failure", ["corpus", "index"])
def test_a_failed_publication_leaves_the_old_state_serving(inside: Site, failure: str) -> None:
    serving = inside.office.desk.assistant
    if failure == "corpus":
        (inside.added / "baishi" / "rules.yaml").write_text("policy: baishi\n", "utf-8")
        publish = inside.office
    else:
        lexical = Assistant(serving.corpus, standing_notices=("语义检索没有启用。",))
        publish = replace(inside.office, reopen=lambda: lexical)
    with pytest.raises(PolicyQaError):
        publish.publish()
    assert inside.office.desk.assistant is serving
    assert inside.client.get("/healthz").status_code == 200
