"""A workspace on the miniature upstream: its files, its environment, and runs of the tool in it."""

from __future__ import annotations

import hashlib
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Callable

import yaml

from support import gitbench
from support.upstream import FIXTURES, FMT, GLOO, HOST, OLD_VERSION, TBB, VERSION, Upstream
from support.zygote import Zygote

PACKAGE = Path(__file__).resolve().parents[2] / "scripts"
PYTHON = f"{sys.version_info[0]}.{sys.version_info[1]}"
_START = "from ascendtorch.cli import main\nmain()\n"

#: Every path below some folders: kind, content digest and mtime in nanoseconds.
Snapshot = dict[str, tuple[str, str, int]]


@dataclass(frozen=True)
class Done:
    """How a run ended."""

    code: int
    stdout: str
    stderr: str


@dataclass
class Workspace:
    """A miniature checkout. Everything a test may spoil lies below `base`."""

    base: Path
    upstream: Upstream
    name: str = "checkout"
    env: dict[str, str] = field(default_factory=dict)
    zygote: Zygote | None = None

    @property
    def root(self) -> Path:
        return self.base / self.name

    @property
    def tree(self) -> Path:
        return self.root / "pytorch"

    @property
    def cache(self) -> Path:
        return self.base / "cache"

    @property
    def mirrors(self) -> Path:
        return self.base / "mirrors.yaml"

    @property
    def patches(self) -> Path:
        return self.root / "patch" / VERSION

    @property
    def state(self) -> Path:
        return self.tree / ".git" / "ascendtorch"

    @property
    def sources(self) -> Path:
        return self.root / "pytorch_src"

    @property
    def rendered(self) -> Path:
        return self.root / "build" / VERSION

    # -- files of the workspace

    def create(self, requirements: Iterable[str] = ()) -> Workspace:
        """Write the workspace's files; nothing is generated yet."""
        shutil.copytree(FIXTURES / "workspace", self.root)
        (self.base / "home").mkdir(exist_ok=True)
        upstream = self.upstream
        for version, pins, patches in (
            (VERSION, upstream.pins, upstream.patches),
            (OLD_VERSION, upstream.old_pins, upstream.old_patches),
        ):
            folder = self.root / "patch" / version
            folder.mkdir(parents=True)
            for name, data in patches.items():
                (folder / name).write_bytes(data)
            (folder / "series").write_text("".join(f"{name}\n" for name in patches))
            write_yaml(folder / "version.yaml", version_data(version, pins, requirements))
        write_yaml(self.root / "patch" / "catalog.yaml", catalog_data())
        self.map_to(f"file://{upstream.mirror}")
        return self

    def map_to(self, target: str, **others: str) -> None:
        """Write the mirror map: the host to `target`, and some repositories elsewhere."""
        rules = [{"from": HOST, "to": target}]
        rules += [{"from": f"{HOST}/{name}.git", "to": to} for name, to in others.items()]
        write_yaml(self.mirrors, rules)

    def edit_version(
        self, change: Callable[[dict[str, Any]], object], version: str = VERSION
    ) -> None:
        """Change the data of a version.yaml."""
        path = self.root / "patch" / version / "version.yaml"
        data = yaml.safe_load(path.read_text("utf-8"))
        change(data)
        write_yaml(path, data)

    @property
    def series(self) -> list[str]:
        """The names in the series file."""
        return (self.patches / "series").read_text().split()

    @series.setter
    def series(self, names: list[str]) -> None:
        (self.patches / "series").write_text("".join(f"{name}\n" for name in names))

    def add_patch(self, name: str, data: bytes) -> None:
        """Put a patch at the end of the series."""
        (self.patches / name).write_bytes(data)
        self.series = [*self.series, name]

    # -- runs of the tool

    def environment(self, extra: Mapping[str, str | None] | None = None) -> dict[str, str]:
        """The environment a run gets; None takes a variable out."""
        variables: dict[str, str | None] = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.base / "home"),
            "LC_ALL": "C.UTF-8",
            "PYTHONPATH": str(PACKAGE),
            "ASCENDTORCH_CACHE": str(self.cache),
            "ASCENDTORCH_MIRRORS": str(self.mirrors),
            **self.env,
            **(extra or {}),
        }
        return {name: value for name, value in variables.items() if value is not None}

    def command(self, *arguments: str, prelude: str = "") -> list[str]:
        """The argument list of a run; `prelude` is Python that runs before it."""
        if prelude:
            return [sys.executable, "-c", f"{prelude}\n{_START}", *arguments]
        return [sys.executable, "-m", "ascendtorch", *arguments]

    def run(
        self,
        *arguments: str,
        env: Mapping[str, str | None] | None = None,
        prelude: str = "",
        cwd: Path | None = None,
        wrapper: Iterable[str] = (),
        check: bool = True,
        timeout: float = 120,
        module: bool = False,
    ) -> Done:
        """Run the tool; with `check`, a failure of it is a failure of the test.

        Args:
            prelude: Python that runs before it.
            wrapper: the start of the command line.
            module: run `python -m ascendtorch` even where a fork of a loaded process would do.
        """
        folder, variables = cwd or self.root, self.environment(env)
        if module or wrapper or self.zygote is None:
            ended = subprocess.run(
                [*wrapper, *self.command(*arguments, prelude=prelude)],
                cwd=folder,
                env=variables,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                errors="replace",
                timeout=timeout,
                check=False,
            )
            done = Done(ended.returncode, ended.stdout, ended.stderr)
        else:
            done = Done(*self.zygote.run(list(arguments), folder, variables, timeout, prelude))
        if check and done.code != 0:
            raise AssertionError(f"{arguments}: exit code {done.code}\n{done.stderr}")
        return done

    def start(
        self, *arguments: str, env: Mapping[str, str | None] | None = None, prelude: str = ""
    ) -> subprocess.Popen[str]:
        """Start the tool and return at once."""
        return subprocess.Popen(
            self.command(*arguments, prelude=prelude),
            cwd=self.root,
            env=self.environment(env),
            stdin=subprocess.DEVNULL,
            # A shell that runs the tests in its background has them ignore Ctrl-C.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def gen(self, *arguments: str, **options: Any) -> Done:
        """`ascendtorch gen` of the miniature 1.8.1."""
        return self.run("gen", "-v", VERSION, *arguments, **options)

    def build(self, *arguments: str, **options: Any) -> Done:
        """`ascendtorch build` for the Python that runs the tests."""
        return self.run("build", f"--python={PYTHON}", *arguments, timeout=240, **options)

    def fails(self, *arguments: str, code: int, **options: Any) -> str:
        """Run `gen`, which must end with this code; return its message, without crash."""
        done = self.gen(*arguments, check=False, **options)
        assert done.code == code, f"exit code {done.code}\n{done.stderr}"
        assert "this is a bug" not in done.stderr
        assert "Traceback" not in done.stderr
        return done.stderr

    # -- the tree

    def git(self, *arguments: str, module: str = "", **extra: str) -> str:
        """Run a person's git in the tree, or in a submodule of it."""
        return gitbench.git(self.tree / module, *arguments, **extra)

    def subjects(self) -> list[str]:
        """The subjects of the commits over the marked base, oldest first."""
        return self.git(
            "log", "--reverse", "--format=%s", "refs/ascendtorch/base..HEAD"
        ).splitlines()

    def head(self, module: str = "") -> str:
        """The commit that is checked out."""
        return self.git("rev-parse", "HEAD", module=module)

    def status(self) -> str:
        """What `git status` shows, submodules and untracked files included."""
        return self.git(
            "status", "--porcelain", "--untracked-files=all", "--ignore-submodules=none"
        )

    def files(self) -> dict[str, tuple[str, str]]:
        """Kind and content of everything in the tree but git's folders."""
        return {
            path: (kind, digest)
            for path, (kind, digest, _) in self.snapshot(self.tree).items()
            if ".git" not in Path(path).parts
        }

    def snapshot(self, *folders: Path) -> Snapshot:
        """Everything below some folders (by default the workspace), locks left out."""
        found: Snapshot = {}
        for folder in folders or (self.root,):
            for path in (folder, *sorted(folder.rglob("*"))):
                if path.name in ("workspace.lock", "workspace.lock.owner"):
                    continue
                info = path.lstat()
                where = path.relative_to(folder).as_posix()
                if path.is_symlink():
                    found[where] = ("link", str(path.readlink()), info.st_mtime_ns)
                elif path.is_dir():
                    # A lock that comes and goes moves the build folder's own time.
                    found[where] = ("folder", "", 0 if path.name == "build" else info.st_mtime_ns)
                else:
                    kind = "program" if info.st_mode & 0o100 else "file"
                    digest = hashlib.sha256(path.read_bytes()).hexdigest()
                    found[where] = (kind, digest, info.st_mtime_ns)
        return found


@dataclass(frozen=True)
class Reference:
    """What a tree must be in the end: its commit and its files, by kind and content."""

    head: str
    files: dict[str, tuple[str, str]]

    def check(self, workspace: Workspace) -> None:
        """Compare a workspace's tree; nothing but the tree may be left of the way there."""
        assert workspace.head() == self.head
        assert workspace.files() == self.files
        assert workspace.status() == ""
        assert not list(workspace.root.glob(".*.partial"))


#: Makes a checkout below the test's folder, by name.
WorkspaceFactory = Callable[[str], Workspace]


def changed(before: Snapshot, after: Snapshot) -> set[str]:
    """Files (not folders) that came, went, or have another content, mode or mtime."""
    paths = {p for p in {*before, *after} if before.get(p) != after.get(p)}
    return {p for p in paths if "folder" not in (before.get(p, ("",))[0], after.get(p, ("",))[0])}


def write_yaml(path: Path, data: object) -> None:
    """Write a data file."""
    path.write_text(yaml.safe_dump(data, sort_keys=False, allow_unicode=True), "utf-8")


def version_data(
    version: str, pins: Mapping[str, str], requirements: Iterable[str] = ()
) -> dict[str, Any]:
    """The content of a version.yaml."""
    needed = {GLOO: "USE_DISTRIBUTED", FMT: "USE_DISTRIBUTED", TBB: "USE_TBB"}
    urls = {GLOO: "gloo", FMT: "fmt", TBB: "tbb"}
    return {
        "schema": 1,
        "version": version,
        "layout": "in-tree",
        "upstream": {
            "url": f"{HOST}/pytorch.git",
            "tag": f"v{version}",
            "commit": pins[""],
        },
        "pythons": [PYTHON],
        "tools": {"gcc": {"min": "7.3"}, "cmake": {"min": "3.12"}},
        "flags": {"DEBUG": "0", "USE_DISTRIBUTED": "1", "BUILD_TEST": "0"},
        "upstream_flags": {"USE_TBB": "0"},
        "arch_flags": {"aarch64": {"USE_XNNPACK": "0"}},
        "profiles": {"full": {}, "lean": {"USE_DISTRIBUTED": "0"}},
        "wheel": {"name": "torch", "version": f"{version}+ascend", "build_number": "1"},
        "requirements": {PYTHON: list(requirements)},
        "submodules": {
            path: {"url": f"{HOST}/{urls[path]}.git", "commit": commit, "needed": [needed[path]]}
            for path, commit in pins.items()
            if path
        },
        "overlay": [
            {"from": "npu/runtime", "to": "torch/csrc/npu"},
            {"from": "npu/python", "to": "torch/npu"},
        ],
        "templates": [
            {"template": "env.sh.j2", "output": "env.sh", "values": {"task_queue": "1"}},
            {
                "template": "notes.txt.j2",
                "output": "docs/notes.txt",
                "values": {"dynamic_compile": True},
            },
        ],
    }


def catalog_data() -> dict[str, Any]:
    """The content of catalog.yaml: two versions with a patch set, one without."""
    return {
        "schema": 1,
        "default": OLD_VERSION,
        "releases": [
            {
                "ascend": "5.0.RC1",
                "cann": "6.3.RC1",
                "pytorch": "1.8.1.post1",
                "base": VERSION,
                "branch": "v1.8.1-5.0.rc1",
                "image": None,
                "note": None,
                "beta": False,
            }
        ],
        "branches": [
            {"name": "v5.0.rc1", "status": "Maintained", "launched": "2023-04-19", "next": None}
        ],
        "phases": [{"name": "Planning", "duration": "1-3 months"}],
        "versions": {
            version: {
                "layout": "in-tree",
                "pythons": [PYTHON],
                "gcc": "7.3.0",
                "cmake": "3.12.0",
                "wheel": "torch",
            }
            for version in (OLD_VERSION, VERSION, "1.11.0")
        },
    }
