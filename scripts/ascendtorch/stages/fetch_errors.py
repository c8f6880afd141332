"""Reading git's words when a fetch fails: is it worth another try, and what can a person do?"""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class Failure:
    """A kind of failure; `transient` ones are tried again a bounded number of times."""

    pattern: str
    cause: str
    remedy: str
    transient: bool = False


_MIRROR = "a mirror map (--mirrors FILE) can name another place to fetch from"

#: The first pattern that matches wins.
FAILURES = (
    Failure(
        r"No space left on device|Disk quota exceeded",
        "the disk is full",
        "free some space (ASCENDTORCH_CACHE moves the cache) and run the same command again",
    ),
    Failure(
        r"Read-only file system|Permission denied.*(objects|refs|tmp)",
        "the cache folder cannot be written",
        "set ASCENDTORCH_CACHE to a writable folder",
    ),
    Failure(
        r"died of signal",
        "a part of git was ended from outside",
        "see whether memory ran out (`dmesg`), then run the same command again",
    ),
    Failure(
        r"Could not resolve (host|proxy)|Name or service not known|Temporary failure in name",
        "the server's name cannot be resolved",
        "check the network and DNS; " + _MIRROR,
        True,
    ),
    Failure(
        r"(?i)SSL|TLS|certificate",
        "the secure connection could not be made",
        "check the system's certificates, the clock and https_proxy; " + _MIRROR,
    ),
    Failure(
        r"Host key verification failed",
        "the server's SSH key is not known here",
        "connect to it once with ssh and check the key, or add it to known_hosts; " + _MIRROR,
    ),
    Failure(
        r"(?i)proxy|CONNECT tunnel failed",
        "the proxy refused",
        "check https_proxy and no_proxy; " + _MIRROR,
    ),
    Failure(
        r"is (tag|tree|blob), not a commit",
        "the pin names no commit",
        "pin the commit itself; `git rev-parse TAG^{commit}` says which one a tag stands for",
    ),
    Failure(
        r"not our ref|unadvertised object|did not send all necessary objects"
        r"|no such remote ref|couldn't find remote ref",
        "the server no longer has the pinned commit",
        "use a mirror that still has it; the pin is never moved by itself. " + _MIRROR,
    ),
    Failure(
        r"could not read Username|Authentication failed|terminal prompts disabled"
        r"|error: 40[13]|Permission denied \(",
        "the server asks for credentials",
        "check the URL, or configure a credential helper or an SSH agent; " + _MIRROR,
    ),
    Failure(
        r"(?i)not found|does not appear to be a git repository|does not exist|error: 404",
        "there is no such repository",
        "check the URL or the mirror map's rule for it",
    ),
    Failure(
        r"transport '.*' not allowed",
        "this protocol is not allowed",
        "use https:// or ssh://; file:// is only taken from the mirror map",
    ),
    Failure(
        r"no output for",
        "the server stopped sending",
        "run the same command again: what has arrived is kept; " + _MIRROR,
        True,
    ),
    Failure(
        r"early EOF|RPC failed|hung up|reset by peer|timed out|Failed to connect"
        r"|Could not connect|refused|unexpected disconnect|remote end|too slow|error: (429|5\d\d)",
        "the connection broke",
        "run the same command again: what has arrived is kept; " + _MIRROR,
        True,
    ),
    Failure(
        r"corrupt|unable to read|bad object|inflate|invalid index-pack|packfile .* cannot",
        "the sent objects are damaged",
        "repair the mirror (git fsck there), or use another",
    ),
)

_UNKNOWN = Failure("", "git fetch failed", "the words above are git's own; " + _MIRROR)


#: URLs and quoted paths: a repository called openssl is no news of TLS.
_PLACE = re.compile(r"'[^'\n]*/[^'\n]*'|\b[a-z][a-z0-9+.-]*://[^\s']+")


def classify(text: str) -> Failure:
    """Return what kind of failure git's output tells of."""
    words = _PLACE.sub("", text)
    return next((kind for kind in FAILURES if re.search(kind.pattern, words)), _UNKNOWN)


def essence(text: str) -> str:
    """Return the lines of git's output that say what went wrong, without progress counters."""
    lines = [line.strip() for line in text.splitlines()]
    telling = [x for x in lines if re.match(r"(fatal|error|remote: (fatal|error)|ssh):?", x)]
    rest = [x for x in lines if x and not re.search(r"\d+% \(", x)]
    return "; ".join((telling or rest)[-3:])
