"""From the statements of money of a policy to proposals for a person: drafted rules, and their worked cases.

A statement becomes a drafted rule, or no award, or stays a quote where no rule can express it. What is not
certain is a doubt in the draft and never a silent guess.
"""

from policy_qa.drafting.proposals import draft_rules
from policy_qa.drafting.worked import worked_cases

__all__ = ["draft_rules", "worked_cases"]
