"""What a loaded file is, and the one way a file is refused."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["txt", "markdown", "html", "pdf", "docx", "ofd", "doc"]
CELL = "｜"
"""What stands between the cells of a table row; a row is one line of the text."""


@dataclass(frozen=True, slots=True)
class Table:
    """A table of the document: ``text[start:end]`` are its rows, a line each, cells joined by ``CELL``."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Document:
    """A policy file as text, a paragraph a line, with what was noticed and left out on the way."""

    text: str
    kind: Kind
    tables: tuple[Table, ...] = ()
    removed: tuple[str, ...] = ()
    """Page headers, footers and page numbers that are not in ``text``, in order."""
    warnings: tuple[str, ...] = ()
    """Sentences in Chinese about what a reader should check."""


def row(cells: list[str]) -> str:
    """One table row as a line of text; line breaks inside a cell are no ends of anything."""
    return CELL.join(" ".join(cell.split()) for cell in cells)


def document_of(
    lines: list[str], kind: Kind, *, removed: tuple[str, ...] = (), warnings: tuple[str, ...] = ()
) -> Document:
    """The document of these lines; lines that hold ``CELL`` next to each other are a table."""
    tables: list[Table] = []
    position = 0
    for line in lines:
        end = position + len(line)
        if CELL in line:
            if tables and tables[-1].end + 1 == position:
                tables[-1] = Table(tables[-1].start, end)
            else:
                tables.append(Table(position, end))
        position = end + 1
    return Document("\n".join(lines), kind, tuple(tables), removed, warnings)
