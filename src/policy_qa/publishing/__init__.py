"""Policies that are added here: from a file to a folder beside the shipped corpus, from drafts to rules.

Every change is kept with who, when, before and after, and is on the disk before it is visible; what fails
leaves all as it was.
"""

from policy_qa.publishing.adding import Added, Given
from policy_qa.publishing.changes import Change
from policy_qa.publishing.publisher import Decision, Publisher, Reviewer
from policy_qa.publishing.reviewing import Pending
from policy_qa.publishing.words import (
    added_json,
    pending_json,
    proposal,
    render_added,
    render_decision,
    render_history,
    render_pending,
    what_it_is,
)

__all__ = [
    "Added",
    "Change",
    "Decision",
    "Given",
    "Pending",
    "Publisher",
    "Reviewer",
    "added_json",
    "pending_json",
    "proposal",
    "render_added",
    "render_decision",
    "render_history",
    "render_pending",
    "what_it_is",
]
