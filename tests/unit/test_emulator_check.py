"""What `emulate --check` makes of what binaries use."""

from __future__ import annotations

from pathlib import Path

import pytest

from ascendtorch.emulator.check import Report, Row, Use, classify
from ascendtorch.emulator.libraries import Libraries, parse_cache


def use(file: str, *needed: str, names: tuple[str, ...] = (), **symbols: bool) -> Use:
    return Use(file, needed, symbols, frozenset(names))


def report(*uses: Use) -> Report:
    return classify(
        uses,
        has_library=lambda soname: soname != "libatb.so",
        elsewhere=lambda name: name.startswith("std") or name == "aclBoth",
        emulated=lambda name: (
            name in ("aclInit", "aclBoth", "rtKernelLaunch", "aclnnAdd", "aclLess")
        ),
        unsupported={"rtKernelLaunch": "kernels are code for NPUs", "aclNobodys": "never asked"},
        partial={"aclLess": "kept, has no effect"},
    )


def test_link_time_symbols() -> None:
    found = report(use("a.so", aclInit=False, rtKernelLaunch=False, aclGone=False, stdmove=False))
    assert found.rows == (
        Row("aclGone", "link", "absent", ("a.so",)),
        Row("aclInit", "link", "emulated", ("a.so",)),
        Row("rtKernelLaunch", "link", "unsupported", ("a.so",), "kernels are code for NPUs"),
    )
    assert not found.loads


def test_all_there() -> None:
    found = report(use("a.so", "libascendcl.so", aclInit=False, rtKernelLaunch=False))
    assert found.loads


def test_a_missing_library_alone_keeps_files_from_loading() -> None:
    found = report(use("a.so", "libatb.so", "libm.so.6"), use("b.so", "libatb.so"))
    assert found.libraries == {"libatb.so": ("a.so", "b.so")}
    assert not found.loads


def test_weak_symbols_may_be_absent() -> None:
    found = report(use("a.so", aclMaybe=True, _ITM_hook=True, __gmon_start__=True))
    assert found.rows == (Row("aclMaybe", "weak", "absent", ("a.so",)),)
    assert found.loads


def test_a_symbol_is_weak_only_where_all_can_do_without() -> None:
    found = report(use("a.so", aclMaybe=True), use("b.so", aclMaybe=False))
    assert found.rows == (Row("aclMaybe", "link", "absent", ("a.so", "b.so")),)
    assert not found.loads


def test_names_that_are_looked_up() -> None:
    found = report(use("a.so", aclInit=False, names=("aclnnAdd", "aclnnSub", "aclInit", "stdx")))
    assert found.rows == (
        Row("aclInit", "link", "emulated", ("a.so",)),
        Row("aclnnAdd", "lookup", "emulated", ("a.so",)),
        Row("aclnnSub", "lookup", "absent", ("a.so",)),
        Row("stdx", "lookup", "absent", ("a.so",)),
    )
    # They are candidates: nothing fails to load for want of them.
    assert found.loads


def test_what_does_less_than_canns() -> None:
    found = report(use("a.so", aclLess=False))
    assert found.rows == (Row("aclLess", "link", "partial", ("a.so",), "kept, has no effect"),)
    assert found.loads


def test_what_both_have_is_the_emulators() -> None:
    assert report(use("a.so", aclBoth=False)).rows[0].status == "emulated"


def test_as_data() -> None:
    found = report(use("a.so", "libatb.so", aclInit=False, rtKernelLaunch=False)).as_json()
    assert found == {
        "loads": False,
        "files": ["a.so"],
        "missing_libraries": {"libatb.so": ["a.so"]},
        "functions": [
            {"name": "aclInit", "use": "link", "status": "emulated", "note": "", "files": ["a.so"]},
            {
                "name": "rtKernelLaunch",
                "use": "link",
                "status": "unsupported",
                "note": "kernels are code for NPUs",
                "files": ["a.so"],
            },
        ],
    }


def test_as_text() -> None:
    text = report(
        use("a.so", "libatb.so", aclInit=False, rtKernelLaunch=False, names=("aclnnAdd",)),
        use("b.so", aclGone=False, names=("aclnnSub", "aclnnSubGetWorkspaceSize", "aclnnMul")),
        use("c.so", aclGone=False, aclMaybe=True),
    ).text()
    assert text.splitlines() == [
        "3 files",
        "  missing library libatb.so, needed by: a.so",
        "linked: 1 emulated, 0 partial, 1 unsupported, 2 absent",
        "  unsupported (kernels are code for NPUs): rtKernelLaunch",
        "  absent, optional (by c.so): aclMaybe",
        "  absent (by b.so and 1 more): aclGone",
        "looked up by name, perhaps: 1 emulated, 0 partial, 0 unsupported, 3 absent",
        "  absent: aclnnMul, aclnnSub (+GetWorkspaceSize)",
        "not all of it loads",
    ]


def test_text_when_nothing_is_missing() -> None:
    text = report(use("a.so", aclInit=False)).text()
    assert text.splitlines() == [
        "1 file",
        "linked: 1 emulated, 0 partial, 0 unsupported, 0 absent",
        "looked up by name, perhaps: 0 emulated, 0 partial, 0 unsupported, 0 absent",
        "all of it loads",
    ]


CACHE = """2 libs found in cache `/etc/ld.so.cache'
\tlibm.so.6 (libc6,x86-64, OS ABI: Linux 3.2.0) => /lib/x86_64-linux-gnu/libm.so.6
\tlibm.so.6 (libc6) => /lib/i386-linux-gnu/libm.so.6
\tlibz.so.1 (libc6,x86-64) => /first/libz.so.1
\tlibz.so.1 (libc6,x86-64) => /second/libz.so.1
\tliba.so (libc6,AArch64) => /lib/aarch64-linux-gnu/liba.so
Cache generated by: ldconfig (Debian GLIBC 2.36-9+deb12u10) stable release version 2.36
"""


@pytest.mark.parametrize(
    ("machine", "found"),
    [
        (
            "x86_64",
            {"libm.so.6": "/lib/x86_64-linux-gnu/libm.so.6", "libz.so.1": "/first/libz.so.1"},
        ),
        ("aarch64", {"liba.so": "/lib/aarch64-linux-gnu/liba.so"}),
    ],
)
def test_the_linkers_cache(machine: str, found: dict[str, str]) -> None:
    assert {name: str(path) for name, path in parse_cache(CACHE, machine).items()} == found


def test_where_a_library_is_found(tmp_path: Path) -> None:
    for folder in ("near", "named", "cached"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "libx.so").touch()
    libraries = Libraries([tmp_path / "named"], {"libx.so": tmp_path / "cached/libx.so"})
    assert libraries.find("libx.so", [tmp_path / "near"]) == tmp_path / "near/libx.so"
    assert libraries.find("libx.so") == tmp_path / "named/libx.so"
    (tmp_path / "named/libx.so").unlink()
    assert libraries.find("libx.so") == tmp_path / "cached/libx.so"
    assert libraries.find("libno-such-library.so") is None
