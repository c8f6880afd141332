#!/usr/bin/env bash
# Build the generated source tree into dist/: bash build.sh [--python=VERSION] [options]
# Every argument goes to `ascendtorch build` as it is; --help lists them.
set -eu
script=$0
if [ -L "$script" ]; then script=$(readlink -f -- "$script"); fi
case $script in */*) root=${script%/*} ;; *) root=. ;; esac
root=$(CDPATH='' cd -- "${root:-/}" && pwd -P)
. "$root/scripts/bootstrap.sh"
ascendtorch_exec "$root" build "$@"
