"""What is to be indexed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from policy_qa.passages import Passage


class Shelf(Protocol):
    """What is to be indexed, by policy."""

    @property
    def digests(self) -> Mapping[str, str]:
        """A hash of each policy's passages, by its id, in the order of the corpus."""

    def passages(self, policy: str) -> Sequence[Passage]:
        """Its passages; asked only for policies that are indexed anew."""
