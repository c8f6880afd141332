"""Messages for people: on standard error, one line each, and not too many."""

from __future__ import annotations

import io
from typing import Any

import pytest

from ascendtorch.report import reporter
from ascendtorch.report.reporter import LiveReporter, PlainReporter, QuietReporter, make_reporter


class Clock:
    """Stands for the module `time`."""

    now = 1000.0

    def monotonic(self) -> float:
        return self.now


def test_lines_say_the_stage() -> None:
    stream = io.StringIO()
    plain = PlainReporter(stream)
    plain.say("fetch", "done [red]100%[/]")
    plain.warn("patch", "x.patch is not listed")
    assert stream.getvalue() == (
        "[fetch] done [red]100%[/]\n[patch] warning: x.patch is not listed\n"
    )
    assert plain.warnings == ["[patch] x.patch is not listed"]


def test_standard_output_stays_free(capsys: pytest.CaptureFixture[str]) -> None:
    plain = PlainReporter()
    plain.say("fetch", "one")
    plain.warn("fetch", "two")
    with plain.progress("fetch", "three") as advance:
        advance(1, 2, "x")
    said = capsys.readouterr()
    assert said.out == ""
    assert len(said.err.splitlines()) == 3


def test_progress_in_lines_comes_by_share(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reporter, "time", Clock())
    stream = io.StringIO()
    with PlainReporter(stream).progress("build", "objects") as advance:
        for done in range(1001):
            advance(done, 1000, f"{done}.o")
    lines = stream.getvalue().splitlines()
    assert lines[0] == "[build] objects 0/1000 0.o"
    assert 20 <= len(lines) <= 21
    assert all(line.startswith("[build] objects ") for line in lines)


def test_progress_in_lines_comes_by_time(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock()
    monkeypatch.setattr(reporter, "time", clock)
    stream = io.StringIO()
    with PlainReporter(stream, interval=10.0).progress("build", "objects") as advance:
        for _ in range(31):
            advance(1, 1000, "")
            clock.now += 1.0
    assert stream.getvalue() == "[build] objects 1/1000\n" * 4


def test_a_total_that_is_not_known() -> None:
    stream = io.StringIO()
    with PlainReporter(stream).progress("build", "objects") as advance:
        advance(0, 0, "w")
    with PlainReporter(stream).progress("build", "objects") as advance:
        advance(3, 0, "x")
    assert stream.getvalue() == "[build] objects w\n[build] objects 3 x\n"


def test_quiet_keeps_warnings(capsys: pytest.CaptureFixture[str]) -> None:
    quiet = QuietReporter()
    quiet.say("fetch", "one")
    with quiet.progress("fetch", "two") as advance:
        advance(1, 2, "x")
    quiet.warn("fetch", "three")
    assert capsys.readouterr().err == "[fetch] warning: three\n"
    assert quiet.warnings == ["[fetch] three"]


@pytest.mark.parametrize(
    ("quiet", "terminal", "kind"),
    [
        (True, True, QuietReporter),
        (False, True, LiveReporter),
        (False, False, PlainReporter),
    ],
)
def test_which_reporter(
    monkeypatch: pytest.MonkeyPatch, quiet: bool, terminal: bool, kind: type[Any]
) -> None:
    stream = io.StringIO()
    monkeypatch.setattr(stream, "isatty", lambda: terminal)
    monkeypatch.setattr("sys.stderr", stream)
    assert type(make_reporter(quiet=quiet)) is kind


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make rich draw as on a wide terminal without colours."""
    for name, value in (("FORCE_COLOR", "1"), ("TERM", "xterm"), ("COLUMNS", "200")):
        monkeypatch.setenv(name, value)
    for name in ("NO_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.usefixtures("terminal")
def test_the_bar_shows_stage_label_and_item(capsys: pytest.CaptureFixture[str]) -> None:
    live = LiveReporter()
    with live.progress("fetch", "repos [https]") as advance:
        advance(1, 2, "gloo [x]")
        live.warn("fetch", "beside the bar [y]")
    drawn = capsys.readouterr().err
    assert "[fetch] warning: beside the bar [y]" in drawn
    assert "gloo [x]" in drawn
    assert "1/2" in drawn
    assert "[fetch] repos [https]" in drawn


@pytest.mark.usefixtures("terminal")
def test_lines_after_the_bar_are_plain(capsys: pytest.CaptureFixture[str]) -> None:
    live = LiveReporter()
    with live.progress("fetch", "repositories"):
        pass
    capsys.readouterr()
    live.say("fetch", "done")
    assert capsys.readouterr().err == "[fetch] done\n"
