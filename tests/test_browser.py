"""The pages in a real browser: each desk by mouse, by keyboard, on a phone, and when things fail."""

from __future__ import annotations

import datetime
import io
import json
import re
import shutil
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from playwright.sync_api import Browser, ConsoleMessage, Page, Playwright, Request, expect, sync_playwright

from policy_qa.eligibility import sheet
from policy_qa.feedback import FeedbackStore
from policy_qa.money import spell
from policy_qa.web.app import create_app
from policy_qa.web.desk import Desk
from policy_qa.web.telemetry import Telemetry, json_log
from policy_qa.wire import to_json

CHROMIUM = shutil.which("chromium") or "/usr/bin/chromium"
ID = "huainan-zjtx-2020-draft"
DAY = datetime.date(2026, 1, 31)
TECHNOLOGY = "跟大学买了项技术，实际付了三百二十万，能补多少？"
SCRIPT = "<script>window.harmed = true</script><img src=x onerror='window.harmed = true'>"
CLAIMS = "您好。\n在省股权交易中心专精特新板挂牌的企业，在省奖励的基础上再奖励20万元。"

pytestmark = [
    pytest.mark.loopback,
    pytest.mark.skipif(
        not Path(CHROMIUM).exists(), reason="chromium is not installed (apt install chromium)"
    ),
]


# ── one server and one browser for all ──────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Served:
    """The running application and what it stands on."""

    address: str
    desk: Desk
    feedback: FeedbackStore


