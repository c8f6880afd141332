#!/usr/bin/env bash
# Run the tests: bash tests/run.sh [pytest arguments]
# Left out: what is marked slow or real (see pyproject.toml); `-m real` runs those alone.
# Without CI in the environment also what needs torch: .venv/bin/pip install -e '.[emulator]'
set -eu
root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd -P)
. "$root/scripts/bootstrap.sh"
bootstrap_ensure "$root"
# The tests make workspaces of their own.
unset ASCENDTORCH_ROOT
cd -- "$root"
# The emulator's operators are tested where torch is there, and torch is large.
extras=dev
if [ -n "${CI-}" ]; then extras=dev,emulator; fi
.venv/bin/python -m pip install --quiet --disable-pip-version-check -e ".[$extras]"
exec .venv/bin/python -m pytest -m 'not slow and not real' "$@"
