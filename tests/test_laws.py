"""Statutes as a proving ground: thousands of articles of every age, none lost."""

from __future__ import annotations

import tarfile
from pathlib import Path

import pytest

from policy_qa.certificate import losses
from policy_qa.clauses import split
from policy_qa.loaders import load

ARCHIVE = Path(__file__).parents[2] / "shared" / "data" / "laws.tar.xz"
EVERY = 50
"""One statute in so many; ``bench/split.py`` reads them all."""


@pytest.mark.slow
@pytest.mark.skipif(not ARCHIVE.is_file(), reason="the shared statutes are not on this machine")
def test_no_statute_loses_or_doubles_a_character(tmp_path: Path) -> None:
    with tarfile.open(ARCHIVE) as archive:
        members = [one for one in archive if one.isfile()][::EVERY]
        archive.extractall(tmp_path, members, filter="data")
    faults: dict[str, tuple[str, ...]] = {}
    for member in members:
        certificate = split("law", load(tmp_path / member.name).text).certificate
        lost = losses(certificate)
        if lost or certificate.covered != certificate.characters:
            faults[member.name] = lost
    assert (faults, len(members) > 50) == ({}, True)
