"""Faults of fetch, with real git: servers that fail, kills, damaged caches, wrong pins.

ssh is played by `support/fake_ssh.py`, so that git's own words are what the tool has to read.
"""

from __future__ import annotations

import shutil
import signal
import subprocess
from pathlib import Path

import pytest

from support import gitbench
from support.mounts import mounted, needs_mounts
from support.processes import processes_of, wait_until
from support.servers import SshServer, https_is_possible, https_server
from support.upstream import FMT, GLOO, HOST, TBB, Upstream
from support.workspace import Reference, Workspace, WorkspaceFactory

DNS = "ssh: Could not resolve hostname mirror.invalid: Name or service not known"
SLOW = {"do": "slow", "bytes": 40_000}
#: Dies without a word at the n-th call of a method of Path, before or after it.
KILL = """
import itertools, os, pathlib, signal
real, count = pathlib.Path.{method}, itertools.count(1)
def counted(self, *args):
    # One step, for threads count too.
    reached = next(count) == {number}
    if reached and {before}:
        os.kill(os.getpid(), signal.SIGKILL)
    result = real(self, *args)
    if reached:
        os.kill(os.getpid(), signal.SIGKILL)
    return result
pathlib.Path.{method} = counted
"""


@pytest.fixture
def server(workspace: Workspace) -> SshServer:
    return SshServer(workspace)


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("certificates")


def cache_of(workspace: Workspace, name: str) -> Path:
    (found,) = (workspace.cache / "git").glob(f"*-{name}-*.git")
    return found


def pack_of(workspace: Workspace, name: str) -> Path:
    (found,) = (cache_of(workspace, name) / "objects" / "pack").glob("*.pack")
    return found


def damage(path: Path) -> None:
    """Change bytes in the middle of a file and keep its size."""
    path.chmod(0o644)
    raw = bytearray(path.read_bytes())
    middle = len(raw) // 2
    raw[middle : middle + 8] = bytes(value ^ 0xFF for value in raw[middle : middle + 8])
    path.write_bytes(raw)


def said_by(run: subprocess.Popen[str], words: str) -> str:
    """Wait for a line that a run prints for people."""
    if run.stderr is None:
        raise AssertionError("it has no pipe")
    return next(line for line in run.stderr if words in line)


# -- ends of the process


def test_killed_while_receiving(
    workspace: Workspace, server: SshServer, reference: Reference
) -> None:
    """faults.md 1"""
    server.behave(pytorch=SLOW)
    run = workspace.start("gen", "-v", "1.8.1")
    wait_until(server.mark.exists, "the transfer")
    run.kill()
    run.communicate()
    assert not workspace.tree.exists()
    server.behave()
    workspace.gen()
    reference.check(workspace)


def test_killed_again_and_again(workspace: Workspace, reference: Reference) -> None:
    """faults.md 1: at many points of filling the cache and of checking out."""
    # The cache keeps what a killed run had fetched: for the last ones there may be too little left.
    kills = 0
    for number in (1, 3, 6, 10, 15, 21):
        prelude = KILL.format(method="replace", number=number, before=number % 2)
        done = workspace.gen("--only", "fetch", prelude=prelude, check=False)
        if done.code == 0:
            break
        kills += 1
        assert done.code == -signal.SIGKILL
        assert not workspace.tree.exists()
    assert kills >= 3
    workspace.gen()
    reference.check(workspace)


@pytest.mark.parametrize("number", [1, 3])
def test_killed_while_a_repository_of_the_cache_is_made(
    workspace: Workspace, reference: Reference, number: int
) -> None:
    """faults.md 1: between its folders."""
    prelude = f"""
import os, signal
real, count = os.mkdir, [0]
def counted(path, *args, **options):
    real(path, *args, **options)
    count[0] += "/cache/git/" in str(path)
    if count[0] == {number}:
        os.kill(os.getpid(), signal.SIGKILL)
os.mkdir = counted
"""
    done = workspace.gen(prelude=prelude, check=False)
    assert done.code == -signal.SIGKILL
    workspace.gen()
    reference.check(workspace)


