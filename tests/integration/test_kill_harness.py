"""kill -9 at random moments of the commands that write, and what is true after each.

After every kill `status` and `patch status` say what git and the files say, the next run completes,
no edit is lost, no file whose content stays has another time, and nothing is left over. The seed is
printed; KILLING_SEED repeats a run of the long test.
"""

from __future__ import annotations

import os
import random
import signal
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from support import killing
from support.killing import Course
from support.killingscenarios import (
    BundleCreate,
    BundleUse,
    Export,
    Fresh,
    Park,
    Rebase,
    Scenario,
    Swing,
)
from support.processes import processes_of, wait_until
from support.workspace import Done, Workspace


class Tally:
    """What a harness did."""

    def __init__(self) -> None:
        self.kills = 0
        self.late = 0
        self.kinds: Counter[str] = Counter()
        self.stages: Counter[str] = Counter()

    def __str__(self) -> str:
        kinds = ", ".join(f"{kind} {count}" for kind, count in sorted(self.kinds.items()))
        stages = ", ".join(f"{name} {count}" for name, count in self.stages.most_common())
        return f"{self.kills} kills ({self.late} came too late); {kinds}; in {stages}"


def harass(scenario: Scenario, kills: int, seed: int, folder: Path) -> Tally:
    """Kill a command at drawn moments until it was killed so often."""
    chance, tally = random.Random(seed), Tally()
    courses: dict[str, Course] = {}
    notes, grave = folder / "notes", folder / "grave"
    workspace = scenario.workspace
    while tally.kills < kills:
        assert tally.late <= 2 * kills + 10, f"seed {seed}: {tally}"
        way = scenario.start(chance)
        if way not in courses:
            notes.unlink(missing_ok=True)
            done = workspace.run(
                *scenario.arguments(), prelude=killing.counting(notes), check=False
            )
            assert done.code in (0, 1), done.stderr
            courses[way] = killing.course(notes)
            scenario.complete()
            continue
        moment = courses[way].draw(chance)
        grave.unlink(missing_ok=True)
        done = workspace.run(*scenario.arguments(), prelude=moment.prelude(grave), check=False)
        where = killing.epitaph(grave)
        try:
            _judge(done, moment.kind, where)
            if moment.kind == killing.TOOL and chance.random() < 0.5:
                pass  # its child lives on while the next run begins
            else:
                wait_until(lambda: not processes_of(workspace.base), "the processes it left")
                scenario.check_cut_off()
            scenario.complete()
        except BaseException:
            print(f"seed {seed}, {way}, {moment}, in {where}: {done.stderr}")
            raise
        if where is None:
            tally.late += 1
        else:
            tally.kills += 1
            tally.kinds[moment.kind] += 1
            tally.stages[where] += 1
    print(f"seed {seed}: {tally}")
    return tally


def _judge(done: Done, kind: str, where: str | None) -> None:
    """Where only a child died, the run says what failed, or could do without."""
    assert "Traceback" not in done.stderr
    assert "this is a bug" not in done.stderr
    if where is None:
        assert done.code in (0, 1), done.stderr
    elif kind not in (killing.CHILD, killing.GIT):
        assert done.code in (0, 1, -signal.SIGKILL), done.stderr
    elif done.code not in (0, 1):
        assert "remedy: " in done.stderr


# -- the tests


SHORT = pytest.param(8, id="short")
LONG = pytest.param(100, id="long", marks=[pytest.mark.slow, pytest.mark.timeout(3600)])


def seed_for(kills: int) -> int:
    """The same in CI every time; another in each long run, unless it is given."""
    given = os.environ.get("KILLING_SEED")
    if given:
        return int(given)
    return 8 if kills < 100 else random.SystemRandom().randrange(1 << 32)


@pytest.fixture
def notes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that is not the workspace's."""
    return tmp_path_factory.mktemp("notes")


@pytest.mark.parametrize("kills", [SHORT, LONG])
def test_gen_killed_anywhere(workspace: Workspace, notes: Path, kills: int) -> None:
    """faults.md 17: a tree with edits goes from one series, overlay and values to others."""
    tally = harass(Swing(workspace), kills // 2, seed_for(kills), notes)
    assert tally.kills >= kills // 2


@pytest.mark.parametrize("kills", [SHORT, LONG])
def test_gen_killed_anywhere_on_a_new_tree(workspace: Workspace, notes: Path, kills: int) -> None:
    """faults.md 1: with and without objects in the cache."""
    tally = harass(Fresh(workspace), kills // 4, seed_for(kills), notes)
    assert tally.kills >= kills // 4


@pytest.mark.parametrize("kills", [SHORT, LONG])
def test_gen_killed_anywhere_between_versions(
    workspace: Workspace, notes: Path, kills: int
) -> None:
    """faults.md 17: the tree of the other version is set aside whole, edits and all."""
    tally = harass(Park(workspace), kills // 4, seed_for(kills), notes)
    assert tally.kills >= kills // 4


@pytest.mark.parametrize("kills", [SHORT, LONG])
def test_export_killed_anywhere(workspace: Workspace, notes: Path, kills: int) -> None:
    """faults.md 17: the series is the old one or the new one, and every commit is kept."""
    tally = harass(Export(workspace), kills, seed_for(kills), notes)
    assert tally.kills >= kills


@pytest.mark.parametrize("kills", [SHORT, LONG])
def test_rebase_killed_anywhere(moved: Workspace, notes: Path, kills: int) -> None:
    """faults.md 17: the new folder is there whole or not at all; resolutions are kept."""
    tally = harass(Rebase(moved), kills, seed_for(kills), notes)
    assert tally.kills >= kills


@pytest.mark.parametrize("kills", [SHORT, LONG])
@pytest.mark.parametrize("scenario", [BundleCreate, BundleUse])
def test_bundle_killed_anywhere(
    workspace: Workspace, notes: Path, scenario: Callable[[Workspace], Scenario], kills: int
) -> None:
    """faults.md 17: the file is there whole or not at all; so is each part of the cache."""
    tally = harass(scenario(workspace), kills // 2, seed_for(kills), notes)
    assert tally.kills >= kills // 2
