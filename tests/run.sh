#!/usr/bin/env bash
# Run the tests: bash tests/run.sh [pytest arguments]
# Left out: what is marked slow or real (see pyproject.toml); `-m real` runs those alone.
set -eu
root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd -P)
. "$root/scripts/bootstrap.sh"
bootstrap_ensure "$root"
# The tests make workspaces of their own.
unset ASCENDTORCH_ROOT
cd -- "$root"
.venv/bin/python -m pip install --quiet --disable-pip-version-check -e '.[dev]'
exec .venv/bin/python -m pytest -m 'not slow and not real' "$@"
