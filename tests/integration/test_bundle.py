"""`bundle create`, `verify` and `use`: from one machine with everything to one with nothing."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import signal
import subprocess
import tarfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from ascendtorch.upkeep import bundlefile, bundlemanifest
from support.gitbench import git, init
from support.mounts import mounted, needs_mounts
from support.plugin import FILE, TAG, PluginWorkspace, make_wheel
from support.plugin import VERSION as PLUGIN_VERSION
from support.processes import end_processes_of, wait_until
from support.upstream import GLOO, TBB, VERSION, Upstream
from support.workspace import PYTHON, Done, Reference, Workspace, WorkspaceFactory
from support.zygote import Zygote

NOWHERE = "https://127.0.0.1:1"
REQUIREMENTS = ("tiny-tool==1.0", "other_tool==2.1")
ARCH = os.uname().machine


def _network_off() -> tuple[str, ...]:
    """The start of a command that sees no network, where the machine allows that."""
    wrapper = ("unshare", "--user", "--map-root-user", "--net")
    try:
        done = subprocess.run([*wrapper, "true"], capture_output=True, check=False)
    except OSError:
        return ()
    return wrapper if done.returncode == 0 else ()


@pytest.fixture(scope="session")
def _bundled(tmp_path_factory: pytest.TempPathFactory, upstream: Upstream) -> Workspace:
    """A checkout in which `bundle create` has run once."""
    made = Workspace(tmp_path_factory.mktemp("bundled"), upstream).create()
    for file in (
        "tiny_tool-1.0-py3-none-any.whl",
        "tiny_tool-1.1-py3-none-any.whl",
        f"other_tool-2.1-{TAG}-{TAG}-manylinux_2_17_{ARCH}.manylinux2014_{ARCH}.whl",
        f"other_tool-2.1-{TAG}-{TAG}-manylinux_2_28_{ARCH}.whl",
    ):
        make_wheel(made.base / "index", file, {f"{file.partition('-')[0]}.py": ""})
    made.edit_version(_require)
    _index(made)
    create(made)
    return made


def _index(workspace: Workspace) -> None:
    """A folder of wheels stands for pip's index."""
    folder = str(workspace.base / "index")
    workspace.env.update(PIP_NO_INDEX="1", PIP_FIND_LINKS=folder, PIP_CONFIG_FILE=os.devnull)


@pytest.fixture
def source(
    _bundled: Workspace, tmp_path: Path, upstream: Upstream, zygote: Zygote
) -> Iterator[Workspace]:
    """The machine with a network: a mirror, and an index; it has made a bundle before."""
    copied = Workspace(tmp_path / "here", upstream, zygote=zygote)
    shutil.copytree(_bundled.base, copied.base, symlinks=True)
    _index(copied)
    yield copied
    end_processes_of(tmp_path)


def _require(data: dict[str, Any]) -> None:
    data["requirements"][PYTHON] = list(REQUIREMENTS)


@pytest.fixture
def target(workspace_factory: WorkspaceFactory) -> Workspace:
    """The machine without: nothing in its cache, and nowhere to fetch from."""
    made = workspace_factory("other machine")
    made.map_to(NOWHERE)
    made.env.update(PIP_NO_INDEX="1", PIP_CONFIG_FILE=os.devnull)
    made.edit_version(_require)
    return made


def create(workspace: Workspace, *arguments: str, **options: Any) -> Done:
    """`bundle create` of the miniature 1.8.1."""
    return workspace.run("bundle", "create", "-v", VERSION, "--without-tool", *arguments, **options)


@pytest.fixture
def bundle(source: Workspace) -> Path:
    """A bundle of the miniature 1.8.1."""
    return source.root / "dist" / f"bundle-{VERSION}-full-{ARCH}.tar"


