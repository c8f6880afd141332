"""gen.sh and build.sh: how they make, finish, update and use the private `.venv`.

Most tests run a made-up Python (a shell script that knows `-m venv` and `-m pip install`), so that
they are quick and need no network; the last one uses the real thing with a tiny project.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Callable

import pytest

ROOT = Path(__file__).resolve().parents[2]

FAKE_PYTHON = """#!/bin/sh
# Options: FAKE_STATE (what the probe prints), FAKE_SLEEP, FAKE_PIP_FAILS, FAKE_OLD_PIP; FAKE_LOG.
case $1 in -E | -I) shift ;; esac
here=$(dirname "$0")
case $1 in
    -c) case $2 in
            *ensurepip*) echo "${FAKE_STATE:-ok}" ;;
            *) [ -z "${FAKE_OLD_PIP-}" ] ;;
        esac
        exit ;;
esac
echo "$*" >>"$FAKE_LOG"
case "$2 ${3-}" in
    'pip --version') ;;
    'pip install')
        if [ -n "${FAKE_PIP_FAILS-}" ]; then
            echo 'ERROR: no matching distribution'
            exit 1
        fi
        case $* in *' -e '*) ;; *) exit 0 ;; esac
        sleep "${FAKE_SLEEP:-0}"
        printf '%s\\n' '#!/bin/sh' 'echo "root $ASCENDTORCH_ROOT"' \\
            'echo "pythonpath ${PYTHONPATH-unset}"' 'for a; do echo "<$a>"; done' \\
            >"$here/ascendtorch"
        chmod +x "$here/ascendtorch" ;;
    'venv '*)
        mkdir -p "$3/bin"
        cp "$0" "$3/bin/python" ;;
esac
"""

# A build backend that pip can use without any download.
BACKEND = """
import zipfile
from pathlib import Path

def build_editable(wheel_directory, config_settings=None, metadata_directory=None):
    name = "ascendtorch-0-py3-none-any.whl"
    info = "ascendtorch-0.dist-info/"
    with zipfile.ZipFile(Path(wheel_directory, name), "w") as wheel:
        wheel.writestr("ascendtorch.pth", str(Path.cwd() / "scripts"))
        metadata = "Metadata-Version: 2.1\\nName: ascendtorch\\nVersion: 0\\n"
        wheel.writestr(info + "METADATA", metadata)
        tags = "Wheel-Version: 1.0\\nGenerator: x\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n"
        wheel.writestr(info + "WHEEL", tags)
        wheel.writestr(info + "entry_points.txt", "[console_scripts]\\nascendtorch = tiny:main\\n")
        wheel.writestr(info + "RECORD", "")
    return name