@pytest.mark.parametrize("before", [True, False])
def test_killed_when_the_tree_gets_its_name(
    workspace: Workspace, reference: Reference, before: bool
) -> None:
    """faults.md 1"""
    prelude = KILL.format(method="rename", number=1, before=before)
    assert workspace.gen(prelude=prelude, check=False).code == -signal.SIGKILL
    assert workspace.tree.exists() != before
    workspace.gen()
    reference.check(workspace)


@pytest.mark.parametrize(("number", "before"), [(1, True), (1, False), (2, False)])
def test_killed_while_a_submodule_is_added(
    workspace: Workspace, reference: Reference, number: int, before: bool
) -> None:
    """faults.md 1"""
    workspace.gen("--submodules", "needed")
    prelude = KILL.format(method="rename", number=number, before=before)
    assert workspace.gen(prelude=prelude, check=False).code == -signal.SIGKILL
    workspace.gen()
    reference.check(workspace)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupted_while_receiving(
    number: signal.Signals, workspace: Workspace, server: SshServer, reference: Reference
) -> None:
    """faults.md 2"""
    server.behave(pytorch=SLOW)
    run = workspace.start("gen", "-v", "1.8.1")
    wait_until(server.mark.exists, "the transfer")
    run.send_signal(number)
    _, message = run.communicate(timeout=60)
    assert run.returncode == 130
    assert "interrupted; run the same command again to go on" in message
    assert "Traceback" not in message
    assert processes_of(workspace.base) == []
    assert not list((workspace.cache / "tmp").iterdir())
    server.behave()
    workspace.gen()
    reference.check(workspace)


def test_interrupted_between_two_tries(workspace: Workspace, server: SshServer) -> None:
    """faults.md 2: no further try is begun."""
    server.behave(every={"do": "refuse", "say": DNS})
    # The pause after the second try lasts until it is interrupted, however slow the machine is.
    prelude = (
        "import threading\nreal = threading.Event.wait\n"
        "threading.Event.wait = lambda self, seconds=None: "
        "real(self, 600 if seconds == 2.0 else seconds)"
    )
    run = workspace.start("gen", "-v", "1.8.1", "--tries", "9", prelude=prelude)
    wait_until(lambda: server.calls() >= 8, "the second round of tries")
    run.send_signal(signal.SIGINT)
    run.communicate(timeout=60)
    assert run.returncode == 130
    assert server.calls() == 8
    assert processes_of(workspace.base) == []


def fetching_beside(
    workspace: Workspace, server: SshServer, workspace_factory: WorkspaceFactory
) -> tuple[subprocess.Popen[str], Workspace]:
    """A run that is in the middle of a transfer, and another checkout with the same cache."""
    server.behave(pytorch={"do": "stall", "bytes": 1000, "times": 1})
    first = workspace.start("gen", "-v", "1.8.1")
    wait_until(server.mark.exists, "the transfer")
    other = workspace_factory("other")
    other.mirrors.write_text(workspace.mirrors.read_text())
    other.env = {**workspace.env, "ASCENDTORCH_CACHE": str(workspace.cache)}
    return first, other


def test_interrupted_while_another_run_fills_the_cache(
    workspace: Workspace,
    server: SshServer,
    workspace_factory: WorkspaceFactory,
    reference: Reference,
) -> None:
    """faults.md 2, 47: two checkouts share the cache; who waits says so and can be stopped."""
    first, other = fetching_beside(workspace, server, workspace_factory)
    second = other.start("gen", "-v", "1.8.1")
    told = said_by(second, "waiting for ")
    second.send_signal(signal.SIGINT)
    second.communicate(timeout=60)
    assert second.returncode == 130
    assert f"waiting for the run with PID {first.pid}, which holds the cache of" in told
    third = other.start("gen", "-v", "1.8.1")
    first.kill()
    first.communicate()
    _, told = third.communicate(timeout=120)
    assert third.returncode == 0, told
    assert server.calls("pytorch") == 2
    reference.check(other)


