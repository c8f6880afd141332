"""The READMEs: the same content in both languages, links that lead somewhere, real commands."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path, PurePath
from urllib.parse import unquote

import click
import pytest
from markdown_it import MarkdownIt  # comes with rich
from markdown_it.token import Token

from ascendtorch.cli import COMMANDS, cli

ROOT = Path(__file__).resolve().parents[2]
ENGLISH, CHINESE = ROOT / "README.md", ROOT / "README.zh.md"
PAGES = [ENGLISH, CHINESE, *sorted((ROOT / "docs").glob("*.md"))]
WRAPPERS = {"gen.sh": "gen", "build.sh": "build"}


@dataclass
class Section:
    """A heading and what follows it; `blocks` are the lines of code blocks, `spans` code spans."""

    level: int
    title: str
    blocks: list[list[str]] = field(default_factory=list)
    links: Counter[str] = field(default_factory=Counter)
    spans: set[str] = field(default_factory=set)
    ids: list[str] = field(default_factory=list)


@cache
def sections(page: Path) -> list[Section]:
    found = [Section(0, "")]
    for token, heading in _tokens(page):
        if heading is not None:
            found.append(Section(int(heading.tag[1]), token.content))
        here = found[-1]
        if token.type in ("code_block", "fence"):
            here.blocks.append(_without_comments(token.content))
        for part in (token, *(token.children or ())):
            if part.type == "code_inline":
                here.spans.add(part.content)
            elif part.type in ("link_open", "image"):
                here.links[str(part.attrs.get("href") or part.attrs.get("src"))] += 1
            elif part.type in ("html_block", "html_inline"):
                here.ids += re.findall(r'\bid="([^"]+)"', part.content)
    return found


def _tokens(page: Path) -> Iterator[tuple[Token, Token | None]]:
    """Each block token, and for the text of a heading the token that opened it."""
    before = None
    for token in MarkdownIt("commonmark").enable("table").parse(page.read_text("utf-8")):
        opens = before is not None and before.type == "heading_open"
        yield token, before if opens else None
        before = token


def _without_comments(code: str) -> list[str]:
    lines = (re.sub(r"(^|\s+)#.*", "", line).rstrip() for line in code.splitlines())
    return [line for line in lines if line]


def anchors(page: Path) -> set[str]:
    """The names a link to this page may have behind ``#``, as GitHub makes them."""
    slugs: Counter[str] = Counter()
    names = set()
    for section in sections(page):
        slug = re.sub(r"[^\w\- ]", "", section.title.lower()).replace(" ", "-")
        names |= {f"{slug}-{slugs[slug]}" if slugs[slug] else slug, *section.ids}
        slugs[slug] += 1
    return names


def link_problem(page: Path, link: str) -> str | None:
    if re.match(r"[a-z][a-z0-9+.-]*:", link):
        return None
    target, _, fragment = unquote(link).partition("#")
    file = (page.parent / target).resolve() if target else page
    if ROOT not in file.parents:
        return f"{link}: outside the sources"
    if not file.exists():
        return f"{link}: no such file"
    if fragment and fragment not in anchors(file):
        return f"{link}: no such heading"
    return None


def command_problems(text: str) -> list[str]:
    """What a piece of code names and the tool does not have; nothing for other programs."""
    problems: list[str] = []
    for line in re.split(r"\s(?:&&|\|)\s|;", text):
        words = line.replace("[", "").replace("]", "").split()
        if words and words[0] in ("bash", "source"):
            words = words[1:]
            if words and not (ROOT / words[0]).is_file():
                problems.append(f"{line}: no such script")
        name = PurePath(words[0]).name if words else ""
        if name in WRAPPERS:
            problems += _line_problems([WRAPPERS[name], *words[1:]])
        elif name == "ascendtorch":
            problems += _line_problems(words[1:])
        elif re.match(r"--?[A-Za-z]", name):
            problems += _option_problems(list(_leaves(cli)), words)
    return problems


def _line_problems(words: list[str]) -> list[str]:
    command: click.Command = cli
    while words and isinstance(command, click.Group) and not words[0].startswith("-"):
        inner = command.get_command(click.Context(command), words[0])
        if inner is None:
            return [f"no such command: {words[0]}"]
        command, words = inner, words[1:]
    return _option_problems([command], words)


