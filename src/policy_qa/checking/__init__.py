"""The check desk: pasted text held against the policies, sentence by sentence."""

from policy_qa.checking.checker import LONGEST_TEXT, Checker
from policy_qa.checking.report import KINDS, VERDICTS, Difference, Judgement, Report, Verdict, render

__all__ = [
    "KINDS",
    "LONGEST_TEXT",
    "VERDICTS",
    "Checker",
    "Difference",
    "Judgement",
    "Report",
    "Verdict",
    "render",
]