@pytest.mark.parametrize("number", [1, 2, 3])
def test_interrupted_while_a_thread_starts(
    workspace: Workspace, server: SshServer, workspace_factory: WorkspaceFactory, number: int
) -> None:
    """faults.md 2: what its pool does not know yet is stopped too, though it waits."""
    first, other = fetching_beside(workspace, server, workspace_factory)
    prelude = f"""
import itertools, os, signal, threading
# A shell that runs the tests in its background has them ignore Ctrl-C.
signal.signal(signal.SIGINT, signal.default_int_handler)
real, count = threading.Thread.start, itertools.count(1)
def start(self):
    real(self)
    if self._target.__name__ == "_worker" and next(count) == {number}:
        os.kill(os.getpid(), signal.SIGINT)
threading.Thread.start = start
"""
    done = other.gen(prelude=prelude, check=False)
    assert done.code == 130, done.stderr
    first.kill()
    first.communicate()


def test_second_run_in_the_same_workspace(
    workspace: Workspace, server: SshServer, reference: Reference
) -> None:
    """faults.md 47: it fails naming the PID, or waits; a kill of the first lets it go on."""
    server.behave(pytorch={"do": "stall", "bytes": 1000, "times": 1})
    first = workspace.start("gen", "-v", "1.8.1")
    wait_until(server.mark.exists, "the transfer")
    message = workspace.fails(code=13)
    assert f"in use by the run with PID {first.pid}" in message
    assert str(workspace.root) in message
    assert "--wait SECONDS" in message
    second = workspace.start("gen", "-v", "1.8.1", "--wait", "120")
    assert f"waiting for the run with PID {first.pid}" in said_by(second, "waiting for ")
    first.kill()
    first.communicate()
    _, told = second.communicate(timeout=120)
    assert second.returncode == 0, told
    reference.check(workspace)


def test_lock_left_by_a_reboot(ready: Workspace) -> None:
    """faults.md 48"""
    lock = ready.root / "build" / "workspace.lock"
    lock.touch()
    lock.with_name("workspace.lock.owner").write_text('{"pid": 1, "run": "0123"}')
    assert ready.gen().stderr.count("up to date") == 4


# -- servers


def test_name_is_not_resolved(workspace: Workspace, server: SshServer) -> None:
    """faults.md 3: a bounded number of tries, then the cause."""
    server.behave(gloo={"do": "refuse", "say": DNS})
    message = workspace.fails("--tries", "2", code=5)
    assert "[fetch]" in message
    assert "1 of 4 repositories could not be fetched (3 are kept for the next run)" in message
    assert "ssh://mirror.invalid/gloo.git: the server's name cannot be resolved" in message
    assert "(tried 2 times)" in message
    assert "remedy: check the network and DNS" in message
    assert server.calls("gloo") == 2
    assert server.calls("fmt") == 1
    assert not workspace.tree.exists()


def test_dropped_in_the_middle(
    workspace: Workspace, server: SshServer, reference: Reference
) -> None:
    """faults.md 4: it is tried again, and comes through."""
    server.behave(pytorch={"do": "cut", "bytes": 60_000, "times": 1})
    workspace.gen("--tries", "2")
    assert server.calls("pytorch") == 2
    reference.check(workspace)


def test_dropped_every_time(workspace: Workspace, server: SshServer) -> None:
    """faults.md 4"""
    server.behave(pytorch={"do": "cut", "bytes": 60_000})
    message = workspace.fails("--tries", "2", code=5)
    assert "ssh://mirror.invalid/pytorch.git: the connection broke (tried 2 times)" in message
    assert "remedy: run the same command again" in message
    assert server.calls("pytorch") == 2
    assert not list((workspace.cache / "tmp").iterdir())


def test_stalled(workspace: Workspace, server: SshServer) -> None:
    """faults.md 5"""
    server.behave(gloo={"do": "stall", "bytes": 300})
    message = workspace.fails("--stall", "1", "--tries", "1", code=5)
    assert "ssh://mirror.invalid/gloo.git: the server stopped sending: no output for 1 s" in message
    assert "remedy:" in message
    assert processes_of(workspace.base) == []