def _option_problems(commands: list[click.Command], words: list[str]) -> list[str]:
    """Problems of the options among `words`, each of which any of `commands` may know."""
    problems = []
    for word, following in zip(words, [*words[1:], ""]):
        name, _, value = word.partition("=")
        if not re.match(r"--?[A-Za-z]", name) or name in ("-h", "--help"):
            continue
        options = [option for command in commands for option in command.params]
        known = [o for o in options if name in (*o.opts, *o.secondary_opts)]
        allowed = [option.type.choices for option in known if isinstance(option.type, click.Choice)]
        value = value or following
        if not known:
            problems.append(f"no such option: {name}")
        # In capitals it stands for any value.
        elif allowed and value and not value.isupper() and not any(value in x for x in allowed):
            problems.append(f"no such value of {name}: {value}")
    return problems


def _leaves(group: click.Group) -> Iterator[click.Command]:
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if isinstance(command, click.Group):
            yield from _leaves(command)
        elif command is not None:
            yield command


def table_lines() -> Iterator[str]:
    """From the table of commands: each command with each option that its row gives it."""
    for row in ENGLISH.read_text("utf-8").splitlines():
        cells = [re.findall(r"`([^`]+)`", cell) for cell in row.split("|")]
        if not row.startswith("| `") or cells[1][0].startswith(("bash ", "source ")):
            continue
        options = [span for cell in cells[2:] for span in cell if span.startswith("-")]
        for command in cells[1]:
            yield from (f"ascendtorch {command} {option}" for option in (*options, "--json"))


def _flat(problems: Iterable[list[str]]) -> list[str]:
    return [problem for some in problems for problem in some]


def test_both_readmes_have_the_same_outline() -> None:
    assert [s.level for s in sections(CHINESE)] == [s.level for s in sections(ENGLISH)]


@pytest.mark.parametrize("part", ["blocks", "links", "spans"])
def test_both_readmes_name_the_same_things_in_each_section(part: str) -> None:
    pairs = list(zip(sections(ENGLISH), sections(CHINESE)))
    for english, chinese in pairs:
        ours, theirs = getattr(english, part), getattr(chinese, part)
        if part == "links":
            ours, theirs = (Counter(x) for x in (ours, theirs))
            ours.pop(CHINESE.name, None)
            theirs.pop(ENGLISH.name, None)
        assert ours == theirs, english.title
    assert any(getattr(english, part) for english, _ in pairs)


def test_the_readmes_link_to_each_other_at_the_top() -> None:
    assert CHINESE.name in sections(ENGLISH)[1].links
    assert ENGLISH.name in sections(CHINESE)[1].links


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_each_link_leads_somewhere(page: Path) -> None:
    links = {link for section in sections(page) for link in section.links}
    problems = [link_problem(page, link) for link in sorted(links)]
    assert [problem for problem in problems if problem] == []


def test_each_command_and_option_in_the_readme_exists() -> None:
    code = {line for s in sections(ENGLISH) for block in s.blocks for line in block}
    code |= {span for s in sections(ENGLISH) for span in s.spans}
    assert _flat(command_problems(text) for text in sorted(code)) == []


def test_the_table_names_each_command_and_only_options_that_it_has() -> None:
    lines = list(table_lines())
    assert {line.split()[1] for line in lines} == set(COMMANDS)
    assert _flat(command_problems(line) for line in lines) == []


@pytest.mark.parametrize(
    ("link", "good"),
    [
        ("docs/architecture.md#decisions", True),
        ("docs/architecture.md#no-such-heading", False),
        ("docs/no-such-page.md", False),
        ("../README.md", False),
        ("https://example.org/no-such-page.md", True),
    ],
)
def test_dead_links_are_seen(link: str, good: bool) -> None:
    assert (link_problem(ENGLISH, link) is None) == good


@pytest.mark.parametrize(
    ("code", "good"),
    [
        ("bash gen.sh -v 1.8.1 && bash build.sh --python=3.8 && pip install --no-such x", True),
        ("bash gen.sh -v 1.8.1 && bash build.sh --pythons=3.8", False),
        ("gen.sh --submodules needed", True),
        ("gen.sh --submodules some", False),
        ("build.sh --only STAGE", True),
        ("build.sh --only=fetch", False),
        ("ascendtorch patch list --stat", True),
        (".venv/bin/ascendtorch patch list --stats", False),
        ("ascendtorch wheels explain FILE", False),
        ("bash tests/no-such.sh", False),
        ("--stall", True),
        ("--no-such", False),
    ],
)
def test_commands_that_do_not_exist_are_seen(code: str, good: bool) -> None:
    assert (command_problems(code) == []) == good
