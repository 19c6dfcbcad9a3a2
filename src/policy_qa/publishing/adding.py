"""From a policy file to the folder of a policy: text, particulars, certificate, drafts."""

from __future__ import annotations

import datetime
import hashlib
import re
import shutil
from dataclasses import dataclass, fields, replace
from pathlib import Path

from policy_qa.certificate import losses
from policy_qa.clauses import Split, split
from policy_qa.corpus import Corpus
from policy_qa.domain import Policy
from policy_qa.drafting import draft_rules
from policy_qa.drafts import DRAFTS, Draft
from policy_qa.errors import CertificateError, UsageError
from policy_qa.loaders import Document, load
from policy_qa.particulars import Particulars, read_particulars
from policy_qa.publishing.changes import CHANGES, Change, line
from policy_qa.publishing.disk import write
from policy_qa.publishing.reviewing import refusal
from policy_qa.strict_yaml import write_yaml
from policy_qa.wire import dumps, to_json


@dataclass(frozen=True, slots=True)
class Given:
    """What whoever adds a policy knows of it; it wins over what is read from the text."""

    title: str | None = None
    number: str | None = None
    region: str | None = None
    status: str | None = None
    issued_on: datetime.date | None = None
    in_force_from: datetime.date | None = None
    in_force_until: datetime.date | None = None
    supersedes: str | None = None


@dataclass(frozen=True, slots=True)
class Added:
    """A policy that was added, with what to look at before its rules are reviewed."""

    policy: Policy
    doubts: tuple[str, ...]
    drafts: tuple[Draft, ...]


@dataclass(frozen=True, slots=True)
class Prepared:
    """All that the folder of a policy will hold, before anything is written."""

    policy: Policy
    document: Document
    doubts: tuple[str, ...]
    drafts: tuple[Draft, ...]


_ID = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?")


def check_id(policy_id: str) -> None:
    """UsageError where the id could not name a folder everywhere."""
    if not _ID.fullmatch(policy_id):
        shown = policy_id if len(policy_id) <= 40 else f"{policy_id[:40]}…"
        raise UsageError(
            f"编号“{shown}”不能用，请只用小写字母 a–z、数字和连字符，不以连字符开头结尾，最多 64 个字符。"
        )


def prepare(file: Path, policy_id: str, given: Given, corpus: Corpus) -> Prepared:
    """Read, split and draft; raises PolicyQaError, one sentence, where the file gives no sound policy."""
    document = load(file)
    found = split(policy_id, document.text)
    if lost := losses(found.certificate):
        reasons = "；".join(failure.removesuffix("。") for failure in lost[:3])
        raise CertificateError(f"“{file.name}”的条款切分没有通过核验：{reasons}，请先改正文件再添加。")
    known, settled = _particulars(document.text, given)
    title = known.title or found.title or file.stem
    policy = _policy(policy_id, title, known, found, document.text)
    drafts = tuple(_tried(draft, policy) for draft in draft_rules(policy, corpus.segmenter))
    proof = found.certificate
    doubts = (*settled, *document.warnings, *proof.numbering_gaps, *proof.warnings)
    return Prepared(policy, document, doubts, drafts)


def _particulars(text: str, given: Given) -> tuple[Particulars, tuple[str, ...]]:
    """What the text says of itself under what is given, and the doubts that nothing given settles."""
    read = read_particulars(text)
    stated = {
        field.name: value for field in fields(given) if (value := getattr(given, field.name)) is not None
    }
    known = replace(read, **stated)
    if known.in_force_from and known.in_force_until and known.in_force_from > known.in_force_until:
        raise UsageError(
            f"施行日期 {known.in_force_from} 晚于失效日期 {known.in_force_until}，请核对 --from 和 --until。"
        )
    open_doubts = (
        doubt for doubt in read.doubts if not any(_SETTLES.get(name, "\n") in doubt for name in stated)
    )
    return known, tuple(open_doubts)


_SETTLES = {"title": "标题", "region": "地区", "issued_on": "印发日期", "in_force_until": "有效期"}
"""What is given, and the word by which a doubt about it is known."""


def _policy(policy_id: str, title: str, known: Particulars, found: Split, text: str) -> Policy:
    return Policy(
        id=policy_id,
        title=title,
        status=known.status,
        issuing_body=known.issuing_body,
        issued_on=known.issued_on,
        in_force_from=known.in_force_from,
        in_force_until=known.in_force_until,
        rests_on=known.rests_on,
        sha256=hashlib.sha256(text.encode()).hexdigest(),
        clauses=found.clauses,
        certificate=found.certificate,
        region=known.region,
        supersedes=known.supersedes,
        number=known.number,
    )


def _tried(draft: Draft, policy: Policy) -> Draft:
    """The draft with a doubt where a reviewer could not accept it as it stands."""
    why = refusal(draft, policy) if draft.measure is not None else None
    if why is None:
        return draft
    return draft.model_copy(update={"doubts": (f"照这样还不能接受：{why}", *draft.doubts)})


def write_home(home: Path, prepared: Prepared, source: Path, change: Change) -> None:
    """The folder of the policy, every file on the disk."""
    policy = prepared.policy
    home.mkdir()
    shutil.copyfile(source, home / f"source{_suffix(source)}")
    files = {
        "text.txt": prepared.document.text,
        "policy.yaml": write_yaml(_described(policy), HEADINGS["policy.yaml"]),
        "certificate.json": dumps(to_json(policy.certificate)) + "\n",
        "rules.yaml": write_yaml({"policy": policy.id, "facts": {}, "measures": []}, HEADINGS["rules.yaml"]),
        DRAFTS: write_yaml(
            {"policy": policy.id, "drafts": [_plain(draft) for draft in prepared.drafts]}, HEADINGS[DRAFTS]
        ),
        "cases.yaml": write_yaml({"policy": policy.id, "cases": []}, HEADINGS["cases.yaml"]),
    }
    for name, text in files.items():
        write(home / name, text.encode())
    write(home / CHANGES, line(change))


HEADINGS = {
    "policy.yaml": "What is known of the document; null where the text prints nothing.",
    "rules.yaml": "Rules that a person has reviewed, each with name and date.",
    DRAFTS: "Proposals of the program, one for each statement of money: never calculated with.",
    "cases.yaml": "Worked cases of the reviewed rules.",
}


def _described(policy: Policy) -> dict[str, object]:
    names = (
        "id title status number issuing_body issued_on in_force_from in_force_until supersedes region sha256"
    )
    gaps = list(policy.certificate.numbering_gaps)
    described = {name: getattr(policy, name) for name in names.split()}
    return described | {"rests_on": list(policy.rests_on)} | ({"accepted_gaps": gaps} if gaps else {})


def _plain(draft: Draft) -> dict[str, object]:
    return draft.model_dump(mode="json", exclude_defaults=True)


def _suffix(source: Path) -> str:
    suffix = source.suffix.lower()
    return suffix if re.fullmatch(r"\.[a-z0-9]{1,8}", suffix) else ""