def test_contents(source: Workspace, bundle: Path) -> None:
    bundle.unlink()
    done = create(source, "--json")
    said = json.loads(done.stdout)
    path = Path(said["bundle"])
    assert path == bundle
    data = path.read_bytes()
    assert said["size"] == len(data)
    assert said["sha256"] == hashlib.sha256(data).hexdigest()
    manifest = said["manifest"]
    commits = {commit for pack in manifest["packs"] for commit in pack["commits"]}
    assert commits == set(source.upstream.pins.values())
    names = [wheel["name"] for wheel in manifest["wheels"]]
    # Of the two that fit, the one that runs on older machines; not the newest of all.
    assert names == [
        f"wheels/other_tool-2.1-{TAG}-{TAG}-manylinux_2_17_{ARCH}.manylinux2014_{ARCH}.whl",
        "wheels/tiny_tool-1.0-py3-none-any.whl",
    ]
    with tarfile.open(path) as archive:
        assert archive.getnames()[0] == "bundle.json"
        inside = json.load(archive.extractfile("bundle.json") or pytest.fail())
        assert {**manifest, "digest": inside["digest"]} == inside
        for item in (*manifest["packs"], *manifest["wheels"]):
            content = (archive.extractfile(item["name"]) or pytest.fail()).read()
            assert hashlib.sha256(content).hexdigest() == item["sha256"]
    assert not list(path.parent.glob(".*"))
    assert not list((source.cache / "scratch").iterdir())


def test_only_what_the_profile_compiles(source: Workspace) -> None:
    said = json.loads(create(source, "--submodules", "needed", "--json").stdout)
    commits = {commit for pack in said["manifest"]["packs"] for commit in pack["commits"]}
    pins = source.upstream.pins
    assert commits == set(pins.values()) - {pins[TBB]}
    assert said["manifest"]["submodules"] == "needed"


def test_the_same_contents_give_the_same_bytes(
    source: Workspace, bundle: Path, tmp_path: Path
) -> None:
    shutil.rmtree(source.cache)
    # Another server packs the same commits in its own way.
    for repository in source.upstream.mirror.glob("*.git"):
        copied = tmp_path / "mirror" / repository.name
        shutil.copytree(repository, copied)
        git(copied, "repack", "-a", "-d", "-f", "--window=50", "--depth=50")
    source.map_to(f"file://{tmp_path / 'mirror'}")
    again = tmp_path / "again.tar"
    create(source, "-o", str(again))
    assert again.read_bytes() == bundle.read_bytes()


def test_dry_run(source: Workspace) -> None:
    before = source.snapshot(source.base)
    done = create(source, "--dry-run", "--json", "-o", "x.tar")
    said = json.loads(done.stdout)
    assert said["requirements"] == {PYTHON: list(REQUIREMENTS)}
    assert len(said["submodules"]) == 3
    assert "commits 4, left out: 0" in create(source, "--dry-run").stdout
    assert source.snapshot(source.base) == before


def test_round_trip_without_a_network(
    source: Workspace, bundle: Path, target: Workspace, reference: Reference
) -> None:
    moved = target.base / "carried.tar"
    bundle.replace(moved)
    shutil.rmtree(source.base)
    wrapper = _network_off()
    done = target.run("bundle", "use", str(moved), wrapper=wrapper, module=True)
    assert "new     4 commits and 2 wheels; 0 and 0 were there already" in done.stdout
    assert f"next: bash gen.sh -v {VERSION} --offline && bash build.sh" in done.stdout
    target.gen("--offline", wrapper=wrapper)
    reference.check(target)
    # The miniature's build asks for more than these wheels; its environment is made all the same.
    target.run(
        "build", f"--python={PYTHON}", "--offline", wrapper=wrapper, check=False, timeout=240
    )
    tag = f"cp{PYTHON.replace('.', '')}"
    environment = target.rendered / tag / "env"
    assert (environment / "ascendtorch-ready.json").is_file()
    installed = list(environment.glob("lib/python*/site-packages/*_tool.py"))
    assert len(installed) == 2


def test_use_is_idempotent(bundle: Path, target: Workspace) -> None:
    target.run("bundle", "use", str(bundle))
    before = {
        path: info for path, info in target.snapshot(target.cache).items() if info[0] != "folder"
    }
    said = json.loads(target.run("bundle", "use", str(bundle), "--json").stdout)
    assert said["taken"] == {"commits": 0, "known_commits": 4, "wheels": 0, "known_wheels": 2}
    after = {
        path: info for path, info in target.snapshot(target.cache).items() if info[0] != "folder"
    }
    assert after == before


