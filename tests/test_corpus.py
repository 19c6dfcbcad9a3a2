"""Promises about the corpus folder: what is sound loads whole, what is not is refused with the reason."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from policy_qa.corpus import load_corpus
from policy_qa.domain import Citation
from policy_qa.errors import CorpusError, UsageError

SHIPPED = Path(__file__).parents[1] / "corpus"
FIXTURES = Path(__file__).parent / "fixtures"
BROKEN = sorted(path for path in (FIXTURES / "broken").iterdir() if path.is_dir())
HUAINAN = "huainan-zjtx-2020-draft"


def broken_corpus(fixture: Path, folder: Path) -> Path:
    """The sound corpus in ``folder``, overlaid with what the fixture breaks; ``X.absent`` takes X away."""
    corpus = folder / "corpus"
    shutil.copytree(FIXTURES / "sound", corpus)
    for changed in sorted(path for path in fixture.rglob("*") if path.is_file()):
        target = corpus / changed.relative_to(fixture)
        if changed.suffix == ".absent":
            target.with_suffix("").unlink()
        elif changed.name != "expected.txt":
            shutil.copyfile(changed, target)
    return corpus


@pytest.mark.parametrize("fixture", BROKEN, ids=lambda path: path.name)
def test_a_broken_corpus_is_refused_with_its_reason(fixture: Path, tmp_path: Path) -> None:
    with pytest.raises(CorpusError) as refused:
        load_corpus(broken_corpus(fixture, tmp_path))
    assert str(refused.value) == (fixture / "expected.txt").read_text("utf-8").strip()


def test_the_corpus_that_the_broken_ones_are_made_of_is_sound() -> None:
    corpus = load_corpus(FIXTURES / "sound")
    assert [(holding.policy.id, len(holding.rules.measures)) for holding in corpus.holdings] == [
        ("sample", 3)
    ]


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(CorpusError) as refused:
        load_corpus(tmp_path / "nowhere")
    assert str(refused.value) == "找不到语料文件夹“nowhere”，请检查 POLICY_QA_CORPUS 或重新安装。"


def test_an_empty_folder_is_no_corpus(tmp_path: Path) -> None:
    with pytest.raises(CorpusError) as refused:
        load_corpus(tmp_path)
    assert str(refused.value) == (
        f"语料文件夹“{tmp_path.name}”里没有任何政策（policy.yaml），请检查 POLICY_QA_CORPUS。"
    )


def test_the_shipped_corpus_holds_the_huainan_draft_in_24_clauses() -> None:
    (holding,) = load_corpus(SHIPPED).holdings
    policy = holding.policy
    assert (policy.id, policy.status, len(policy.clauses)) == (HUAINAN, "征求意见稿", 24)
    assert (policy.issuing_body, policy.issued_on, policy.in_force_from, policy.in_force_until) == (None,) * 4


def test_a_citation_quotes_its_clause_and_names_the_departments_of_its_segment() -> None:
    corpus = load_corpus(SHIPPED)
    quote = "对于非专门面向中小企业的政府采购项目"
    text = corpus.clause(HUAINAN, "三（五）13").text
    start = text.index(quote)
    assert corpus.holding(HUAINAN).cite_quote("三（五）13", quote) == Citation(
        HUAINAN, "三（五）13", "助力企业开拓市场", quote, start, start + len(quote), ("市财政局",)
    )


def test_a_quote_that_is_not_in_its_clause_is_no_citation() -> None:
    holding = load_corpus(SHIPPED).holding(HUAINAN)
    for label, quote in (("三（五）13", "最高 500万元"), ("三（五）99", "推广费"), ("三（五）13", " ")):
        with pytest.raises(CorpusError) as refused:
            holding.cite_quote(label, quote)
        assert str(refused.value) == f"引文“{quote}”不在条款“{label}”里，请核对语料。"


def test_a_policy_that_is_not_there_is_refused_with_those_that_are() -> None:
    corpus = load_corpus(SHIPPED)
    assert corpus.only(None) is corpus
    assert corpus.only(HUAINAN).holdings == corpus.holdings
    with pytest.raises(UsageError) as refused:
        corpus.only("hefei-2021")
    assert str(refused.value) == f"没有编号为“hefei-2021”的政策，现有：{HUAINAN}。"


@pytest.mark.parametrize("name", ["lexicon.yaml", "sample/policy.yaml", "sample/rules.yaml"])
def test_the_hash_changes_with_every_file_that_answers_come_from(name: str, tmp_path: Path) -> None:
    folder = tmp_path / "corpus"
    shutil.copytree(FIXTURES / "sound", folder)
    before = load_corpus(folder).sha256
    assert load_corpus(FIXTURES / "sound").sha256 == before
    with (folder / name).open("a", encoding="utf-8") as file:
        file.write("# one more line\n")
    assert load_corpus(folder).sha256 != before
