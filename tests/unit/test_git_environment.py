"""What git is started with: our configuration, a scrubbed environment, checked URLs and hashes."""

from __future__ import annotations

import pytest

from ascendtorch.edge import gitenv

HOSTILE = {
    "GIT_DIR": "/elsewhere",
    "GIT_INDEX_FILE": "/elsewhere/index",
    "GIT_WORK_TREE": "/elsewhere",
    "GIT_OBJECT_DIRECTORY": "/elsewhere",
    "GIT_ALTERNATE_OBJECT_DIRECTORIES": "/elsewhere",
    "GIT_EXEC_PATH": "/elsewhere",
    "GIT_TEMPLATE_DIR": "/elsewhere",
    "GIT_EXTERNAL_DIFF": "/elsewhere",
    "GIT_PROTOCOL_FROM_USER": "1",
    "GIT_CONFIG_COUNT": "1",
    "GIT_CONFIG_KEY_0": "core.sshCommand",
    "GIT_CONFIG_VALUE_0": "evil",
    "GIT_CONFIG_PARAMETERS": "'core.hooksPath=/elsewhere'",
    "GIT_ALLOW_PROTOCOL": "ext:file",
    "GIT_TERMINAL_PROMPT": "1",
    "GIT_ASKPASS": "/elsewhere/ask",
    "SSH_ASKPASS": "/elsewhere/ask",
    "GIT_TRACE": "1",
    "GIT_AUTHOR_NAME": "somebody",
    "LC_ALL": "zh_CN.UTF-8",
    "LANGUAGE": "zh",
}


def test_nothing_of_the_callers_git_gets_through() -> None:
    """faults.md, Security: a hook that runs us sets GIT_DIR, which would redirect every command."""
    env = gitenv.environment({**HOSTILE, "HOME": "/home/ann", "PATH": "/bin"})
    assert "/elsewhere" not in " ".join(env.values())
    assert {name for name in HOSTILE if name in env} == {
        "GIT_ALLOW_PROTOCOL",
        "GIT_TERMINAL_PROMPT",
        "GIT_ASKPASS",
        "SSH_ASKPASS",
        "LC_ALL",
        "LANGUAGE",
    }
    assert env["GIT_TERMINAL_PROMPT"] == "0"
    assert env["GIT_ALLOW_PROTOCOL"] == ""
    assert env["LC_ALL"] == "C"
    assert env["PATH"] == "/bin"


def test_the_users_configuration_is_read_only_for_reaching_servers() -> None:
    """faults.md, Security."""
    base = {"HOME": "/home/ann", "XDG_CONFIG_HOME": "/home/ann/.config"}
    alone = gitenv.environment(base)
    assert alone["GIT_CONFIG_GLOBAL"] == "/dev/null"
    assert "/home/ann" not in " ".join(alone.values())
    reaching = gitenv.environment(base, user_config=True)
    assert reaching["HOME"] == "/home/ann"
    assert "GIT_CONFIG_GLOBAL" not in reaching
    assert alone["GIT_CONFIG_NOSYSTEM"] == "1"
    assert "GIT_CONFIG_NOSYSTEM" not in reaching


def test_how_to_reach_a_server_is_kept() -> None:
    """faults.md 6: people behind a proxy set these."""
    base = {"GIT_SSL_CAINFO": "/ca.pem", "GIT_SSH_COMMAND": "ssh -F x", "https_proxy": "http://p"}
    env = gitenv.environment(base)
    assert {name: env[name] for name in base} == base


def test_ssh_never_asks() -> None:
    """faults.md 7."""
    assert gitenv.environment({})["GIT_SSH_COMMAND"] == "ssh -oBatchMode=yes"


def test_the_callers_mapping_is_not_changed() -> None:
    base = dict(HOSTILE)
    gitenv.environment(base)
    assert base == HOSTILE


def _settings(argv: list[str]) -> dict[str, str]:
    pairs = [argv[at + 1] for at, word in enumerate(argv) if word == "-c"]
    return dict(pair.split("=", 1) for pair in pairs)


def test_the_configuration_of_every_command() -> None:
    """faults.md, Security: no hooks, and nothing may be fetched over any protocol."""
    argv = gitenv.command("status", "--", "-x")
    assert argv[0] == "git"
    assert argv[-3:] == ["status", "--", "-x"]
    settings = _settings(argv)
    assert settings["core.hooksPath"] == "/dev/null"
    assert settings["core.autocrlf"] == "false"
    assert settings["submodule.recurse"] == "false"
    assert settings["protocol.allow"] == "never"
    assert [key for key, value in settings.items() if value == "always"] == []


@pytest.mark.parametrize("protocols", [("https",), ("file",), ("https", "ssh")])
def test_only_the_named_protocols_are_allowed(protocols: tuple[str, ...]) -> None:
    """faults.md, Security."""
    settings = _settings(gitenv.command("fetch", protocols=protocols))
    assert {k for k, v in settings.items() if v == "always"} == {
        f"protocol.{name}.allow" for name in protocols
    }
    assert gitenv.environment({}, protocols=protocols)["GIT_ALLOW_PROTOCOL"] == ":".join(protocols)


@pytest.mark.parametrize(
    "url",
    [
        "https://github.com/pytorch/pytorch",
        "https://github.com/pytorch/pytorch.git",
        "https://ann:token@host.example:8443/a/b.git",
        "https://[2001:db8::1]/a.git",
        "ssh://git@host.example:22/a/b.git",
        "ssh://git@host.example/~ann/b.git",
        "file:///srv/mirror/pytorch.git",
        "file:///srv/my mirror/pytorch.git",
        "file:///srv/镜像/pytorch.git",
        'file:///srv/it\'s (the) "mirror" #1/pytorch.git',
    ],
)
def test_safe_urls(url: str) -> None:
    """faults.md 46."""
    assert gitenv.is_safe_url(url)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "https://",
        "ext::sh -c id",
        "ext::https://host/x",
        "git://host/x",
        "http://host/x",
        "ftp://host/x",
        "HTTPS://host/x",
        "-oProxyCommand=id",
        "ssh://-oProxyCommand=id/x",
        "ssh://-oProxyCommand=id@host/x",
        "ssh://ann@-oProxyCommand=id/x",
        "https://-x/y",
        "https:///x",
        "https://host/a b",
        "file://host/x",
        "file:///srv/\x1b[2J",
        "--upload-pack=id",
        " https://host/x",
        "https://host/x\n",
        "https://host/\nx",
        "https://host/x\0",
        "https://host/x\t",
        "https://host/$(id)",
        "https://host/`id`",
        "https://host/x;id",
        "https://host/x|id",
        "git@host:a/b.git",
        "host:a/b.git",
        "/srv/mirror/pytorch.git",
        "../fmt.git",
        "file:/srv/x",
    ],
)
def test_unsafe_urls(url: str) -> None:
    """faults.md, Security."""
    assert not gitenv.is_safe_url(url)


@pytest.mark.parametrize("text", ["0123456789abcdef0123456789abcdef01234567", "0" * 40])
def test_full_hashes(text: str) -> None:
    assert gitenv.is_commit(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "0123456",
        "v1.8.1",
        "HEAD",
        "0" * 39,
        "0" * 41,
        "0" * 64,
        "A" * 40,
        "g" * 40,
        "0" * 40 + "\n",
        "--" + "0" * 38,
    ],
)
def test_what_is_no_full_hash(text: str) -> None:
    """faults.md, Security."""
    assert not gitenv.is_commit(text)
