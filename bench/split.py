"""Split every statute of an archive of Markdown files: coverage, numbering gaps, speed.

    python bench/split.py ../shared/data/laws.tar.xz [--out out/split.json] [--every 1]

Each file is loaded and split once, in one process; the archive is unpacked in a temporary folder first, which
is not counted. A gap is explained by what the source prints around it: a heading that the source lacks, a
text that begins in the middle of a numbering (one book of a code), an item missing or without its number.
"""

from __future__ import annotations

import argparse
import json
import platform
import re
import tarfile
import tempfile
import time
from collections import Counter
from dataclasses import asdict, dataclass
from pathlib import Path

from policy_qa.certificate import losses
from policy_qa.clauses import Split, split
from policy_qa.loaders import load
from policy_qa.references import label_components

_GAP = re.compile(r"第 (?P<line>\d+) 行：这里应是同级的第 (?P<wanted>\d+) 项，却是「(?P<label>[^」]+)」")


@dataclass(frozen=True, slots=True)
class Gap:
    """A place where a number does not follow the one before it, and what explains it."""

    file: str
    line: int
    label: str
    wanted: int
    why: str


def main() -> None:
    """Read the arguments, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("archive", type=Path)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--every", type=int, default=1, help="take one file in so many")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        with tarfile.open(arguments.archive) as archive:
            archive.extractall(folder, filter="data")
        paths = sorted(path for path in Path(folder).rglob("*") if path.is_file())
        report, gaps = _measured(paths[:: arguments.every], Path(folder))
    print(json.dumps(report, ensure_ascii=False, indent=2))
    if arguments.out is not None:
        arguments.out.parent.mkdir(parents=True, exist_ok=True)
        arguments.out.write_text(
            json.dumps({**report, "gaps": [asdict(one) for one in gaps]}, ensure_ascii=False), "utf-8"
        )


def _measured(paths: list[Path], folder: Path) -> tuple[dict[str, object], list[Gap]]:
    clauses = articles = characters = 0
    faults: list[str] = []
    gaps: list[Gap] = []
    doubts = 0
    begun, begun_cpu = time.perf_counter(), time.process_time()
    for path in paths:
        whole = split("law", load(path).text)
        certificate = whole.certificate
        clauses += len(whole.clauses)
        articles += sum(_is_article(part.label) for part in whole.parts if part.kind in ("clause", "heading"))
        characters += certificate.characters
        doubts += len(whole.doubts)
        name = str(path.relative_to(folder))
        if certificate.covered != certificate.characters or losses(certificate):
            faults.append(name)
        gaps += _gaps(name, whole)
    seconds, cpu_seconds = time.perf_counter() - begun, time.process_time() - begun_cpu
    report: dict[str, object] = {
        "files": len(paths),
        "fully_covered": len(paths) - len(faults),
        "faults": faults,
        "characters": characters,
        "clauses": clauses,
        "clauses_a_second": round(clauses / seconds),
        "articles_a_second": round(articles / seconds),
        "seconds": round(seconds, 1),
        "articles_a_cpu_second": round(articles / cpu_seconds),
        "cpu_seconds": round(cpu_seconds, 1),
        "doubts": doubts,
        "files_with_gaps": len({gap.file for gap in gaps}),
        "gaps_by_cause": dict(Counter(gap.why for gap in gaps).most_common()),
        "machine": platform.platform(),
    }
    return report, gaps


def _is_article(label: str) -> bool:
    return bool(label) and label_components(label)[-1].style == "条"


def _gaps(name: str, whole: Split) -> list[Gap]:
    found: list[Gap] = []
    for said in whole.certificate.numbering_gaps:
        match = _GAP.match(said)
        if match is not None:
            wanted, label = int(match["wanted"]), match["label"]
            found.append(Gap(name, int(match["line"]), label, wanted, _why(label, wanted, whole)))
    return found


def _why(label: str, wanted: int, whole: Split) -> str:
    first = next((part.label for part in whole.parts if part.label and part.label != "序言"), "")
    style = re.search(r"[编章节条款部分]", label)
    if label == first:
        return "the text begins in the middle of a numbering (one book of a code, an excerpt)"
    if style is not None and style[0] in "编章节部":
        return "a heading is missing in the source"
    if wanted == 1:
        return "the first item of a list is missing or printed without its number"
    return "an item is missing or printed without its number"


if __name__ == "__main__":
    main()
