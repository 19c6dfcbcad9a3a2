"""Promises of the splitter for texts of any numbering; gold of real documents is data of our own."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from policy_qa.certificate import losses
from policy_qa.clauses import Split, split, verify
from policy_qa.loaders import load
from policy_qa.references import label_components, normal_label

SHARED = Path(__file__).parents[2] / "shared" / "policies"
GOLD = sorted((Path(__file__).parent / "gold" / "clauses").glob("*.json"))


def labels(text: str) -> list[str]:
    return [clause.label for clause in split("p", text).clauses]


def kinds(whole: Split, text: str) -> list[tuple[str, str, str]]:
    return [(part.kind, part.label, text[part.start : part.end]) for part in whole.parts]


# ── real documents ──────────────────────────────────────────────────────────────────────────────


@pytest.mark.skipif(not SHARED.is_dir(), reason="the shared policy texts are not on this machine")
@pytest.mark.parametrize("gold", GOLD, ids=lambda path: path.stem)
def test_a_real_document_has_the_clauses_a_person_read_in_it(gold: Path) -> None:
    wanted = json.loads(gold.read_text("utf-8"))
    text = load(SHARED / wanted["document"]).text
    whole = split("p", text)
    starts = {part.label: part.start for part in whole.parts if part.kind in ("clause", "preamble")}
    found = [[clause.label, starts[clause.label], clause.text[:10]] for clause in whole.clauses]
    read = [[label, start, text[start : start + 10].split("\n")[0]] for label, start, _ in wanted["clauses"]]
    assert [one[:2] for one in found] == [one[:2] for one in wanted["clauses"]]
    assert [one[2] for one in read] == [one[2] for one in wanted["clauses"]]


@pytest.mark.skipif(not SHARED.is_dir(), reason="the shared policy texts are not on this machine")
def test_every_real_document_is_covered_to_the_last_character() -> None:
    uncovered = {}
    for path in sorted(SHARED.glob("*.txt")):
        text = load(path).text
        whole = split("p", text)
        certificate = whole.certificate
        lost = losses(certificate)
        if lost or certificate.covered != certificate.characters or verify(text, whole) != certificate:
            uncovered[path.name] = lost
    assert uncovered == {}


def test_the_articles_that_a_digest_quotes_stand_under_the_policy_they_are_of() -> None:
    articles = "政策1：甲办法\n摘编如下：\n第3条：奖励。\n第4条：补助。\n政策2：乙办法\n第1条：贴息。"
    text = f"{articles}\n政策3：丙办法\n无资金。"
    assert labels(text) == ["政策1", "政策1第3条", "政策1第4条", "政策2第1条", "政策3"]


def test_the_rows_of_a_table_are_one_paragraph() -> None:
    assert labels("附件1\n奖励标准表\n等级｜奖励\n省级｜10万元\n市级｜5万元") == ["附件1/¶1"]


def test_the_title_of_a_text_on_one_line_is_no_preamble() -> None:
    text = (
        "某区促进总部经济发展的若干政策 "
        + "为吸引企业总部集聚，制定本政策。 一、落户。给予奖励。 "
        + "二、用房。给予补贴。" * 2
    )
    whole = split("p", text * 1 + "三、附则。自印发之日起施行，" + "有效期三年，由区商务局负责解释。" * 3)
    assert whole.title == "某区促进总部经济发展的若干政策"
    assert [clause.text[:5] for clause in whole.clauses][:2] == ["为吸引企业", "一、落户。"]


ROWS = """某市支持方案

依据文件   《某市若干措施》

发文机构   某市经济和信息化局

工具分类   资金支持

           1．支持设备更新。对符合条件的项目给予贴息支持，项目应当
服务内容   在本市实施并形成固定资产投资。

           2．支持技术改造。对技术改造项目给予补助支持，优先支持首台（套）
       装备。

           纳入支持的企业须满足以下条件：

           1．在本市注册。
