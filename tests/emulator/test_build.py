"""Building the emulator: once, resumed after a kill, and with a first error that can be used."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from support.emulator import ROOT, START, clean_environment, tool

pytestmark = pytest.mark.timeout(600)

PARTS = ("patch/catalog.yaml", "pytorch_src/npu/acl", "pytorch_src/npu/emulator",
         "templates", "scripts/ascendtorch/emulator")  # fmt: skip
CONFIG = "pytorch_src/npu/emulator/runtime/core/config.cpp"


@dataclass
class Checkout:
    """A copy of the emulator's sources, and a Python without torch: the runtime alone is built."""

    root: Path
    python: Path
    env: dict[str, str] = field(default_factory=clean_environment)

    @property
    def builds(self) -> Path:
        return self.root / "build" / "emulator"

    def finished(self) -> list[Path]:
        """The folders of finished builds."""
        return [path.parents[1] for path in self.builds.glob("*/lib/libascendcl.so")
                if path.parents[1].parent.name != "objects"]  # fmt: skip

    def arguments(self, *more: str) -> list[str]:
        return ["emulate", "--python", str(self.python), *more]

    def run(self, *more: str) -> subprocess.CompletedProcess[str]:
        return tool(*self.arguments(*more), cwd=self.root, env=self.env, timeout=500)


@pytest.fixture(scope="session")
def bare_python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Python without torch."""
    folder = tmp_path_factory.mktemp("bare")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True)
    return folder / "bin" / "python"


@pytest.fixture
def checkout(tmp_path: Path, bare_python: Path, emulator_build: Path) -> Iterator[Checkout]:
    """Sources in which nothing was built. Needs what `emulator_build` needs."""
    root = tmp_path / "checkout"
    for part in PARTS:
        source, copied = ROOT / part, root / part
        copied.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, copied, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy2(source, copied)
    made = Checkout(root, bare_python)
    made.env["ASCENDTORCH_ROOT"] = str(root)
    yield made


@pytest.fixture(scope="session")
def shared(
    tmp_path_factory: pytest.TempPathFactory, bare_python: Path, emulator_build: Path
) -> Checkout:
    """This checkout, with the runtime built for a Python without torch."""
    made = Checkout(ROOT, bare_python)
    done = made.run("--json")
    assert done.returncode == 0, done.stderr
    return made


def test_the_second_time_nothing_happens(shared: Checkout) -> None:
    before = {path: path.stat().st_mtime_ns for path in shared.builds.rglob("*")}
    before_it = os.times()
    done = shared.run("--json")
    after_it = os.times()
    assert (done.returncode, done.stderr) == (0, "")
    found = json.loads(done.stdout)
    assert Path(found["lib"], "libascendcl.so").is_file()
    assert found["operators"] is False
    assert {path: path.stat().st_mtime_ns for path in shared.builds.rglob("*")} == before
    # Of the processor, however busy the machine is; what starts a compiler takes longer than this.
    used = after_it.children_user - before_it.children_user
    assert used + after_it.children_system - before_it.children_system < 3


def test_a_program_gets_the_environment_and_gives_its_exit_code(shared: Checkout) -> None:
    code = "import os, sys; print(os.environ['LD_LIBRARY_PATH'], sys.argv[1:]); sys.exit(37)"
    program = [str(shared.python), "-c", code, "--devices", "--", "a b"]
    done = shared.run("--devices=3", "--", *program)
    assert done.returncode == 37
    libraries, said = done.stdout.split(" ", 1)
    assert Path(libraries, "libascendcl.so").is_file()
    assert said == "['--devices', '--', 'a b']\n"
    assert done.stderr == (
        "[emulate] AscendCL emulator: 3 devices of kind Ascend910B1 on the CPU, no NPU is used; "
        "operators are missing (built without torch)\n"
    )


def test_the_program_takes_the_place_of_the_tool(shared: Checkout) -> None:
    """Its PID is the tool's, so that signals, the terminal and the exit code are its own."""
    code = "import os, signal; print(os.getpid(), flush=True); signal.pause()"
    arguments = shared.arguments("--", str(shared.python), "-c", code)
    with subprocess.Popen(
        [sys.executable, "-c", START, *arguments], env=shared.env, cwd=ROOT, stdout=subprocess.PIPE
    ) as child:
        assert child.stdout is not None
        assert int(child.stdout.readline()) == child.pid
        child.send_signal(signal.SIGTERM)
        assert child.wait(30) == -signal.SIGTERM