"""


@dataclass
class Sources:
    """A copy of the wrappers with a pyproject.toml of its own and a made-up Python."""

    root: Path
    base: Path

    @property
    def python(self) -> Path:
        return self.base / "fake" / "python3"

    @property
    def venv(self) -> Path:
        return self.root / ".venv"

    @property
    def stamp(self) -> Path:
        return self.venv / "ascendtorch-stamp"

    def calls(self, what: str) -> int:
        """How often the made-up Python was asked for `what`."""
        log = self.base / "log"
        return log.read_text().count(what) if log.exists() else 0

    def env(self, **more: str | None) -> dict[str, str]:
        variables: dict[str, str | None] = {
            "PATH": "/usr/local/bin:/usr/bin:/bin",
            "HOME": str(self.base),
            "ASCENDTORCH_PYTHON": str(self.python),
            "FAKE_LOG": str(self.base / "log"),
            **more,
        }
        return {name: value for name, value in variables.items() if value is not None}

    def start(self, *arguments: str, **more: str | None) -> subprocess.Popen[str]:
        return subprocess.Popen(
            ["bash", str(self.root / "gen.sh"), *arguments],
            env=self.env(**more),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def run(
        self, *arguments: str, command: str = "", cwd: str = "/", **more: str | None
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*(command or "bash").split(), str(self.root / "gen.sh"), *arguments],
            env=self.env(**more),
            cwd=cwd,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )


@pytest.fixture
def sources(tmp_path: Path) -> Sources:
    root = tmp_path / "it's the sources"
    (root / "scripts").mkdir(parents=True)
    for name in ("gen.sh", "build.sh", "scripts/bootstrap.sh"):
        shutil.copy(ROOT / name, root / name)
    (root / "pyproject.toml").write_text("[project]\n")
    made = Sources(root, tmp_path)
    made.python.parent.mkdir()
    made.python.write_text(FAKE_PYTHON)
    made.python.chmod(0o755)
    return made


def wait_for(condition: Callable[[], bool], seconds: float = 120.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.02)


@pytest.mark.parametrize("name", ["gen.sh", "build.sh", "scripts/bootstrap.sh"])
@pytest.mark.parametrize("shell", ["bash", "dash", "zsh"])
def test_parses(name: str, shell: str) -> None:
    if shutil.which(shell) is None:
        pytest.skip(f"{shell} is not installed")
    done = subprocess.run([shell, "-n", ROOT / name], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.skipif(shutil.which("shellcheck") is None, reason="shellcheck is not installed")
def test_shellcheck() -> None:
    names = ["gen.sh", "build.sh", "scripts/bootstrap.sh"]
    command = ["shellcheck", "-s", "dash", "-e", "SC1090,SC1091", *names]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("command", ["bash", "dash", "bash --posix"])
def test_first_run_makes_the_environment_and_says_so(sources: Sources, command: str) -> None:
    if shutil.which(command.split(maxsplit=1)[0]) is None:
        pytest.skip(f"{command} is not installed")
    done = sources.run("-v", "1.8.1", command=command)
    assert done.returncode == 0, done.stderr
    before, after = done.stderr.splitlines()
    assert before.startswith(f"[bootstrap] making the private Python environment {sources.venv}")
    assert after.startswith(f"[bootstrap] {sources.venv} is ready (")
    assert after.endswith(" s)")
    assert done.stdout.splitlines() == [
        f"root {sources.root}",
        "pythonpath unset",
        "<gen>",
        "<-v>",
        "<1.8.1>",
    ]


def test_later_runs_say_nothing_and_start_no_python(sources: Sources) -> None:
    sources.run()
    (sources.base / "log").unlink()
    sources.python.unlink()
    done = sources.run("--help")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.endswith("<gen>\n<--help>\n")
    assert not (sources.base / "log").exists()


def test_arguments_pass_unchanged(sources: Sources) -> None:
    arguments = ["--python=3.8", "--version", "1.8.1", "a  b", "", "*", "--", "-D", 'X="$y"\n z']
    done = sources.run(*arguments)
    assert done.stdout.split("<gen>\n")[1] == "".join(f"<{item}>\n" for item in arguments)
    other = subprocess.run(
        [str(sources.root / "build.sh"), "--python=3.8"],
        env=sources.env(),
        capture_output=True,
        text=True,
        check=True,
    )
    assert other.stdout.endswith("<build>\n<--python=3.8>\n")


def test_runs_from_anywhere_and_through_a_link(sources: Sources) -> None:
    link = sources.base / "link"
    link.symlink_to(sources.root / "gen.sh")
    (sources.base / "venv.py").write_text("raise SystemExit('the wrong venv')\n")
    for path, cwd in (("gen.sh", sources.root), ("../link", sources.root), (str(link), Path("/"))):
        done = subprocess.run(
            ["bash", path],
            env=sources.env(CDPATH="/usr"),
            cwd=cwd,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        assert done.stdout.startswith(f"root {sources.root}\n")


def test_home_unset_and_foreign_settings(sources: Sources) -> None:
    done = sources.run(HOME=None, PYTHONPATH="/cann/python", PYTHONHOME="/nowhere", PIP_USER="1")
    assert done.returncode == 0, done.stderr
    assert "pythonpath unset" in done.stdout
    assert sources.run(PYTHONPATH="/cann/python").stdout.count("pythonpath unset") == 1


def test_changed_project_is_installed_again_without_starting_over(sources: Sources) -> None:
    sources.run()
    (sources.venv / "mine").touch()
    (sources.root / "pyproject.toml").write_text("[project]\nname = 'x'\n")
    done = sources.run()
    assert done.returncode == 0
    assert "pyproject.toml has changed" in done.stderr
    assert (sources.calls("pip install"), sources.calls("-m venv")) == (2, 1)
    assert (sources.venv / "mine").exists()
    assert sources.run().stderr == ""


def test_a_broken_off_update_is_not_trusted_when_the_change_is_taken_back(
    sources: Sources,
) -> None:
    sources.run()
    project = sources.root / "pyproject.toml"
    before = project.read_text()
    project.write_text(before + "name = 'x'\n")
    assert sources.run(FAKE_PIP_FAILS="1").returncode == 10
    project.write_text(before)
    assert sources.run().stderr != ""
    assert sources.calls("pip install") == 3
    assert sources.run().stderr == ""


def test_failing_pip_is_explained_and_mended_by_the_next_run(sources: Sources) -> None:
    done = sources.run(FAKE_PIP_FAILS="1")
    assert done.returncode == 10
    assert done.stdout == ""
    assert "ERROR: no matching distribution" in done.stderr
    cause, remedy = done.stderr.splitlines()[-2:]
    assert cause.startswith(f"[bootstrap] {sources.venv}: pip could not install the tool")
    for word in ("PIP_INDEX_URL", "PIP_FIND_LINKS", "PIP_NO_INDEX"):
        assert word in remedy
    again = sources.run()
    assert again.returncode == 0, again.stderr
    assert sources.run().stderr == ""


def test_interrupted_environment_is_never_trusted(sources: Sources) -> None:
    process = sources.start(FAKE_SLEEP="60")
    wait_for(lambda: sources.calls("pip install") == 1)
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    assert sources.stamp.read_text() == "making\n"
    # What a half-made one may look like: everything in place, but not by a run that ended.
    (sources.venv / "bin" / "ascendtorch").write_text("#!/bin/sh\necho half-made\n")
    (sources.venv / "bin" / "ascendtorch").chmod(0o755)
    (sources.venv / "leftover").touch()
    done = sources.run()
    assert done.returncode == 0, done.stderr
    assert "half-made" not in done.stdout
    assert not (sources.venv / "leftover").exists()
    assert sources.calls("-m venv") == 2
    assert sources.run().stderr == ""


@pytest.mark.parametrize("damage", ["python", "tool", "stamp"])
def test_damaged_environment_is_mended(sources: Sources, damage: str) -> None:
    sources.run()
    if damage == "stamp":
        sources.stamp.write_text(sources.stamp.read_text()[:-3])
    else:
        (sources.venv / "bin" / ("python" if damage == "python" else "ascendtorch")).unlink()
    assert sources.run().returncode == 0
    assert sources.run().stderr == ""
    assert (sources.venv / "bin" / "python").exists()


def test_moved_sources_get_a_new_environment(sources: Sources) -> None:
    sources.run()
    moved = Sources(sources.base / "moved", sources.base)
    sources.root.rename(moved.root)
    done = moved.run()
    assert done.stdout.startswith(f"root {moved.root}\n")
    assert moved.calls("-m venv") == 2
    assert moved.run().stderr == ""


def test_an_environment_of_the_readers_own_is_kept(sources: Sources) -> None:
    (sources.venv / "bin").mkdir(parents=True)
    (sources.venv / "bin" / "mine").touch()
    shutil.copy(sources.python, sources.venv / "bin" / "python")
    # Also where the first attempt fails midway.
    assert sources.run(FAKE_PIP_FAILS="1").returncode == 10
    done = sources.run()
    assert done.returncode == 0, done.stderr
    assert "adding the tool to the existing Python environment" in done.stderr
    assert (sources.venv / "bin" / "mine").exists()
    assert sources.calls("-m venv") == 0


def test_an_unusable_environment_of_the_readers_own_is_moved_aside(sources: Sources) -> None:
    (sources.venv / "bin").mkdir(parents=True)
    (sources.venv / "mine").touch()
    done = sources.run()
    assert done.returncode == 0, done.stderr
    (aside,) = sources.root.glob(".venv.old.*")
    assert (aside / "mine").exists()
    assert str(aside) in done.stderr


def test_two_first_runs_at_once(sources: Sources) -> None:
    first = sources.start("first", FAKE_SLEEP="1")
    wait_for(lambda: sources.calls("pip install") == 1)
    second = sources.start("second")
    outputs = [process.communicate(timeout=120) for process in (first, second)]
    assert [first.returncode, second.returncode] == [0, 0]
    assert [out.splitlines()[-1] for out, _ in outputs] == ["<first>", "<second>"]
    assert (sources.calls("-m venv"), sources.calls("pip install")) == (1, 1)
    assert f"waiting for PID {first.pid}" in outputs[1][1]


@pytest.fixture
def no_flock(tmp_path: Path) -> str:
    """A PATH with what the bootstrap needs, but no flock."""
    folder = tmp_path / "few-tools"
    folder.mkdir()
    names = "cat chmod cksum cp date dirname find ls mkdir mv rm sed sh sleep tail"
    for name in names.split():
        found = shutil.which(name)
        assert found is not None
        (folder / name).symlink_to(found)
    return str(folder)


def test_two_first_runs_at_once_without_flock(sources: Sources, no_flock: str) -> None:
    bash = shutil.which("bash")
    assert bash is not None
    (Path(no_flock) / "bash").symlink_to(bash)
    first = sources.start("first", FAKE_SLEEP="1", PATH=no_flock)
    wait_for(lambda: sources.calls("pip install") == 1)
    second = sources.start("second", PATH=no_flock)
    outputs = [process.communicate(timeout=120) for process in (first, second)]
    assert [first.returncode, second.returncode] == [0, 0], outputs
    assert (sources.calls("-m venv"), sources.calls("pip install")) == (1, 1)
    assert f"waiting for PID {first.pid}" in outputs[1][1]
    assert not (sources.root / ".venv.lock.d").exists()


def test_a_stale_lock_folder_is_reported_not_taken(sources: Sources, no_flock: str) -> None:
    ended = subprocess.Popen(["true"])
    ended.wait()
    lock = sources.root / ".venv.lock.d"
    lock.mkdir()
    (lock / "pid").write_text(f"{ended.pid}\n")
    done = sources.run(command="/bin/sh", PATH=no_flock)
    assert done.returncode == 13
    assert f"left behind by PID {ended.pid}" in done.stderr
    assert "remedy: run: rm -r" in done.stderr
    shutil.rmtree(lock)
    assert sources.run(command="/bin/sh", PATH=no_flock).returncode == 0


def test_takes_the_first_python_that_really_starts(sources: Sources, no_flock: str) -> None:
    tools, pyenv = Path(no_flock), sources.base / "py env"
    shim = tools / "python3"
    shim.write_text("#!/bin/sh\necho 'pyenv: python3: command not found' >&2\nexit 127\n")
    old = tools / "python3.13"
    old.write_text("#!/bin/sh\necho old\n")
    good = pyenv / "versions" / "3.10.1" / "bin" / "python"
    good.parent.mkdir(parents=True)
    for path in (shim, old):
        path.chmod(0o755)

    def run(state: str = "ok") -> subprocess.CompletedProcess[str]:
        return sources.run(
            command="/bin/sh",
            ASCENDTORCH_PYTHON=None,
            PATH=no_flock,
            PYENV_ROOT=str(pyenv),
            FAKE_STATE=state,
        )

    none = run()
    assert none.returncode == 10
    assert f"{shim}: does not start" in none.stderr
    assert f"{old}: older than 3.9" in none.stderr
    assert "remedy: install Python 3.9 or newer, or set ASCENDTORCH_PYTHON" in none.stderr
    assert "python3-venv" not in none.stderr
    assert not sources.venv.exists()

    shutil.copy(sources.python, good)
    incomplete = run("novenv")
    assert incomplete.returncode == 10
    assert f"{good}: lacks the venv or the ensurepip module" in incomplete.stderr
    assert "python3-venv" in incomplete.stderr

    done = run()
    assert done.returncode == 0, done.stderr
    assert f" with {good} " in done.stderr


def test_a_python_asked_for_is_used_or_refused(sources: Sources) -> None:
    for value in ("/nowhere/python", str(sources.base)):
        done = sources.run(ASCENDTORCH_PYTHON=value)
        assert done.returncode == 10
        assert f"[bootstrap] {value}: ASCENDTORCH_PYTHON cannot be used" in done.stderr
        assert "remedy: " in done.stderr


def test_an_old_pip_is_renewed_first(sources: Sources) -> None:
    assert sources.run(FAKE_OLD_PIP="1").returncode == 0
    assert sources.calls("--upgrade pip>=21.3") == 1


def test_a_folder_that_refuses_writing_is_named(sources: Sources) -> None:
    (sources.root / ".venv.lock").mkdir()  # root may write anywhere, but not over a folder
    done = sources.run()
    assert done.returncode == 15
    assert f"[bootstrap] {sources.root}: cannot write here" in done.stderr
    assert "remedy: " in done.stderr


def test_incomplete_sources_are_named(sources: Sources) -> None:
    (sources.root / "pyproject.toml").unlink()
    done = sources.run()
    assert done.returncode == 15
    assert f"{sources.root}/pyproject.toml: the file is missing" in done.stderr


def test_real_python_and_pip(sources: Sources) -> None:
    """The whole way with this test's own Python and no network, where nothing is easy.

    The path has a space and a quote, HOME is unset, and the current folder and the environment
    offer wrong modules and settings.
    """
    pytest.importorskip("ensurepip")
    (sources.root / "backend.py").write_text(BACKEND)
    (sources.root / "pyproject.toml").write_text(
        "[build-system]\nrequires = []\nbuild-backend = 'backend'\nbackend-path = ['.']\n"
    )
    (sources.root / "scripts" / "tiny.py").write_text(
        "import os, sys\n\ndef main():\n"
        "    print(os.environ['ASCENDTORCH_ROOT'], sys.prefix, sys.argv[1:], sep='\\n')\n"
    )
    traps = sources.base / "traps"
    traps.mkdir()
    for name in ("venv.py", "ensurepip.py", "pip.py"):
        (traps / name).write_text("raise SystemExit('the wrong module')\n")

    def run() -> subprocess.CompletedProcess[str]:
        return sources.run(
            "-v",
            "1.8.1",
            cwd=str(traps),
            ASCENDTORCH_PYTHON=sys.executable,
            HOME=None,
            PIP_NO_INDEX="1",
            PIP_USER="1",
            PIP_TARGET=str(traps),
            PYTHONPATH=str(traps),
            PYTHONHOME="/nowhere",
        )

    done = run()
    assert done.returncode == 0, done.stderr
    expected = [str(sources.root), str(sources.venv), "['gen', '-v', '1.8.1']"]
    assert done.stdout.splitlines() == expected
    again = run()
    assert (again.stdout.splitlines(), again.stderr) == (expected, "")
