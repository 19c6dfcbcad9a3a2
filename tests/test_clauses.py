"""Promises of the splitter and its certificate."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from policy_qa.certificate import Part
from policy_qa.clauses import DepartmentNames, Split, departments, segments, split, verify
from policy_qa.domain import Certificate, Segment

FOLDER = Path(__file__).parents[1] / "corpus" / "huainan-zjtx-2020-draft"
SOURCE = (FOLDER / "text.txt").read_bytes().decode("utf-8")
HUAINAN = split("huainan-zjtx-2020-draft", SOURCE)
CLAUSE = {clause.label: clause for clause in HUAINAN.clauses}


def labels(text: str) -> list[str]:
    return [clause.label for clause in split("p", text).clauses]


# ── the Huainan draft ───────────────────────────────────────────────────────────────────────────


def test_the_draft_has_24_clauses_labelled_by_their_printed_path() -> None:
    assert [(clause.label, clause.title, clause.number) for clause in HUAINAN.clauses] == [
        ("序言", "序言", None),
        ("一（一）", "指导思想", None),
        ("一（二）", "发展目标", None),
        ("二（一）", "坚持专业化发展", None),
        ("二（二）", "坚持精品化发展", None),
        ("二（三）", "坚持特色化发展", None),
        ("二（四）", "坚持创新化发展", None),
        ("三（一）1", "建立中小企业梯度培育机制", 1),
        ("三（一）2", "支持企业做大做强", 2),
        ("三（一）3", "激发企业创新活力", 3),
        ("三（一）4", "加强质量品牌建设", 4),
        ("三（二）5", "保障企业用地需求", 5),
        ("三（二）6", "强化企业人才支撑", 6),
        ("三（二）7", "降低企业成本负担", 7),
        ("三（三）8", "加大信贷支持力度", 8),
        ("三（三）9", "拓宽企业融资渠道", 9),
        ("三（三）10", "完善社会信用体系", 10),
        ("三（四）11", "深化企业协作配套", 11),
        ("三（四）12", "提升两化融合水平", 12),
        ("三（五）13", "助力企业开拓市场", 13),
        ("三（五）14", "加强公共服务供给", 14),
        ("三（五）15", "重视培育企业家队伍", 15),
        ("三（六）16", "加强统筹协调", 16),
        ("三（六）17", "强化舆论宣传", 17),
    ]


def test_a_clause_reads_as_printed_without_the_breaks_inside_its_sentences() -> None:
    clause = CLAUSE["三（一）2"]
    assert clause.text == (
        "2.支持企业做大做强。对当年新增规上工业企业给予一次性奖补10万元，符合条件的企业优先认定为"
        "市级专精特新企业，并列入省级专精特新企业重点培育对象。对省认定的成长型小微企业、专精特新企业和专精特新冠军企业，"
        "给予流动资金贷款贴息，每户企业最高贴息 50万元。"
        "对国家认定的专精特新“小巨人”和制造业单项冠军企业，每户"
        "分别给予一次性奖补 50 万元。（市经信局、市财政局按职责分工负责）"
    )
    assert (clause.policy, clause.line, clause.path) == (
        "huainan-zjtx-2020-draft",
        106,
        ("三、重点任务", "（一）提升综合实力", "2.支持企业做大做强"),
    )
    assert clause.segments == (Segment(0, len(clause.text), ("市经信局", "市财政局")),)


def test_a_page_break_inside_a_sentence_leaves_no_trace() -> None:
    assert "10户，争创国家专精特新“小巨人”企业和国家制造业单项冠军企业 1-2户，壮大" in CLAUSE["一（二）"].text
    assert "到 2022年，" in CLAUSE["一（二）"].text
    assert [clause.label for clause in HUAINAN.clauses if "\n" in clause.text] == []


def test_half_width_brackets_are_the_same_heading() -> None:
    assert CLAUSE["三（四）11"].path == ("三、重点任务", "(四)促进融通发展", "11.深化企业协作配套")


def test_the_preamble_is_a_clause_of_its_own() -> None:
    preamble = CLAUSE["序言"]
    assert preamble.text.startswith("为深入贯彻落实习近平总书记关于中小企业要聚焦主业，加强自主创新，")
    assert preamble.text.endswith("（皖政办〔2020〕4 号）精神，结合我市实际，提出如下实施意见。")
    assert (preamble.path, preamble.line) == (("序言",), 6)


def test_segments_carry_their_own_departments() -> None:
    clause = CLAUSE["三（五）14"]
    assert [
        (clause.text[one.start : one.start + 7], clause.text[one.end - 3 : one.end], one.departments)
        for one in clause.segments
    ] == [
        ("14.加强公共", "负责）", ("市经信局", "市财政局")),
        ("依托“四送一服", "负责）", ("市“四送一服”双千工程领导小组办公室",)),
        ("建立市、县区（", "负责）", ("市数据资源局", "各县区", "园区")),
    ]


def test_a_list_that_ends_in_deng_stays_open() -> None:
    open_ended = [
        (clause.label, segment.departments)
        for clause in HUAINAN.clauses
        for segment in clause.segments
        if segment.open_ended
    ]
    assert open_ended == [
        ("三（一）3", ("市经信局", "市发改委", "市科技局", "市人社局", "市财政局")),
        ("三（三）10", ("市发改委", "市地方金融监管局")),
        ("三（六）16", ("市经信局", "市财政局", "市发改委", "市科技局", "市商务局")),
    ]


def test_the_segments_of_every_clause_cover_it_without_overlap() -> None:
    assert {
        clause.label: "".join(clause.text[one.start : one.end] for one in clause.segments)
        for clause in HUAINAN.clauses
    } == {clause.label: clause.text for clause in HUAINAN.clauses}


def test_title_status_and_headings_are_parts_of_their_own() -> None:
    own = [part for part in HUAINAN.parts if part.kind not in ("clause", "preamble")]
    assert [(part.kind, part.label, "".join(SOURCE[part.start : part.end].split())) for part in own] == [
        ("title", "", "关于进一步发挥专精特新排头兵作用促进中小企业高质量发展的实施意见"),
        ("status", "", "（征求意见稿）"),
        ("heading", "一", "一、总体要求"),
        ("heading", "二", "二、发展路径"),
        ("heading", "三", "三、重点任务"),
        ("heading", "三（一）", "（一）提升综合实力"),
        ("heading", "三（二）", "（二）加强要素供给"),
        ("heading", "三（三）", "（三）缓解融资难题"),
        ("heading", "三（四）", "(四)促进融通发展"),
        ("heading", "三（五）", "（五）改进服务保障"),
        ("heading", "三（六）", "（六）强化组织协调"),
    ]


def test_the_certificate_of_the_draft_is_clean_and_names_the_documents_outside() -> None:
    characters = len("".join(SOURCE.split()))
    assert HUAINAN.certificate == Certificate(
        characters=characters,
        covered=characters,
        outside_references=(
            "《安徽省人民政府办公厅关于进一步发挥专精特新排头兵作用促进中小企业高质量发展的实施意见》",
            "皖政办〔2020〕4号",
            "《安徽省三首产品推广应用指导目录》",
        ),
    )
    assert verify(SOURCE, HUAINAN) == HUAINAN.certificate


def test_policy_yaml_describes_this_very_text() -> None:
    about = yaml.safe_load((FOLDER / "policy.yaml").read_text("utf-8"))
    digest = hashlib.sha256((FOLDER / "text.txt").read_bytes()).hexdigest()
    assert (about["sha256"], about["title"], about["status"]) == (digest, HUAINAN.title, "征求意见稿")
    assert about["department_aliases"] == [["市教育局", "市教体局"]]
    unprinted = ("issuing_body", "issued_on", "in_force_from", "in_force_until", "supersedes")
    assert {name: about[name] for name in unprinted} == dict.fromkeys(unprinted)


# ── a damaged split is found out ────────────────────────────────────────────────────────────────

THIRTEEN = next(part for part in HUAINAN.parts if part.label == "三（五）13")


def without_part(whole: Split) -> Split:
    return replace(whole, parts=tuple(part for part in whole.parts if part != THIRTEEN))


def with_part_twice(whole: Split) -> Split:
    position = whole.parts.index(THIRTEEN)
    return replace(whole, parts=(*whole.parts[:position], THIRTEEN, *whole.parts[position:]))


def with_part_cut_short(whole: Split) -> Split:
    cut = Part(THIRTEEN.kind, THIRTEEN.label, THIRTEEN.start, THIRTEEN.end - 5)
    return replace(whole, parts=tuple(cut if part == THIRTEEN else part for part in whole.parts))


def with_clause_text_altered(whole: Split) -> Split:
    clauses = tuple(
        replace(clause, text=clause.text.replace("50万元", "500万元")) if clause.number == 13 else clause
        for clause in whole.clauses
    )
    return replace(whole, clauses=clauses)


def without_clause(whole: Split) -> Split:
    return replace(whole, clauses=tuple(clause for clause in whole.clauses if clause.number != 13))


def uncounted(line: int, start: str, count: int, fault: str) -> str:
    return f"第 {line} 行：「{start}」起 {count} 个字{fault}，切分不可信，请检查该处的编号与排版。"


def misnumbered(line: int, expected: int, label: str) -> str:
    where = f"第 {line} 行：这里应是同级的第 {expected} 项，却是「{label}」"
    return f"{where}，编号不连续，请核对原文是否缺行或错号。"


ALTERED = "第 327 行：「三（五）13」的条款文字与原文不一致，请重新切分。"
TWICE = "第 327 行：「三（五）13」出现了不止一次，条款无法按编号查找，请检查编号。"
START = "13.助力企业开拓市场。"


@pytest.mark.parametrize(
    ("damage", "lost", "failures"),
    [
        (
            without_part,
            403,
            (
                uncounted(327, START, 403, "没有归入任何部分"),
                "第 327 行：条款「三（五）13」在原文中没有位置，请重新切分。",
                misnumbered(356, 13, "三（五）14"),
            ),
        ),
        (
            with_part_twice,
            403,
            (
                uncounted(327, START, 403, "归入了不止一个部分"),
                TWICE,
                TWICE,
                misnumbered(327, 14, "三（五）13"),
            ),
        ),
        (with_part_cut_short, 5, (uncounted(354, "政局负责）", 5, "没有归入任何部分"), ALTERED)),
        (with_clause_text_altered, 0, (ALTERED,)),
        (without_clause, 0, ("第 327 行：「三（五）13」没有对应的条款，请重新切分。",)),
    ],
)
def test_a_damaged_split_fails_and_names_the_line(
    damage: Callable[[Split], Split], lost: int, failures: tuple[str, ...]
) -> None:
    certificate = verify(SOURCE, damage(HUAINAN))
    assert (certificate.characters - certificate.covered, certificate.failures) == (lost, failures)


def test_parts_out_of_the_order_of_the_source_fail() -> None:
    swapped = replace(HUAINAN, parts=tuple(reversed(HUAINAN.parts)))
    assert verify(SOURCE, swapped).failures[0] == ("第 405 行：「三（六）16」的次序与原文不符，请重新切分。")


def test_a_label_the_source_does_not_print_fails() -> None:
    renamed = replace(
        HUAINAN,
        parts=tuple(
            replace(part, label="三（二）") if part.label == "三（四）" else part for part in HUAINAN.parts
        ),
    )
    assert verify(SOURCE, renamed).failures[0] == (
        "第 294 行：原文以「四)促进融通发展」开头，与编号「三（二）」不符，请重新切分。"
    )


@pytest.mark.parametrize(
    ("printed", "instead", "failure"),
    [
        ("3.激发企业创新活力", "5.激发企业创新活力", misnumbered(120, 3, "三（一）5")),
        ("（二）加强要素供给", "", misnumbered(227, 2, "三（三）")),
        ("(四)促进融通发展", "", misnumbered(325, 4, "三（五）")),
        ("三、重点任务", "", misnumbered(90, 5, "二（一）")),
        ("一、总体要求", "", misnumbered(47, 1, "二")),
        ("二、发展路径", "", misnumbered(49, 3, "一（一）")),
    ],
)
def test_a_damaged_source_fails_and_names_the_line(printed: str, instead: str, failure: str) -> None:
    assert SOURCE.count(f"\n{printed}") == 1
    certificate = split("p", SOURCE.replace(f"\n{printed}", f"\n{instead}")).certificate
    assert failure in certificate.failures


# ── other numberings ────────────────────────────────────────────────────────────────────────────


def test_articles_that_run_through_begin_the_label() -> None:
    text = (
        "某市奖补办法\n第一章 总则\n第一条 为支持企业，制定本办法。\n第二章 奖补\n"
        "第二条 有下列情形之一的，给予奖补：\n（一）新建；\n（二）扩建。\n"
        "第二条之一 按第二条规定执行。\n第三条　本办法自印发之日起施行。"
    )
    whole = split("p", text)
    assert [(one.label, one.number) for one in whole.clauses] == [
        ("第一条", 1),
        ("第二条", 2),
        ("第二条（一）", None),
        ("第二条（二）", None),
        ("第二条之一", None),
        ("第三条", 3),
    ]
    assert (whole.title, whole.certificate.failures) == ("某市奖补办法", ())
    assert whole.clauses[2].path[:2] == ("第二章 奖补", "第二条")


def test_articles_that_begin_again_in_each_chapter_keep_the_chapter() -> None:
    text = "第一章 总则\n第一条 甲。\n第二条 乙。\n第二章 附则\n第一条 丙。"
    assert labels(text) == ["第一章第一条", "第一章第二条", "第二章第一条"]


def test_a_cross_reference_at_the_start_of_a_line_is_no_heading() -> None:
    text = "第四条 奖励十万元。\n第五条规定的企业除外。\n第五条 奖励二十万元。"
    assert labels(text) == ["第四条", "第五条"]


def test_an_article_without_a_blank_is_read_where_its_number_follows() -> None:
    assert labels("第一条为支持企业。\n第二条给予奖励。\n第九条也可申请的。") == ["第一条", "第二条"]


@pytest.mark.parametrize("dot", [".", "．", "﹒", "、"])
def test_every_printed_dot_numbers_an_item(dot: str) -> None:
    assert labels(f"一、奖励\n1{dot}甲类奖励。\n２{dot}乙类奖励。") == ["一1", "一2"]


def test_a_figure_at_the_start_of_a_line_is_no_number() -> None:
    text = "一、奖励\n1.给予奖励。\n1.5亿元以上的另议。\n10万元封顶。\n2.5年内不重复。\n二、三等奖不计。"
    assert labels(text) == ["一1"]


def test_deep_levels_are_clauses_and_titles_without_text_are_not() -> None:
    text = (
        "一、支持方向\n（一）技改\n1.设备\n（1）买新的，给10%。\n（2）租用的，给5%。\n①限三年。\n二、附件另发"
    )
    assert labels(text) == ["一（一）1（1）", "一（一）1（2）", "一（一）1（2）①", "二"]


def test_an_attachment_begins_its_own_labels() -> None:
    assert labels("一、奖励标准。\n附件1\n申报表\n一、企业名称。") == ["一", "附件1/一"]


def test_a_text_without_numbers_is_split_by_paragraph() -> None:
    whole = split("p", "通知\n\n请各单位，认真落实。\n请按时，上报材料。")
    assert [(one.label, one.text) for one in whole.clauses] == [
        ("¶1", "请各单位，认真落实。"),
        ("¶2", "请按时，上报材料。"),
    ]
    assert whole.certificate.warnings == ("正文没有编号，按自然段切分。",)


def test_an_inner_reference_that_leads_nowhere_is_listed() -> None:
    text = "第一条 甲按第二条办理，乙按《某法》第八条办理。\n第二条 丙按本办法第九条办理。"
    assert split("p", text).certificate.unresolved_references == (
        "第 2 行：「第二条」提到的「第九条」在本文件中不存在。",
    )


@pytest.mark.parametrize("text", ["", " \n\u3000\n"])
def test_an_empty_text_splits_into_nothing_and_fails(text: str) -> None:
    assert split("p", text) == Split(
        "",
        (),
        (),
        Certificate(
            0,
            0,
            warnings=("没有找到标题。",),
            failures=("第 1 行：全文没有文字，无法切分，请换一份有文字的文件。",),
        ),
    )


NUMBERED = [
    "第一章 总则",
    "第一条 甲。",
    "第二条规定的",
    "一、奖励",
    "（一）",
    "(二)乙，",
    "1.丙。",
    "２、",
    "①戊",
]
OTHERS = [
    "附件1",
    "附则",
    "办法",
    "10万元",
    "（市经信局负责）",
    "）（",
    "《《",
    "",
    " ",
    "\x0c",
    "\x00",
    "\ud800",
]
LINES = st.lists(st.sampled_from(NUMBERED + OTHERS))


@given(LINES.map("\n".join) | st.text())
def test_every_text_splits_and_keeps_every_character(text: str) -> None:
    certificate = split("p", text).certificate
    characters = len("".join(text.split()))
    assert (certificate.characters, certificate.covered) == (characters, characters)


# ── departments ─────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("printed", "names", "open_ended"),
    [
        ("市经信局，各县区、园区按职责分工负责", ("市经信局", "各县区", "园区"), False),
        ("市财政局、各县区（园区、新区）负责", ("市财政局", "各县区（园区、新区）"), False),
        ("市“甲、乙”办公室、市科技局等按职责分工负责", ("市“甲、乙”办公室", "市科技局"), True),
        ("责任单位：市工信局、市科技局", ("市工信局", "市科技局"), False),
        ("负责", (), False),
    ],
)
def test_departments_are_split_at_pauses_outside_brackets(
    printed: str, names: tuple[str, ...], open_ended: bool
) -> None:
    assert departments(printed) == (names, open_ended)


def test_text_after_the_last_bracket_is_a_segment_without_departments() -> None:
    assert segments("甲（含乙）。（市科技局负责）丙。") == (
        Segment(0, 14, ("市科技局",)),
        Segment(14, 16, ()),
    )


def test_either_name_of_a_department_finds_both() -> None:
    names = DepartmentNames.of([["市教育局", "市教体局"]])
    found = [
        [clause.label for clause, _ in names.segments_of(name, HUAINAN.clauses)]
        for name in ("市教育局", "市教体局")
    ]
    assert found == [["三（一）3", "三（二）6"]] * 2
    assert names.same("市教体局") == ("市教体局", "市教育局")
    assert names.same("市科技局") == ("市科技局",)
