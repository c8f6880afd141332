"""Where a rebase stands, for people and as data."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ascendtorch.upkeep.finishing import Finished
from ascendtorch.upkeep.placing import COMMON
from ascendtorch.upkeep.rebase import Ground, Stopped
from ascendtorch.upkeep.rebasestate import RebaseFolder, RebaseState
from ascendtorch.upkeep.verdict import KINDS, STOPS, FileVerdict
from ascendtorch.upkeep.whereabouts import changed_by, elsewhere, taken_by

_HUNK_STATES = {
    "fits": "fits",
    "merge": "goes in by itself; only the text around it changed",
    "upstream": "upstream has it already",
    "conflict": "conflict",
}


def stopped_json(
    ground: Ground, state: RebaseState, stopped: Stopped, folder: RebaseFolder
) -> dict[str, Any]:
    """Return all there is to say about a patch that needs a person."""
    files = []
    for file in stopped.carried.verdict.files:
        entry = file.as_json()
        if file.kind in STOPS:
            entry.update(_circumstances(ground, file))
            entry["work"] = _work(folder, stopped, file.path, file.moved_to or file.path)
        files.append(entry)
    return {
        "state": "stopped",
        **_so_far(state, len(ground.opened.series.patches)),
        "patch": stopped.patch.name,
        "number": stopped.number,
        "subject": stopped.patch.header.subject,
        "reason": stopped.patch.header.reason,
        "verdict": stopped.carried.verdict.kind,
        "files": files,
        "work": str(folder.work),
    }


def finished_json(state: RebaseState, finished: Finished) -> dict[str, Any]:
    """Return what a rebase made."""
    return {
        "state": "done",
        **_so_far(state, len(state.series)),
        "folder": str(finished.folder),
        "unchanged": list(finished.kept),
        "dropped": list(finished.dropped),
        "new_submodules": list(finished.new_modules),
    }


def _so_far(state: RebaseState, count: int) -> dict[str, Any]:
    return {
        "version": state.version,
        "onto": {"tag": state.tag, "commit": state.commit},
        "target": state.target,
        "patches": count,
        "done": [{"patch": step.name, "outcome": step.outcome} for step in state.done],
    }


def _circumstances(ground: Ground, file: FileVerdict) -> dict[str, Any]:
    """Say what upstream did to a file that stops a patch, and to what each hunk is about."""
    places = elsewhere(ground.other, file)
    hunks = []
    for hunk in file.hunks:
        wanted, there = list(hunk.wanted), list(hunk.there)
        by = taken_by(ground.pin, ground.other, file.path, hunk)
        hunks.append(
            {
                **hunk.as_json(),
                "elsewhere": places.get(hunk.number, []),
                "there_already": there_already(wanted, there),
                "by": None if by is None else {"hash": by[0], "subject": by[1]},
            }
        )
    commits = changed_by(ground.pin, ground.other, file.path)
    return {"hunks": hunks, "changed_by": [{"hash": h, "subject": s} for h, s in commits]}


def there_already(wanted: list[str], there: list[str]) -> list[str]:
    """Return the lines a hunk adds that the release has at that place, blank ones left out."""
    present = {line.strip() for line in there}
    added = [line[1:].strip() for line in wanted if line.startswith("+")]
    return [line for line in added if line in present and line.strip(COMMON.decode())]


def _work(folder: RebaseFolder, stopped: Stopped, path: str, target: str) -> str | None:
    for name in (target, path):
        if stopped.carried.marked.get(name) is not None:
            return str(folder.work / name)
    return None


def stopped_lines(report: dict[str, Any]) -> Iterator[str]:
    """Return the report of a stopped rebase, line by line."""
    tag = report["onto"]["tag"]
    yield f"{report['patch']} ({report['number']} of {report['patches']}) does not fit {tag}"
    yield f"  {report['subject']}"
    yield from (f"  | {line}" for line in report["reason"].splitlines())
    for file in report["files"]:
        yield ""
        yield f"{file['path']}: {file['verdict']}, {file['note'] or KINDS[file['verdict']]}"
        if file["commit"]:
            yield f"  by {file['commit']['hash'][:12]} {file['commit']['subject']}"
        for commit in file.get("changed_by", ()):
            if commit == file["commit"]:
                continue
            yield f"  changed upstream by {commit['hash'][:12]} {commit['subject']}"
        for hunk in file["hunks"]:
            yield from _hunk_lines(hunk, tag)
        if file.get("work"):
            yield f"  resolve it in {file['work']}"
    yield ""
    yield "What to do: edit the files below the work folder until no conflict marker is left."
    yield "  Remove one there to have it removed (or left out) at the new release; add others to"
    yield "  change them too. Upstream's own text is between `<<<<<<<` and `=======`."
    yield f"  work folder: {report['work']}"
    yield "Then: ascendtorch patch rebase --continue   (--skip leaves the patch out, --abort all)"


def _hunk_lines(hunk: dict[str, Any], tag: str) -> Iterator[str]:
    at = f" at line {hunk['line']}" if hunk["line"] else ""
    yield f"  hunk {hunk['hunk']} {hunk['header']}: {_HUNK_STATES[hunk['state']]}{at}"
    if hunk["state"] != "conflict":
        return
    yield "    it wants:"
    yield from (f"      {line}".rstrip() for line in hunk["wanted"])
    if hunk["there"]:
        yield f"    {tag} has{at}:"
        yield from (f"       {line}".rstrip() for line in hunk["there"])
    else:
        yield f"    {tag} has nothing {'left in its place' if hunk['line'] else 'like it'}"
    if hunk["by"]:
        yield f"    upstream changed that by {hunk['by']['hash'][:12]} {hunk['by']['subject']}"
    for line in hunk["there_already"]:
        yield f"    upstream has this line there already: {line}"
    for place in hunk["elsewhere"]:
        yield f"    what it is about stands in {place} now"


def finished_lines(report: dict[str, Any]) -> Iterator[str]:
    """Return the report of a rebase that is done, line by line."""
    for step in report["done"]:
        note = " (as it was)" if step["patch"] in report["unchanged"] else ""
        lost = " (not in the new series)" if step["patch"] in report["dropped"] else ""
        yield f"{step['outcome']:<9} {step['patch']}{note}{lost}"
    yield f"{report['folder']} is there, for {report['onto']['tag']}"
    for path in report["new_submodules"]:
        yield f"  new submodule: {path} (say in version.yaml which flags need it)"
    yield "  check the flags, tools and requirements in its version.yaml; they are the old ones"
    yield f"  next: ascendtorch gen -v {report['target']}"


def write_report(folder: Path, lines: Iterator[str]) -> None:
    """Keep a report beside the files that it is about."""
    (folder / "report.txt").write_text("".join(f"{line}\n" for line in lines), "utf-8")
