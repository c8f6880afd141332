"""Writing wheels that are the same bytes for the same files."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

from wheel.wheelfile import WheelFile

#: A time of a ZIP file: year, month, day, hour, minute, second.
Time = tuple[int, int, int, int, int, int]


class WheelWriter(WheelFile):  # type: ignore[misc]
    """A new wheel; RECORD, which is written last of all, has a fixed time as well.

    Args:
        time: of every entry whose name alone is given.
    """

    def __init__(self, path: Path, time: Time) -> None:
        self._time = time
        super().__init__(str(path), "w")

    def add(self, name: str, data: bytes, *, executable: bool = False) -> None:
        """Write one file."""
        mode = 0o100755 if executable else 0o100644
        self.writestr(_entry(name, self._time, mode), data)

    def writestr(self, entry: Any, data: Any, compress_type: int | None = None) -> None:
        """Write one file; without this RECORD would get the time of the day."""
        if isinstance(entry, str):
            entry = _entry(entry, self._time, 0o100644)
        super().writestr(entry, data, compress_type)


def _entry(name: str, time: Time, mode: int) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, time)
    entry.external_attr = mode << 16
    entry.compress_type = zipfile.ZIP_DEFLATED
    return entry
