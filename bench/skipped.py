"""Read pytest's JUnit report: the skipped tests as a table with their reasons, then the counts in one line.

    python bench/skipped.py out/junit.xml

Exit status 0 when the report is there and no test failed, else 1.
"""

from __future__ import annotations

import sys
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from pathlib import Path


def main(path: Path) -> int:
    """Print the table and the counts of the report at ``path``."""
    try:
        cases = list(ET.parse(path).getroot().iter("testcase"))
    except (OSError, ET.ParseError) as error:
        print(f"no test report: {error}")
        print("0 passed, 1 failed, 0 skipped")
        return 1
    skipped = list(_skipped(cases))
    failed = sum(any(case.find(tag) is not None for tag in ("failure", "error")) for case in cases)
    print("\nSkipped tests")
    for line in _table([("test", "reason"), *skipped]) if skipped else ["none"]:
        print(line)
    print(f"\n{len(cases) - failed - len(skipped)} passed, {failed} failed, {len(skipped)} skipped")
    return 1 if failed or not cases else 0


def _skipped(cases: list[ET.Element]) -> Iterator[tuple[str, str]]:
    for case in cases:
        mark = case.find("skipped")
        if mark is not None:
            name = f"{case.get('classname', '')}::{case.get('name', '')}".removeprefix("tests.")
            yield name, " ".join((mark.get("message") or "no reason given").split())


def _table(rows: list[tuple[str, str]]) -> Iterator[str]:
    width = max(len(name) for name, _ in rows)
    for position, (name, reason) in enumerate(rows):
        yield f"| {name:<{width}} | {reason} |"
        if position == 0:
            yield f"| {'-' * width} | {'-' * len(reason)} |"


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
