"""Promises about what a document says of itself: read where it is printed, else left open and said so."""

from __future__ import annotations

import datetime

import pytest

from policy_qa.particulars import Particulars, read_particulars

NOTICE = """
示例市人民政府办公室关于印发示例市支持企业
发展若干措施的通知
示政办发〔2023〕7号

各县、区人民政府：
根据《国务院关于支持企业发展的意见》（国发〔2020〕1号），制定本措施。

一、支持做大。奖励10万元。
二、附则。本措施自印发之日起施行，有效期3年。《示例市支持企业发展办法》（示政办发〔2019〕3号）同时废止。

示例市人民政府办公室
2023年2月28日
"""


def test_a_notice_says_who_when_and_how_long() -> None:
    assert read_particulars(NOTICE) == Particulars(
        title="示例市人民政府办公室关于印发示例市支持企业发展若干措施的通知",
        number="示政办发〔2023〕7号",
        status="正式",
        issuing_body="示例市人民政府办公室",
        issued_on=datetime.date(2023, 2, 28),
        in_force_from=datetime.date(2023, 2, 28),
        in_force_until=datetime.date(2026, 2, 27),
        supersedes="《示例市支持企业发展办法》(示政办发〔2019〕3号)",
        rests_on=("《国务院关于支持企业发展的意见》(国发〔2020〕1号)",),
        region="示例市",
        quotes={
            "number": "示政办发〔2023〕7号",
            "issuing_body": "示例市人民政府办公室",
            "in_force": "本措施自印发之日起施行,有效期3年",
            "supersedes": "《示例市支持企业发展办法》(示政办发〔2019〕3号)同时废止",
        },
    )


def test_a_draft_has_no_dates_and_none_are_invented() -> None:
    found = read_particulars("关于支持企业发展的若干意见\n（公开征求意见稿）\n一、奖励。给予10万元。\n")
    assert (found.title, found.status, found.issued_on, found.in_force_from) == (
        "关于支持企业发展的若干意见", "征求意见稿", None, None,
    )  # fmt: skip
    assert found.doubts == ("没有认出适用的地区，请填写，如 安徽省淮南市。",)


@pytest.mark.parametrize(
    ("said", "begin", "end"),
    [
        ("本办法自2024年3月4日起施行，有效期5年。", (2024, 3, 4), (2029, 3, 3)),
        ("本细则自2016年1月1日起正式施行，有效期至2017年12月31日。", (2016, 1, 1), (2017, 12, 31)),
        ("本意见自二〇二二年五月一日起实施。", (2022, 5, 1), None),
        ("本办法自2024年2月29日起施行，有效期两年。", (2024, 2, 29), (2026, 2, 27)),
        ("本 办 法 自 2 0 2 4 年 3 月 4 日 起 施 行。", (2024, 3, 4), None),
        ("《旧办法》自2020年1月1日起施行。", None, None),
        ("企业自2020年1月1日起施行标准化的，奖10万元。", None, None),
        ("本办法自印发之日起施行。", None, None),
        ("本办法自2024年13月4日起施行。", None, None),
    ],
)
def test_the_days_of_force_are_those_printed_of_this_document(
    said: str, begin: tuple[int, int, int] | None, end: tuple[int, int, int] | None
) -> None:
    found = read_particulars(f"关于支持企业发展的办法\n一、奖励。\n{said}\n")
    dates = tuple(datetime.date(*day) if day else None for day in (begin, end))
    assert (found.in_force_from, found.in_force_until) == dates


def test_force_from_the_day_of_issue_without_that_day_is_a_doubt() -> None:
    found = read_particulars("示例市办法\n本办法自印发之日起施行，有效期3年。\n")
    assert "写的是“本办法自印发之日起施行,有效期3年”，算不出起止日期，请对照原文填写。" in found.doubts


def test_a_number_inside_a_sentence_is_another_documents() -> None:
    assert read_particulars("示例市办法\n根据国发〔2020〕1号文件，制定本办法。\n").number is None


@pytest.mark.parametrize(
    ("title", "region"),
    [
        ("青岛市支持省级数字经济园区建设等奖补政策实施细则", "青岛市"),
        ("浙江省温州市鹿城区关于促进工业发展的意见", "浙江省温州市鹿城区"),
        ("阿坝州人民政府办公室关于印发办法的通知", "阿坝州"),
        ("柳河县重点产业发展支持意见", "柳河县"),
        ("广西壮族自治区支持企业发展办法", "广西壮族自治区"),
        ("关于支持企业发展的意见", None),
    ],
)
def test_the_region_is_that_of_the_issuer_or_the_title(title: str, region: str | None) -> None:
    assert read_particulars(f"{title}\n一、奖励。\n").region == region


def test_an_issuer_printed_twice_by_the_layout_is_one() -> None:
    found = read_particulars("示例市财政局示例市财政局关于做好补助工作的通知\n")
    assert (found.title, found.issuing_body) == ("示例市财政局关于做好补助工作的通知", "示例市财政局")


def test_an_empty_document_leaves_everything_open() -> None:
    assert [name for name in ("title", "number", "issuing_body", "issued_on", "region")
            if getattr(read_particulars(""), name) is not None] == []  # fmt: skip
