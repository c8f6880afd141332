"""The mirror map: which rule wins, and which protocols it allows."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ascendtorch.errors import SpecError
from ascendtorch.spec.mirrors import Mirrors, Source, load_mirrors

TORCH = "https://github.com/pytorch/pytorch"


def _load(folder: Path, *rules: tuple[str, str]) -> Mirrors:
    path = folder / "mirrors.yaml"
    path.write_text(json.dumps([{"from": a, "to": b} for a, b in rules]), "utf-8")
    return load_mirrors(path)


@pytest.mark.parametrize(
    ("start", "target", "url", "expected"),
    [
        (TORCH, "file:///srv/torch.git", TORCH, "file:///srv/torch.git"),
        (TORCH, "file:///srv/torch.git", f"{TORCH}.git", "file:///srv/torch.git"),
        (f"{TORCH}.git", "file:///srv/torch", TORCH, "file:///srv/torch"),
        (f"{TORCH}/", "file:///srv/torch", f"{TORCH}.git/", "file:///srv/torch"),
        ("https://github.com", "file:///srv", TORCH, "file:///srv/pytorch/pytorch"),
        ("https://github.com", "file:///srv/", f"{TORCH}.git", "file:///srv/pytorch/pytorch.git"),
        ("https://github.com/", "https://m.example/gh", TORCH, "https://m.example/gh/pytorch/pytorch"),
        # Whole components only.
        ("https://github.com/pytorch/py", "file:///srv/py", TORCH, TORCH),
        ("https://github.com", "file:///srv", "https://github.company/a", "https://github.company/a"),
        ("https://github.co", "file:///srv", TORCH, TORCH),
        (TORCH, "file:///srv/torch", f"{TORCH}-docs", f"{TORCH}-docs"),
        # Another protocol is another place.
        ("https://github.com", "file:///srv", "ssh://github.com/a", "ssh://github.com/a"),
    ],
)  # fmt: skip
def test_source(tmp_path: Path, start: str, target: str, url: str, expected: str) -> None:
    source = _load(tmp_path, (start, target)).source(url)
    assert source == Source(expected, (expected.partition(":")[0],))


@pytest.mark.parametrize("order", [1, -1])
def test_the_longest_prefix_wins_in_any_order(tmp_path: Path, order: int) -> None:
    rules = [
        ("https://github.com", "https://mirror.example"),
        ("https://github.com/pytorch", "file:///srv/pytorch-org"),
        (f"{TORCH}.git", "file:///srv/torch.git"),
    ]
    mirrors = _load(tmp_path, *rules[::order])
    assert mirrors.source(TORCH).url == "file:///srv/torch.git"
    assert mirrors.source("https://github.com/pytorch/QNNPACK").url == (
        "file:///srv/pytorch-org/QNNPACK"
    )
    assert (
        mirrors.source("https://github.com/fmtlib/fmt").url == "https://mirror.example/fmtlib/fmt"
    )


def test_file_is_allowed_only_where_a_rule_says_so(tmp_path: Path) -> None:
    """faults.md, Security; that a pin may not name a local file is in test_version_spec."""
    mirrors = _load(tmp_path, (TORCH, "file:///srv/torch.git"))
    assert mirrors.source(TORCH).protocols == ("file",)
    assert mirrors.source("https://github.com/fmtlib/fmt").protocols == ("https",)
    assert Mirrors().source(TORCH) == Source(TORCH, ("https",))


@pytest.mark.parametrize("folder", ["/srv/my mirrors", "/srv/镜像", "/srv/a+b~c=d"])
def test_odd_folders(tmp_path: Path, folder: str) -> None:
    """faults.md 46."""
    mirrors = _load(tmp_path, ("https://github.com", f"file://{folder}"))
    assert mirrors.source(TORCH).url == f"file://{folder}/pytorch/pytorch"


@pytest.mark.parametrize("url", ["https://[::1", "https://[::1]/x"])
def test_brackets_are_no_surprise(tmp_path: Path, url: str) -> None:
    assert _load(tmp_path, (TORCH, url)).source(TORCH).protocols == ("https",)


@pytest.mark.parametrize("field", ["from", "to"])
@pytest.mark.parametrize(
    "url",
    [
        "git://example.org/x",
        "http://example.org/x",
        "ext::sh -c id",
        "/srv/x",
        "git@host:x",
        "",
        "--upload-pack=x",
        "https://example.org/x\nhttps://y",
        "https://example.org/x y'",
    ],
)
def test_urls_that_are_refused(tmp_path: Path, field: str, url: str) -> None:
    """faults.md 15 and Security."""
    rule = {"from": TORCH, "to": "file:///srv/torch.git", field: url}
    (tmp_path / "mirrors.yaml").write_text(json.dumps([rule]))
    with pytest.raises(SpecError, match="starts with https://, ssh:// or file:///") as caught:
        load_mirrors(tmp_path / "mirrors.yaml")
    assert f"`[0].{field}` is {url!r}" in caught.value.cause


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        ("from: a\nto: b\n", "must be a list, not a mapping"),
        ("- a\n", "must be a mapping, not str"),
        (f"- {{from: '{TORCH}'}}\n", "lacks the key `to`"),
        (f"- {{from: '{TORCH}', too: 'file:///x'}}\n", "did you mean `to`"),
        (f"- {{from: '{TORCH}', to: 7}}\n", "must be text, not int"),
        (
            f"- {{from: '{TORCH}', to: 'file:///a'}}\n- {{from: '{TORCH}.git', to: 'file:///b'}}\n",
            "`[1].from` is mapped twice",
        ),
        ("- {from: a, from: b, to: c}\n", "has the key `from` twice"),
        ("- [\n", "not valid YAML"),
    ],
)
def test_a_malformed_map(tmp_path: Path, text: str, cause: str) -> None:
    """faults.md 15."""
    path = tmp_path / "mirrors.yaml"
    path.write_text(text)
    with pytest.raises(SpecError) as caught:
        load_mirrors(path)
    assert cause in caught.value.cause
    assert caught.value.stage == "fetch"
    assert (caught.value.path or "").startswith(f"{path}:")
    assert caught.value.remedy


def test_no_rules(tmp_path: Path) -> None:
    (tmp_path / "mirrors.yaml").write_text("[]\n")
    assert load_mirrors(tmp_path / "mirrors.yaml") == Mirrors()
