"""Patch files: what they say, and which are refused before a tree is looked at."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from ascendtorch.errors import PatchError
from ascendtorch.series.patchfile import PatchFile, parse_patch

HEAD = b"""From 0000000000000000000000000000000000000000 Mon Sep 17 00:00:00 2001
From: Ann <ann@example.org>
Date: Fri, 20 Nov 2026 10:00:00 +0800
Subject: [PATCH 1/2] gloo: include what is used

GCC 12 does not include it
by accident any more.
---
 a.c | 2 +-

"""
HUNK = b"@@ -1,2 +1,2 @@ int f()\n-one\n+two\n rest\n"


def _section(name: bytes = b"a.c", *extra: bytes, hunk: bytes = HUNK) -> bytes:
    lines = [b"diff --git a/%b b/%b" % (name, name), *extra, b"--- a/" + name, b"+++ b/" + name]
    return b"\n".join(lines) + b"\n" + hunk


def _parse(body: bytes, head: bytes = HEAD) -> PatchFile:
    return parse_patch(Path("patch/1.8.1/0001-x.patch"), head + body)


def _refused(body: bytes, head: bytes = HEAD) -> str:
    with pytest.raises(PatchError) as caught:
        _parse(body, head)
    assert caught.value.stage == "patch"
    assert caught.value.path == "patch/1.8.1/0001-x.patch"
    assert caught.value.remedy
    return caught.value.cause


def test_what_a_patch_says() -> None:
    patch = _parse(_section())
    assert patch.name == "0001-x.patch"
    assert patch.digest == hashlib.sha256(HEAD + _section()).hexdigest()
    assert patch.header.subject == "gloo: include what is used"
    assert patch.header.message == (
        "gloo: include what is used\n\nGCC 12 does not include it\nby accident any more.\n"
    )
    assert patch.header.author.name == "Ann"
    assert patch.header.author.email == "ann@example.org"
    assert patch.header.author.date == "1795140000 +0800"
    assert not patch.header.allow_offset
    (item,) = patch.files
    assert (item.path, item.source, item.kind, item.new_mode) == ("a.c", None, "change", None)
    assert item.body == _section()
    assert item.changed_lines == (1, 1)
    (hunk,) = item.hunks
    assert (hunk.start, hunk.header) == (1, "@@ -1,2 +1,2 @@")
    assert hunk.expected == (b"one", b"rest")


@pytest.mark.parametrize(
    ("section", "path", "source", "kind", "mode"),
    [
        (
            b"diff --git a/n b/n\nnew file mode 100755\nindex 0..1\n--- /dev/null\n+++ b/n\n"
            b"@@ -0,0 +1 @@\n+x\n",
            "n",
            None,
            "add",
            "100755",
        ),
        (b"diff --git a/n b/n\nnew file mode 100644\nindex 0..1\n", "n", None, "add", "100644"),
        (
            b"diff --git a/n b/n\ndeleted file mode 100644\nindex 1..0\n--- a/n\n+++ /dev/null\n"
            b"@@ -1 +0,0 @@\n-x\n",
            "n",
            None,
            "delete",
            None,
        ),
        (b"diff --git a/a b b/a b\nold mode 100644\nnew mode 100755\n", "a b", None, "change",
         "100755"),
        (b"diff --git a/x b/y\nsimilarity index 100%\nrename from x\nrename to y\n", "y", "x",
         "move", None),
        (b"diff --git a/x b/y\nsimilarity index 100%\ncopy from x\ncopy to y\n", "y", "x",
         "move", None),
    ],
)  # fmt: skip
def test_kinds(section: bytes, path: str, source: str | None, kind: str, mode: str | None) -> None:
    (item,) = _parse(section).files
    assert (item.path, item.source, item.kind, item.new_mode) == (path, source, kind, mode)


def test_several_sections() -> None:
    patch = _parse(_section() + _section(b"b.c", b"index 1..2 100644", hunk=HUNK + HUNK))
    assert [item.path for item in patch.files] == ["a.c", "b.c"]
    assert [len(item.hunks) for item in patch.files] == [1, 2]
    assert patch.files[1].changed_lines == (2, 2)
    assert b"".join(item.body for item in patch.files) == _section() + patch.files[1].body


@pytest.mark.parametrize(
    "content",
    [
        b"caf\xe9",
        "中文".encode("gbk"),
        b"\xff\xfe\x00",
        b"form\x0cfeed\x85\x1c",
        b"a\rb",
        b"--- a/x",
        b"++ b/x",
        b"@@ -1 +1 @@",
        b"diff --git a/x b/x",
        b"",
        b"-- ",
    ],
)
def test_content_in_any_encoding(content: bytes) -> None:
    """faults.md 25: bytes are never decoded, and content is never taken for a header."""
    hunk = b"@@ -1,2 +1,2 @@\n-%b\n+%b\n %b\n" % (content, content[::-1], content)
    (item,) = _parse(_section(hunk=hunk)).files
    assert item.changed_lines == (1, 1)
    assert item.hunks[0].expected == (content, content)
    assert item.body.endswith(hunk)


def test_lines_that_end_in_crlf_in_the_patched_file() -> None:
    """faults.md 26: the patch's own lines end in LF, the file's in CRLF."""
    hunk = HUNK.replace(b"one\n", b"one\r\n").replace(b"rest\n", b"rest\r\n")
    hunk = hunk.replace(b"int f()\n", b"int f()\r\n")
    assert _parse(_section(hunk=hunk)).files[0].hunks[0].expected == (b"one\r", b"rest\r")


@pytest.mark.parametrize("body", [_section().replace(b"\n", b"\r\n"), _section(b"a.c\r")])
def test_a_patch_converted_to_crlf(body: bytes) -> None:
    """faults.md 26."""
    assert _refused(body) == "the patch's own lines end in CRLF"


@pytest.mark.parametrize(
    "tail", [b"\\ No newline at end of file\n", b"-- \n2.39.5\n\n", b"--\n2.39.5\n", b"\n\n"]
)
def test_what_may_follow_the_last_hunk(tail: bytes) -> None:
    (item,) = _parse(_section() + tail).files
    assert item.changed_lines == (1, 1)
    assert item.hunks[0].expected == (b"one", b"rest")


NO_HUNK = "lines that belong to no hunk"


@pytest.mark.parametrize(
    ("body", "cause"),
    [
        (_section()[: -len(b" rest\n")], "a truncated or damaged hunk"),
        (_section()[:-1], "the patch is cut off in its last line"),
        (_section()[:-3], "the patch is cut off in its last line"),
        (_section(hunk=b"@@ -1,2 +1,1 @@\n-one\n+two\n rest\n"), "a truncated or damaged hunk"),
        (_section(hunk=b"@@ -1,2 +1,2 @@\n-one\n*two\n rest\n"), "a truncated or damaged hunk"),
        (_section(hunk=b"@@ -1,2 +1,2 @@\n-one\n") + _section(b"b.c"), "a truncated or damaged"),
        (_section(hunk=HUNK + b"+lost\n"), f"{NO_HUNK}, from '+lost'"),
        (_section(hunk=HUNK + b"+lost\n" + HUNK), " hunk"),
        (_section(hunk=HUNK + b"-- \n2.39\n") + _section(b"b.c"), NO_HUNK),
        (_section(hunk=b"@@ one @@\n-a\n+b\n"), NO_HUNK),
        (_section(hunk=b""), "a.c: no hunk in its section"),
        (b"diff --git a/a.c b/a.c\nindex 1..2 100644\n", "a.c: no hunk in its section"),
    ],
)
def test_truncated_and_damaged(body: bytes, cause: str) -> None:
    """faults.md 23: git apply skips lines that no header announces."""
    assert cause in _refused(body)


@pytest.mark.parametrize("raw", [b"", b"\n \n\t\n"])
def test_an_empty_patch(raw: bytes) -> None:
    """faults.md 24."""
    assert _refused(raw, head=b"") == "the patch is empty"


@pytest.mark.parametrize(
    "raw",
    [
        b"<!DOCTYPE html>\n<html><body>404: Not Found</body></html>\n",
        b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n",
        b"\x89PNG\r\n\x1a\n\x00\x00",
        b"--- a/a.c\n+++ b/a.c\n" + HUNK,
        b"*** a.c\n--- a.c\n***************\n*** 1 ****\n! one\n--- 1 ----\n! two\n",
        b"1c\ntwo\n.\nw\nq\n",
        HEAD,
    ],
    ids=["HTML", "LFS", "PNG", "diff -u", "diff -c", "ed", "no diff"],
)
def test_not_a_git_diff(raw: bytes) -> None:
    """faults.md 25 and Security: unidiff alone finds no file in HTML, and says nothing."""
    assert "no `diff --git` line" in _refused(raw, head=b"")


@pytest.mark.parametrize(
    "rest",
    [
        b"old mode 100644\nnew mode 100755\n1d\n.\nw\n",
        b"new file mode 100644\n1i\nx\n.\n",
    ],
)
def test_ed_scripts(rest: bytes) -> None:
    """faults.md, Security: unified diffs only."""
    assert NO_HUNK in _refused(b"diff --git a/a.c b/a.c\n" + rest)


@pytest.mark.parametrize(
    "body",
    [
        b"diff --git a/a.png b/a.png\nindex 1..2 100644\nGIT binary patch\nliteral 1\nIc\n\n",
        b"diff --git a/a.png b/a.png\nindex 1..2 100644\nBinary files a/a.png and b/a.png differ\n",
    ],
)
def test_binary_changes(body: bytes) -> None:
    """faults.md 25."""
    assert _refused(_section() + body) == "a binary change (diff --git a/a.png b/a.png)"


HIDDEN = b"--- a/evil\n+++ b/evil\n@@ -1 +1 @@\n-a\n+b\n"


@pytest.mark.parametrize(
    ("body", "head", "cause"),
    [
        (_section() + HIDDEN, HEAD, NO_HUNK),
        (_section() + b"-- \n2.39\n" + HIDDEN, HEAD, NO_HUNK),
        (_section(b"a.c", b"--- a/evil"), HEAD, "`---` stands twice in one section"),
        (_section(), HEAD + HIDDEN, "a section without its `diff --git` line"),
        (_section() + _section(), HEAD, "a.c is patched twice in one patch"),
    ],
)
def test_a_second_file_cannot_hide(body: bytes, head: bytes, cause: str) -> None:
    """faults.md, Security: git apply would change `evil`, which nobody checked."""
    assert cause in _refused(body, head)


UNSAFE = {
    b"/etc/passwd": "an absolute path",
    b"../x": "`..` in the path",
    b"a/../../x": "`..` in the path",
    b"a\\\\..\\\\x": "`..` in the path",
    b".git/hooks/post-checkout": "a `.git` component",
    b"third_party/gloo/.git/config": "a `.git` component",
    b".GIT/config": "a `.git` component",
    b".gIt./config": "a `.git` component",
    b".git /config": "a `.git` component",
    b"git~1/config": "a `.git` component",
    b"GIT~1/config": "a `.git` component",
    b"\\056git/config": "a `.git` component",
    b"\\056\\056/x": "`..` in the path",
    b"a\\000b": "a NUL or line break",
    b"a\\nb": "a NUL or line break",
    b"a\\015b": "a NUL or line break",
    b"./x": "an empty or `.` component",
    b"a//x": "an empty or `.` component",
}


@pytest.mark.parametrize(("name", "reason"), UNSAFE.items(), ids=[repr(n)[2:-1] for n in UNSAFE])
@pytest.mark.parametrize("kind", ["change", "add", "delete", "mode", "rename from", "rename to"])
def test_unsafe_paths(name: bytes, reason: str, kind: str) -> None:
    """faults.md, Security: refused before anything is written, however they are spelt."""
    old, new = (f'"{side}/'.encode() + name + b'"' for side in "ab")
    first = b"diff --git " + old + b" " + new + b"\n"
    body = {
        "change": first + b"--- " + old + b"\n+++ " + new + b"\n" + HUNK,
        "add": first
        + b"new file mode 100644\n--- /dev/null\n+++ "
        + new
        + b"\n@@ -0,0 +1 @@\n+x\n",
        "delete": first + b"deleted file mode 100644\n--- " + old + b"\n+++ /dev/null\n"
        b"@@ -1 +0,0 @@\n-x\n",
        "mode": first + b"old mode 100644\nnew mode 100755\n",
        "rename from": first + b'rename from "' + name + b'"\nrename to b\n',
        "rename to": first + b'rename from b\nrename to "' + name + b'"\n',
    }[kind]
    assert _refused(body).startswith(reason)


def test_a_raw_nul_in_a_path() -> None:
    """faults.md, Security."""
    assert _refused(_section(b"a\0.c")).startswith("a NUL or line break in the path")


@pytest.mark.parametrize(
    ("quoted", "path"),
    [
        (b"caf\\303\\251.c", "café.c"),
        (b'a\\"b\\\\c', 'a"b\\c'),
        (b"a\\tb", "a\tb"),
        (b"\\344\\270\\255", "中"),
        (b"\\351", "\udce9"),
    ],
)
def test_quoted_paths(quoted: bytes, path: str) -> None:
    """faults.md 46."""
    body = b'diff --git "a/%b" "b/%b"\n--- "a/%b"\n+++ "b/%b"\n' % ((quoted,) * 4)
    assert _parse(body + HUNK).files[0].path == path
    mode = b'diff --git "a/%b" "b/%b"\nold mode 100644\nnew mode 100755\n' % (quoted, quoted)
    assert _parse(mode).files[0].path == path


def test_paths_with_spaces_and_plain_utf8() -> None:
    """faults.md 46: git ends a name with a space in a tab."""
    name = "docs/a b é.md".encode()
    body = b"diff --git a/%b b/%b\n--- a/%b\t\n+++ b/%b\t\n" % ((name,) * 4)
    assert _parse(body + HUNK).files[0].path == "docs/a b é.md"


@pytest.mark.parametrize("quoted", [b"\\777", b"\\400", b"\\x41", b'a"b', b"a\\"])
def test_quoting_that_is_not_gits(quoted: bytes) -> None:
    body = b'diff --git "a/%b" "b/%b"\n--- "a/%b"\n+++ "b/%b"\n' % ((quoted,) * 4)
    assert "cannot be read" in _refused(body + HUNK)


@pytest.mark.parametrize(
    ("lines", "cause"),
    [
        (b"--- a/a.c\n+++ b/b.c\n", "two names in one section: 'a.c' and 'b.c'"),
        (b"--- a.c\n+++ a.c\n", "the path 'a.c' does not start with 'a/'"),
        (b"--- b/a.c\n+++ a/a.c\n", "the path 'b/a.c' does not start with 'a/'"),
        (b"--- /dev/null\n+++ b/a.c\n", "a.c: /dev/null without a `file mode` line"),
        (b"--- a/a.c\n+++ /dev/null\n", "a.c: /dev/null without a `file mode` line"),
    ],
)
def test_names_that_do_not_agree(lines: bytes, cause: str) -> None:
    assert _refused(b"diff --git a/a.c b/a.c\n" + lines + HUNK) == cause


@pytest.mark.parametrize("mode", [b"120000", b"160000", b"100666", b"040000", b""])
@pytest.mark.parametrize(
    "lines",
    [
        b"old mode %b\nnew mode 100644\n",
        b"old mode 100644\nnew mode %b\n",
        b"new file mode %b\n",
        b"deleted file mode %b\n",
        b"new file mode 100644\nnew mode %b\n",
        b"index 1..2 %b\n",
    ],
)
def test_symbolic_links_and_submodules(lines: bytes, mode: bytes) -> None:
    """faults.md 29: by mode, wherever git reads one; the release's own are checked on apply."""
    body = b"diff --git a/l b/l\n" + lines % mode + b"--- a/l\n+++ b/l\n" + HUNK
    assert f"l: mode {mode.decode()} (a symbolic link or a submodule)" in _refused(body)


