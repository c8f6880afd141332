#!/usr/bin/env bash
# Generate the adapted PyTorch source tree: bash gen.sh [-v VERSION] [options]
# Every argument goes to `ascendtorch gen` as it is; --help lists them.
set -eu
script=$0
if [ -L "$script" ]; then script=$(readlink -f -- "$script"); fi
case $script in */*) root=${script%/*} ;; *) root=. ;; esac
root=$(CDPATH='' cd -- "${root:-/}" && pwd -P)
. "$root/scripts/bootstrap.sh"
ascendtorch_exec "$root" gen "$@"