def test_use_mends_what_is_damaged(bundle: Path, target: Workspace, reference: Reference) -> None:
    target.run("bundle", "use", str(bundle))
    pack = next(target.cache.glob("git/*pytorch*/objects/pack/*.pack"))
    pack.chmod(0o644)
    pack.write_bytes(pack.read_bytes()[:-100])
    wheel = next(target.cache.glob("wheelhouse/*/tiny*.whl"))
    wheel.write_bytes(b"")
    done = target.run("bundle", "use", str(bundle))
    assert "new     1 commits and 1 wheels; 3 and 1 were there already" in done.stdout
    target.gen("--offline")
    reference.check(target)


def test_verify(source: Workspace, bundle: Path) -> None:
    digest = hashlib.sha256(bundle.read_bytes()).hexdigest()
    done = source.run("bundle", "verify", str(bundle), "--sha256", digest)
    assert f"{bundle}: whole" in done.stdout
    assert "commits 4 of 4 repositories" in done.stdout
    said = json.loads(source.run("bundle", "verify", str(bundle), "--json").stdout)
    assert said["sha256"] == digest
    refused = source.run("bundle", "verify", str(bundle), "--sha256", "0" * 64, check=False)
    assert refused.code == 5
    assert f"its sha256 is {digest}, not the {'0' * 64}" in refused.stderr
    assert not list((source.cache / "scratch").iterdir())


def _rewrite(bundle: Path, change: Callable[[dict[str, Any], dict[str, bytes]], None]) -> Path:
    """Change manifest and members as an attacker would, who can make both agree again."""
    with tarfile.open(bundle) as archive:
        contents = {
            item.name: (archive.extractfile(item) or pytest.fail()).read() for item in archive
        }
    manifest = json.loads(contents.pop("bundle.json"))
    del manifest["digest"]
    change(manifest, contents)
    listed = (*manifest["packs"], *manifest["wheels"])
    for item in listed:
        data = contents[item["name"]]
        item.update(size=len(data), sha256=hashlib.sha256(data).hexdigest())
    text = bundlemanifest.spell(manifest)
    made = bundle.with_name("changed.tar")
    with made.open("wb") as out:
        for name, data in (
            ("bundle.json", text),
            *sorted((i["name"], contents[i["name"]]) for i in listed),
        ):
            out.write(bundlefile.header(name, len(data)) + data + bytes(-len(data) % 512))
        out.write(bytes(1024))
    return made


def _refused(workspace: Workspace, path: Path, *commands: str) -> str:
    """Every given command refuses a bundle, and nothing of it enters the cache."""
    text = ""
    for command in commands:
        done = workspace.run("bundle", command, str(path), check=False)
        assert done.code == 5, done.stderr
        assert "this is a bug" not in done.stderr
        text = done.stderr
    left = [path for path in workspace.cache.rglob("*") if path.suffix in (".pack", ".whl")]
    assert left == []
    return text


def test_a_pack_that_git_refuses(bundle: Path, target: Workspace) -> None:
    """Its digest is right, as one who writes the manifest can have it."""

    def damage(manifest: dict[str, Any], contents: dict[str, bytes]) -> None:
        name = manifest["packs"][0]["name"]
        data = contents[name]
        contents[name] = data[:200] + bytes([data[200] ^ 1]) + data[201:]

    text = _refused(target, _rewrite(bundle, damage), "verify", "use")
    assert "git refuses git/" in text


def test_a_pack_that_lacks_an_object(
    source: Workspace, bundle: Path, target: Workspace, tmp_path: Path
) -> None:
    pins, repository = source.upstream.pins, source.upstream.mirror / "gloo.git"
    objects = git(repository, "rev-list", "--objects", "--no-walk", pins[GLOO]).splitlines()
    lacking = [line for line in objects if not line.endswith("device.cc")]
    assert len(lacking) == len(objects) - 1
    base = tmp_path / "lacking"
    git(repository, "pack-objects", "-q", str(base), stdin="\n".join(lacking).encode() + b"\n")
    (made,) = tmp_path.glob("lacking-*.pack")

    def swap(manifest: dict[str, Any], contents: dict[str, bytes]) -> None:
        (name,) = (p["name"] for p in manifest["packs"] if "gloo" in p["url"])
        contents[name] = made.read_bytes()

    text = _refused(target, _rewrite(bundle, swap), "verify")
    assert "git refuses git/" in text
    assert "gloo" in text


