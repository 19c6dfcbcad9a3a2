"""What an enterprise can tell, as JSON Schema: one property a fact, with the question to ask for it."""

from __future__ import annotations

from typing import Any

from policy_qa.corpus import Corpus
from policy_qa.domain import FactType
from policy_qa.eligibility import vocabulary
from policy_qa.rules import FactRule

_TYPES: dict[FactType, dict[str, Any]] = {
    "bool": {"type": "boolean"},
    "integer": {"type": "integer", "minimum": 0, "maximum": 10**9},
    "integers": {
        "type": "array",
        "items": {"type": "integer", "minimum": 0, "maximum": 10**9},
        "maxItems": 1000,
    },
    "yuan": {"type": "string", "pattern": r"^[0-9]{1,15}(\.[0-9]{1,10})?$"},
}


def facts_schema(corpus: Corpus) -> dict[str, Any]:
    """The object of all facts that the rules of ``corpus`` read; money is a string of digits in yuan."""
    rules = vocabulary(corpus).facts
    return {
        "type": "object",
        "properties": {name: _fact(rule) for name, rule in rules.items()},
        "additionalProperties": False,
    }


def _fact(rule: FactRule) -> dict[str, Any]:
    """One fact: its JSON type, and its question as the description."""
    unit = f"（{rule.unit}）" if rule.unit else ""
    return {**_TYPES[rule.type], "description": f"{rule.ask}{unit}"}
