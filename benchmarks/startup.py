"""How long the tool takes to say something: ``--help``, and a ``gen`` that has nothing to do."""

from __future__ import annotations

import sys
import tempfile
from functools import partial
from pathlib import Path

import running
import synthetic
import timing

GOALS = {"help": timing.Goal("seconds", 0.3), "gen": timing.Goal("seconds", 1.0)}


def main() -> None:
    """Measure and print."""
    options = running.parser(__doc__ or "", runs=20).parse_args()
    before = timing.load()
    with (
        running.work_folder(options.workdir) as work,
        tempfile.TemporaryDirectory(prefix="run-", dir=work) as scratch,
    ):
        space = synthetic.make(Path(scratch))
        space.write_series(20)
        space.gen("--quiet")
        python = [sys.executable, "-c", "pass"]
        cases = [
            timing.Case("python -c pass", partial(running.call, python, space.env)),
            timing.Case(
                "ascendtorch --help",
                partial(running.call, running.tool("--help"), space.env),
                goal=GOALS["help"],
            ),
            timing.Case("ascendtorch gen, up to date", space.gen, goal=GOALS["gen"]),
        ]
        for case in cases:
            case.run()
        results = timing.measure(cases, options.runs)
    timing.report("start-up", results, before, as_json=options.json)


if __name__ == "__main__":
    sys.exit(running.guarded(main))