def test_a_broken_pipe_ends_the_program_as_it_does_without_the_tool(shared: Checkout) -> None:
    done = shared.run("--", "sh", "-c", "kill -PIPE $$; echo survived")
    assert (done.returncode, done.stdout) == (-signal.SIGPIPE, "")


def test_a_program_of_c_runs_without_operators(shared: Checkout, tmp_path: Path) -> None:
    """Linked against the emulator's names as against CANN's; operators say why they are missing."""
    source = tmp_path / "prog.c"
    source.write_text(
        """
#include <stdio.h>
#include "acl/acl.h"
#include "acl/acl_op_compiler.h"
int main(void) {
  uint32_t devices = 0;
  void *memory = NULL;
  aclrtStream stream = NULL;
  int failed = aclInit(NULL) || aclrtGetDeviceCount(&devices) || aclrtSetDevice(0) ||
               aclrtMalloc(&memory, 1024, ACL_MEM_MALLOC_HUGE_FIRST) || aclrtCreateStream(&stream);
  int64_t dims[] = {2};
  aclTensorDesc *desc = aclCreateTensorDesc(ACL_FLOAT, 1, dims, ACL_FORMAT_ND);
  aclDataBuffer *data = aclCreateDataBuffer(memory, 8);
  aclopAttr *attr = aclopCreateAttr();
  const aclTensorDesc *in[] = {desc}, *out[] = {desc};
  const aclDataBuffer *from[] = {data};
  aclDataBuffer *to[] = {data};
  int code = aclopCompileAndExecute("Neg", 1, in, from, 1, out, to, attr, ACL_ENGINE_SYS,
                                    ACL_COMPILE_SYS, NULL, stream);
  printf("%d %u %d\\n%s\\n", failed, devices, code, aclGetRecentErrMsg());
  return aclFinalize();
}
"""
    )
    lib = json.loads(shared.run("--json").stdout)["lib"]
    subprocess.run(
        [
            *("gcc", str(source), "-o", str(tmp_path / "prog"), f"-L{lib}"),
            *("-lascendcl", "-lacl_op_compiler", f"-I{ROOT}/pytorch_src/npu/acl/include"),
        ],
        check=True,
    )
    assert shared.run("--check", str(tmp_path / "prog")).returncode == 0
    done = shared.run("--", str(tmp_path / "prog"))
    assert done.returncode == 0, done.stdout + done.stderr
    numbers, text = done.stdout.split("\n", 1)
    assert numbers == "0 2 100025", text
    assert "Op [Neg]: the operator library" in text


def test_a_program_that_is_not_there(shared: Checkout) -> None:
    done = shared.run("--", "no-such-program")
    assert done.returncode == 10
    assert "there is no program 'no-such-program'\n  remedy: " in done.stderr


def test_a_checked_file_that_is_no_binary(shared: Checkout, tmp_path: Path) -> None:
    (tmp_path / "text.so").write_text("no ELF")
    done = shared.run("--check", "--json", str(tmp_path / "text.so"))
    assert done.returncode == 10
    assert json.loads(done.stdout)["path"] == str(tmp_path / "text.so")
    assert shared.run("--check", str(tmp_path)).returncode == 10
    assert "does not exist" in shared.run("--check", str(tmp_path / "absent.so")).stderr


def test_nothing_to_check(shared: Checkout) -> None:
    done = shared.run("--check")
    assert done.returncode == 10
    assert "this Python has neither torch_npu nor torch" in done.stderr


def test_a_build_folder_without_an_emulator(shared: Checkout, tmp_path: Path) -> None:
    done = shared.run("--build-dir", str(tmp_path), "--", "true")
    assert done.returncode == 10
    assert "there is no lib/libascendcl.so" in done.stderr


