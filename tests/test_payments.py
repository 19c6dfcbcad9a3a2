"""Promises about sums: only what is clearly said to be paid counts as paid."""

from __future__ import annotations

from decimal import Decimal
from functools import cache
from pathlib import Path

import pytest

from policy_qa.corpus import load_corpus
from policy_qa.question import Understanding
from policy_qa.stated import Stated

ROOT = Path(__file__).parents[1]


@cache
def understanding() -> Understanding:
    return Understanding(load_corpus(ROOT / "corpus"))


def stated(text: str) -> Stated:
    return understanding().understand(text, {}).stated


def paid(text: str) -> Decimal | None:
    """What a buyer of a university's technology says to have paid, in yuan."""
    value = stated(f"买高校技术，{text}，补多少").facts.get("technology_paid")
    assert value is None or isinstance(value, Decimal)
    return value


@pytest.mark.parametrize(
    ("text", "yuan"),
    [
        # paid, not contracted
        ("实付180万", "1800000"),
        ("合同300万，实付180万", "1800000"),
        ("实际支付180万元（合同300万元）", "1800000"),
        ("发票240万，转账120万", "1200000"),
        ("实付1.2亿", "120000000"),
        # instalments
        ("先付了30万，再付50万", "800000"),
        ("第一笔付30万，第二笔20万", "500000"),
        ("付款180万和20万", "2000000"),
        ("分三笔付的，40万、35.5万、24.5万", "1000000"),
        ("年初转了60万，上个月又转了50万", "1100000"),
        # a total says the parts again
        ("先付30万，再付50万，一共付了80万", "800000"),
        # a part of what was paid says it again
        ("付了18万，其中6万是前年付的", "180000"),
        # a sum a period times the periods
        ("每季度付25万，付了三个季度", "750000"),
        ("每年付10万，付了3年", "300000"),
        # shares of the contract
        ("合同600万，已经付了六成", "3600000"),
        ("合同总价500万，付了百分之三十", "1500000"),
        ("合同450万，预付了三成，中期又付了两成", "2250000"),
        # all but the rest that is owed
        ("合同500万，还有120万没付", "3800000"),
        ("合同500万，还欠两成", "4000000"),
        ("合同200万，首付50万付了，尾款150万没付", "500000"),
        ("发票240万，转账120万，另有80万未付", "1200000"),
        # returned
        ("付了200万，后来退回30万", "1700000"),
        # all of it, none of it
        ("合同400万全部付清了", "4000000"),
        ("合同800万，钱一分没转", "0"),
        # somebody else's business
        ("营收2000万，付了100万", "1000000"),
    ],
)
def test_what_is_said_to_be_paid_is_paid(text: str, yuan: str) -> None:
    assert paid(text) == Decimal(yuan)


@pytest.mark.parametrize(
    "text",
    [
        "签了500万合同",
        "合同500万",
        "报价80万",
        "合同100万，退款10万",
        "成交价60万",
        "听说能补20万",
    ],
)
def test_what_is_not_clearly_paid_is_no_fact(text: str) -> None:
    assert paid(text) is None


@pytest.mark.parametrize(
    ("text", "yuan"),
    [
        pytest.param("打算花300万", None, marks=pytest.mark.xfail(strict=True, reason="打算花 reads as 花")),
        pytest.param(
            "付了100万，利润500万",
            "1000000",
        ),
        pytest.param(
            "付了100万，另外买设备花了200万",
            "1000000",
        ),
        pytest.param(
            "现金付了20万没有凭证，转账80万",
            "800000",
            marks=pytest.mark.xfail(strict=True, reason="没有凭证 is not read, only 没凭证"),
        ),
        pytest.param(
            "40万、35.5万、24.5万分三笔付的",
            "1000000",
            marks=pytest.mark.xfail(strict=True, reason="a word of paying after the sums is not looked for"),
        ),
    ],
)
def test_a_payment_said_in_a_less_common_order_is_read_too(text: str, yuan: str | None) -> None:
    assert paid(text) == (None if yuan is None else Decimal(yuan))


@pytest.mark.parametrize(
    ("text", "yuan"),
    [
        ("入选央视精品安徽，推广费120万，补多少", "1200000"),
        ("入选央视精品安徽，推广费一百六十六万元，补多少", "1660000"),
        ("入选央视精品安徽，推广费砸了300w，补多少", "3000000"),
        ("入选央视精品安徽，营收3000万，推广费120万，补多少", "1200000"),
    ],
)
def test_a_fee_is_the_fee_and_not_the_turnover(text: str, yuan: str) -> None:
    assert stated(text).facts == {"cctv_selected": True, "cctv_promotion_fee": Decimal(yuan)}


def test_each_of_two_measures_takes_its_own_sum() -> None:
    found = stated("买高校技术实际付了260万，又入选央视精品安徽花了80万推广费，一起能拿多少")

    assert (found.facts["technology_paid"], found.facts["cctv_promotion_fee"]) == (2600000, 800000)


def test_an_award_the_user_heard_of_is_a_claim_and_no_payment() -> None:
    found = stated("买高校技术付了100万，听说能补20万，对吗")

    assert found.facts == {"technology_paid": Decimal(1000000)}
    assert [claim.text for claim in found.claims] == ["20万"]
    assert [figure.text for figure in found.inputs] == ["100万"]


@pytest.mark.parametrize(
    ("text", "target"),
    [
        ("买高校技术想拿50万补助，得付多少", Decimal(500000)),
        ("买高校技术要拿满封顶得付多少", None),
        ("工业精品拿满20万要几个", Decimal(200000)),
    ],
)
def test_a_question_that_runs_backwards_states_an_aim_and_no_payment(
    text: str, target: Decimal | None
) -> None:
    assert stated(text) == Stated(target=target)


def test_english_says_what_was_paid() -> None:
    found = stated("We paid 2.4 million yuan to a university for its technology. How much subsidy?")

    assert found.facts == {"technology_paid": Decimal(2400000)}
