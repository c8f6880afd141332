"""The file of a bundle: one spelling for one content, and every other byte refused."""

from __future__ import annotations

import hashlib
import io
import json
import os
import tarfile
from pathlib import Path
from typing import Any, Callable

import pytest

from ascendtorch.errors import FetchError, HostError
from ascendtorch.report.reporter import QuietReporter
from ascendtorch.upkeep import bundlefile, bundlewheels
from ascendtorch.upkeep.bundlemanifest import Manifest, Member, Pack, Wheel, parse, render, spell

COMMIT = "56b43f4fec1f76953f15a627694d4bba34588969"
URL = "https://example.org/torch.git"
LONG = f"wheels/tool-1.0-cp38-cp38-{'manylinux_2_17_x86_64.' * 5}whl"
CONTENTS = {
    "git/example-org-torch-0123456789.pack": b"PACK" + bytes(700),
    LONG: b"x" * 512,
    "wheels/zipp-3.15.0-py3-none-any.whl": b"yy",
}


def _basics(name: str) -> tuple[str, int, str]:
    data = CONTENTS[name]
    return name, len(data), hashlib.sha256(data).hexdigest()


def manifest() -> Manifest:
    """A manifest of `CONTENTS`."""
    pack, *wheels = CONTENTS
    return Manifest(
        version="1.8.1",
        layout="in-tree",
        profile="lean",
        submodules="needed",
        architecture="x86_64",
        pythons=("3.8",),
        packs=(Pack(*_basics(pack), URL, (COMMIT,)),),
        wheels=tuple(Wheel(*_basics(name), ("3.8",)) for name in wheels),
    )


def _write(folder: Path, name: str = "bundle.tar") -> Path:
    sources = {}
    for number, (member, data) in enumerate(CONTENTS.items()):
        sources[member] = folder / f"member-{number}"
        sources[member].write_bytes(data)
    bundlefile.write(folder / name, manifest(), sources, QuietReporter())
    return folder / name


def _refused(path: Path) -> str:
    with pytest.raises(FetchError) as caught:
        bundlefile.read(path, QuietReporter())
    assert caught.value.exit_code == 5
    assert caught.value.path == str(path)
    assert caught.value.remedy
    return caught.value.cause


def test_round_trip(tmp_path: Path) -> None:
    path = _write(tmp_path)
    bundle = bundlefile.read(path, QuietReporter())
    assert bundle.manifest == manifest()
    assert bundle.size == path.stat().st_size
    assert bundle.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    for number, member in enumerate(bundle.manifest.members):
        target = tmp_path / f"out-{number}"
        bundle.extract(member, target)
        assert target.read_bytes() == CONTENTS[member.name]


def test_any_tar_reads_it(tmp_path: Path) -> None:
    with tarfile.open(_write(tmp_path)) as archive:
        assert archive.getnames() == ["bundle.json", *CONTENTS]
        for item in archive:
            assert (item.isreg(), item.mode, item.uid, item.mtime) == (True, 0o644, 0, 315532800)
            if item.name in CONTENTS:
                data = archive.extractfile(item)
                assert data is not None
                assert data.read() == CONTENTS[item.name]


def test_the_same_contents_give_the_same_bytes(tmp_path: Path) -> None:
    first = _write(tmp_path, "one.tar")
    os.utime(tmp_path / "member-0", (1, 1))
    assert _write(tmp_path, "two.tar").read_bytes() == first.read_bytes()


def test_a_failure_leaves_what_was_there(tmp_path: Path) -> None:
    path = _write(tmp_path)
    before = path.read_bytes()
    sources = {name: tmp_path / f"member-{number}" for number, name in enumerate(CONTENTS)}
    (tmp_path / "member-1").write_bytes(b"z" * 512)
    with pytest.raises(FetchError, match="was changed while it was packed"):
        bundlefile.write(path, manifest(), sources, QuietReporter())
    assert path.read_bytes() == before
    assert not list(tmp_path.glob(".*"))


def test_every_cut(tmp_path: Path) -> None:
    path = _write(tmp_path)
    data = path.read_bytes()
    for size in (*range(0, len(data), 97), len(data) - 1):
        path.write_bytes(data[:size])
        assert _refused(path)


def test_every_changed_byte(tmp_path: Path) -> None:
    path = _write(tmp_path)
    data = path.read_bytes()
    for place in range(0, len(data), 13):
        path.write_bytes(data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :])
        assert _refused(path)


def test_an_appendix(tmp_path: Path) -> None:
    path = _write(tmp_path)
    with path.open("ab") as out:
        out.write(bytes(512))
    assert _refused(path) == "512 bytes follow its end"


def test_cut_short(tmp_path: Path) -> None:
    path = _write(tmp_path)
    data = path.read_bytes()
    path.write_bytes(data[:-600])
    assert _refused(path) == f"it is cut short: {len(data) - 600} bytes of {len(data)}"


