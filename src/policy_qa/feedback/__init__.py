"""What users said of answers: kept durably, and turned into evaluation cases for a reviewer."""

from policy_qa.feedback.export import as_cases
from policy_qa.feedback.store import Feedback, FeedbackStore

__all__ = ["Feedback", "FeedbackStore", "as_cases"]
