"""What git may see and do: a scrubbed environment, our configuration first, checked names."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

_COMMIT = re.compile(r"[0-9a-f]{40}\Z")
#: A user or host that begins with a hyphen is an option to ssh. A local path may hold anything that
#: is printed: no shell ever sees it.
_URL = re.compile(
    r"(?:(?:https|ssh)://(?:[A-Za-z0-9_][A-Za-z0-9_.:%+~=-]*@)?[A-Za-z0-9\[]"
    r"[A-Za-z0-9_./:%+~=,\-\[\]\u00a0-\U0010ffff]*"
    r"|file:///[^\x00-\x1f\x7f-\x9f]+)\Z"
)

#: git variables that say how to reach a server; every other one is dropped.
_KEPT = ("GIT_SSH", "GIT_SSH_COMMAND", "GIT_SSL_CAINFO", "GIT_SSL_CAPATH", "GIT_PROXY_COMMAND")

_SAFE_CONFIG = {
    "core.hooksPath": "/dev/null",
    "core.autocrlf": "false",
    "core.eol": "lf",
    "core.safecrlf": "false",
    "core.fsmonitor": "false",
    "core.untrackedCache": "false",
    "core.quotePath": "false",
    "core.attributesFile": "/dev/null",
    "commit.gpgSign": "false",
    "gc.auto": "0",
    "maintenance.auto": "false",
    "advice.detachedHead": "false",
    "init.defaultBranch": "ascendtorch",
    "submodule.recurse": "false",
    "protocol.allow": "never",
}

_NOWHERE = "/nonexistent"


def is_commit(text: str) -> bool:
    """Whether `text` is a full, lower-case commit hash."""
    return _COMMIT.match(text) is not None


def is_safe_url(url: str) -> bool:
    """Whether a URL has an allowed protocol and no character a command could mistake."""
    return _URL.match(url) is not None


def environment(
    base: Mapping[str, str], *, protocols: Sequence[str] = (), user_config: bool = False
) -> dict[str, str]:
    """Return the environment git runs in.

    Args:
        base: the caller's environment.
        protocols: what may be fetched over; none by default.
        user_config: read the user's and the system's configuration too. Only for reaching
            servers, where it holds proxies and certificates.
    """
    env = {k: v for k, v in base.items() if not k.startswith("GIT_") or k in _KEPT}
    env.update(
        LC_ALL="C",
        LANGUAGE="C",
        GIT_TERMINAL_PROMPT="0",
        GIT_ASKPASS="/bin/false",
        SSH_ASKPASS="/bin/false",
        GIT_ALLOW_PROTOCOL=":".join(protocols),
        GIT_OPTIONAL_LOCKS="0",
        GIT_NO_REPLACE_OBJECTS="1",
    )
    env.setdefault("GIT_SSH_COMMAND", "ssh -oBatchMode=yes")
    if not user_config:
        # HOME too, for git before 2.32 does not know GIT_CONFIG_GLOBAL.
        env.update(
            GIT_CONFIG_NOSYSTEM="1",
            GIT_CONFIG_GLOBAL="/dev/null",
            HOME=_NOWHERE,
            XDG_CONFIG_HOME=_NOWHERE,
        )
    return env


def command(*arguments: str, protocols: Sequence[str] = ()) -> list[str]:
    """Return the argument list of a git command with our configuration over everybody's."""
    settings = dict(_SAFE_CONFIG)
    settings.update({f"protocol.{name}.allow": "always" for name in protocols})
    pairs = (part for key, value in settings.items() for part in ("-c", f"{key}={value}"))
    return ["git", *pairs, *arguments]
