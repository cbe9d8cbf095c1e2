"""Results of experiments on disk: JSON lines, one a network, appended as networks end.

A line that a kill has torn is left out, and its network trained again; it comes to the same numbers. Lines carry a mark
of the protocol they were made by: a changed protocol does not mix with old results.
"""

import json
import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from ..errors import InvalidInput

Record = dict[str, Any]


class Results:
    """The results of one condition, in a file of a folder.

    Args:
        path: the file (`.jsonl`); its folder is made when there is something to write.
        protocol: the mark of the protocol.

    """

    def __init__(self, path: str | os.PathLike[str], protocol: str) -> None:
        self.path = Path(path)
        self.protocol = protocol

    def read(self) -> list[Record]:
        """All records, in the order of the file.

        Raises:
            InvalidInput: lines that are no results, or were made by another protocol.

        """
        if not self.path.exists():
            return []
        records: list[Record] = []
        lines = self.path.read_text("utf-8", errors="replace").split("\n")
        for number, line in enumerate(lines[:-1], 1):  # what follows the last line's end a kill has torn
            if not line.strip():
                continue
            try:
                record = json.loads(line)
                mark = record["protocol"]
            except (ValueError, KeyError, TypeError):
                raise InvalidInput(f"{self.path}: line {number} is no result of an experiment") from None
            if mark != self.protocol:
                raise InvalidInput(
                    f"{self.path}: line {number} was made by another protocol ({mark}, today's is {self.protocol}); "
                    "its numbers cannot stand beside new ones. Choose another folder with --out, or remove the file"
                )
            records.append(record)
        return records

    def append(self, records: Iterable[Record]) -> None:
        """Add records, on the disk when this returns. What a kill has torn is cut off first."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        text = "".join(json.dumps({**record, "protocol": self.protocol}) + "\n" for record in records)
        with open(self.path, "a+b") as file:
            end = file.seek(0, os.SEEK_END)
            if end and not self._ends_well(file, end):
                file.seek(0)
                whole = file.read().rfind(b"\n") + 1
                file.truncate(whole)
            file.write(text.encode())
            file.flush()
            os.fsync(file.fileno())

    @staticmethod
    def _ends_well(file: Any, end: int) -> bool:
        file.seek(end - 1)
        return file.read(1) == b"\n"


def pick(records: Sequence[Record], **wanted: Any) -> list[Record]:
    """Those records whose fields are as wanted."""
    return [record for record in records if all(record.get(name) == value for name, value in wanted.items())]