def test_a_damaged_member(tmp_path: Path) -> None:
    path = _write(tmp_path)
    data = path.read_bytes()
    path.write_bytes(data.replace(b"PACK", b"pack", 1))
    assert "torch-0123456789.pack is damaged: its sha256 is" in _refused(path)


def _other_tar(
    path: Path, change: Callable[[tarfile.TarInfo], object], *, keep: bool = True
) -> Path:
    """Write the same with Python's own tarfile, one entry changed by an attacker."""
    text = render(manifest())
    with path.open("wb") as out:
        out.write(bundlefile.header("bundle.json", len(text)) + text + bytes(-len(text) % 512))
        for name, data in CONTENTS.items():
            header = bundlefile.header(name, len(data))
            if name.endswith("any.whl"):
                info = tarfile.TarInfo(name)
                info.size = len(data)
                change(info)
                header = info.tobuf(tarfile.GNU_FORMAT)
            if keep or not name.endswith("any.whl"):
                out.write(header + data + bytes(-len(data) % 512))
        out.write(bytes(1024))
    return path


@pytest.mark.parametrize(
    ("attributes", "shown"),
    [
        ({"name": "/etc/passwd"}, "a file of 2 bytes named '/etc/passwd'"),
        ({"name": "../x"}, "a file of 2 bytes named '../x'"),
        ({"name": "wheels/../../x.whl"}, "named 'wheels/../../x.whl'"),
        ({"type": tarfile.SYMTYPE, "linkname": "/etc"}, "a symbolic link named 'wheels/zipp"),
        ({"type": tarfile.LNKTYPE, "linkname": "git/x"}, "a hard link named 'wheels/zipp"),
        ({"type": tarfile.DIRTYPE}, "a folder named 'wheels/zipp"),
        ({"type": tarfile.CHRTYPE, "devmajor": 1}, "a device or pipe named 'wheels/zipp"),
        ({"type": tarfile.FIFOTYPE}, "a device or pipe named 'wheels/zipp"),
        ({"size": 8 << 30}, f"a file of {8 << 30} bytes named 'wheels/zipp"),
        ({"mode": 0o4755}, "a file of 2 bytes named 'wheels/zipp"),
        ({"name": LONG}, "an entry of another kind named '././@LongLink'"),
    ],
)
def test_hostile_entries(tmp_path: Path, attributes: dict[str, Any], shown: str) -> None:
    def change(info: tarfile.TarInfo) -> None:
        for name, value in attributes.items():
            setattr(info, name, value)

    cause = _refused(_other_tar(tmp_path / "bundle.tar", change))
    if "LongLink" in shown:
        # A long name makes the file longer, which is seen first.
        assert "bytes follow its end" in cause
    else:
        assert shown in cause
        assert "not the header of wheels/zipp-3.15.0-py3-none-any.whl" in cause


def test_a_member_that_is_missing(tmp_path: Path) -> None:
    assert "it is cut short" in _refused(
        _other_tar(tmp_path / "bundle.tar", lambda _: None, keep=False)
    )


