"""The generated env.sh, and the one at the root that finds it, in every shell people use.

Each script runs in a real bash, dash and zsh; CANN is a folder of made-up `set_env.sh` files below
`ASCENDTORCH_SYSROOT`, so that nothing depends on what this machine has installed.
"""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

import jinja2
import pytest

ROOT = Path(__file__).resolve().parents[2]
TEMPLATE = ROOT / "templates" / "env.sh.j2"
DEFAULTS = {
    "TASK_QUEUE_ENABLE": "1",
    "HCCL_WHITELIST_DISABLE": "1",
    "PTCOPY_ENABLE": "1",
    "ASCEND_SLOG_PRINT_TO_STDOUT": "0",
    "ASCEND_GLOBAL_LOG_LEVEL": "3",
    "ASCEND_GLOBAL_EVENT_ENABLE": "0",
}
# How each is started (-f: no start-up files), and how it lists its options. `bash --posix` is what
# /bin/sh is on openEuler and CentOS.
SHELLS = {
    "bash": ("bash", "set +o; shopt -p"),
    "bash --posix": ("bash --posix", "set +o; shopt -p"),
    "dash": ("dash", "set -o"),
    "zsh": ("zsh -f", "set -o"),
}
SEARCH_PATHS = ("PATH", "LD_LIBRARY_PATH", "PYTHONPATH")

# What a vendor's script may do: unset variables, failing commands (the last one too), options of
# its own, a `set -e`, and a path variable that ends in a colon because it was empty before.
VENDOR = """
set -e
false
echo "${NEVER_SET_ANYWHERE}" >/dev/null
set -C; set +f
shopt -s nullglob 2>/dev/null
setopt extended_glob 2>/dev/null
export CANN_USED=@NAME@
export ASCEND_OPP_PATH=@HOME@/opp
export ASCEND_HOME_PATH=@HOME@
export LD_LIBRARY_PATH=@HOME@/lib64:$LD_LIBRARY_PATH
export PATH=@HOME@/bin:$PATH
export PYTHONPATH=$PYTHONPATH:@HOME@/python
[ -d /nowhere/at/all ]
"""


def _shell(name: str) -> object:
    program = name.split(maxsplit=1)[0]
    missing = shutil.which(program) is None and program != "bash"  # bash is a requirement
    return pytest.param(name, marks=pytest.mark.skipif(missing, reason=f"{name} is not installed"))


every_shell = pytest.mark.parametrize("shell", [_shell(name) for name in SHELLS])