HTTPS = pytest.mark.skipif(not https_is_possible(), reason="git has no https, or no openssl")


@HTTPS
@pytest.mark.parametrize(
    ("status", "cause", "requests"),
    [
        (404, "there is no such repository", 1),
        (401, "the server asks for credentials", 1),
        (403, "the server asks for credentials", 1),
        (503, "the connection broke (tried 2 times)", 2),
    ],
)
def test_https_answers(
    workspace: Workspace,
    tmp_path: Path,
    certificates: Path,
    status: int,
    cause: str,
    requests: int,
) -> None:
    """faults.md 7: and nobody is asked for a password."""
    asked = tmp_path / "asked"
    prompt = tmp_path / "prompt"
    prompt.write_text(f"#!/bin/sh\ntouch '{asked}'\n")
    prompt.chmod(0o755)
    with https_server(certificates, status) as remote:
        # A name with words in it that also stand in messages about proxies and certificates.
        url = f"{remote.url}/proxy/tls/gloo.git"
        workspace.map_to(f"file://{workspace.upstream.mirror}", gloo=url)
        message = workspace.fails(
            *("--tries", "2"),
            code=5,
            env={
                "GIT_SSL_CAINFO": str(remote.certificate),
                "GIT_ASKPASS": str(prompt),
                "SSH_ASKPASS": str(prompt),
            },
        )
        assert len(remote.requests) == requests
    assert f"{url}: {cause}" in message
    assert "remedy: " in message
    assert not asked.exists()


@HTTPS
def test_certificate_is_not_known(workspace: Workspace, certificates: Path) -> None:
    """faults.md 6"""
    with https_server(certificates, 200) as remote:
        url = f"{remote.url}/gloo.git"
        workspace.map_to(f"file://{workspace.upstream.mirror}", gloo=url)
        message = workspace.fails(code=5)
        assert remote.requests == []
    assert f"{url}: the secure connection could not be made" in message
    assert "check the system's certificates" in message


@HTTPS
@pytest.mark.parametrize(
    ("status", "cause"), [(407, "the proxy refused"), (None, "the connection broke")]
)
def test_proxy_refuses(
    workspace: Workspace, certificates: Path, status: int | None, cause: str
) -> None:
    """faults.md 6: with an answer, or by not being there."""
    workspace.map_to(f"file://{workspace.upstream.mirror}", gloo="https://mirror.invalid/gloo.git")
    with https_server(certificates, status or 200, tls=False) as proxy:
        port = proxy.url.rpartition(":")[2] if status else "1"
        message = workspace.fails(
            "--tries", "1", code=5, env={"https_proxy": f"http://127.0.0.1:{port}"}
        )
    assert f"https://mirror.invalid/gloo.git: {cause}" in message
    assert "https_proxy" in message or status is None


@pytest.mark.parametrize(
    ("said", "cause"),
    [
        ("git@mirror.invalid: Permission denied (publickey).", "the server asks for credentials"),
        ("Host key verification failed.", "the server's SSH key is not known here"),
        ("kex_exchange_identification: Connection reset by peer", "the connection broke"),
    ],
)
def test_ssh_refuses(workspace: Workspace, server: SshServer, said: str, cause: str) -> None:
    """faults.md 7"""
    server.behave(gloo={"do": "refuse", "say": said})
    message = workspace.fails("--tries", "1", code=5)
    assert f"ssh://mirror.invalid/gloo.git: {cause}" in message
    assert server.calls("gloo") == 1


def test_no_such_repository(workspace: Workspace, server: SshServer) -> None:
    """faults.md 7"""
    missing = "ssh://mirror.invalid/none.git"
    workspace.map_to("ssh://mirror.invalid", gloo=missing, tbb="file:///nonexistent/tbb.git")
    message = workspace.fails("--tries", "3", code=5)
    assert "2 of 4 repositories" in message
    for url in (missing, "file:///nonexistent/tbb.git"):
        assert f"{url}: there is no such repository" in message
    assert "check the URL or the mirror map's rule for it" in message
    assert server.calls("none") == 1


