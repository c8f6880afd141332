"""The file of a bundle: a plain tar whose every byte follows from its manifest.

So reading one needs no parser that could be led astray: what a header must be is worked out from
the manifest and compared. A link, a device, another name, a file too many or too few, a cut and an
appendix are all the same thing, a byte that differs.
"""

from __future__ import annotations

import hashlib
import os
import stat
import tarfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from ascendtorch.edge.files import host_errors
from ascendtorch.errors import FetchError
from ascendtorch.report.reporter import Advance, Reporter
from ascendtorch.upkeep.bundlemanifest import Manifest, Member, parse, render

STAGE = "bundle"
MANIFEST = "bundle.json"

_BLOCK = 512
_CHUNK = 1 << 20
_MANIFEST_LIMIT = 4 << 20
#: 1 January 1980: tar warns of anything much older.
_TIME = 315532800
_NAME_FIELD = 100
_END = bytes(2 * _BLOCK)


@dataclass(frozen=True)
class Bundle:
    """A bundle whose layout and digests were found right.

    Attributes:
        sha256: of the whole file.
        offsets: where the content of each member begins.
    """

    path: Path
    manifest: Manifest
    size: int
    sha256: str
    offsets: Mapping[str, int]

    def extract(self, member: Member, target: Path) -> None:
        """Copy a member to a file.

        Raises:
            FetchError: it is no longer what it was when it was checked.
        """
        digest = hashlib.sha256()
        with _open(self.path) as stream, target.open("xb") as out:
            stream.seek(self.offsets[member.name])
            for chunk in _chunks(stream, member.size):
                digest.update(chunk)
                out.write(chunk)
        if digest.hexdigest() != member.sha256:
            raise _refuse(self.path, f"{member.name} was changed while it was read")


def header(name: str, size: int, kind: bytes = b"0") -> bytes:
    """Return the tar header of a member, in GNU's form; long names come in a block before it."""
    encoded = name.encode("ascii")
    before = b""
    if len(encoded) > _NAME_FIELD:
        before = header("././@LongLink", len(encoded) + 1, b"L") + _padded(encoded + b"\0")
    fields = (
        encoded[:_NAME_FIELD].ljust(_NAME_FIELD, b"\0"),
        b"0000644\0" + b"0000000\0" * 2,
        b"%011o\0%011o\0" % (size, _TIME),
        b" " * 8,
        kind,
        bytes(100),
        b"ustar  \0",
        bytes(_BLOCK - 265),
    )
    plain = b"".join(fields)
    return before + plain.replace(b" " * 8, b"%06o\0 " % sum(plain), 1)


def write(path: Path, manifest: Manifest, sources: Mapping[str, Path], reporter: Reporter) -> str:
    """Write a bundle under a temporary name and rename it; return its digest.

    Args:
        sources: the file of each member. The caller keeps others from writing to `path`.

    Raises:
        FetchError: a file is not what the manifest says of it.
    """
    scratch = path.with_name(f".{path.name}.partial")
    text = render(manifest)
    layout, total = _layout(manifest, len(text))
    digest = hashlib.sha256()
    done = 0
    with host_errors(STAGE, path), reporter.progress(STAGE, "writing MB") as advance:
        progress = _megabytes(advance)
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with scratch.open("wb") as out:

                def put(data: bytes) -> None:
                    digest.update(data)
                    out.write(data)

                put(header(MANIFEST, len(text)) + _padded(text))
                for member, _ in layout:
                    put(header(member.name, member.size))
                    found = hashlib.sha256()
                    with sources[member.name].open("rb") as stream:
                        for chunk in _chunks(stream, member.size):
                            found.update(chunk)
                            put(chunk)
                            done += len(chunk)
                            progress(done, total, member.name)
                    if found.hexdigest() != member.sha256:
                        raise _refuse(path, f"{member.name} was changed while it was packed")
                    put(bytes(-member.size % _BLOCK))
                put(_END)
            scratch.replace(path)
        except BaseException:
            scratch.unlink(missing_ok=True)
            raise
    return digest.hexdigest()


