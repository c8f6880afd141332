"""The matrix as one HTML page: no script, no font and no picture from anywhere else."""

from __future__ import annotations

import jinja2

from ascendtorch.upkeep.matrix import Matrix
from ascendtorch.upkeep.verdict import KINDS, PatchVerdict

_STATES = {
    "fits": "fits",
    "merge": "a merge puts it right",
    "upstream": "upstream has it already",
    "conflict": "conflict",
}


def render_matrix(matrix: Matrix) -> str:
    """Return the page. Names and texts of patches and releases are data, never markup."""
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("ascendtorch", "upkeep"),
        undefined=jinja2.StrictUndefined,
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    told = [verdict for verdict in matrix.verdicts.values() if _tells(verdict)]
    template = environment.get_template("matrix.html.j2")
    return template.render(matrix=matrix, kinds=KINDS, states=_STATES, told=told)


def _tells(verdict: PatchVerdict) -> bool:
    """Whether there is more to say than the verdict itself."""
    return any(file.note or file.commit or file.hunks for file in verdict.files)
