"""Every way the product says no, as one tree.

PolicyQaError            the work could not be done (exit status 1)
├── CorpusError          a corpus file is malformed or contradicts its policy
│   └── CertificateError the split of a policy text lost, doubled or misnumbered something
├── FileRefusedError     a file holds no policy text that could be read
├── StoreError           the search index is missing, locked or cannot be written
├── ModelError           the language model gave no reply in time, or none that can be read
└── UsageError           what the user gave cannot be used (exit status 2)

A message is one Chinese sentence: what is wrong, why, what to do.
"""

from __future__ import annotations


class PolicyQaError(Exception):
    """The work could not be done; ``str(error)`` is the sentence to show."""

    exit_status = 1


class CorpusError(PolicyQaError):
    """A corpus file is malformed or contradicts the policy it belongs to."""


class CertificateError(CorpusError):
    """The split of a policy text lost, doubled or misnumbered something."""


class FileRefusedError(PolicyQaError):
    """The file holds no policy text that could be read; nothing of it was kept."""


class StoreError(PolicyQaError):
    """The search index or the folder it lives in cannot be used."""


class ModelError(PolicyQaError):
    """The language model gave no reply in time, or none that can be read."""


class UsageError(PolicyQaError):
    """What the user gave cannot be used."""

    exit_status = 2
