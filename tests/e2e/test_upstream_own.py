"""PyTorch's own tests on the CPU fail in our build where they fail in an unpatched one, only.

ASCENDTORCH_TORCH_PYTHON names the Python of an environment with the wheel, and
ASCENDTORCH_PLAIN_PYTHON one with the official release; both need numpy and hypothesis.
ASCENDTORCH_TORCH_TESTS is the folder `test` of the release's sources.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from support import upstream_tests

pytestmark = [pytest.mark.real, pytest.mark.slow, pytest.mark.timeout(6 * 3600)]
VARIABLES = ("ASCENDTORCH_PLAIN_PYTHON", "ASCENDTORCH_TORCH_PYTHON", "ASCENDTORCH_TORCH_TESTS")


def test_same_failures_by_name(tmp_path: Path) -> None:
    missing = [name for name in VARIABLES if not os.environ.get(name)]
    if missing:
        pytest.skip(f"{' and '.join(missing)} not set")
    plain, ours, folder = (Path(os.environ[name]) for name in VARIABLES)
    ends = []
    for number, python in enumerate((plain, ours)):
        out = tmp_path / f"{number}.jsonl"
        upstream_tests.run(python, folder, out, ["test_autograd", "test_torch", "test_nn"])
        ends.append(upstream_tests.read(out))
    assert len(ends[0]) > 3000
    worse, _ = upstream_tests.compare(*ends)
    assert worse == []
