"""Every monetary statement of a policy: verbatim, its kind, its values, for whom, in which clause."""

from policy_qa.statements.amounts import Value
from policy_qa.statements.entry import StatementKind
from policy_qa.statements.statement import Statement, statements

__all__ = ["Statement", "StatementKind", "Value", "statements"]