def read(path: Path, reporter: Reporter) -> Bundle:
    """Check a bundle to its last byte: layout, names, sizes, digests.

    Raises:
        FetchError: it is not what `write` makes of its manifest; the text says where.
    """
    with (
        host_errors(STAGE, path),
        _open(path) as stream,
        reporter.progress(STAGE, "checking MB") as advance,
    ):
        progress = _megabytes(advance)
        info = os.fstat(stream.fileno())
        digest = hashlib.sha256()
        manifest, text = _read_manifest(stream, path)
        digest.update(text)
        layout, total = _layout(manifest, len(render(manifest)))
        if info.st_size < total:
            raise _refuse(path, f"it is cut short: {info.st_size} bytes of {total}")
        if info.st_size > total:
            raise _refuse(path, f"{info.st_size - total} bytes follow its end")
        for member, offset in layout:
            _expect(stream, path, header(member.name, member.size), digest, member)
            found = hashlib.sha256()
            for chunk in _chunks(stream, member.size):
                found.update(chunk)
                digest.update(chunk)
                progress(stream.tell(), total, member.name)
            if found.hexdigest() != member.sha256:
                raise _refuse(
                    path,
                    f"{member.name} is damaged: its sha256 is {found.hexdigest()}, and the "
                    f"manifest says {member.sha256}",
                )
            _expect(stream, path, bytes(-(offset + member.size) % _BLOCK), digest, None)
        _expect(stream, path, _END, digest, None)
        offsets = {member.name: offset for member, offset in layout}
        return Bundle(path, manifest, total, digest.hexdigest(), offsets)


def _read_manifest(stream: BinaryIO, path: Path) -> tuple[Manifest, bytes]:
    first = stream.read(_BLOCK)
    try:
        size = int(first[124:135], 8) if len(first) == _BLOCK else -1
    except ValueError:
        size = -1
    if size < 0 or first != header(MANIFEST, size):
        raise _refuse(path, f"this is not a bundle: it does not begin with {MANIFEST}")
    if size > _MANIFEST_LIMIT:
        raise _refuse(path, f"its {MANIFEST} has {size} bytes, and {_MANIFEST_LIMIT} are allowed")
    text = stream.read(size)
    rest = stream.read(-size % _BLOCK)
    if len(text) != size or len(rest) != -size % _BLOCK or rest.strip(b"\0"):
        raise _refuse(path, f"its {MANIFEST} is cut short or followed by more than zeros")
    return parse(text, path), first + text + rest


def _layout(manifest: Manifest, manifest_size: int) -> tuple[list[tuple[Member, int]], int]:
    """Return where the content of each member begins, and the size of the whole file."""
    position = _BLOCK + manifest_size + -manifest_size % _BLOCK
    found = []
    for member in manifest.members:
        position += len(header(member.name, member.size))
        found.append((member, position))
        position += member.size + -member.size % _BLOCK
    return found, position + len(_END)


def _expect(
    stream: BinaryIO, path: Path, wanted: bytes, digest: hashlib._Hash, member: Member | None
) -> None:
    where = stream.tell()
    got = stream.read(len(wanted))
    if got != wanted:
        what = f"the header of {member.name}" if member else "zeros"
        raise _refuse(path, f"at byte {where} there is {_describe(got)}, not {what}")
    digest.update(got)


def _describe(block: bytes) -> str:
    """Name what a block looks like, for the message; nothing else is done with it."""
    try:
        info = tarfile.TarInfo.frombuf(block[:_BLOCK], "utf-8", "replace")
    except (tarfile.HeaderError, ValueError):
        return "something else"
    kinds = (
        (info.issym(), "a symbolic link"),
        (info.islnk(), "a hard link"),
        (info.isdir(), "a folder"),
        (info.isdev(), "a device or pipe"),
        (info.isreg(), f"a file of {info.size} bytes"),
    )
    kind = next((text for applies, text in kinds if applies), "an entry of another kind")
    return f"{kind} named {info.name!r}"


def _megabytes(advance: Advance) -> Advance:
    """Return what shows progress in megabytes; of less than one there is none to see."""

    def progress(done: int, total: int, item: str) -> None:
        if total >= 10**6:
            advance(done // 10**6, total // 10**6, item)

    return progress


def _padded(data: bytes) -> bytes:
    return data + bytes(-len(data) % _BLOCK)


def _chunks(stream: BinaryIO, size: int) -> Iterator[bytes]:
    while size > 0:
        chunk = stream.read(min(size, _CHUNK))
        if not chunk:
            return
        size -= len(chunk)
        yield chunk


@contextmanager
def _open(path: Path) -> Iterator[BinaryIO]:
    # Not blocking, so that a pipe under this name cannot make us wait for ever.
    handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    with os.fdopen(handle, "rb") as stream:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise _refuse(path, "this is not a file")
        yield stream


def _refuse(path: Path, cause: str) -> FetchError:
    return FetchError(
        cause,
        stage=STAGE,
        path=path,
        remedy="do not use this file; copy it again from where it was made, or make it anew with "
        "`ascendtorch bundle create`",
    )