@pytest.mark.parametrize(
    ("field", "value", "cause"),
    [
        (b"Subject", b"", "the patch has no Subject"),
        (b"Subject", b"[PATCH 2/2]", "the patch has no Subject"),
        (b"From", b"", "the header lacks From or Date"),
        (b"Date", b"yesterday", "the Date 'yesterday' cannot be read"),
        (b"Date", b"", "the Date '' cannot be read"),
        (b"Content-Transfer-Encoding", b"base64", "the message is encoded or has attachments"),
        (b"Content-Type", b"multipart/mixed; boundary=x", "the message is encoded or has att"),
    ],
)
def test_malformed_headers(field: bytes, value: bytes, cause: str) -> None:
    kept = [x for x in HEAD.split(b"\n") if not x.startswith(field + b":")]
    head = b"\n".join([kept[0], field + b": " + value, *kept[1:]])
    assert cause in _refused(_section(), head)


def test_a_missing_date() -> None:
    head = HEAD.replace(b"Date: Fri, 20 Nov 2026 10:00:00 +0800\n", b"")
    assert _refused(_section(), head) == "the header lacks From or Date"


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("Zoë".encode(), "Zoë"),
        (b"=?UTF-8?q?Zo=C3=AB?=", "Zoë"),
        (b"=?UTF-8?q?Doe=2C=20Ann?=", "Doe, Ann"),
        (b'"Doe, Ann"', "Doe, Ann"),
        (b"=?no-such-charset?q?Zo?=", "=?no-such-charset?q?Zo?="),
        (b"", "ann@example.org"),
    ],
)
def test_author_names(written: bytes, name: str) -> None:
    head = HEAD.replace(b"From: Ann <", b"From: " + written + b" <")
    author = _parse(_section(), head).header.author
    assert (author.name, author.email) == (name, "ann@example.org")


