"""Policy questions answered clause by clause, every amount computed from rules that quote the policy."""

__version__ = "0.1.0"
