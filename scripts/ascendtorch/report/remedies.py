"""The known remedies: data in ``remedies.yaml``, the matching, and the page made of them.

``python -m ascendtorch.report.remedies > docs/troubleshooting.md`` writes the page anew.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from ascendtorch.report.ninja import plain
from ascendtorch.spec.reader import Value, check_schema

SCHEMA = 1
FILE = Path(__file__).with_name("remedies.yaml")

#: Families of distributions that name their packages alike, and how the page calls them.
FAMILIES = {
    "debian": "Debian, Ubuntu, UOS, Linx",
    "redhat": "CentOS, openEuler, EulerOS, Kylin, BCLinux",
}
_QUOTES = str.maketrans({"\u2018": "'", "\u2019": "'", "\u201c": '"', "\u201d": '"', "`": "'"})


@dataclass(frozen=True)
class Instruction:
    """One step of a remedy; `commands` maps a family, or ``""`` for all, to a command."""

    text: str
    commands: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Remedy:
    """A failure whose cause and cure are known.

    Attributes:
        seen: messages as tools print them; `patterns` match them with white space collapsed and
            every kind of quote written as ``'``.
        flag: the build flag (``NAME=VALUE``) that avoids it, if one does.
        environment: whether the machine is at fault, whichever file was being compiled.
    """

    id: str
    title: str
    patterns: tuple[re.Pattern[str], ...]
    seen: tuple[str, ...]
    cause: str
    remedy: tuple[Instruction, ...]
    flag: str | None
    environment: bool

    def text(self, family: str | None = None) -> str:
        """The remedy in one paragraph, with the commands of one family only, if it is known."""
        parts = []
        for step in self.remedy:
            chosen = [c for name, c in step.commands if name == "" or family in (None, name)]
            commands = " or ".join(f"`{command}`" for command in chosen)
            parts.append(f"{step.text.rstrip('.')}: {commands}" if commands else step.text)
        return " ".join(part if part.endswith(".") else f"{part}." for part in parts)

    def matches(self, text: str) -> bool:
        """Whether normalised text (see `normalise`) shows this failure."""
        return any(pattern.search(text) for pattern in self.patterns)


def load_remedies(path: Path = FILE) -> tuple[Remedy, ...]:
    """Read the remedies in the order in which they are tried.

    Raises:
        SpecError: with file and line of the first thing that is wrong.
    """
    fields = Value.load(path, stage="build").fields("schema", "remedies")
    check_schema(fields["schema"], SCHEMA)
    found: dict[str, Remedy] = {}
    for value in fields["remedies"]:
        remedy = _remedy(value)
        if remedy.id in found:
            value.fail(f"repeats the id `{remedy.id}`", "give it another one")
        found[remedy.id] = remedy
    return tuple(found.values())


def _remedy(value: Value) -> Remedy:
    fields = value.fields(
        "id", "title", "patterns", "seen", "cause", "remedy", optional=("flag", "environment")
    )
    flag = fields.get("flag")
    environment = fields.get("environment")
    return Remedy(
        id=fields["id"].matching(r"[a-z0-9]+(-[a-z0-9]+)*", "words joined by hyphens"),
        title=fields["title"].text(),
        patterns=tuple(_pattern(item) for item in fields["patterns"]),
        seen=fields["seen"].texts(),
        cause=fields["cause"].text().strip(),
        remedy=tuple(_instruction(item) for item in fields["remedy"]),
        flag=flag.matching(r"[A-Z][A-Z0-9_]*=\S+", "a flag such as USE_XNNPACK=0")
        if flag
        else None,
        environment=environment.boolean() if environment else False,
    )


def _pattern(value: Value) -> re.Pattern[str]:
    text = value.text()
    try:
        return re.compile(text)
    except re.error as error:
        value.fail(f"is not a regular expression: {error}", "correct it")


def _instruction(value: Value) -> Instruction:
    fields = value.fields("text", optional=("run", *FAMILIES))
    commands = [("", fields["run"].text())] if "run" in fields else []
    commands += [(name, fields[name].text()) for name in FAMILIES if name in fields]
    return Instruction(fields["text"].text().strip(), tuple(commands))


def normalise(lines: Iterable[str]) -> str:
    """Return lines as the one line that patterns are matched against."""
    return " ".join(" ".join(map(plain, lines)).translate(_QUOTES).split())


def find_remedy(lines: Iterable[str], remedies: Sequence[Remedy]) -> Remedy | None:
    """Return the first remedy, in their order, whose failure these lines show."""
    text = normalise(lines)
    return next((remedy for remedy in remedies if remedy.matches(text)), None)


def render_markdown(remedies: Sequence[Remedy]) -> str:
    """Return the page for people: every failure, how it shows, why, and what to do."""
    parts = [
        "# Troubleshooting a build\n",
        "<!-- Made from scripts/ascendtorch/report/remedies.yaml; edit that file, then run\n"
        "     python -m ascendtorch.report.remedies > docs/troubleshooting.md -->\n",
        "When a build fails, `ascendtorch build` prints the first real error, whose file it is\n"
        "in, and the entry of this list that fits. It also names the file with the full log.\n",
        "\n".join(f"- [{remedy.title}](#{remedy.id})" for remedy in remedies) + "\n",
    ]
    parts.extend(_section(remedy) for remedy in remedies)
    return "\n".join(parts)


def _section(remedy: Remedy) -> str:
    seen = "\n".join(line.rstrip() for text in remedy.seen for line in text.splitlines())
    lines = [
        f'<a id="{remedy.id}"></a>\n',
        f"## {remedy.title}\n",
        f"```text\n{seen}\n```\n",
        f"**Cause.** {remedy.cause}\n",
        "**Remedy.**\n",
    ]
    for number, step in enumerate(remedy.remedy, start=1):
        end = ":" if step.commands and not step.text.endswith(".") else ""
        lines.append(f"{number}. {step.text}{end}\n")
        for family, command in step.commands:
            if family:
                lines.append(f"   {FAMILIES[family]}:\n")
            body = "\n".join(f"   {line}" for line in command.splitlines())
            lines.append(f"   ```sh\n{body}\n   ```\n")
    if remedy.flag:
        lines.append(f"Flag: `-D {remedy.flag}` of `build.sh`.\n")
    return "\n".join(lines)


def main() -> None:
    """Print the page."""
    sys.stdout.write(render_markdown(load_remedies()))


if __name__ == "__main__":
    main()