@pytest.mark.parametrize(
    "data",
    [b"", b"x", bytes(2048), b"\x1f\x8b" + bytes(600), b"%PDF" + bytes(600)],
    ids=["empty", "short", "zeros", "gzip", "other"],
)
def test_something_else(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "bundle.tar"
    path.write_bytes(data)
    assert _refused(path) == "this is not a bundle: it does not begin with bundle.json"


def test_an_ordinary_tar(tmp_path: Path) -> None:
    path = tmp_path / "bundle.tar"
    with tarfile.open(path, "w") as archive:
        info = tarfile.TarInfo("bundle.json")
        info.size = 2
        archive.addfile(info, io.BytesIO(b"{}"))
    assert "this is not a bundle" in _refused(path)


def test_a_manifest_that_claims_to_be_huge(tmp_path: Path) -> None:
    path = tmp_path / "bundle.tar"
    path.write_bytes(bundlefile.header("bundle.json", 7 << 30) + b"{}")
    assert f"its bundle.json has {7 << 30} bytes" in _refused(path)


def test_not_a_file(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert _refused(tmp_path / "pipe") == "this is not a file"
    assert _refused(Path("/dev/zero")) == "this is not a file"
    with pytest.raises(HostError, match="No such file"):
        bundlefile.read(tmp_path / "absent", QuietReporter())


def test_changed_between_check_and_use(tmp_path: Path) -> None:
    path = _write(tmp_path)
    bundle = bundlefile.read(path, QuietReporter())
    path.write_bytes(path.read_bytes().replace(b"PACK", b"pack", 1))
    with pytest.raises(FetchError, match="was changed while it was read"):
        bundle.extract(bundle.manifest.packs[0], tmp_path / "out")


def _parse_changed(change: Callable[[dict[str, Any]], object]) -> str:
    value = manifest().as_json()
    # Through JSON, so that what is changed is the caller's own.
    value = json.loads(json.dumps(value))
    change(value)
    text = spell(value)
    with pytest.raises(FetchError) as caught:
        parse(text, Path("bundle.tar"))
    return caught.value.cause


@pytest.mark.parametrize(
    "name",
    [
        "/etc/passwd",
        "../x.whl",
        "wheels/../x.whl",
        "wheels/a/b.whl",
        "wheels/.hidden.whl",
        "wheels/-rf.whl",
        "wheels/a b.whl",
        "wheels/a\nb.whl",
        "wheels/a\0b.whl",
        "wheels/ä.whl",
        "wheels/",
        "wheels/x.exe",
        "git/x.whl",
        "elsewhere/x.whl",
        "bundle.json",
        f"wheels/{'x' * 300}.whl",
        7,
        None,
        ["wheels/x.whl"],
    ],
)
def test_unsafe_names(name: object) -> None:
    assert _parse_changed(lambda value: value["wheels"][0].update(name=name))


@pytest.mark.parametrize("size", [0, -1, 8 << 30, 1.5, "2", True, None, 10**40])
def test_impossible_sizes(size: object) -> None:
    assert "gives wheels/tool" in _parse_changed(lambda value: value["wheels"][0].update(size=size))


@pytest.mark.parametrize(
    "url",
    ["file:///etc", "ext::sh -c x", "https://-x/y", "--upload-pack=x", "git@host:x", 3],
)
def test_unsafe_urls(url: object) -> None:
    assert "names an unsafe URL" in _parse_changed(lambda value: value["packs"][0].update(url=url))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda v: v["packs"][0].update(commits=[]), "names no commit"),
        (lambda v: v["packs"][0].update(commits=["HEAD"]), "`commits`"),
        (lambda v: v["packs"][0].update(sha256="0"), "`sha256`"),
        (lambda v: v.update(version="../1"), "`version`"),
        (lambda v: v.update(submodules="some"), "`submodules`"),
        (lambda v: v.update(pythons="3.8"), "no list"),
        (lambda v: v.update(pythons=["2.7"]), "`pythons`"),
        (lambda v: v.update(packs={}), "no list"),
        (lambda v: v["wheels"].append(v["wheels"][0]), "twice"),
        (lambda v: v["wheels"].reverse(), "in order"),
        (lambda v: v.update(more=1), "exactly the keys"),
        (lambda v: v.pop("wheels"), "exactly the keys"),
        (lambda v: v.update(kind="x"), "not one of a bundle"),
        (lambda v: v.update(schema=0), "not one of a bundle"),
        (lambda v: v.update(schema=2), "newer ascendtorch (schema 2)"),
    ],
)
def test_wrong_manifests(change: Callable[[dict[str, Any]], object], said: str) -> None:
    assert said in _parse_changed(change)


def test_names_that_differ_in_case_alone() -> None:
    """On some file systems the second would take the place of the first."""

    def change(value: dict[str, Any]) -> None:
        first = value["wheels"][0]
        value["wheels"].insert(0, {**first, "name": first["name"].replace("tool", "TOOL")})

    assert "twice" in _parse_changed(change)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{",
        b"[]\n",
        b"null\n",
        b"\xff\xfe",
        b"[" * 100_000,
        b"NaN",
        render(manifest()) + b" ",
        render(manifest()).replace(b'"3.8"', b'"3\\u002e8"', 1),
        render(manifest()).replace(b"{\n", b'{\n "layout": "plugin",\n', 1),
    ],
    ids=["empty", "cut", "list", "null", "binary", "deep", "nan", "space", "escape", "double"],
)
def test_manifests_of_another_spelling(data: bytes) -> None:
    with pytest.raises(FetchError, match="the manifest of the bundle"):
        parse(data, Path("bundle.tar"))


def test_sizes_add_up(tmp_path: Path) -> None:
    """The offsets follow from the manifest alone, long names included."""
    bundle = bundlefile.read(_write(tmp_path), QuietReporter())
    data = bundle.path.read_bytes()
    for name, offset in bundle.offsets.items():
        assert data[offset:].startswith(CONTENTS[name])
    assert len(bundlefile.header(LONG, 1)) == 3 * 512
    assert isinstance(bundle.manifest.members[0], Member)


def test_platforms() -> None:
    tags = bundlewheels.platforms("x86_64", 17)
    assert tags[:2] == ("manylinux_2_17_x86_64", "manylinux2014_x86_64")
    assert tags[-3:] == ("manylinux_2_5_x86_64", "manylinux1_x86_64", "linux_x86_64")
    assert not any("2_28" in tag for tag in tags)


def test_missing_wheels() -> None:
    wanted = ("PyYAML==6.0.1", "typing_extensions==4.7.1", "numpy==1.19.5")
    there = [
        "PyYAML-6.0.1-cp38-cp38-manylinux_2_17_x86_64.whl",
        "typing_extensions-4.7.1-py3-none-any.whl",
        "numpy-1.19.4-cp38-cp38-linux_x86_64.whl",
        "not-a-wheel.whl",
    ]
    assert bundlewheels.missing(wanted, there) == ["numpy==1.19.5"]