def test_a_pack_of_something_else(bundle: Path, target: Workspace) -> None:
    def swap(manifest: dict[str, Any], contents: dict[str, bytes]) -> None:
        names = [pack["name"] for pack in manifest["packs"]]
        contents[names[0]] = contents[names[3]]

    text = _refused(target, _rewrite(bundle, swap), "verify", "use")
    assert "does not hold the commit" in text


def test_a_pack_in_the_way_of_old_tools(bundle: Path, target: Workspace, tmp_path: Path) -> None:
    """A fetch takes trees with padded modes; what a fetch brought must not fail on the way."""
    scratch = init(tmp_path / "old.git")
    write = ("hash-object", "-w", "--literally", "--stdin", "-t")
    blob = git(scratch, *write, "blob", stdin=b"x\n")
    tree = git(scratch, *write, "tree", stdin=b"0100644 a\0" + bytes.fromhex(blob))
    text = f"tree {tree}\nauthor a <a@b> 0 +0000\ncommitter a <a@b> 0 +0000\n\nx\n"
    commit = git(scratch, *write, "commit", stdin=text.encode())
    oids = f"{commit}\n{tree}\n{blob}\n"
    git(scratch, "pack-objects", "-q", str(tmp_path / "old"), stdin=oids.encode())
    (made,) = tmp_path.glob("old-*.pack")

    def swap(manifest: dict[str, Any], contents: dict[str, bytes]) -> None:
        manifest["packs"][0]["commits"] = [commit]
        contents[manifest["packs"][0]["name"]] = made.read_bytes()

    changed = _rewrite(bundle, swap)
    target.run("bundle", "verify", str(changed))
    assert f"fmt {commit} is not pinned" in _refused(target, changed, "use")


def test_a_commit_that_is_not_pinned_here(bundle: Path, target: Workspace) -> None:
    other = "0123456789abcdef0123456789abcdef01234567"
    target.edit_version(lambda data: data["submodules"][TBB].update(commit=other))
    text = _refused(target, bundle, "use")
    assert f"the bundle does not fit this checkout's {VERSION}" in text
    assert f"tbb {target.upstream.pins[TBB]} is not pinned" in text
    assert "use it with the checkout it was made from" in text


def test_a_release_that_is_not_pinned_here(bundle: Path, target: Workspace) -> None:
    other = "0123456789abcdef0123456789abcdef01234567"
    target.edit_version(lambda data: data["upstream"].update(commit=other))
    assert f"it lacks the release, https://example.invalid/pytorch.git {other}" in _refused(
        target, bundle, "use"
    )


def test_wheels_that_are_not_pinned_here(bundle: Path, target: Workspace) -> None:
    target.edit_version(lambda data: data["requirements"].update({PYTHON: ["tiny-tool==1.1"]}))
    text = _refused(target, bundle, "use")
    assert "tiny_tool-1.0-py3-none-any.whl is not asked for" in text
    assert f"it lacks tiny-tool==1.1 for Python {PYTHON}" in text


def test_a_wheel_for_nobody(bundle: Path, target: Workspace) -> None:
    """One that the manifest lists for no Python is not smuggled in beside the others."""

    def add(manifest: dict[str, Any], contents: dict[str, bytes]) -> None:
        name = "wheels/evil-1.0-py3-none-any.whl"
        contents[name] = b"x"
        manifest["wheels"].append({"name": name, "pythons": []})
        manifest["wheels"].sort(key=lambda wheel: wheel["name"])

    text = _refused(target, _rewrite(bundle, add), "use")
    assert "evil-1.0-py3-none-any.whl is not asked for" in text