def test_one_of_many_fails(workspace: Workspace, server: SshServer, reference: Reference) -> None:
    """faults.md 10: the others are kept, and not fetched again."""
    server.behave(fmt={"do": "refuse", "say": "fatal: repository not found"})
    message = workspace.fails(code=5)
    assert "1 of 4 repositories could not be fetched (3 are kept" in message
    assert server.calls() == 4
    server.behave()
    assert "fetching 1 pinned commits from 1 repositories" in workspace.gen().stderr
    assert (server.calls("fmt"), server.calls()) == (2, 5)
    reference.check(workspace)


# -- pins


def copied_mirror(workspace: Workspace) -> Path:
    mirror = workspace.base / "mirror"
    shutil.copytree(workspace.upstream.mirror, mirror)
    workspace.map_to(f"file://{mirror}")
    return mirror


def test_tag_was_moved(workspace: Workspace, reference: Reference) -> None:
    """faults.md 8: the pin wins."""
    repository = copied_mirror(workspace) / "pytorch.git"
    gitbench.git(repository, "update-ref", "refs/tags/v1.8.1", "refs/heads/master")
    workspace.gen()
    reference.check(workspace)


def test_pinned_commit_is_gone(workspace: Workspace, upstream: Upstream) -> None:
    """faults.md 9"""
    other = f"file://{upstream.mirror}/tbb.git"
    workspace.map_to(f"file://{upstream.mirror}", gloo=other)
    message = workspace.fails(code=5)
    assert f"{other}: the server no longer has the pinned commit" in message
    assert upstream.pins[GLOO] in message
    assert "the pin is never moved by itself" in message


def test_pin_is_a_tag_object(workspace: Workspace, upstream: Upstream) -> None:
    tag = gitbench.git(upstream.mirror / "pytorch.git", "rev-parse", "refs/tags/v1.8.1")
    workspace.edit_version(lambda data: data["upstream"].update(commit=tag))
    message = workspace.fails(code=5)
    assert f"the pin names no commit: {tag} is tag, not a commit" in message
    assert "remedy: pin the commit itself" in message
    assert not workspace.tree.exists()


def test_submodule_pin_differs_from_the_release(workspace: Workspace, upstream: Upstream) -> None:
    old = upstream.old_pins[GLOO]
    workspace.edit_version(lambda data: data["submodules"][GLOO].update(commit=old))
    message = workspace.fails(code=5)
    assert f"{GLOO} is {upstream.pins[GLOO]} in the release, and pinned to {old}" in message
    assert str(workspace.patches / "version.yaml") in message
    assert f"remedy: correct the pin of {GLOO}" in message
    assert not workspace.tree.exists()


def test_submodule_without_a_pin(workspace: Workspace) -> None:
    """A nested one, too."""
    for path in (TBB, FMT):
        workspace.edit_version(lambda data, path=path: data["submodules"].pop(path))
        message = workspace.fails(code=5)
        assert "in the release, and not pinned" in message
        assert str(workspace.patches / "version.yaml") in message
    assert not workspace.tree.exists()