def test_a_python_that_does_not_start(shared: Checkout, tmp_path: Path) -> None:
    broken = tmp_path / "python"
    broken.write_text("#!/bin/sh\necho 'version 3.99 is not installed' >&2\nexit 127\n")
    broken.chmod(0o755)
    done = tool("emulate", "--python", str(broken), "--", "true", cwd=tmp_path)
    assert done.returncode == 10
    assert "this Python does not start: version 3.99 is not installed" in done.stderr


@pytest.mark.parametrize("name", ["cmake", "ninja"])
def test_a_missing_tool(checkout: Checkout, tmp_path: Path, name: str) -> None:
    """Said before anything is compiled, with how to get it."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for other in {"cmake", "ninja", "g++", "sh"} - {name}:
        (folder / other).symlink_to(str(shutil.which(other)))
    checkout.env["PATH"] = str(folder)
    done = checkout.run()
    assert done.returncode == 10, done.stderr
    assert f"the emulator has to be built first: {name} is not there" in done.stderr
    assert "remedy: apt-get install " in done.stderr


def test_a_failed_build_shows_its_first_error(checkout: Checkout) -> None:
    broken = checkout.root / CONFIG
    text = broken.read_text()
    lines = text.count("\n")
    broken.write_text(text + "int oops = no_such_thing;\n")
    done = checkout.run()
    assert done.returncode == 11, done.stderr
    assert f"config.cpp:{lines + 1}" in done.stderr
    assert "no_such_thing" in done.stderr
    log = next((checkout.builds / "logs").glob("build-*.log"))
    assert str(log) in done.stderr
    assert "no_such_thing" in log.read_text()
    assert checkout.finished() == []


def test_a_killed_build_goes_on(checkout: Checkout) -> None:
    """The next run ends what the killed one left running, and compiles the rest only."""
    arguments = [sys.executable, "-c", START, *checkout.arguments()]
    # Without its cache the compiler takes long enough to be killed.
    slow = {**checkout.env, "CCACHE_DISABLE": "1"}
    objects = checkout.builds / "objects"
    with subprocess.Popen(
        arguments, env=slow, cwd=checkout.root, stderr=subprocess.DEVNULL
    ) as child:
        deadline = time.monotonic() + 120
        while len(list(objects.rglob("*.cpp.o"))) < 3:
            assert child.poll() is None and time.monotonic() < deadline
            time.sleep(0.05)
        child.kill()
    compiled = {path: path.stat().st_mtime_ns for path in objects.rglob("*.cpp.o")}
    assert checkout.finished() == []
    done = checkout.run("--json")
    assert done.returncode == 0, done.stderr
    (finished,) = checkout.finished()
    assert Path(json.loads(done.stdout)["lib"]) == finished / "lib"
    assert any(path.stat().st_mtime_ns == before for path, before in compiled.items())

    # From here on, since everything is built: a changed source compiles that source.
    before = {path: path.stat().st_mtime_ns for path in objects.rglob("*.cpp.o")}
    changed = checkout.root / CONFIG
    changed.write_text(changed.read_text() + "/* changed */\n")
    assert checkout.run().returncode == 0
    after = {path: path.stat().st_mtime_ns for path in objects.rglob("*.cpp.o")}
    assert {path.name for path in after if after[path] != before.get(path)} == {"config.cpp.o"}
    assert len(checkout.finished()) == 2


def test_two_at_once(checkout: Checkout) -> None:
    """One of them builds, and the other takes what it has built."""
    arguments = [sys.executable, "-c", START, *checkout.arguments("--json")]
    pipe = subprocess.PIPE
    children = [
        subprocess.Popen(
            arguments, env=checkout.env, cwd=checkout.root, stdout=pipe, stderr=pipe, text=True
        )
        for _ in range(2)
    ]
    said = [child.communicate(timeout=500) for child in children]
    assert [child.returncode for child in children] == [0, 0], said
    assert said[0][0] == said[1][0]
    assert (said[0][1] + said[1][1]).count("building the emulator") == 1


def test_it_cannot_be_written(checkout: Checkout) -> None:
    if os.geteuid() == 0:
        (checkout.root / "build").write_text("a file where the folder should be")
    else:
        checkout.root.chmod(0o555)
    done = checkout.run()
    checkout.root.chmod(0o755)
    assert done.returncode == 15, done.stderr
    assert "remedy: " in done.stderr