def test_an_official_wheel_where_there_is_none(bundle: Path, target: Workspace) -> None:
    def move(manifest: dict[str, Any], contents: dict[str, bytes]) -> None:
        for wheel in manifest["wheels"]:
            name = wheel["name"].replace("wheels/", "official/")
            contents[name] = contents.pop(wheel["name"])
            wheel["name"] = name

    assert "tiny_tool-1.0-py3-none-any.whl is not pinned" in _refused(
        target, _rewrite(bundle, move), "use"
    )


def test_use_dry_run(bundle: Path, target: Workspace) -> None:
    done = target.run("bundle", "use", str(bundle), "--dry-run")
    assert f"{bundle}: would be taken in" in done.stdout
    assert [p for p in target.cache.rglob("*") if p.suffix in (".pack", ".whl")] == []


def test_another_machine(bundle: Path, target: Workspace) -> None:
    made = _rewrite(bundle, lambda manifest, _: manifest.update(architecture="sparc"))
    text = _refused(target, made, "use")
    assert f"it was made for sparc, and this machine is {ARCH}" in text


def test_an_unknown_version(bundle: Path, target: Workspace) -> None:
    made = _rewrite(bundle, lambda manifest, _: manifest.update(version="9.9.9"))
    done = target.run("bundle", "use", str(made), check=False)
    assert done.code == 4


def test_what_the_shipped_tests_need(source: Workspace, target: Workspace) -> None:
    """Another version of the same package, for another environment."""
    for workspace in (source, target):
        workspace.edit_version(
            lambda data: data.update(test_requirements={PYTHON: ["tiny-tool==1.1"]})
        )
    said = json.loads(create(source, "--with-tests", "--json").stdout)
    names = [wheel["name"] for wheel in said["manifest"]["wheels"] if "tiny" in wheel["name"]]
    assert names == [f"wheels/tiny_tool-1.{n}-py3-none-any.whl" for n in (0, 1)]
    target.run("bundle", "use", said["bundle"])
    assert len(list(target.cache.glob(f"wheelhouse/{VERSION}/*.whl"))) == 3


@needs_mounts
def test_a_disk_that_fills(source: Workspace, bundle: Path, target: Workspace) -> None:
    full = source.base / "small"
    done = create(source, "-o", str(full / "x.tar"), wrapper=mounted(full, "size=64k"), check=False)
    assert done.code == 15, done.stderr
    assert "No space left" in done.stderr
    done = target.run(
        *("bundle", "use", str(bundle)), wrapper=mounted(target.cache, "size=64k"), check=False
    )
    assert done.code == 15, done.stderr
    target.run("bundle", "use", str(bundle))
    target.gen("--offline")


def test_a_wheel_that_nobody_has(source: Workspace) -> None:
    source.edit_version(lambda data: data["requirements"].update({PYTHON: ["nothing==1.0"]}))
    done = create(source, "-o", "dist/nothing.tar", check=False)
    assert done.code == 5
    assert f"pip cannot get the build requirements for Python {PYTHON}" in done.stderr
    assert "nothing==1.0" in done.stderr
    assert not (source.root / "dist" / "nothing.tar").exists()


def test_a_server_that_is_away(source: Workspace) -> None:
    source.map_to(NOWHERE)
    shutil.rmtree(source.cache)
    done = create(source, "--offline", check=False)
    assert done.code == 5
    assert "--offline, and the cache lacks 4 pinned commits" in done.stderr


def test_a_python_it_is_not_built_for(source: Workspace) -> None:
    done = create(source, "--python", "3.1", check=False)
    assert done.code == 2
    assert f"is built for Python {PYTHON}" in done.stderr