def test_hostile_gitmodules(workspace: Workspace, upstream: Upstream) -> None:
    """Names, paths, URLs and commands in `.gitmodules` reach nothing: only our pins count."""
    mark = workspace.base / "mark"
    hostile = (
        f'[submodule "../../evil"]\n\tpath = ../../evil\n\turl = ext::touch {mark}\n'
        f'[submodule "{TBB}"]\n\tpath = {TBB}\n\turl = -u./{mark}\n\tupdate = !touch {mark}\n'
        f'[submodule "quo\\"te\\\\"]\n\tpath = {GLOO}\n\turl = file:///etc\n'
        f'[submodule "unpinned"]\n\tpath = .git/hooks\n\turl = {HOST}/evil.git\n'
    )
    repository = copied_mirror(workspace) / "pytorch.git"
    release = gitbench.commit(
        repository, {".gitmodules": hostile}, "hostile\n", parent=upstream.pins[""]
    )
    gitbench.git(repository, "update-ref", "refs/heads/master", release)
    workspace.edit_version(lambda data: data["upstream"].update(commit=release))
    workspace.gen()
    config = (workspace.tree / ".git" / "config").read_text()
    assert "evil" not in config
    assert "ext::" not in config
    assert "update" not in config
    assert workspace.git("config", f"submodule.{TBB}.url") == f"{HOST}/tbb.git"
    assert workspace.git("config", 'submodule.quo"te\\.url') == f"{HOST}/gloo.git"
    assert not (workspace.tree / ".git" / "hooks").exists()
    assert not (workspace.base / "evil").exists()
    assert not mark.exists()


# -- the cache


def test_damaged_packs(ready: Workspace, reference: Reference) -> None:
    """faults.md 11: set aside, fetched anew; two of them in one run."""
    shutil.rmtree(ready.tree)
    for name in ("pytorch", "gloo"):
        damage(pack_of(ready, name))
    done = ready.gen()
    for name in ("pytorch", "gloo"):
        assert f"damaged cache of {HOST}/{name}.git, fetching anew" in done.stderr
    kept = sorted(path.name.split("-example")[0] for path in (ready.cache / "quarantine").iterdir())
    assert len(kept) == 2
    reference.check(ready)


@pytest.mark.parametrize("what", ["idx", "pin", "shallow", "config", "objects"])
def test_missing_or_empty_cache_file(ready: Workspace, reference: Reference, what: str) -> None:
    """faults.md 11"""
    shutil.rmtree(ready.tree)
    folder = cache_of(ready, "pytorch")
    if what == "objects":
        shutil.rmtree(folder / "objects")
    elif what == "pin":
        (folder / "pins" / f"{ready.upstream.pins['']}.json").write_text("")
    elif what == "idx":
        path = pack_of(ready, "pytorch").with_suffix(".idx")
        path.chmod(0o644)
        path.write_bytes(path.read_bytes()[:100])
    else:
        (folder / what).write_text("")
    ready.gen()
    reference.check(ready)


def test_damage_and_no_server(ready: Workspace) -> None:
    """faults.md 11: the damaged copy stays to be looked at."""
    shutil.rmtree(ready.tree)
    damage(pack_of(ready, "pytorch"))
    shutil.rmtree(copied_mirror(ready) / "pytorch.git")
    message = ready.fails(code=5)
    assert "damaged cache of" in message
    assert "there is no such repository" in message
    assert list((ready.cache / "quarantine").iterdir())


def test_damage_that_comes_back(workspace: Workspace) -> None:
    """faults.md 11: it is not fetched again for ever."""
    prelude = """
from ascendtorch.stages.object_cache import ObjectCache
real = ObjectCache.add
def add(self, url, *args, **options):
    real(self, url, *args, **options)
    for pack in self.repository(url).git_dir.glob("objects/pack/*.pack"):
        pack.chmod(0o644)
        raw = bytearray(pack.read_bytes())
        raw[len(raw) // 2] ^= 0xFF
        pack.write_bytes(raw)
ObjectCache.add = add
"""
    message = workspace.fails(code=5, prelude=prelude)
    assert f"cached objects of {HOST}/" in message
    assert "remedy: check the disk, then run the same command again" in message
    assert not workspace.tree.exists()
    workspace.gen()


def test_cache_deleted_under_a_checkout(ready: Workspace, reference: Reference) -> None:
    """faults.md 12: the tree stands on its own."""
    shutil.rmtree(ready.cache)
    ready.map_to("file:///nonexistent")
    assert ready.gen().stderr.count("up to date") == 4
    ready.git("fsck", "--no-dangling")
    path = ready.patches / ready.series[2]
    text = path.read_bytes()
    path.write_bytes(text.replace(b"+endif()", b"+endif() # npu"))
    ready.gen()
    path.write_bytes(text)
    ready.gen()
    reference.check(ready)


