"""What has to be said of a policy whenever it is shown: that it is a draft, that it is not in force."""

from __future__ import annotations

import datetime
from collections.abc import Sequence

from policy_qa.domain import Policy
from policy_qa.texts import FRAMES


def notices(policies: Sequence[Policy], as_of: datetime.date) -> tuple[str, ...]:
    """The notices of the policies on the day asked about, in their order; none for one simply in force."""
    said: list[str] = []
    for policy in policies:
        if not in_force(policy, as_of):
            said.append(FRAMES["not_in_force"].render({"policy": policy.title}))
        if policy.status == "征求意见稿":
            said.append(FRAMES["draft"].render({"policy": policy.title}))
    return tuple(said)


def in_force(policy: Policy, as_of: datetime.date) -> bool:
    """Whether nothing printed says that the policy was not in force on the day; a draft prints nothing."""
    begun = policy.in_force_from is None or policy.in_force_from <= as_of
    return begun and (policy.in_force_until is None or as_of <= policy.in_force_until)
