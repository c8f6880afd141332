"""Servers for fetch tests: ssh that fails as told, and https on this machine."""

from __future__ import annotations

import json
import shlex
import shutil
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from support.workspace import Workspace

_SCRIPT = Path(__file__).with_name("fake_ssh.py")


class SshServer:
    """Points a workspace's mirror map to `fake_ssh.py`."""

    def __init__(self, workspace: Workspace) -> None:
        folder = workspace.base / "ssh"
        folder.mkdir()
        self._settings = folder / "settings.json"
        self._log = folder / "log"
        self._log.touch()
        self.mark = folder / "mark"
        self._root = workspace.upstream.mirror
        workspace.map_to("ssh://mirror.invalid")
        workspace.env["GIT_SSH_COMMAND"] = f"{sys.executable} {shlex.quote(str(_SCRIPT))}"
        workspace.env["FAKE_SSH"] = str(self._settings)
        self.behave()

    def behave(self, **rules: dict[str, Any]) -> None:
        """Set what each repository's server does; `every` stands for those that are not named."""
        if "every" in rules:
            rules["*"] = rules.pop("every")
        settings = {
            "root": str(self._root),
            "log": str(self._log),
            "mark": str(self.mark),
            "rules": rules,
        }
        self._settings.write_text(json.dumps(settings))

    def calls(self, name: str | None = None) -> int:
        """How often git asked for a repository, or for any."""
        lines = self._log.read_text().split()
        return len(lines) if name is None else lines.count(name)


class _QuietServer(ThreadingHTTPServer):
    def handle_error(self, request: object, client_address: object) -> None:
        """A client that refuses the certificate is what some tests want."""


@dataclass
class HttpsServer:
    """A server that answers every request with one status; `requests` are the paths asked for."""

    url: str
    certificate: Path
    requests: list[str]


def make_certificate(certificate: Path, key: Path) -> None:
    """Make a certificate for this machine that signs itself."""
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-nodes", "-newkey", "ec"),
            *("-pkeyopt", "ec_paramgen_curve:prime256v1", "-days", "2"),
            *("-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"),
            *("-keyout", str(key), "-out", str(certificate)),
        ],
        check=True,
        capture_output=True,
    )


@contextmanager
def https_server(folder: Path, status: int, *, tls: bool = True) -> Iterator[HttpsServer]:
    """Serve on this machine with a certificate that nobody knows, or as a proxy does without.

    Args:
        folder: where the certificate is, or is made.
    """
    certificate, key = folder / "certificate.pem", folder / "key.pem"
    if not certificate.exists():
        make_certificate(certificate, key)
    requests: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:  # the name is the standard library's
            requests.append(self.path)
            self.send_response(status)
            if status == 401:
                self.send_header("WWW-Authenticate", 'Basic realm="private"')
            self.send_header("Content-Length", "0")
            self.end_headers()

        do_CONNECT = do_GET

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = _QuietServer(("127.0.0.1", 0), Handler)
    if tls:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        server.socket = context.wrap_socket(
            server.socket, server_side=True, do_handshake_on_connect=False
        )
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield HttpsServer(f"https://localhost:{server.server_port}", certificate, requests)
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def https_is_possible() -> bool:
    """Whether this machine's git speaks https and a certificate can be made."""
    listed = subprocess.run(["git", "--exec-path"], capture_output=True, text=True, check=True)
    helper = Path(listed.stdout.strip()) / "git-remote-https"
    return helper.exists() and shutil.which("openssl") is not None