@pytest.mark.parametrize("module", ["", GLOO])
def test_stale_index_lock(ready: Workspace, reference: Reference, module: str) -> None:
    """faults.md 13: reported, never deleted; nothing was changed."""
    inside = f"modules/{module}/" if module else ""
    lock = ready.tree / ".git" / inside / "index.lock"
    lock.touch()
    ready.series = ready.series[:1] if module == "" else ready.series[2:]
    message = ready.fails(code=6)
    assert f"[patch] {lock}: " in message
    assert "remedy: if no git runs there, delete this file and run again" in message
    assert lock.exists()
    assert ready.head() == reference.head
    lock.unlink()
    ready.gen()
    assert ready.status() == ""


def test_offline_with_misses(workspace: Workspace, server: SshServer, reference: Reference) -> None:
    """faults.md 14: all of them are listed, and no server is asked."""
    message = workspace.fails("--offline", code=5)
    assert "--offline, and the cache lacks 4 pinned commits" in message
    for path, name in (("", "pytorch"), (GLOO, "gloo"), (FMT, "fmt"), (TBB, "tbb")):
        assert f"{HOST}/{name}.git {workspace.upstream.pins[path]}" in message
    assert "remedy: run once with a network, or map them" in message
    assert server.calls() == 0
    workspace.gen("--only", "fetch")
    assert server.calls() == 4
    shutil.rmtree(workspace.tree)
    workspace.gen("--offline")
    assert server.calls() == 4
    reference.check(workspace)


def test_offline_with_local_mirrors(workspace: Workspace, reference: Reference) -> None:
    """faults.md 14: local repositories are no network."""
    workspace.gen("--offline")
    reference.check(workspace)


@pytest.mark.parametrize(
    ("text", "line", "cause"),
    [
        ("from: x\nto: y\n", 1, "must be a list"),
        ("- {from: 'https://a', too: 'https://b'}\n", 1, "did you mean `to`?"),
        ("- {from: 'https://a', to: 'ext::sh -c true'}\n", 1, "is 'ext::sh -c true'"),
        ("- {from: 'https://a', to: 'http://b'}\n", 1, "is 'http://b'"),
        ("- {from: 'https://a', to: '--upload-pack=x'}\n", 1, "is '--upload-pack=x'"),
        ("- {from: 'https://a', to: 'git://b'}\n", 1, "is 'git://b'"),
        ("- {from: 'https://a'}\n", 1, "lacks the key `to`"),
        (
            "- {from: 'https://a', to: 'https://b'}\n- {from: 'https://a.git', to: 'https://c'}\n",
            2,
            "is mapped twice",
        ),
        ("- [\n", 2, "not valid YAML"),
        ("", None, "the file is empty"),
    ],
)
def test_mirror_map_is_malformed(
    workspace: Workspace, text: str, line: int | None, cause: str
) -> None:
    """faults.md 15"""
    workspace.mirrors.write_text(text)
    message = workspace.fails(code=3)
    where = f"{workspace.mirrors}:{line}" if line else str(workspace.mirrors)
    assert f"[fetch] {where}: " in message
    assert cause in message
    assert "remedy: " in message
    assert not workspace.cache.exists()


def test_mirror_map_is_missing(workspace: Workspace) -> None:
    """faults.md 15"""
    workspace.mirrors.unlink()
    message = workspace.fails(code=3)
    assert f"[fetch] {workspace.mirrors}: the mirror map does not exist" in message
    assert "remedy: correct --mirrors or ASCENDTORCH_MIRRORS" in message


def test_folders_of_submodules_are_there_first(workspace: Workspace) -> None:
    """Or a git that checks out the release may meet them half-made, which looks like damage."""
    prelude = f"""
from pathlib import Path
from ascendtorch.stages import materialise
real, top = materialise._check_out, Path({str(workspace.root)!r}) / ".pytorch.partial"
def checked(job, spec, cache):
    assert all((top / module.path).is_dir() for module in spec.submodules)
    real(job, spec, cache)
materialise._check_out = checked
"""
    workspace.gen("--only", "fetch", prelude=prelude)


