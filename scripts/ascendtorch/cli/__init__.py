"""The command line. Commands load their own module, so that ``--help`` stays quick."""

from __future__ import annotations

import json
import signal
import sys

import click

from ascendtorch import __version__
from ascendtorch.cli.lazy import LazyGroup
from ascendtorch.errors import AscendTorchError

#: Command -> module below this package, and the line that ``--help`` shows.
COMMANDS = {
    "versions": ("versions", "Print the catalogue: releases, CANN, PyTorch, maintenance."),
    "doctor": ("doctor", "Check everything that a build needs."),
    "gen": ("gen", "Fetch and adapt the sources, or render the plugin's kernels."),
    "build": ("build", "Build the tree, or the plugin, to a wheel in dist/."),
    "status": ("status", "Say what state the tree is in."),
    "patch": ("patch", "The series: look, check, export, import."),
    "bundle": ("bundle", "Put all that a build needs into one file, for machines offline."),
    "emulate": ("emulate", "Run a program on the AscendCL emulator, without an NPU."),
    "test": ("test", "Run the tests shipped with the sources, on the wheel that was built."),
    "ops": ("ops", "Say which operators run natively on an NPU."),
    "wheel": ("wheel", "Look at a finished wheel."),
}

#: Exit code for a bug of ours (`EX_SOFTWARE`).
BUG = 70
INTERRUPTED = 130


@click.group(
    cls=LazyGroup,
    package=__name__,
    table=COMMANDS,
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.version_option(__version__, prog_name="ascendtorch")
def cli() -> None:
    """Turn a pinned PyTorch release into an Ascend NPU build."""


def main() -> None:
    """Run the command line; the one place where failures become messages and exit codes."""
    arguments = sys.argv[1:]
    # As Ctrl-C does, so that what was started is ended too.
    signal.signal(signal.SIGTERM, _terminated)
    try:
        code = cli.main(args=arguments, prog_name="ascendtorch", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        code = error.exit_code
    except (KeyboardInterrupt, click.Abort):
        print("interrupted; run the same command again to go on", file=sys.stderr)
        code = INTERRUPTED
    except AscendTorchError as error:
        _show(error, as_json="--json" in arguments)
        code = error.exit_code
    except BrokenPipeError:
        code = 141
    except Exception as error:  # noqa: BLE001 (the last line of defence, it keeps a crash log)
        from ascendtorch.cli.crash import killed_child, write_crash_log  # noqa: PLC0415

        killed = killed_child(error)
        if killed is not None:
            _show(killed, as_json="--json" in arguments)
            code = killed.exit_code
        else:
            print(f"this is a bug in ascendtorch: {error!r}", file=sys.stderr)
            print(f"  details: {write_crash_log(error, arguments)}", file=sys.stderr)
            code = BUG
    sys.exit(code if isinstance(code, int) else 0)


def _terminated(number: int, _: object) -> None:
    raise KeyboardInterrupt


def _show(error: AscendTorchError, *, as_json: bool) -> None:
    if as_json:
        print(json.dumps(error.as_json(), indent=1))
    print(f"error: {error}", file=sys.stderr)
