"""How a clause is named: its number in any spelling, its formal citation, its address."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import quote as percent_encoded

from policy_qa.domain import Clause, Policy
from policy_qa.references import find_references, normal_label, resolve


def citation(policy: Policy, clause: Clause) -> str:
    """The formal citation, a draft always called one: 《关于…的实施意见》（征求意见稿）三（五）13.

    With the 文号 where the policy has one: 《…的措施》（京经信发〔2022〕75号）2.
    """
    title = policy.title.translate({ord("《"): "〈", ord("》"): "〉"})
    draft = "（征求意见稿）" if policy.status == "征求意见稿" else ""
    number = f"（{''.join(policy.number.split())}）" if policy.number else ""
    return f"《{title.removesuffix(draft)}》{draft}{number}{clause.label}"


def address(policy: Policy, clause: Clause) -> str:
    """The path of the clause's page, percent-encoded, a 「/」 in a label too."""
    return f"/clauses/{percent_encoded(policy.id, safe='')}/{percent_encoded(clause.label, safe='')}"


def look_up(clauses: Sequence[Clause], said: str) -> tuple[Clause, ...]:
    """The clauses a number means, in any spelling and in the order of the policy; none where it fits none.

    The one exact label wins over every other reading. A bare 「3.5.13」 is read as 「clause 3.5.13」: whoever
    looks a number up means a clause.
    """
    label = normal_label(said)
    exact = tuple(clause for clause in clauses if clause.label == label)
    if exact:
        return exact
    references = find_references(said) or find_references(f"clause {said}")
    meant = {clause.label for reference in references for clause in resolve(reference, clauses)}
    return tuple(clause for clause in clauses if clause.label in meant)