def test_a_damaged_cache(source: Workspace, bundle: Path) -> None:
    """It is moved aside, and the next run fetches anew."""
    pack = next(source.cache.glob("git/*pytorch*/objects/pack/*.pack"))
    pack.chmod(0o644)
    data = bytearray(pack.read_bytes())
    data[len(data) // 2 : len(data) // 2 + 64] = bytes(64)
    pack.write_bytes(bytes(data))
    before = bundle.read_bytes()
    done = create(source, check=False)
    assert done.code == 5
    assert "is damaged" in done.stderr
    assert bundle.read_bytes() == before
    create(source)
    assert bundle.read_bytes() == before


@pytest.mark.parametrize("delay", [0.3, 0.6, 0.9])
def test_killed_at_any_moment(
    bundle: Path, source: Workspace, target: Workspace, reference: Reference, delay: float
) -> None:
    """Neither half a bundle under its name nor half of one in the cache; the next run goes on."""
    before = bundle.read_bytes()
    for workspace, command in (
        (source, ("create", "-v", VERSION, "--without-tool")),
        (target, ("use", str(bundle))),
    ):
        run = workspace.start("bundle", *command)
        time.sleep(delay)
        run.send_signal(signal.SIGKILL)
        run.communicate()
        assert bundle.read_bytes() == before
    create(source)
    assert bundle.read_bytes() == before
    target.run("bundle", "use", str(bundle))
    target.gen("--offline")
    reference.check(target)


def test_two_at_once(bundle: Path, source: Workspace, target: Workspace) -> None:
    before = bundle.read_bytes()
    shutil.rmtree(source.cache)
    bundle.unlink()
    runs = [source.start("bundle", "create", "-v", VERSION, "--without-tool") for _ in range(2)]
    assert [run.wait(120) for run in runs] == [0, 0]
    assert bundle.read_bytes() == before
    both = [target.start("bundle", "use", str(bundle), "--json") for _ in range(2)]
    said = [json.loads(run.communicate(timeout=120)[0]) for run in both]
    assert sum(item["taken"]["commits"] for item in said) == 4
    assert sum(item["taken"]["wheels"] for item in said) == 2
    target.gen("--offline")


def test_waits_for_who_writes_the_same_file(source: Workspace, bundle: Path) -> None:
    flag = source.base / "go on"
    command = ("bundle", "create", "-v", VERSION, "--without-tool")
    first = source.start(
        *command,
        prelude="import ascendtorch.upkeep.bundlefile as m, os, time\n"
        "real = m.write\n"
        "def held(*given):\n"
        f"    while not os.path.exists({str(flag)!r}):\n"
        "        time.sleep(0.02)\n"
        "    return real(*given)\n"
        "m.write = held\n",
    )
    wait_until(lambda: bool(list(source.cache.glob("locks/bundle-*.owner"))), "the lock")
    second = source.start(*command)
    assert second.stderr is not None
    waiting = next(line for line in second.stderr if "waiting for" in line)
    assert f"the run with PID {first.pid}, which holds the bundle {bundle}" in waiting
    flag.touch()
    assert [first.communicate(timeout=120), second.communicate(timeout=120)]
    assert (first.returncode, second.returncode) == (0, 0)


def test_the_official_wheel_of_a_plugin(bundle: Path, tmp_path: Path) -> None:
    here = PluginWorkspace(tmp_path / "maker")
    here.base.mkdir()
    here.create()
    made = tmp_path / "plugin.tar"
    done = here.run(
        "bundle", "create", "-v", PLUGIN_VERSION, "--without-tool", "-o", str(made), "--json"
    )
    (wheel,) = json.loads(done.stdout)["manifest"]["wheels"]
    assert wheel["name"] == f"official/{FILE}"
    there = PluginWorkspace(tmp_path / "taker")
    there.base.mkdir()
    there.create()
    shutil.rmtree(there.wheels)
    assert "missing, and this run is offline" in there.gen("--offline", code=5).stderr
    assert "new     0 commits and 1 wheels" in there.run("bundle", "use", str(made)).stdout
    there.gen("--offline")
    again = there.run("bundle", "use", str(made))
    assert "0 and 1 were there already" in again.stdout
    with_packs = _rewrite(
        bundle, lambda manifest, _: manifest.update(layout="plugin", version=PLUGIN_VERSION)
    )
    refused = there.run("bundle", "use", str(with_packs), code=5)
    assert "https://example.invalid/pytorch.git is not pinned" in refused.stderr
    there.pin("0" * 64)
    assert f"{FILE} is not pinned" in there.run("bundle", "use", str(made), code=5).stderr