@pytest.mark.parametrize(
    ("written", "subject"),
    [
        (b"[PATCH] one", "one"),
        (b"[RFC PATCH v2 01/20] one", "one"),
        (b"[PATCH] [gloo] one", "[gloo] one"),
        (b"[gloo] one", "[gloo] one"),
        (b"[PATCH] one\n two", "one two"),
        ("[PATCH] 编译".encode(), "编译"),
        (b"[PATCH] =?UTF-8?q?caf=C3=A9?=\n =?UTF-8?q?_noir?=", "café noir"),
    ],
)
def test_subjects(written: bytes, subject: str) -> None:
    head = HEAD.replace(b"[PATCH 1/2] gloo: include what is used", written)
    assert _parse(_section(), head).header.subject == subject


@pytest.mark.parametrize(("value", "allowed"), [(b"yes", True), (b" YES ", True), (b"no", False)])
def test_a_declared_offset(value: bytes, allowed: bool) -> None:
    """faults.md 30: an offset is taken only where the header says so."""
    head = HEAD.replace(b"\nSubject:", b"\nAllow-Offset: " + value + b"\nSubject:")
    assert _parse(_section(), head).header.allow_offset is allowed


@pytest.fixture
def far_away(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A machine in another time zone."""
    monkeypatch.setenv("TZ", "Asia/Shanghai-8")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.usefixtures("far_away")
@pytest.mark.parametrize(
    ("zone", "stamp"),
    [
        (b"+0000", "1795168800 +0000"),
        (b"-0000", "1795168800 +0000"),
        (b"-0530", "1795188600 -0530"),
    ],
)
def test_dates_do_not_depend_on_the_machine(zone: bytes, stamp: str) -> None:
    """Commit hashes are the same everywhere: -0000 is UTC, not the machine's own zone."""
    head = HEAD.replace(b"+0800", zone)
    assert _parse(_section(), head).header.author.date == stamp