@pytest.fixture(scope="module")
def served(desk: Desk, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    desk.warm_up()
    expect.set_options(timeout=15_000)
    with FeedbackStore.open(tmp_path_factory.mktemp("browser")) as feedback:
        app = create_app(desk, feedback, Telemetry(json_log(io.StringIO())))
        server = uvicorn.Server(
            uvicorn.Config(app, host="127.0.0.1", port=0, log_config=None, lifespan="off", ws="none")
        )
        thread = threading.Thread(target=server.run, daemon=True)
        thread.start()
        while not server.started:
            time.sleep(0.02)
        port = server.servers[0].sockets[0].getsockname()[1]
        yield Served(f"http://127.0.0.1:{port}", desk, feedback)
        server.should_exit = True
        thread.join()


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    # Closed with the module: Playwright's event loop runs in this thread, and other tests start their own.
    quiet = ("background-networking", "component-update", "sync")
    with sync_playwright() as playwright:
        yield _launched(
            playwright, ["--no-sandbox", "--disable-gpu", *(f"--disable-{name}" for name in quiet)]
        )


def _launched(playwright: Playwright, arguments: list[str]) -> Browser:
    return playwright.chromium.launch(executable_path=CHROMIUM, args=arguments)


@dataclass
class Watch:
    """What a page did that a page may not do; complaints of the browser include those of the CSP."""

    home: str
    elsewhere: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def on(self, page: Page) -> None:
        page.on("request", self._request)
        page.on("console", self._console)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def _request(self, request: Request) -> None:
        if not request.url.startswith((f"{self.home}/", "data:", "blob:")):
            self.elsewhere.append(request.url)

    def _console(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.complaints.append(message.text)


@pytest.fixture
def watch(served: Served) -> Watch:
    return Watch(served.address)


@pytest.fixture
def tab(chromium: Browser, served: Served, watch: Watch) -> Iterator[Page]:
    """A page of a fresh profile, which must end without a complaint and without a call to a stranger."""
    yield from _tab(chromium, served, watch, width=1280, height=900)


@pytest.fixture
def phone(chromium: Browser, served: Served, watch: Watch) -> Iterator[Page]:
    yield from _tab(chromium, served, watch, width=360, height=740)


def _tab(chromium: Browser, served: Served, watch: Watch, *, width: int, height: int) -> Iterator[Page]:
    context = chromium.new_context(
        base_url=served.address, viewport={"width": width, "height": height}, locale="zh-CN"
    )
    context.grant_permissions(["clipboard-read", "clipboard-write"], origin=served.address)
    context.set_default_timeout(15_000)
    page = context.new_page()
    watch.on(page)
    yield page
    context.close()
    assert watch == Watch(served.address)


def ask(page: Page, question: str) -> None:
    page.get_by_label("您想问什么").fill(question)
    page.get_by_role("button", name="问一问").click()
    expect(page.locator(".turn").last.locator(".why")).to_be_visible()


def asked_facts(page: Page) -> list[dict[str, Any]]:
    """The facts of each question that the page sends from now on."""
    sent: list[dict[str, Any]] = []

    def keep(request: Request) -> None:
        if request.url.endswith("/api/ask/stream"):
            sent.append(json.loads(request.post_data or "{}")["facts"])

    page.on("request", keep)
    return sent


# ── 问一问 ──────────────────────────────────────────────────────────────────────────────────────


def test_an_answer_is_shown_sentence_by_sentence_with_its_calculation(tab: Page, served: Served) -> None:
    tab.goto("/")
    ask(tab, TECHNOLOGY)

    answer = served.desk.ask(TECHNOLOGY, {})
    turn = tab.locator(".turn")
    assert turn.locator(".sentence").all_inner_texts() == [sentence.text for sentence in answer.sentences]
    assert turn.locator("tbody tr").evaluate_all(
        "rows => rows.map(row => [...row.cells].map(cell => cell.innerText))"
    ) == [["购买高校院所先进技术成果补助", "320万元 × 10% = 32万元", "〔三（一）3〕", "32万元"]]
    assert turn.locator("tfoot .sum").inner_text() == "32万元"
    expect(turn.locator("tbody").get_by_role("button", name="打开条款三（一）3")).to_have_count(1)
    assert turn.locator(".notice").all_inner_texts() == list(answer.notices)


def test_a_citation_opens_its_clause_beside_the_answer_with_the_quote_highlighted(
    tab: Page, served: Served
) -> None:
    tab.goto("/")
    ask(tab, TECHNOLOGY)
    mark = tab.locator(".sentence.quoting").get_by_role("button")
    mark.click()

    pane = tab.get_by_role("complementary")
    [quote] = {citation.quote for citation in served.desk.ask(TECHNOLOGY, {}).citations[:1]}
    expect(pane.get_by_role("heading")).to_have_text("三（一）3 激发企业创新活力")
    assert pane.locator("mark").all_inner_texts() == [quote]
    expect(pane.locator("mark")).to_be_in_viewport()

    pane.get_by_role("button", name="复制正式引用").click()
    expect(pane.get_by_role("status")).to_have_text("已复制")
    assert tab.evaluate("navigator.clipboard.readText()").endswith("（征求意见稿）三（一）3")

    tab.keyboard.press("Escape")
    expect(pane).to_be_hidden()
    expect(mark).to_be_focused()


def test_sentences_appear_as_they_are_proven(tab: Page) -> None:
    tab.add_init_script(
        """
        const fetched = window.fetch;
        const gate = { open: () => {} };
        window.letThrough = () => gate.open();
        window.fetch = async (address, options) => {
          const response = await fetched(address, options);
          if (address !== "/api/ask/stream") return response;
          const blocks = (await response.text()).split(/(?<=\\r?\\n\\r?\\n)/);
          const body = new ReadableStream({
            async pull(controller) {
              if (blocks.length === 0) return controller.close();
              await new Promise((open) => (gate.open = open));
              controller.enqueue(new TextEncoder().encode(blocks.shift()));
            },
          });
          return new Response(body, { headers: response.headers });
        };
        """
    )
    tab.goto("/")
    tab.get_by_label("您想问什么").fill("小巨人企业奖多少？")
    tab.keyboard.press("Enter")
    seen = []
    while not tab.locator(".why").is_visible():
        seen.append(tab.locator(".sentence").count())
        tab.evaluate("window.letThrough()")
        tab.wait_for_timeout(40)

    shown = tab.locator(".sentence").count()
    assert shown >= 3
    assert sorted(seen) == seen
    assert set(seen) == set(range(shown + 1))


def test_a_question_back_is_answered_by_a_chip_and_the_facts_are_kept(tab: Page) -> None:
    tab.goto("/")
    sent = asked_facts(tab)
    ask(tab, TECHNOLOGY)
    tab.get_by_role("group", name="企业是否在淮南").get_by_role("button", name="是").click()
    expect(tab.locator(".turn")).to_have_count(2)
    expect(tab.locator(".turn").last.locator(".why")).to_be_visible()
    known = tab.get_by_role("region", name="已经知道的情况")
    expect(known.locator("strong")).to_have_text(["是"])

    known.get_by_role("button", name="修改").click()
    known.get_by_role("radio", name="否").check()
    expect(known.locator("strong")).to_have_text(["否"])
    ask(tab, "小巨人企业奖多少？")
    known.get_by_role("button", name="删除").click()
    expect(known).to_have_count(0)
    ask(tab, "小巨人企业奖多少？")

    assert sent == [{}, {"technology_conditions_met": True}, {"technology_conditions_met": False}, {}]


def test_a_sum_asked_back_is_sent_as_exact_yuan(tab: Page) -> None:
    tab.goto("/")
    sent = asked_facts(tab)
    ask(tab, "购买高校院所先进技术成果，我们能补多少？")
    need = tab.locator("form.need").filter(has_text="实际支付")
    need.get_by_role("textbox").fill("三百")
    expect(need.get_by_role("alert")).to_contain_text("用数字写")
    expect(need.get_by_role("button", name="确定")).to_be_disabled()
    need.get_by_role("textbox").fill("３20.56789")
    need.get_by_role("button", name="确定").click()
    expect(tab.locator(".turn")).to_have_count(2)

    assert sent == [{}, {"technology_paid": "3205678.9"}]


def test_what_cannot_be_asked_is_said_before_anything_is_sent(tab: Page) -> None:
    tab.goto("/")
    sent = asked_facts(tab)
    tab.get_by_label("您想问什么").fill("   ")
    tab.get_by_role("button", name="问一问").click()

    expect(tab.get_by_role("alert")).to_have_text("还没有写问题，请先写下您想问的内容，再点“问一问”。")
    assert sent == []


def test_an_impossible_sum_is_answered_with_what_to_do(tab: Page) -> None:
    tab.goto("/")
    ask(tab, "技术合同实际付了负三百万，能补多少？")

    expect(tab.locator(".sentence").first).to_contain_text("不可能是真实的数值，请核对后再问。")
    expect(tab.locator("figure.calculation")).to_have_count(0)


@pytest.mark.parametrize(
    ("failure", "sentence"),
    [
        (None, "连不上服务器，内容没有送到，请检查网络后点“重试”。"),
        ({"status": 503, "json": {"detail": "现在提问的人太多，请过几秒钟再试。"}}, "现在提问的人太多"),
        ({"status": 502, "body": "<html>"}, "服务器没有能完成这一次的工作"),
        ({"status": 200, "body": "event: retrieved\ndata: {}\n\n"}, "回答在中途断开了"),
    ],
    ids=["offline", "busy", "not-json", "cut-off"],
)
def test_a_failure_is_one_sentence_and_can_be_tried_again(
    tab: Page, watch: Watch, failure: dict[str, Any] | None, sentence: str
) -> None:
    tab.goto("/")
    tab.route("**/api/ask/stream", lambda route: route.fulfill(**failure) if failure else route.abort())
    tab.get_by_label("您想问什么").fill(TECHNOLOGY)
    tab.keyboard.press("Enter")
    expect(tab.locator(".turn").get_by_role("alert")).to_contain_text(sentence)

    tab.unroute("**/api/ask/stream")
    tab.get_by_role("button", name="重试").click()
    expect(tab.locator(".turn tfoot .sum")).to_have_text("32万元")
    watch.complaints = [text for text in watch.complaints if "Failed to load resource" not in text]


def test_what_was_asked_stays_in_this_browser_until_it_is_cleared(tab: Page) -> None:
    tab.goto("/")
    ask(tab, TECHNOLOGY)
    tab.reload()
    past = tab.locator(".past")
    past.get_by_role("button", name=TECHNOLOGY).click()
    expect(tab.locator(".turn tfoot .sum")).to_have_text("32万元")

    past.get_by_role("button", name="全部清除").click()
    expect(past).to_have_count(0)
    assert tab.evaluate("Object.keys(localStorage)") == []


@pytest.mark.parametrize("enclosed", [False, True])
def test_feedback_holds_the_question_only_where_the_user_encloses_it(
    tab: Page, served: Served, enclosed: bool
) -> None:
    question = "小巨人企业奖多少？"
    tab.goto("/")
    ask(tab, question)
    tab.get_by_role("button", name="没用").click()
    tab.get_by_label("哪里不对（可不填）").fill("没有说怎么申报")
    box = tab.get_by_label("把这个问题一起发给维护人员，用来改进")
    expect(box).not_to_be_checked()
    box.set_checked(enclosed)
    tab.get_by_role("button", name="提交").click()
    expect(tab.get_by_text("已经记下，谢谢。")).to_be_visible()

    kept = served.feedback.all()[-1]
    answer = served.desk.ask(question, {})
    assert (kept.answer_id, kept.useful, kept.reason, kept.question) == (
        answer.id,
        False,
        "没有说怎么申报",
        question if enclosed else None,
    )


def test_an_answer_is_copied_whole_with_its_draft_notice(tab: Page, served: Served) -> None:
    tab.goto("/")
    ask(tab, TECHNOLOGY)
    tab.get_by_role("button", name="复制回答").click()
    expect(tab.get_by_role("status").filter(has_text="已复制")).to_be_visible()

    copied = tab.evaluate("navigator.clipboard.readText()")
    assert copied == f"问：{TECHNOLOGY}\n答：{served.desk.ask(TECHNOLOGY, {}).answer}"


def test_a_script_in_a_question_is_shown_as_text_and_runs_nowhere(tab: Page) -> None:
    question = f"小巨人奖多少{SCRIPT}"
    tab.goto("/")
    ask(tab, question)
    expect(tab.locator(".turn .question")).to_have_text(question)
    tab.get_by_role("link", name="打印核对单").click()
    expect(tab.locator(".particulars dd").first).to_have_text(question)

    assert tab.evaluate("window.harmed") is None


def test_a_question_can_be_asked_and_its_clause_read_by_keyboard_alone(tab: Page) -> None:
    tab.goto("/")
    expect(tab.get_by_label("您想问什么")).to_be_visible()
    tab.keyboard.press("Tab")
    expect(tab.get_by_role("link", name="跳到正文")).to_be_focused()
    tab.keyboard.press("Enter")
    _tab_to(tab, "#question")
    tab.keyboard.type("小巨人企业奖多少？")
    tab.keyboard.press("Enter")
    expect(tab.locator(".why")).to_be_visible()
    for _ in range(40):
        if tab.evaluate("document.activeElement.matches('button.mark')"):
            break
        tab.keyboard.press("Shift+Tab")
    tab.keyboard.press("Enter")

    expect(tab.get_by_role("complementary").get_by_role("heading")).to_be_focused()
    tab.keyboard.press("Escape")
    assert tab.evaluate("document.activeElement.matches('button.mark')") is True


def _tab_to(page: Page, selector: str) -> None:
    for _ in range(40):
        if page.evaluate(f"document.activeElement.matches('{selector}')"):
            return
        page.keyboard.press("Tab")
    pytest.fail(f"the keyboard does not reach {selector}")


def test_a_browser_that_keeps_nothing_and_lends_no_clipboard_is_served_too(tab: Page) -> None:
    tab.add_init_script(
        """
        const denied = { get() { throw new DOMException("denied", "SecurityError") } };
        Object.defineProperty(window, "localStorage", denied);
        Object.defineProperty(window, "sessionStorage", denied);
        Object.defineProperty(navigator, "clipboard", { value: undefined });
        """
    )
    tab.goto("/")
    ask(tab, TECHNOLOGY)
    tab.get_by_role("button", name="复制回答").click()
    expect(tab.get_by_role("status").filter(has_text="已复制")).to_be_visible()
    expect(tab.locator(".past").get_by_role("button", name=TECHNOLOGY)).to_be_visible()

    tab.goto("/eligibility")
    tab.get_by_label("有多少件已授权的中国发明专利").fill("3")
    expect(tab.locator(".totals dd").first).to_have_text("3万元")


def test_the_proof_sheet_holds_all_that_the_hotline_has_to_show(tab: Page, served: Served) -> None:
    tab.goto("/")
    ask(tab, TECHNOLOGY)
    tab.get_by_role("group", name="企业是否在淮南").get_by_role("button", name="是").click()
    tab.locator(".turn").last.get_by_role("link", name="打印核对单").click()
    expect(tab.locator(".stated")).to_contain_text("技术合同网登记完成")
    tab.emulate_media(media="print")

    answer = served.desk.ask(TECHNOLOGY, {"technology_conditions_met": True})
    shown = tab.locator("body").inner_text()
    expected = [
        TECHNOLOGY,
        DAY.isoformat(),
        answer.id,
        *(sentence.text for sentence in answer.sentences),
        *(citation.quote for citation in answer.citations),
        "320万元 × 10% = 32万元",
        *answer.notices,
    ]
    assert [text for text in expected if text not in shown] == []
    expect(tab.get_by_role("button", name="打印")).to_be_hidden()


def test_a_proof_sheet_of_an_answer_that_is_gone_says_so(tab: Page) -> None:
    tab.goto("/print/proof#0000000000000000")

    expect(tab.get_by_role("alert")).to_contain_text("这个浏览器里没有这份回答的记录")


# ── 我能享受什么 ────────────────────────────────────────────────────────────────────────────────


def test_the_sheet_follows_what_is_typed(tab: Page, served: Served) -> None:
    tab.goto("/eligibility")
    tab.get_by_role("group", name="当年新增的规上").get_by_label("是", exact=True).check()
    tab.get_by_label("有多少件已授权的中国发明专利").fill("3")
    tab.get_by_label("每项已授权的国外发明专利").fill("1，3")
    expect(tab.locator(".totals dd").first).to_have_text("19万元")

    expected = sheet(
        served.desk.corpus,
        {"new_above_scale": True, "cn_invention_patents": 3, "foreign_invention_countries": (1, 3)},
        DAY,
    )
    sure = [item for item in expected.items if item.verdict == "eligible" and item.is_money]
    group = tab.locator(".group").filter(has=tab.locator("summary .badge.eligible"))
    assert expected.total.low == Decimal(190000)
    assert group.locator(".formula").all_inner_texts() == [item.formula for item in sure]
    assert group.locator("blockquote").all_inner_texts() == [item.quote for item in sure]
    expect(tab.get_by_role("region", name="最值得先回答的问题")).to_contain_text(expected.needs[0].ask)


def test_the_form_is_filled_in_by_keyboard_alone(tab: Page) -> None:
    tab.goto("/eligibility")
    expect(tab.locator(".measure").first).to_be_visible()
    _tab_to(tab, "input[name=new_above_scale]")
    tab.keyboard.press("ArrowRight")
    expect(tab.get_by_role("group", name="当年新增的规上").get_by_label("是", exact=True)).to_be_checked()
    _tab_to(tab, "#fact-technology_paid")
    tab.keyboard.type("320")
    tab.keyboard.press("Tab")
    tab.keyboard.press("ArrowDown")

    row = tab.get_by_role("row", name="购买高校院所先进技术成果补助")
    expect(row.locator(".sum")).to_have_text("最多32元")
    expect(tab.locator(".totals dd").first).to_have_text("10万元")


def test_the_best_question_is_answered_where_it_is_asked(tab: Page) -> None:
    tab.goto("/eligibility")
    asked = tab.get_by_role("region", name="最值得先回答的问题")
    first = asked.locator("p").inner_text()
    asked.get_by_role("button", name="是", exact=True).click()

    expect(asked.locator("p")).not_to_have_text(first)
    expect(tab.get_by_role("group", name=first).get_by_label("是", exact=True)).to_be_checked()


def test_a_unit_typed_behind_a_sum_counts_and_the_choice_of_units_follows_it(tab: Page) -> None:
    tab.goto("/eligibility")
    tab.get_by_role("group", name="企业是否在淮南").get_by_label("是", exact=True).check()
    paid = tab.get_by_label("技术合同已经实际支付了多少元")
    unit = tab.get_by_label("单位").first
    paid.fill("1500000元")
    expect(unit).to_have_value("元")
    expect(tab.locator(".totals dd").first).to_have_text("15万元")
    paid.fill("800万")
    expect(unit).to_have_value("万元")
    expect(tab.locator(".totals dd").first).to_have_text("80万元")
    unit.select_option("元")
    expect(paid).to_have_value("800")
    expect(tab.locator(".totals dd").first).to_have_text("80元")
    unit.select_option("万元")
    expect(tab.locator(".totals dd").first).to_have_text("80万元")


def test_a_number_that_is_none_is_said_at_its_field_and_not_sent(tab: Page) -> None:
    sent: list[Any] = []
    tab.on(
        "request",
        lambda request: (
            sent.append(json.loads(request.post_data or "{}"))
            if request.url.endswith("/api/eligibility")
            else None
        ),
    )
    tab.goto("/eligibility")
    tab.get_by_label("有多少件已授权的中国发明专利").fill("半")
    expect(tab.get_by_role("alert")).to_have_text("这里要填一个不小于 0 的整数，例如 2。")
    tab.get_by_label("有多少件已授权的中国发明专利").fill("2")
    expect(tab.locator(".totals dd").first).to_have_text("2万元")

    assert [body for body in sent if body["facts"]] == [{"facts": {"cn_invention_patents": 2}}]


def kept_in_time(page: Page, values: list[str]) -> bool:
    """Whether the browser comes to keep exactly these; the CSP forbids the eval of wait_for_function."""
    for _ in range(100):
        if page.evaluate("Object.values(localStorage)") == values:
            return True
        page.wait_for_timeout(50)
    return False


def test_facts_are_forgotten_unless_the_user_chose_to_keep_them(tab: Page) -> None:
    tab.goto("/eligibility")
    field = tab.get_by_label("有多少件已授权的中国发明专利")
    field.fill("3")
    expect(tab.locator(".totals dd").first).to_have_text("3万元")
    assert tab.evaluate("Object.keys(localStorage)") == []

    tab.get_by_label("记在这个浏览器里").check()
    assert kept_in_time(tab, ['{"cn_invention_patents":3}'])
    tab.get_by_label("记在这个浏览器里").uncheck()
    assert kept_in_time(tab, [])

    tab.get_by_role("button", name="全部清空").click()
    expect(field).to_have_value("")
    expect(tab.locator(".totals dd").first).to_have_text("0元")


def test_the_sheet_is_downloaded_as_the_object_of_the_contract(tab: Page, served: Served) -> None:
    tab.goto("/eligibility")
    tab.get_by_label("有多少件已授权的中国发明专利").fill("3")
    expect(tab.locator(".totals dd").first).to_have_text("3万元")
    with tab.expect_download() as download:
        tab.get_by_role("link", name="下载 JSON").click()

    expected = to_json(sheet(served.desk.corpus, {"cn_invention_patents": 3}, DAY))
    assert isinstance(expected, dict)
    content = json.loads(download.value.path().read_text(encoding="utf-8"))
    assert content == {"facts": {"cn_invention_patents": 3}, **expected}


def test_the_chart_is_a_table_whose_bars_tell_sure_from_possible(tab: Page) -> None:
    tab.goto("/eligibility")
    tab.get_by_label("有多少件已授权的中国发明专利").fill("3")
    row = tab.get_by_role("row", name="已授权中国发明专利资助")
    expect(row.locator(".sum")).to_have_text("3万元")
    possible = tab.get_by_role("row", name="流动资金贷款贴息")

    assert (row.locator("rect.sure").count(), row.locator("rect.possible").count()) == (1, 0)
    assert (possible.locator("rect.sure").count(), possible.locator("rect.possible").count()) == (0, 1)
    expect(possible.locator(".sum")).to_have_text("最多50万元")
    unbounded = tab.get_by_role("row", name="已授权国外发明专利资助")
    expect(unbounded.locator(".sum")).to_have_text("没有写明上限")
    expect(unbounded.locator(".open-end")).to_have_count(1)


def test_the_sheet_is_printed_with_facts_day_and_draft_notice(tab: Page, served: Served) -> None:
    tab.goto("/eligibility")
    tab.get_by_label("有多少件已授权的中国发明专利").fill("3")
    expect(tab.locator(".totals dd").first).to_have_text("3万元")
    tab.get_by_role("link", name="打印这张表").click()
    expect(tab.locator(".totals dd").first).to_have_text("3万元")
    tab.emulate_media(media="print")

    expected = sheet(served.desk.corpus, {"cn_invention_patents": 3}, DAY)
    shown = tab.locator("body").inner_text()
    wanted = [
        DAY.isoformat(),
        "3件",
        *expected.notices,
        *(item.quote for item in expected.items if item.amount.high),
    ]
    assert [text for text in wanted if text not in shown] == []


# ── 帮我核对 ────────────────────────────────────────────────────────────────────────────────────


def test_a_text_is_checked_sentence_by_sentence_with_the_difference_marked(tab: Page, served: Served) -> None:
    tab.goto("/check")
    tab.get_by_label("要核对的话").fill(CLAIMS)
    tab.get_by_role("button", name="开始核对").click()
    heading = tab.get_by_role("heading", name="核对结果")
    expect(heading).to_be_focused()

    report = served.desk.check(CLAIMS)
    wrong = tab.locator(".checked").last
    assert [sentence.verdict for sentence in report.sentences] == ["no_claim", "contradicted"]
    expect(heading).to_contain_text("矛盾")
    expect(tab.locator(".checked .badge")).to_have_text([re.compile("不涉及"), re.compile("矛盾")])
    assert wrong.locator(".side mark").all_inner_texts() == ["20万元", "10万元"]
    expect(wrong.locator(".differences")).to_contain_text("说的是20万元，条文是10万元")

    wrong.get_by_role("button", name="打开条款三（三）9").click()
    expect(tab.get_by_role("complementary").locator("mark").first).to_be_visible()


def test_a_text_is_checked_by_keyboard_alone(tab: Page) -> None:
    tab.goto("/check")
    expect(tab.get_by_label("要核对的话")).to_be_visible()
    _tab_to(tab, "#text")
    tab.keyboard.type("小巨人企业奖补50万元。")
    tab.keyboard.press("Tab")
    tab.keyboard.press("Enter")

    expect(tab.get_by_role("heading", name="核对结果")).to_be_focused()


def test_nothing_to_check_is_said(tab: Page) -> None:
    tab.goto("/check")
    tab.get_by_role("button", name="开始核对").click()

    expect(tab.get_by_role("alert")).to_have_text("还没有内容，请先把要核对的话贴进来，再点“开始核对”。")


def test_a_text_that_is_too_long_is_answered_with_the_sentence_of_the_server(tab: Page, watch: Watch) -> None:
    tab.goto("/check")
    tab.get_by_label("要核对的话").fill("小巨人奖补50万元。" * 3000)
    tab.get_by_role("button", name="开始核对").click()

    expect(tab.get_by_role("alert")).to_contain_text("请")
    expect(tab.locator(".checked")).to_have_count(0)
    watch.complaints = [text for text in watch.complaints if "Failed to load resource" not in text]


def test_a_script_in_a_pasted_text_is_shown_as_text_and_runs_nowhere(tab: Page) -> None:
    tab.goto("/check")
    tab.get_by_label("要核对的话").fill(f"小巨人企业奖补50万元{SCRIPT}")
    tab.get_by_role("button", name="开始核对").click()
    expect(tab.locator(".sides").first).to_contain_text("<script>")

    assert tab.evaluate("window.harmed") is None


# ── 查条款 ──────────────────────────────────────────────────────────────────────────────────────


def test_the_clause_desk_finds_opens_and_copies(tab: Page) -> None:
    tab.goto("/clauses")
    tab.get_by_label("关键词").fill("贴息")
    tab.get_by_label("关键词").press("Enter")
    expect(tab.locator(".found mark")).to_have_text(["贴息", "贴息"])
    tab.get_by_role("link", name="三（一）2 支持企业做大做强").click()
    tab.get_by_role("link", name="下一条").click()
    expect(tab.get_by_role("heading", name="三（一）3")).to_be_visible()
    tab.get_by_role("button", name="复制正式引用").click()
    expect(tab.get_by_role("status").filter(has_text="已复制")).to_be_visible()

    copied = tab.evaluate("navigator.clipboard.readText()")
    assert copied == tab.locator(".citation").inner_text()


def test_the_clause_desk_works_without_a_script(chromium: Browser, served: Served) -> None:
    context = chromium.new_context(base_url=served.address, java_script_enabled=False)
    page = context.new_page()
    page.goto("/clauses")
    page.get_by_label("条款号").fill("第13条")
    page.get_by_role("button", name="查条款").click()
    page.get_by_role("link", name="三（五）13 助力企业开拓市场").click()

    expect(page.get_by_role("heading", name="三（五）13 助力企业开拓市场")).to_be_visible()
    expect(page.get_by_role("button", name="复制正式引用")).to_be_hidden()
    context.close()


# ── every page ──────────────────────────────────────────────────────────────────────────────────

EVERY_PAGE = {
    "ask": "/",
    "eligibility": "/eligibility",
    "check": "/check",
    "clauses": "/clauses?words=补助",
    "clause": f"/clauses/{ID}/三（五）13",
}


def fill_with_content(page: Page, name: str) -> None:
    """Opens a page and brings up all that it can show."""
    page.goto(EVERY_PAGE[name])
    if name == "ask":
        ask(page, "我们是国家级专精特新小巨人企业，能拿多少补贴？")
        page.locator(".why summary").click()
        page.get_by_role("button", name="没用").click()
    if name == "eligibility":
        expect(page.locator(".measure").first).to_be_visible()
        page.locator(".fact-group:not([open]) summary").evaluate_all(
            "all => all.forEach((one) => one.click())"
        )
        page.get_by_label("每项已授权的国外发明专利").fill("1，3")
        expect(page.locator(".totals dd").first).to_have_text("6万元")
        page.locator(".group summary").last.click()
    if name == "check":
        page.get_by_role("button", name="放一段示例").click()
        page.get_by_role("button", name="开始核对").click()
        expect(page.locator(".checked").first).to_be_visible()


@pytest.mark.parametrize("name", EVERY_PAGE)
def test_a_phone_never_has_to_scroll_sideways(phone: Page, name: str) -> None:
    fill_with_content(phone, name)

    assert phone.evaluate("document.documentElement.scrollWidth") == 360
    if name != "clauses" and name != "clause":
        phone.locator("button.mark").first.click()
        pane = phone.get_by_role("complementary").bounding_box()
        assert pane is not None
        assert (pane["x"], pane["width"], pane["y"] + pane["height"]) == (0, 360, 740)


@pytest.mark.parametrize("name", EVERY_PAGE)
def test_everything_has_a_name_and_can_be_read(tab: Page, name: str) -> None:
    fill_with_content(tab, name)

    found = {what: tab.evaluate(script) for what, script in _FLAWS.items()}
    assert found == {what: [] for what in _FLAWS}
    assert tab.evaluate("document.documentElement.lang") == "zh-CN"


_FLAWS = {
    "without a name": """() =>
  [...document.querySelectorAll("input, select, textarea, button, a[href], summary")]
    .filter((one) => one.checkVisibility())
    .filter((one) => !(one.labels?.length || one.ariaLabel || one.innerText?.trim()))
    .map((one) => one.outerHTML)""",
    "the same id twice": """() => {
  const ids = [...document.querySelectorAll("[id]")].map((one) => one.id);
  return ids.filter((id, at) => ids.indexOf(id) !== at);
}""",
    # Below 4.5 : 1, the bar of WCAG AA.
    "too faint": """() => {
  const parts = (colour) => colour.match(/[\\d.]+/g).map(Number);
  const light = (colour) => {
    const [r, g, b] = parts(colour).map((part) => {
      const share = part / 255;
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ground = (one) => {
    const colour = getComputedStyle(one).backgroundColor;
    return (parts(colour)[3] ?? 1) === 1 ? colour : ground(one.parentElement);
  };
  const faint = new Set();
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const text = walker.currentNode.data.trim();
    const one = walker.currentNode.parentElement;
    if (!text || !one.checkVisibility() || one.closest(":disabled, noscript")) continue;
    const [dark, bright] = [light(getComputedStyle(one).color), light(ground(one))].sort((x, y) => x - y);
    if ((bright + 0.05) / (dark + 0.05) < 4.5) faint.add(`${one.className}: ${text.slice(0, 20)}`);
  }
  return [...faint];
}""",
}
"""Scripts that list what people who cannot see well, or at all, would stumble over."""


def test_sums_are_spelt_as_the_server_spells_them_and_no_digit_changes(tab: Page) -> None:
    sums = ["0", "0.01", "1", "9999.99", "10000", "345678.9", "500000", "12345600", "3205678.9", "100000000"]
    sums += ["123456789", "150000000", "999999999999999", "1000000000000000", "10000.1", "12300000000"]
    tab.goto("/")
    spelt = tab.evaluate(
        """async (sums) => {
          const { spell } = await import("/static/js/money.js");
          return sums.map(spell);
        }""",
        sums,
    )

    assert spelt == [spell(Decimal(one)) for one in sums]


def test_what_is_typed_becomes_plain_yuan_or_nothing(tab: Page) -> None:
    typed = [
        ["320", "万元"],
        ["1,000.5", "元"],
        ["０.1", "万元"],
        ["3.20", "元"],
        ["-1", "元"],
        ["1e5", "元"],
        ["800万", "元"],
        ["５万元 ", "元"],
        ["5000 元", "万元"],
        ["1.2亿", "万元"],
        ["万元", "元"],
        ["8万万", "元"],
    ]
    tab.goto("/")
    read = tab.evaluate(
        """async (typed) => { const { yuan } = await import("/static/js/money.js");
          return typed.map(([text, unit]) => yuan(text, unit)) }""",
        typed,
    )

    with_a_unit = ["8000000", "50000", "5000", "120000000", None, None]
    assert read == ["3200000", "1000.5", "1000", "3.2", None, None, *with_a_unit]
