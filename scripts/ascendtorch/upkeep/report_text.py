"""The matrix for a terminal: a table, and below it the reason for every verdict that needs one."""

from __future__ import annotations

from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table
from rich.text import Text

from ascendtorch.upkeep.matrix import Matrix
from ascendtorch.upkeep.verdict import KINDS, FileVerdict, PatchVerdict

_STYLES = {
    "clean": "green",
    "offset": "green",
    "upstream": "cyan",
    "merge": "cyan",
    "renamed": "yellow",
    "deleted": "bold red",
    "conflict": "bold red",
    "unknown": "magenta",
}
#: A pipe has no width; what reads it wants whole lines.
_PIPE_WIDTH = 200


def print_matrix(matrix: Matrix) -> None:
    """Print the table, the reasons and the sum."""
    console = Console(highlight=False, markup=False)
    if not console.is_terminal:
        console.width = _PIPE_WIDTH
    console.print(f"The series of {matrix.version} ({matrix.pin[0]}) at other releases")
    console.print(_table(matrix))
    for verdict in matrix.verdicts.values():
        for file in verdict.files:
            if file.note or file.kind in ("conflict", "unknown"):
                console.print(_reason(verdict, file), soft_wrap=True)
    for kind, count in matrix.counts().items():
        console.print(Text(f"{count:>4} {kind:<9} {KINDS[kind]}", style=""))
    console.print(_sum(matrix))


def _table(matrix: Matrix) -> Table:
    table = Table(box=SIMPLE, pad_edge=False)
    table.add_column("patch", overflow="fold")
    for tag in matrix.tags:
        table.add_column(tag, no_wrap=True)
    for name in matrix.patches:
        verdicts = [matrix.verdicts[name, tag] for tag in matrix.tags]
        cells = [Text(verdict.label, style=_STYLES[verdict.kind]) for verdict in verdicts]
        table.add_row(Text(name.removesuffix(".patch")), *cells)
    return table


def _reason(verdict: PatchVerdict, file: FileVerdict) -> Text:
    text = Text.assemble(
        (f"{file.kind} ", _STYLES[file.kind]), f"{verdict.tag} {verdict.patch}: {file.path}"
    )
    lost = [str(hunk.number) for hunk in file.hunks if hunk.state == "conflict"]
    if lost:
        text.append(f": hunk {', '.join(lost)} of {len(file.hunks)}")
    if file.note:
        text.append(f": {file.note}")
    if file.commit is not None:
        text.append(f" by {file.commit[0][:12]} ({file.commit[1]})")
    return text


def _sum(matrix: Matrix) -> str:
    count = len(matrix.verdicts)
    needs = f"{matrix.stops} need a person" if matrix.stops else "none needs a person"
    return f"{count} verdicts, {needs} ({matrix.seconds:.1f} s)"
