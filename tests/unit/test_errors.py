"""Errors: what they say, as text and as data, and how a process ends on each."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from ascendtorch import cli, errors
from ascendtorch.errors import AscendTorchError, PatchError


def _kinds(base: type[AscendTorchError] = AscendTorchError) -> Iterator[type[AscendTorchError]]:
    for kind in base.__subclasses__():
        yield kind
        yield from _kinds(kind)


KINDS = [kind for kind in _kinds() if kind.__module__ == errors.__name__]


def test_every_class_has_an_exit_code_of_its_own() -> None:
    codes = [kind.exit_code for kind in KINDS]
    assert len(set(codes)) == len(codes) == 13
    # 0 is success, 1 any other failure, 2 click's for a wrong argument; shells use those above 125.
    assert set(codes).isdisjoint({0, 1, 2, cli.BUG, cli.INTERRUPTED})
    assert max(codes) < 126


def test_every_class_has_a_name_of_its_own() -> None:
    names = [kind.kind for kind in KINDS]
    assert len(set(names)) == len(names)
    assert AscendTorchError.kind not in names


@pytest.mark.parametrize("kind", KINDS)
def test_every_class_is_documented_and_caught_as_one(kind: type[AscendTorchError]) -> None:
    assert kind.__doc__
    assert issubclass(kind, AscendTorchError)
    assert not issubclass(kind, OSError)


def test_one_message_says_stage_path_cause_and_remedy() -> None:
    error = PatchError(
        "hunk 1 does not fit", stage="patch", path=Path("a/b.patch"), remedy="adapt it"
    )
    assert str(error) == "[patch] a/b.patch: hunk 1 does not fit\n  remedy: adapt it"


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({}, "cause"),
        ({"stage": "fetch"}, "[fetch] cause"),
        ({"path": "x"}, "x: cause"),
        ({"remedy": "do"}, "cause\n  remedy: do"),
    ],
)
def test_what_is_not_known_leaves_no_gap(fields: dict[str, str], text: str) -> None:
    assert str(AscendTorchError("cause", **fields)) == text


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_as_data(kind: type[AscendTorchError]) -> None:
    error = kind("two\nlines", stage="s", path=Path("/p q/é"), remedy="r")
    assert json.loads(json.dumps(error.as_json())) == {
        "error": kind.kind,
        "stage": "s",
        "path": "/p q/é",
        "cause": "two\nlines",
        "remedy": "r",
        "exit_code": kind.exit_code,
    }
    assert kind("c").as_json()["path"] is None
