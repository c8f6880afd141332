"""Two runs at once in one workspace: one waits, or says who holds it; in the end all is right."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import subprocess
from pathlib import Path

import pytest

from support.killingscenarios import Export, Rebase, Scenario, Swing
from support.processes import wait_until
from support.workspace import Workspace

SHORT = pytest.param(1, id="short")
LONG = pytest.param(20, id="long", marks=[pytest.mark.slow, pytest.mark.timeout(3600)])
BUSY = 13
#: Makes a run stop, with the workspace's lock in its hands, until a file goes.
HOLD = """
import pathlib, time
from ascendtorch.edge import lock
real = lock._end_leftovers
def held(*arguments):
    real(*arguments)
    gate = pathlib.Path({gate!r})
    gate.with_suffix(".reached").touch()
    while gate.exists():
        time.sleep(0.01)
lock._end_leftovers = held
"""


def pairs(scenario: Scenario, times: int, gate: Path) -> None:
    """Run the command twice at once, so often: at random moments, and surely while one is held."""
    given = os.environ.get("KILLING_SEED")
    seed = int(given) if given else 4 if times < 20 else random.SystemRandom().randrange(1 << 32)
    print(f"seed {seed}")
    chance = random.Random(seed)
    for _ in range(times):
        scenario.start(chance)
        _at_any_moment(scenario, chance)
        scenario.complete()
        scenario.start(chance)
        _while_it_is_held(scenario, gate, kill=chance.random() < 0.5)
        scenario.complete()


def _at_any_moment(scenario: Scenario, chance: random.Random) -> None:
    workspace = scenario.workspace
    first = workspace.start(*scenario.arguments())
    with contextlib.suppress(subprocess.TimeoutExpired):
        first.wait(chance.uniform(0, 1))
    second = workspace.run(*scenario.arguments(), check=False)
    _, told = first.communicate(timeout=120)
    # Whoever comes first does it; the other says so, or finds it done, or nothing resolved.
    assert {first.returncode, second.code} <= {0, 1, BUSY, 14, 6}, (told, second.stderr)
    assert {first.returncode, second.code} & {0, 1}, (told, second.stderr)
    for text in (told, second.stderr):
        assert "Traceback" not in text
        assert "this is a bug" not in text
    for code, text in ((first.returncode, told), (second.code, second.stderr)):
        if code == BUSY:
            assert "is in use by " in text
            assert "remedy: wait until it ends" in text


def _while_it_is_held(scenario: Scenario, gate: Path, *, kill: bool) -> None:
    workspace = scenario.workspace
    gate.touch()
    gate.with_suffix(".reached").unlink(missing_ok=True)
    first = workspace.start(*scenario.arguments(), prelude=HOLD.format(gate=str(gate)))
    wait_until(gate.with_suffix(".reached").exists, "the first run's lock", 60)
    refused = workspace.run(*scenario.arguments(), check=False)
    assert refused.code == BUSY, refused.stderr
    scenario.check_cut_off()
    waits = "rebase" not in scenario.arguments()
    second = workspace.start(*scenario.arguments(), "--wait", "120") if waits else None
    if kill:
        first.kill()
    gate.unlink()
    first.communicate(timeout=120)
    assert first.returncode in ((-signal.SIGKILL,) if kill else (0, 1))
    if second is not None:
        _, told = second.communicate(timeout=120)
        assert second.returncode == 0, told


@pytest.mark.parametrize("times", [SHORT, LONG])
def test_two_gens(
    workspace: Workspace, tmp_path_factory: pytest.TempPathFactory, times: int
) -> None:
    """faults.md 47"""
    pairs(Swing(workspace), times, tmp_path_factory.mktemp("gate") / "gate")


@pytest.mark.parametrize("times", [SHORT, LONG])
def test_two_exports(
    workspace: Workspace, tmp_path_factory: pytest.TempPathFactory, times: int
) -> None:
    """faults.md 47"""
    pairs(Export(workspace), times, tmp_path_factory.mktemp("gate") / "gate")


@pytest.mark.parametrize("times", [SHORT, LONG])
def test_two_rebases(
    moved: Workspace, tmp_path_factory: pytest.TempPathFactory, times: int
) -> None:
    """faults.md 47"""
    pairs(Rebase(moved), times, tmp_path_factory.mktemp("gate") / "gate")
