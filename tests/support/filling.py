"""A command on a disk that fills, in a name space with a small file system: run as a program.

    python filling.py SCENARIO TIMES SEED FOLDER

Each time, all but a drawn number of bytes is taken before the command runs, and given back after
it. Prints how often the disk was full, and how often it was not.
"""

from __future__ import annotations

import os
import random
import re
import sys
import threading
import time
import traceback
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from support import killingscenarios
from support.killingscenarios import Scenario
from support.moving import make_moving
from support.upstream import make_upstream
from support.workspace import PACKAGE, Workspace
from support.zygote import Zygote

_NO_SPACE = re.compile(r"No space left|Out of diskspace|disk is full|disk filled up")


def free(folder: Path) -> int:
    """Bytes that are left."""
    found = os.statvfs(folder)
    return found.f_bavail * found.f_frsize


@contextmanager
def all_but(left: int, folder: Path) -> Iterator[None]:
    """Take what is free, but for so much."""
    ballast = folder / "ballast"
    with ballast.open("wb") as stream:
        os.posix_fallocate(stream.fileno(), 0, max(free(folder) - left, 1))
    try:
        yield
    finally:
        ballast.unlink()


def most(scenario: Scenario, folder: Path) -> int:
    """How many bytes the command takes at most on its way."""
    before, least, done = free(folder), [free(folder)], threading.Event()

    def watch() -> None:
        while not done.is_set():
            least[0] = min(least[0], free(folder))
            time.sleep(0.001)

    watcher = threading.Thread(target=watch)
    watcher.start()
    ended = scenario.workspace.run(*scenario.arguments(), check=False)
    done.set()
    watcher.join()
    assert ended.code in (0, 1), ended.stderr
    return max(before - least[0], 1 << 14)


def fill(scenario: Scenario, times: int, seed: int, folder: Path) -> Counter[str]:
    """Run the command until the disk was full so often; return how it ended."""
    chance, ends = random.Random(seed), Counter[str]()
    needed: dict[str, int] = {}
    while ends["full"] < times:
        assert ends.total() <= 3 * times + 10, ends
        way = scenario.start(chance)
        if way not in needed:
            needed[way] = most(scenario, folder)
            scenario.complete()
            continue
        left = chance.randrange(needed[way])
        with all_but(left, folder):
            done = scenario.workspace.run(*scenario.arguments(), check=False)
        try:
            assert "Traceback" not in done.stderr
            assert done.code in (0, 1) or "remedy: " in done.stderr
            assert "this is a bug" not in done.stderr
            scenario.check_cut_off()
            scenario.complete()
        except BaseException:
            print(f"seed {seed}, {way}, {left} bytes left: {done.code} {done.stderr}")
            raise
        named = _NO_SPACE.search(done.stderr)
        kind = "fits" if done.code in (0, 1) else "full" if named else "other"
        if kind == "other":
            print(f"seed {seed}, {way}, {left} bytes left: {done.code} {done.stderr}")
        ends[kind] += 1
    return ends


def main(name: str, times: str, seed: str, folder: str) -> None:
    """Make a workspace in the folder, and fill the disk that it is on."""
    base, zygote = Path(folder), Zygote(PACKAGE)
    upstream = make_moving(base / "up").upstream if name == "Rebase" else make_upstream(base / "up")
    (base / "work").mkdir()
    workspace = Workspace(base / "work", upstream, zygote=zygote).create()
    try:
        ends = fill(getattr(killingscenarios, name)(workspace), int(times), int(seed), base)
    finally:
        zygote.close()
    print(*(ends[kind] for kind in ("full", "fits", "other")))


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except BaseException:  # noqa: BLE001 (shown, and the exit code says it)
        traceback.print_exc(file=sys.stdout)
        raise SystemExit(1) from None
