"""CSV from strangers: rows of cells, with bounds."""

from __future__ import annotations

import csv
import io


def rows_of(text: str, most: int) -> list[list[str]]:
    """The rows that have something in their first cell, cells without white space around.

    Raises:
        ValueError: it is no CSV, or has more than `most` rows.
    """
    found: list[list[str]] = []
    try:
        for row in csv.reader(io.StringIO(text.lstrip("\ufeff").replace("\0", ""))):
            if row and row[0].strip():
                found.append([cell.strip() for cell in row])
                if len(found) > most:
                    raise ValueError(f"more than {most} rows")
    except csv.Error as error:
        raise ValueError(str(error)) from error
    return found
