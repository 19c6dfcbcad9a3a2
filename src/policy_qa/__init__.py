"""Policy questions answered clause by clause, every amount computed from rules that quote the policy.

``open_assistant()`` is the way in for a Python program.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from policy_qa.opening import open_assistant

__version__ = "0.1.0"
__all__ = ["__version__", "open_assistant"]


def __getattr__(name: str) -> object:
    """``open_assistant`` when it is asked for: to import the package must cost nothing (PEP 562).

    Imported by name, since every module imports this one and may not depend on the outermost layer.
    """
    if name == "open_assistant":
        from importlib import import_module

        return import_module("policy_qa.opening").open_assistant
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