条件要求
           2．经营状况良好，近三年没有严重失信记录和重大违法行为，并按时
       报送报表。

           申报单位在线填写项目申报书→主管部门组织评审→结果公示→签订
服务流程   协议→资金拨付，主管部门按照规定拨付支持资金，并加强对项目的
       管理。

联络方式   某市经济和信息化局：55521000
"""


def test_a_row_without_numbers_and_what_leads_in_a_list_are_read_with_their_label() -> None:
    found = [(clause.label, clause.text[:6]) for clause in split("p", ROWS).clauses]
    assert found == [
        ("序言", "依据文件  "),
        ("1", "1．支持设备"),
        ("2", "2．支持技术"),
        ("条件要求/序言", "纳入支持的企"),
        ("条件要求/1", "1．在本市注"),
        ("条件要求/2", "2．经营状况"),
        ("¶1", "申报单位在线"),
        ("¶2", "联络方式  "),
    ]


# ── numbers of every style ──────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("一、甲。\n二 、乙。\n三．丙。", ["一", "二", "三"]),
        ("一、类\n（一）甲。\n(二)乙。\n（ 三 ）丙。", ["一（一）", "一（二）", "一（三）"]),
        ("一、类\n1.甲。\n２．乙。\n3﹒丙。\n4、丁。", ["一1", "一2", "一3", "一4"]),
        ("一、类\n（1）甲。\n(2)乙。\n3）丙。", ["一（1）", "一（2）", "一（3）"]),
        ("一、类\n①甲。\n②乙。", ["一①", "一②"]),
        ("第一部分 甲\n一、乙。\n第二部分 丙\n一、丁。", ["第一部分一", "第二部分一"]),
        ("1.总则\n1.1 甲。\n1.2 乙。\n2.分则\n2.1 丙。", ["1.1", "1.2", "2.1"]),
        ("一、类\n1.设备\nA.新的。\nB.旧的。", ["一1A", "一1B"]),
        (
            "第一编 总则\n第一章 一般\n第一条 甲。\n第一条之一 乙。\n第二条 丙。",
            ["第一条", "第一条之一", "第二条"],
        ),
        ("第 1 条 甲。\n第 2 条 乙。", ["第1条", "第2条"]),
        ("第一千条 甲。\n第一千零一条 乙。\n第一千零二条 丙。", ["第一千条", "第一千零一条", "第一千零二条"]),
        ("第 十 条 甲。\n第 十 一 条 乙。", ["第十条", "第十一条"]),
        ("1 总则\n1.1 目的\n甲。\n1.2 范围\n乙。\n2 奖励\n2.1 标准\n丙。", ["1.1", "1.2", "2.1"]),
        ("1．类\n方向 1 甲。\n方向 2 乙。\n2．类\n方向 3 丙。", ["1方向1", "1方向2", "2方向3"]),
    ],
)
def test_a_number_is_read_in_every_printed_form(text: str, found: list[str]) -> None:
    assert labels(text) == found


def test_numbers_may_run_on_across_headings_or_begin_again() -> None:
    running = "一、甲类\n1.一。\n2.二。\n二、乙类\n3.三。\n4.四。"
    again = "一、甲类\n1.一。\n2.二。\n二、乙类\n1.三。\n2.四。"
    assert [(one.label, one.number) for one in split("p", running).clauses] == [
        ("一1", 1),
        ("一2", 2),
        ("二3", 3),
        ("二4", 4),
    ]
    assert [(one.label, one.number) for one in split("p", again).clauses] == [
        ("一1", None),
        ("一2", None),
        ("二1", None),
        ("二2", None),
    ]
    assert (split("p", running).certificate.numbering_gaps, split("p", again).certificate.numbering_gaps) == (
        (),
        (),
    )


def test_a_narrower_number_may_stand_above_a_wider_one() -> None:
    assert labels("1.类\n（一）甲。\n（二）乙。\n2.类\n（一）丙。") == ["1（一）", "1（二）", "2（一）"]


def test_a_skipped_number_is_a_gap_with_its_line() -> None:
    certificate = split("p", "某市办法\n一、甲。\n二、乙。\n四、丁。").certificate
    assert certificate.numbering_gaps == (
        "第 4 行：这里应是同级的第 3 项，却是「四」，编号不连续，请核对原文是否缺行或错号。",
    )


def test_a_number_printed_twice_keeps_both_clauses_apart_and_says_so() -> None:
    whole = split("p", "某市办法\n一、类\n1.甲。\n2.乙。\n2.丙。\n3.丁。")
    assert [(one.label, one.text) for one in whole.clauses] == [
        ("一1", "1.甲。"),
        ("一2", "2.乙。"),
        ("一2〔2〕", "2.丙。"),
        ("一3", "3.丁。"),
    ]
    assert whole.certificate.warnings == (
        "第 5 行：编号在前面已经出现过，这里记作「一2〔2〕」，请核对原文。",
    )


def test_a_second_list_in_an_article_is_no_mistake_of_the_print() -> None:
    whole = split(
        "p", "某市办法\n第一条 有下列情形的：\n（一）甲；\n（二）乙。\n另有下列情形的：\n（一）丙。"
    )
    assert [one.label for one in whole.clauses] == [
        "第一条",
        "第一条（一）",
        "第一条（二）",
        "第一条（一）〔2〕",
    ]
    assert (whole.certificate.failures, whole.certificate.warnings) == ((), ())


def test_what_only_looks_like_a_number_is_text_and_a_warning() -> None:
    whole = split("p", "某市办法\n一、甲企业奖励\n（国民经济行业代码 64、\n65）五十万元。\n二、乙。")
    assert [one.label for one in whole.clauses] == ["一", "二"]
    assert whole.certificate.warnings == (
        "第 4 行：「65）」像编号，但前后没有与它相连的编号，按正文处理，请核对原文。",
    )


@pytest.mark.parametrize(
    "reference", ["第五条规定的企业除外。", "第五条、第六条所列企业除外。", "第五条 所称企业除外。"]
)
def test_a_reference_at_the_start_of_a_line_opens_nothing(reference: str) -> None:
    assert labels(f"第四条 奖励十万元。\n{reference}\n第五条 奖励二十万元。") == ["第四条", "第五条"]


def test_a_word_that_also_begins_references_does_not_hide_an_article() -> None:
    assert labels("第一条 甲。\n第二条 项目单位应当申报。\n第三条 与本市合作的。") == [
        "第一条",
        "第二条",
        "第三条",
    ]


# ── numbers inside a line ───────────────────────────────────────────────────────────────────────


def test_an_item_may_begin_inside_the_line_before() -> None:
    assert labels("一、类\n1.甲类奖励十万元。2.乙类奖励五万元。\n3.丙类不奖。\n二、其他。") == [
        "一1",
        "一2",
        "一3",
        "二",
    ]
    assert labels("一、总体要求（一）指导思想。甲。\n（二）原则。乙。\n二、其他。") == [
        "一（一）",
        "一（二）",
        "二",
    ]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("一、奖励。（一）甲类十万元。（二）乙类五万元。\n二、其他。", ["一（一）", "一（二）", "二"]),
        (
            "第一条 有下列情形的，给予奖励：（一）甲；（二）乙。\n第二条 丙。",
            ["第一条", "第一条（一）", "第一条（二）", "第二条"],
        ),
        ("二、措施1.甲类奖励。2.乙类奖励。\n三、其他。", ["二1", "二2", "三"]),
    ],
)
def test_items_that_lost_their_line_breaks_are_items(text: str, found: list[str]) -> None:
    assert labels(text) == found


def test_a_list_inside_a_sentence_stays_in_its_clause() -> None:
    text = "一、类\n1.对下列企业给予奖励：（1）规上企业；（2）小巨人企业。\n2.其他。"
    assert labels(text) == ["一1", "一2"]


def test_a_whole_text_on_one_line_has_its_clauses() -> None:
    items = "".join(
        f"{n}.对第{n}类企业给予奖励，按规定执行，并加强服务，做好统筹协调，按时兑现到位。"
        for n in range(1, 5)
    )
    end = "　　二、附则　　（一）解释。由市经信局负责解释。（二）施行。自印发之日起施行。"
    text = f"某市若干措施　　为支持企业，制定本措施。　　一、强化奖励{items}{end}"
    assert labels(text) == ["序言", "一1", "一2", "一3", "一4", "二（一）", "二（二）"]


# ── several texts, and what is no clause ────────────────────────────────────────────────────────

NOTICE = """某市人民政府办公室关于印发《某市奖补办法》的通知
某政办〔2024〕3号
各区人民政府：
《某市奖补办法》已经同意，现印发给你们。
某市人民政府办公室
2024年3月5日
某市奖补办法
第一章 总则
第一条 为支持企业，制定本办法。
第二条 本办法自印发之日起施行。
附件：1.申报表
2.承诺书
某市人民政府办公室
2024年3月5日
附件1
申报表
一、企业名称。
二、地址。"""


def test_a_notice_with_its_text_and_attachments_is_told_apart() -> None:
    assert kinds(split("p", NOTICE), NOTICE) == [
        ("title", "", "某市人民政府办公室关于印发《某市奖补办法》的通知"),
        ("status", "", "某政办〔2024〕3号"),
        ("preamble", "序言", "各区人民政府：\n《某市奖补办法》已经同意，现印发给你们。"),
        ("signature", "", "某市人民政府办公室"),
        ("signature", "", "2024年3月5日"),
        ("title", "", "某市奖补办法"),
        ("heading", "第一章", "第一章 总则"),
        ("clause", "第一条", "第一条 为支持企业，制定本办法。"),
        ("clause", "第二条", "第二条 本办法自印发之日起施行。"),
        ("attachments", "", "附件：1.申报表"),
        ("attachments", "", "2.承诺书"),
        ("signature", "", "某市人民政府办公室"),
        ("signature", "", "2024年3月5日"),
        ("heading", "附件1/", "附件1\n申报表"),
        ("clause", "附件1/一", "一、企业名称。"),
        ("clause", "附件1/二", "二、地址。"),
    ]


def test_a_second_text_begins_its_labels_with_its_short_title() -> None:
    text = "关于甲的通知\n一、甲。\n二、乙。\n某市管理办法\n第一条 丙。\n第二条 丁。"
    assert labels(text) == ["一", "二", "某市管理办法/第一条", "某市管理办法/第二条"]


def test_an_unnumbered_final_provision_is_no_part_of_the_last_item() -> None:
    items = "一、奖励\n（一）对企业给予奖励。\n（二）对人才给予补贴。"
    text = f"某市措施\n{items}\n本措施自印发之日起施行，有效期三年。"
    assert [(one.label, one.text) for one in split("p", text).clauses] == [
        ("一（一）", "（一）对企业给予奖励。"),
        ("一（二）", "（二）对人才给予补贴。"),
        ("¶1", "本措施自印发之日起施行，有效期三年。"),
    ]


def test_a_numbered_title_that_is_printed_again_opens_a_text() -> None:
    text = (
        "8. 某市关于支持企业的措施\n某市关于支持企业的措施\n1.甲。\n2.乙。\n"
        "9. 某市关于支持人才的措施\n某市关于支持人才的措施\n1.丙。"
    )
    whole = split("p", text)
    assert [one.label for one in whole.clauses] == ["1", "2", "某市关于支持人才的措施/1"]
    assert (whole.title, whole.certificate.failures) == ("某市关于支持企业的措施", ())


def test_page_numbers_and_headers_stand_apart_from_the_clause_they_cut() -> None:
    pages = [
        f"奖补政策汇编\n{text}\n— {n} —"
        for n, text in enumerate(("一、对规上企业给予奖", "励十万元，分两年", "兑现。\n二、其他。"), 1)
    ]
    whole = split("p", "某市办法\n" + "\n".join(pages))
    assert [(one.label, "".join(one.text.split())) for one in whole.clauses] == [
        ("一", "一、对规上企业给予奖励十万元，分两年兑现。"),
        ("二", "二、其他。"),
    ]
    assert whole.certificate.failures == ()


def test_a_table_of_contents_is_no_heading() -> None:
    text = "某市办法\n目 录\n第一章 总则\n第二章 奖补\n第一章 总则\n第一条 甲。\n第二章 奖补\n第二条 乙。"
    whole = split("p", text)
    assert [one.label for one in whole.clauses] == ["第一条", "第二条"]
    assert [part.kind for part in whole.parts].count("contents") == 3


def test_rows_of_a_table_belong_to_the_clause_above_and_open_nothing() -> None:
    text = "某市办法\n一、奖励标准如下：\n1｜规上企业｜10万元\n2｜小巨人｜50万元\n二、其他。"
    assert [(one.label, one.text) for one in split("p", text).clauses] == [
        ("一", "一、奖励标准如下：\n1｜规上企业｜10万元\n2｜小巨人｜50万元"),
        ("二", "二、其他。"),
    ]


def test_columns_set_by_tabs_are_rows() -> None:
    text = "某市办法\n一、奖励标准\n类别\t奖励\t备注\n1.规上\t10万元\t一次性\n二、其他。"
    assert labels(text) == ["一", "二"]


def test_a_letter_spaced_title_is_one_title() -> None:
    assert split("p", "关 于 支 持 企 业 的 意 见\n一、甲。").title == "关于支持企业的意见"


def test_indents_open_paragraphs_in_a_wrapped_text() -> None:
    sentence = "对新认定的企业给予一次性奖励并优先推荐申报各类项目"
    text = "\n".join(["某市办法", *(f"　　第{n}条：{sentence}\n{sentence}" for n in "一二三四")])
    assert labels(text) == ["第一条", "第二条", "第三条", "第四条"]


TABLE = """依据文件    《某市若干措施》