def render(version: str = "1.8.1", *, dynamic_compile: bool = False) -> str:
    environment = jinja2.Environment(  # noqa: S701 # shell text, not HTML
        undefined=jinja2.StrictUndefined,
        keep_trailing_newline=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["sh"] = shlex.quote
    template = environment.from_string(TEMPLATE.read_text(encoding="utf-8"))
    return template.render(version=version, layout="in-tree", dynamic_compile=dynamic_compile)


@dataclass
class Result:
    code: int
    stderr: str
    env: dict[str, str] = field(default_factory=dict)
    stdout: str = ""

    def elements(self, name: str) -> list[str]:
        return self.env[name].split(":")


@dataclass
class Place:
    """A sandbox with a system root, a home folder and sources with env.sh."""

    base: Path

    def __post_init__(self) -> None:
        for folder in (self.sysroot, self.home, self.root / "build" / "1.8.1"):
            folder.mkdir(parents=True)
        shutil.copy(ROOT / "env.sh", self.root)
        (self.root / "gen.sh").touch()
        self.generated.write_text(render(), encoding="utf-8")
        (self.root / "build" / "current").write_text("1.8.1\n")

    @property
    def sysroot(self) -> Path:
        return self.base / "sys"

    @property
    def home(self) -> Path:
        return self.base / "home"

    @property
    def root(self) -> Path:
        return self.base / "the sources"

    @property
    def generated(self) -> Path:
        return self.root / "build" / "1.8.1" / "env.sh"

    def cann(self, folder: Path, name: str, text: str = VENDOR) -> Path:
        folder.mkdir(parents=True, exist_ok=True)
        text = text.replace("@NAME@", name).replace("@HOME@", str(folder))
        (folder / "set_env.sh").write_text(text)
        return folder

    def system_file(self, name: str, text: str) -> None:
        path = self.sysroot / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def run(
        self,
        shell: str,
        script: str,
        env: dict[str, str | None] | None = None,
        cwd: Path | None = None,
    ) -> Result:
        """Run `script`; what `dump` in it writes comes back as the environment."""
        dump = self.base / "dump"
        dump.unlink(missing_ok=True)
        path = self.base / "script"
        path.write_text(f"dump() {{ env -0 >'{dump}'; }}\n{script}\n")
        variables: dict[str, str | None] = {
            "PATH": "/usr/local/bin:/usr/bin:/bin",
            "HOME": str(self.home),
            "ASCENDTORCH_SYSROOT": str(self.sysroot),
            **(env or {}),
        }
        done = subprocess.run(
            [*SHELLS[shell][0].split(), str(path)],
            env={name: value for name, value in variables.items() if value is not None},
            cwd=cwd or self.root,
            capture_output=True,
            text=True,
            check=False,
            timeout=30,
        )
        result = Result(done.returncode, done.stderr, stdout=done.stdout)
        if dump.exists():
            lines = dump.read_text().split("\0")
            result.env = dict(line.split("=", 1) for line in lines if "=" in line)
        return result

    def source(self, shell: str, env: dict[str, str | None] | None = None) -> Result:
        """Source the root's env.sh as people with strict scripts do."""
        result = self.run(shell, "set -eu\n. ./env.sh\ndump", env)
        assert result.code == 0, result.stderr
        return result


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


@every_shell
@pytest.mark.parametrize("which", ["root", "generated"])
def test_parses(place: Place, shell: str, which: str) -> None:
    path = ROOT / "env.sh" if which == "root" else place.generated
    command = [*shell.split(), "-n", str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.skipif(shutil.which("shellcheck") is None, reason="shellcheck is not installed")
@pytest.mark.parametrize("dialect", ["bash", "dash"])
def test_shellcheck(place: Place, dialect: str) -> None:
    # Every line here is guarded by a test for the shell it is meant for, or is deliberate:
    # BASH_SOURCE and shopt (3028, 3044), sourcing computed paths (1090, 2128), splitting (2086).
    skip = "SC1090,SC2128,SC2178,SC2317,SC3028,SC3044,SC2329"
    command = ["shellcheck", "-s", dialect, "-e", skip, str(ROOT / "env.sh"), str(place.generated)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


@every_shell
def test_sets_the_documented_defaults(place: Place, shell: str) -> None:
    result = place.source(shell)
    assert {name: result.env.get(name) for name in DEFAULTS} == DEFAULTS


@every_shell
@pytest.mark.parametrize("value", ["", "4", "a b"])
def test_a_value_already_set_wins_even_the_empty_one(place: Place, shell: str, value: str) -> None:
    mine: dict[str, str | None] = dict.fromkeys(DEFAULTS, value)
    result = place.source(shell, mine)
    assert {name: result.env.get(name) for name in DEFAULTS} == mine


def test_dynamic_compile_is_offered_only_where_it_works() -> None:
    assert "DYNAMIC_COMPILE_ENABLE" not in render("1.8.1", dynamic_compile=False)
    text = render("1.5.0", dynamic_compile=True)
    for name in (
        "COMBINED_ENABLE",
        "TRI_COMBINED_ENABLE",
        "ACL_DUMP_DATA",
        "DYNAMIC_OP",
        "DYNAMIC_COMPILE_ENABLE",
    ):
        assert re.search(rf"^# export {name}=", text, re.MULTILINE), name


def test_a_missing_template_variable_is_an_error() -> None:
    environment = jinja2.Environment(undefined=jinja2.StrictUndefined)  # noqa: S701
    environment.filters["sh"] = shlex.quote
    with pytest.raises(jinja2.UndefinedError):
        environment.from_string(TEMPLATE.read_text()).render(version="1.8.1", layout="in-tree")


@every_shell
def test_options_come_back_exactly(place: Place, shell: str) -> None:
    place.cann(place.sysroot / "usr/local/Ascend/ascend-toolkit", "toolkit")
    before, after = place.base / "before", place.base / "after"
    listing = f"{{ {SHELLS[shell][1]}; }}"
    options_of_callers = ["set -eu", "set -u", "set -e -f", ":"]
    if shell == "zsh":
        options_of_callers.append("setopt err_return no_unset")
    for options in options_of_callers:
        result = place.run(
            shell,
            f"{options}\n{listing} >'{before}'\n. ./env.sh\n{listing} >|'{after}'\ndump",
        )
        assert result.code == 0, (options, result.stderr)
        assert result.env["CANN_USED"] == "toolkit"
        assert before.read_text() == after.read_text()
        after.unlink()


@every_shell
def test_leaves_no_helper_behind(place: Place, shell: str) -> None:
    place.cann(place.sysroot / "usr/local/Ascend/ascend-toolkit", "toolkit")
    place.system_file("etc/os-release", 'ID="openEuler"\n')
    text = place.generated.read_text()
    functions = re.findall(r"^(_\w+)\(\)", text, re.MULTILINE)
    assert len(functions) > 5
    checks = "\n".join(f"command -v {name} && exit 9" for name in functions)
    files = [place.base / name for name in ("before", "after")]
    result = place.run(
        shell,
        f"set >'{files[0]}'\n. ./env.sh\nset >'{files[1]}'\n{checks}\n:",
        {"GOMP_CPU_AFFINITY": "0-3"},
    )
    assert result.code == 0, result.stdout
    before, after = (set(re.findall(r"^(\w+)=", f.read_text(), re.MULTILINE)) for f in files)
    vendors = {"CANN_USED", "ASCEND_OPP_PATH", "ASCEND_HOME_PATH", "LD_LIBRARY_PATH", "PYTHONPATH"}
    by_the_shell = {"_", "PIPESTATUS", "BASH_REMATCH", "LINENO"}
    assert after - before - vendors - set(DEFAULTS) - by_the_shell == set()
    assert before - after == {"GOMP_CPU_AFFINITY"}


@every_shell
@pytest.mark.parametrize("existing", [None, "", "/mine", ":/mine::/mine2:"])
def test_no_empty_path_element_and_no_growth(
    place: Place, shell: str, existing: str | None
) -> None:
    toolkit = place.cann(place.sysroot / "usr/local/Ascend/ascend-toolkit", "toolkit")
    env = {
        "LD_LIBRARY_PATH": existing,
        "PYTHONPATH": existing,
        "PATH": f"{existing or ''}:/usr/bin:/bin:",
    }
    once = place.source(shell, env)
    twice = place.run(shell, "set -eu\n. ./env.sh\n. ./env.sh\ndump", env)
    assert twice.code == 0, twice.stderr
    assert once.elements("LD_LIBRARY_PATH")[0] == f"{toolkit}/lib64"
    for name in SEARCH_PATHS:
        assert "" not in once.elements(name), (name, once.env[name])
        assert sorted(twice.elements(name)) == sorted(set(once.elements(name)))
        for mine in filter(None, (existing or "").split(":")):
            assert mine in once.elements(name)


@every_shell
def test_no_path_variable_appears_without_cann(place: Place, shell: str) -> None:
    result = place.source(shell, {"PYTHONPATH": ":"})
    assert "LD_LIBRARY_PATH" not in result.env
    assert "PYTHONPATH" not in result.env  # it named the current folder only by accident


@every_shell
def test_says_once_that_there_is_no_cann(place: Place, shell: str) -> None:
    result = place.source(shell)
    assert result.stderr.count("no CANN found") == 1
    assert "emulator" in result.stderr
    assert len(result.stderr.splitlines()) == 1
    assert result.stdout == ""


@every_shell
def test_finds_cann_where_it_may_be(place: Place, shell: str) -> None:
    """From the weakest place to the strongest, each added to the ones before it."""
    system, mine = place.sysroot / "usr/local/Ascend", place.home / "Ascend"
    record = place.base / "opt/recorded"
    chosen = place.base / "chosen one/latest"

    def used(**env: str) -> str:
        result = place.source(shell, {**env})
        assert "no CANN" not in result.stderr
        return result.env["CANN_USED"]

    place.cann(mine / "nnae/latest", "home-nnae")
    assert used() == "home-nnae"
    place.cann(mine / "ascend-toolkit", "home-toolkit")
    assert used() == "home-toolkit"
    place.cann(system / "nnae", "nnae")
    assert used() == "nnae"
    place.cann(system / "cann", "cann-8.5")
    assert used() == "cann-8.5"
    place.cann(system / "ascend-toolkit/latest", "latest")
    assert used() == "latest"
    place.cann(system / "ascend-toolkit", "toolkit")
    assert used() == "toolkit"
    # A record that leads nowhere is passed over; one without its last newline is read.
    place.system_file("etc/Ascend/ascend_cann_install.info", "Install_Path=/nowhere/at/all\n")
    assert used() == "toolkit"
    place.cann(record / "nnae", "record-nnae")
    place.system_file("etc/Ascend/ascend_cann_install.info", f"Install_Path={record}/")
    assert used() == "record-nnae"
    place.cann(record / "toolkit-8", "record-toolkit")
    place.system_file(
        "etc/Ascend/ascend_cann_install.info",
        f"Install_Path={record}\r\nToolkit_InstallPath={record}/toolkit-8\r\n",
    )
    assert used() == "record-toolkit"
    place.cann(chosen.parent, "chosen-parent", "export CANN_USED=@NAME@\n")
    assert used(ASCEND_HOME_PATH=str(chosen)) == "chosen-parent"
    assert used(ASCEND_HOME_PATH=f"{chosen}/") == "chosen-parent"
    place.cann(chosen, "chosen", "export CANN_USED=@NAME@\n")
    assert used(ASCEND_HOME_PATH=str(chosen)) == "chosen"


@every_shell
def test_a_wrong_ascend_home_path_is_named(place: Place, shell: str) -> None:
    place.cann(place.sysroot / "usr/local/Ascend/nnae", "nnae")
    result = place.source(shell, {"ASCEND_HOME_PATH": "/nowhere/latest"})
    assert result.env["CANN_USED"] == "nnae"
    assert "ASCEND_HOME_PATH is /nowhere/latest" in result.stderr


@every_shell
def test_home_may_be_unset(place: Place, shell: str) -> None:
    result = place.source(shell, {"HOME": None})
    assert result.env["TASK_QUEUE_ENABLE"] == "1"


@every_shell
def test_a_set_env_with_a_syntax_error_does_not_end_the_shell(place: Place, shell: str) -> None:
    text = "export CANN_USED=@NAME@\nif then fi (\n"
    place.cann(place.sysroot / "usr/local/Ascend/ascend-toolkit", "broken", text)
    result = place.source(shell)
    assert result.env["TASK_QUEUE_ENABLE"] == "1"
    assert "ended with status" in result.stderr
    assert "ascend-toolkit/set_env.sh" in result.stderr


@every_shell
@pytest.mark.parametrize(
    ("release", "is_unset"),
    [
        ('NAME="openEuler"\nID="openEuler"\nVERSION_ID="22.03"\n', True),
        ("ID='euleros'\nID_LIKE=\"rhel fedora centos\"\n", True),
        ('ID="kylin"\nVERSION_ID="V10"', True),
        ("ID=uos\n", True),
        ('ID=heir\nID_LIKE="centos openEuler"\n', True),
        ("ID=kylin\nID_LIKE=debian\n", False),
        ("ID=ubuntu\nID_LIKE=debian\n", False),
        ('ID="centos"\nID_LIKE="rhel fedora"\nNAME="not openEuler"\n', False),
        (None, False),
    ],
)
def test_cpu_binding_is_dropped_on_openeuler_and_its_heirs_only(
    place: Place, shell: str, release: str | None, is_unset: bool
) -> None:
    if release is not None:
        place.system_file("etc/os-release", release)
    result = place.source(shell, {"GOMP_CPU_AFFINITY": "0-3"})
    assert result.env.get("GOMP_CPU_AFFINITY") == (None if is_unset else "0-3")
    assert ("GOMP_CPU_AFFINITY" in result.stderr) is is_unset  # said, because it was a choice
    assert "GOMP_CPU_AFFINITY" not in place.source(shell).stderr  # nothing to say when unset


@every_shell
def test_root_env_is_found_from_elsewhere(place: Place, shell: str) -> None:
    # dash cannot know where a sourced file is; ASCENDTORCH_ROOT tells it.
    env: dict[str, str | None] = {}
    if shell == "dash":
        env["ASCENDTORCH_ROOT"] = str(place.root)
    (place.root / "build" / "current").write_text("1.8.1")  # no newline at the end
    link = place.base / "link to env"
    link.symlink_to(place.root / "env.sh")
    for path in (str(place.root / "env.sh"), "./the sources/env.sh", str(link)):
        script = f"set -eu\n. {shlex.quote(path)}\ndump"
        result = place.run(shell, script, env, cwd=place.base)
        assert result.code == 0, result.stderr
        assert result.env["PTCOPY_ENABLE"] == "1"


@every_shell
@pytest.mark.parametrize(
    ("current", "cause", "remedy"),
    [
        (None, "no version has been generated yet", "bash gen.sh -v <version>"),
        ("", "not a version", "bash gen.sh -v <version>"),
        ("../../etc\n", "not a version", "bash gen.sh -v <version>"),
        ("2.13.0", "missing", "bash gen.sh -v 2.13.0"),
    ],
)
def test_not_generated_is_said_and_survived(
    place: Place, shell: str, current: str | None, cause: str, remedy: str
) -> None:
    path = place.root / "build" / "current"
    path.unlink()
    if current is not None:
        path.write_text(current)
    result = place.run(shell, 'set -u\n. ./env.sh\necho "status $?"\nset\nexit 0')
    assert result.code == 0
    assert "status 1" in result.stdout
    assert "_ascendtorch" not in result.stdout
    first, second = result.stderr.splitlines()
    assert first.startswith(f"[env] {place.root}/build/")
    assert cause in first
    assert second.startswith("  remedy: ")
    assert remedy in second


@every_shell
def test_a_set_env_with_a_fatal_error_does_not_end_the_shell(place: Place, shell: str) -> None:
    # To assign a read-only variable ends a POSIX shell that is not interactive.
    text = "readonly FIXED=1\nFIXED=2\n"
    place.cann(place.sysroot / "usr/local/Ascend/ascend-toolkit", "broken", text)
    assert place.source(shell).env["TASK_QUEUE_ENABLE"] == "1"


@every_shell
def test_run_instead_of_sourced_ends_with_an_error(place: Place, shell: str) -> None:
    (place.root / "build" / "current").unlink()
    done = subprocess.run(
        [*shell.split(), "env.sh"], cwd=place.root, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "remedy: run: bash gen.sh" in done.stderr
