"""git's words about a failed fetch: which kind it is, and what of them is worth showing."""

from __future__ import annotations

import pytest

from ascendtorch.stages.fetch_errors import FAILURES, classify, essence

URL = "https://github.com/pytorch/pytorch/"

SAID = {
    "DNS": (
        f"fatal: unable to access '{URL}': Could not resolve host: github.com",
        "the server's name cannot be resolved",
        True,
    ),
    "DNS of ssh": (
        "ssh: Could not resolve hostname nowhere.invalid: Name or service not known",
        "the server's name cannot be resolved",
        True,
    ),
    "proxy's name": (
        f"fatal: unable to access '{URL}': Could not resolve proxy: proxy.invalid",
        "the server's name cannot be resolved",
        True,
    ),
    "killed": (
        "error: index-pack died of signal 9\nfatal: fetch-pack: invalid index-pack output",
        "a part of git was ended from outside",
        False,
    ),
    "drop": (
        "error: RPC failed; curl 18 transfer closed with outstanding read data remaining\n"
        "fatal: early EOF",
        "the connection broke",
        True,
    ),
    "hang up": ("fatal: the remote end hung up unexpectedly", "the connection broke", True),
    "reset": ("fatal: read error: Connection reset by peer", "the connection broke", True),
    "refused": (
        f"fatal: unable to access '{URL}': Failed to connect to github.com port 443",
        "the connection broke",
        True,
    ),
    "503": (
        f"fatal: unable to access '{URL}': The requested URL returned error: 503",
        "the connection broke",
        True,
    ),
    "stall": ("no output for 120 s", "the server stopped sending", True),
    "certificate": (
        f"fatal: unable to access '{URL}': SSL certificate problem: self-signed certificate",
        "the secure connection could not be made",
        False,
    ),
    "GnuTLS": (
        f"fatal: unable to access '{URL}': gnutls_handshake() failed: Handshake failed",
        "the secure connection could not be made",
        False,
    ),
    "proxy": (
        f"fatal: unable to access '{URL}': Received HTTP code 407 from proxy after CONNECT",
        "the proxy refused",
        False,
    ),
    "404": (
        f"remote: Repository not found.\nfatal: repository '{URL}' not found",
        "there is no such repository",
        False,
    ),
    "no folder": (
        "fatal: '/srv/x.git' does not appear to be a git repository\n"
        "fatal: Could not read from remote repository.",
        "there is no such repository",
        False,
    ),
    "password": (
        "fatal: could not read Username for 'https://github.com': terminal prompts disabled",
        "the server asks for credentials",
        False,
    ),
    "key": (
        "git@github.com: Permission denied (publickey).\n"
        "fatal: Could not read from remote repository.",
        "the server asks for credentials",
        False,
    ),
    "403": (
        f"fatal: unable to access '{URL}': The requested URL returned error: 403",
        "the server asks for credentials",
        False,
    ),
    "commit gone": (
        "fatal: remote error: upload-pack: not our ref 56b43f4fec1f76953f15a627694d4bba34588969",
        "the server no longer has the pinned commit",
        False,
    ),
    "unadvertised": (
        "error: Server does not allow request for unadvertised object 56b43f4",
        "the server no longer has the pinned commit",
        False,
    ),
    "a tag's hash": (
        "56b43f4fec1f76953f15a627694d4bba34588969 is tag, not a commit",
        "the pin names no commit",
        False,
    ),
    "host key": (
        "Host key verification failed.\nfatal: Could not read from remote repository.",
        "the server's SSH key is not known here",
        False,
    ),
    "full disk": (
        "fatal: write error: No space left on device\nfatal: index-pack failed",
        "the disk is full",
        False,
    ),
    "read-only cache": (
        "error: cannot mkdir objects/pack: Read-only file system",
        "the cache folder cannot be written",
        False,
    ),
    "protocol": (
        "fatal: transport 'file' not allowed",
        "this protocol is not allowed",
        False,
    ),
    "bad pack": ("fatal: packfile ./x.pack cannot be accessed", "the sent objects are", False),
    "anything else": ("fatal: something new", "git fetch failed", False),
    "nothing": ("", "git fetch failed", False),
}


@pytest.mark.parametrize(("text", "cause", "transient"), SAID.values(), ids=SAID)
def test_classify(text: str, cause: str, transient: bool) -> None:
    """faults.md 3-7, 9, 16: a bounded number of tries only where another try can help."""
    kind = classify(text)
    assert kind.cause.startswith(cause)
    assert kind.transient is transient
    assert kind.remedy


@pytest.mark.parametrize(
    "place",
    [
        "https://github.com/openssl/openssl.git/",
        "https://github.com/wolfSSL/x/",
        "https://host/proxy/x/",
        "ssh://host/certificate-not-found/x",
        "file:///srv/mbedTLS/x",
        "/srv/TLS mirror/x.git",
    ],
)
def test_words_in_a_place_say_nothing(place: str) -> None:
    """A repository called openssl is no TLS error."""
    text = f"[fetch] {place}: fatal: unable to access '{place}': the remote end hung up"
    if place.startswith("/"):
        text = text.partition(": ")[2]
    assert classify(text).cause == "the connection broke"


def test_every_kind_is_reached_and_says_what_to_do() -> None:
    assert {classify(text) for text, _, _ in SAID.values()} >= set(FAILURES)
    assert all(kind.remedy and kind.cause for kind in FAILURES)


def test_essence_keeps_what_tells_and_drops_progress() -> None:
    text = (
        "remote: Counting objects: 100% (9/9), done.\n"
        "Receiving objects:  42% (4/9), 1.00 MiB | 2.00 MiB/s\n"
        "error: RPC failed; curl 92\n"
        "  fatal: early EOF  \n"
    )
    assert essence(text) == "error: RPC failed; curl 92; fatal: early EOF"


def test_essence_of_words_that_are_not_marked() -> None:
    text = "Receiving objects:  42% (4/9)\none\n\ntwo\nthree\nfour\n"
    assert essence(text) == "two; three; four"
    assert essence("") == ""
