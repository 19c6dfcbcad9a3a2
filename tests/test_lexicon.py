"""Promises about the words people use: how a question is read, and which terms stand in it."""

from __future__ import annotations

from pathlib import Path

import pytest

from policy_qa.errors import CorpusError
from policy_qa.lexicon import Lexicon, LexiconFile, Term, normal

CONTENT = LexiconFile.model_validate(
    {
        "entries": [
            {"means": ["规上工业企业"], "say": ["小升规", "above scale"]},
            {"means": ["展位费"], "say": ["摆摊费"]},
            {"means": ["展会"], "say": ["参展"]},
            {"means": ["展会", "展位费"], "say": ["参展费"]},
            {"means": ["知识产权"], "say": ["IP"]},
            {"means": ["奖补"], "say": ["奖金", "红包"]},
            {"means": ["小巨人"], "say": ["小巨人"]},
        ],
        "generic": {"asking": ["多少", "奖补", "企业"]},
        "personal": ["学区"],
        "levels": {"省级": ["省级", "省里"], "市级": ["市级"]},
        "foreign_places": ["美国", "Japan"],
    }
)


@pytest.fixture
def lexicon() -> Lexicon:
    return Lexicon(CONTENT, policy_words=("展位费", "小巨人", "智能工厂", "智能", "能效标识"))


# ── how a question is read ──────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("", ""),
        ("   \n\t", ""),
        ("小巨人奖多少", "小巨人奖多少"),
        ("小巨人　奖 多少", "小巨人奖多少"),
        ("５０ 万元", "50万元"),
        ("实付 300万", "实付300万"),
        ("实付300 万", "实付300万"),
        ("工业精品 2 个", "工业精品2个"),
        ("Little  GIANT", "little giant"),
        ("how much?\nplease", "how much? please"),
        ("小巨人 award 多少", "小巨人award多少"),
        ("国内发明3件 国外1项", "国内发明3件,国外1项"),
        ("市级智能工厂 数字化车间 一共多少", "市级智能工厂,数字化车间,一共多少"),
        ("国内3件 实用新型5件", "国内3件,实用新型5件"),
    ],
)
def test_a_question_is_read_without_width_case_and_blanks_but_a_telegram_keeps_its_commas(
    text: str, read: str
) -> None:
    assert normal(text) == read


@pytest.mark.parametrize(
    "text", ["国内发明3件 国外1项 合计 50 万元", "Ｌittle  Giant 奖 多少", "实付 300万", ""]
)
def test_what_was_read_once_is_read_the_same_again(text: str) -> None:
    assert normal(normal(text)) == normal(text)


# ── terms ───────────────────────────────────────────────────────────────────────────────────────


def test_terms_stand_in_order_with_their_kind_and_meaning(lexicon: Lexicon) -> None:
    assert lexicon.scan("省里小升规企业奖补多少") == (
        Term(0, 2, "省里", "level", ("省级",)),
        Term(2, 5, "小升规", "spoken", ("规上工业企业",)),
        Term(5, 7, "企业", "generic", ()),
        Term(7, 9, "奖补", "generic", ()),
        Term(9, 11, "多少", "generic", ()),
    )


@pytest.mark.parametrize(
    ("text", "terms"),
    [
        ("参展", [("参展", ("展会",))]),
        ("参展费", [("参展费", ("展会", "展位费"))]),
        ("智能工厂", [("智能工厂", ("智能工厂",))]),
        ("智能", [("智能", ("智能",))]),
        ("摆摊费参展费", [("摆摊费", ("展位费",)), ("参展费", ("展会", "展位费"))]),
        ("参展位费", [("展位费", ("展位费",))]),
        ("智能效标识", [("能效标识", ("能效标识",))]),
        ("光伏", []),
        ("", []),
    ],
)
def test_the_longest_word_wins_and_none_overlaps(
    lexicon: Lexicon, text: str, terms: list[tuple[str, tuple[str, ...]]]
) -> None:
    assert [(term.text, term.means) for term in lexicon.scan(text)] == terms


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("ip", ["ip"]),
        ("企业ip多少", ["企业", "ip", "多少"]),
        ("tips", []),
        ("ip6", []),
        ("above scale", ["above scale"]),
        ("above scales", []),
        ("japan", ["japan"]),
        ("japanese", []),
    ],
)
def test_a_latin_word_is_found_whole_or_not_at_all(lexicon: Lexicon, text: str, found: list[str]) -> None:
    assert [term.text for term in lexicon.scan(text)] == found


def test_a_spoken_word_for_a_generic_thing_names_no_support(lexicon: Lexicon) -> None:
    assert lexicon.scan("红包") == (Term(0, 2, "红包", "generic", ()),)


def test_a_foreign_place_stands_for_abroad(lexicon: Lexicon) -> None:
    assert lexicon.scan("美国") == (Term(0, 2, "美国", "place", ("国外",)),)


def test_only_words_of_policies_and_for_them_can_be_what_a_typo_meant(lexicon: Lexicon) -> None:
    assert set(lexicon.topical) == {
        "展位费", "小巨人", "智能工厂", "智能", "能效标识", "规上工业企业", "小升规", "above scale", "摆摊费",
        "展会", "参展", "参展费", "知识产权", "ip",
    }  # fmt: skip


def test_a_word_said_for_two_things_is_refused_by_name(tmp_path: Path) -> None:
    path = tmp_path / "lexicon.yaml"
    path.write_text(
        "entries:\n- {means: [展位费], say: [摊位]}\n- {means: [展会], say: [ 摊 位 ]}\ngeneric: {}\n",
        "utf-8",
    )

    with pytest.raises(CorpusError) as refused:
        Lexicon.load(path)

    assert str(refused.value) == "lexicon.yaml 里“摊 位”写了两次，请只留一处。"


def test_an_unknown_key_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "lexicon.yaml"
    path.write_text("entries: []\ngeneric: {}\nslang: [摊位]\n", "utf-8")

    with pytest.raises(CorpusError, match="slang"):
        Lexicon.load(path)
