"""The clause desk: the clauses of one policy by number, words, department, audience, kind and amount.

``Catalogue(holding, lexicon)`` is made once; its ``find`` looks up, its ``facets`` say what there is to
choose from, its ``tree`` is the policy in print order. ``look_up``, ``citation`` and ``address`` name single
clauses; ``read_edge`` reads an edge of the amount range as people write it.

Everything is looked up, nothing is ranked: a clause fits or it does not, and each says why. Filters about a
support (audience, kind, amount) and the department must be met together by one support, not by two that
happen to share a clause.
"""

from policy_qa.catalogue.desk import Catalogue, Choice, Facets, Node, read_edge
from policy_qa.catalogue.filters import Entry, Found, Piece
from policy_qa.catalogue.naming import address, citation, look_up
from policy_qa.catalogue.supports import ANYBODY, FORMS, Span, Support

__all__ = [
    "ANYBODY",
    "FORMS",
    "Catalogue",
    "Choice",
    "Entry",
    "Facets",
    "Found",
    "Node",
    "Piece",
    "Span",
    "Support",
    "address",
    "citation",
    "look_up",
    "read_edge",
]