发文机构    某市经信局

发布日期    2024-03-05

           1. 支持改造。对企业技术改造项目给予最高三百万元的奖

服务内容    励，每年遴选一批标杆企业。

           2. 支持集聚。对园区给予补助。

           1. 在本市注册，具有独立法人资
条件要求
           格的企业。

时间/频度   每年一次

联络方式    某市经信局：12345678
"""


def test_row_labels_in_the_margin_name_the_rows_and_leave_the_sentences_whole() -> None:
    whole = split("p", TABLE)
    assert [(one.label, "".join(one.text.split())) for one in whole.clauses[1:]] == [
        ("1", "1.支持改造。对企业技术改造项目给予最高三百万元的奖励，每年遴选一批标杆企业。"),
        ("2", "2.支持集聚。对园区给予补助。"),
        ("条件要求/1", "1.在本市注册，具有独立法人资格的企业。"),
        ("¶1", "时间/频度每年一次"),
        ("¶2", "联络方式某市经信局：12345678"),
    ]
    assert whole.certificate.failures == ()


@pytest.mark.parametrize(
    ("label", "styles"),
    [
        ("第一部分一（二）", [("部分", 1), ("一", 1), ("（一）", 2)]),
        ("措施1-1", [("措施", 1), ("1", 1)]),
        ("某市管理办法/第十二条（三）〔2〕", [("附件", 0), ("条", 12), ("（一）", 3)]),
        ("一1.2A", [("一", 1), ("1.1", 2), ("A", 1)]),
    ],
)
def test_a_label_of_any_style_is_read_from_the_top(label: str, styles: list[tuple[str, int]]) -> None:
    read = [(one.style.replace("项", "措施"), one.number) for one in label_components(label)]
    assert read == styles
    assert normal_label(label) == label