# -- the disk


@needs_mounts
def test_disk_of_the_cache_is_full(workspace: Workspace, reference: Reference) -> None:
    """faults.md 16"""
    message = workspace.fails(code=5, wrapper=mounted(workspace.cache, "size=64k"))
    assert f"{HOST}/pytorch.git" in message or "pytorch.git: the disk is full" in message
    assert "the disk is full" in message
    assert "remedy: free some space (ASCENDTORCH_CACHE moves the cache)" in message
    assert not workspace.tree.exists()
    workspace.gen()
    reference.check(workspace)


@needs_mounts
def test_disk_of_the_tree_is_full(workspace: Workspace, reference: Reference) -> None:
    """faults.md 16: while the tree is checked out."""
    tree = workspace.base / "disk" / "pytorch"
    message = workspace.fails(
        *("--tree", str(tree)), code=15, wrapper=mounted(tree.parent, "size=240k")
    )
    assert "[fetch]" in message
    assert "No space left on device" in message
    assert "remedy: free some space" in message
    workspace.gen("--tree", str(tree))
    assert gitbench.git(tree, "rev-parse", "HEAD") == reference.head


@needs_mounts
def test_cache_is_read_only(workspace: Workspace, reference: Reference) -> None:
    """faults.md 54: the run goes on with a cache of its own."""
    done = workspace.gen(wrapper=mounted(workspace.cache, "ro,size=64k"))
    local = workspace.root / "build" / "cache"
    assert f"{workspace.cache} cannot be written (Read-only file system)" in done.stderr
    assert f"this run goes on with {local}" in done.stderr
    assert list((local / "git").iterdir())
    reference.check(workspace)


@needs_mounts
def test_tree_on_another_file_system(workspace: Workspace) -> None:
    """faults.md 56: packs are copied, and a tree is set aside on its own file system."""
    tree = workspace.base / "disk" / "pytorch"
    script = (
        'cd "$1" && shift && "$@" gen -v 1.8.1 --tree "$0/pytorch" && '
        'echo mine >"$0/pytorch/README.md" && "$@" gen -v 1.5.0 --tree "$0/pytorch" && '
        '"$@" gen -v 1.8.1 --tree "$0/pytorch" && grep -qx mine "$0/pytorch/README.md"'
    )
    done = subprocess.run(
        [
            *mounted(tree.parent, "size=20m"),
            *("sh", "-c", script, str(tree.parent), str(workspace.root)),
            *workspace.command(),
        ],
        env=workspace.environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


# -- folders of others


def test_folder_that_is_not_ours(workspace: Workspace) -> None:
    workspace.tree.mkdir()
    (workspace.tree / "notes.txt").write_text("mine\n")
    before = workspace.snapshot(workspace.tree)
    message = workspace.fails(code=9)
    assert f"[fetch] {workspace.tree}: this folder is not empty and was not made by" in message
    assert "remedy: move it away, or name another folder with --tree" in message
    gitbench.git(workspace.tree, "init", "--quiet")
    workspace.fails(code=9)
    assert {path: workspace.snapshot(workspace.tree)[path] for path in before if path != "."} == {
        path: entry for path, entry in before.items() if path != "."
    }


def test_file_where_the_tree_belongs(workspace: Workspace) -> None:
    workspace.tree.write_text("mine\n")
    message = workspace.fails(code=15)
    assert str(workspace.tree) in message
    assert workspace.tree.read_text() == "mine\n"


def test_url_that_is_not_allowed(workspace: Workspace) -> None:
    """Protocols other than https and ssh are refused in a pin, before anything starts."""
    for url in ("git://example.invalid/a.git", "ext::sh -c true", "file:///srv/a.git", "-u./x"):
        workspace.edit_version(lambda data, url=url: data["upstream"].update(url=url))
        message = workspace.fails(code=3)
        assert f"`upstream.url` is {url!r}" in message
        assert "write an https:// or ssh:// URL" in message
