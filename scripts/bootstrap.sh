# Makes the tool's private virtual environment on first use, then runs the tool in it.
# Sourced by gen.sh and build.sh. POSIX sh plus `local`, so that `sh gen.sh` works as well.
#
# .venv/ascendtorch-stamp tells the state: "ready ..." with the checksum of pyproject.toml and the
# root it was made for; "making" while it is made from nothing; "adding" while pip works in an
# environment that was complete before. Anything but the expected line means work to do, so a run
# killed at any moment leaves nothing that a later run would trust.
#
# Read: ASCENDTORCH_PYTHON  the Python to make .venv with (a path or a command name)
#       PYENV_ROOT          where pyenv keeps its Pythons (default ~/.pyenv)
#       PIP_*               pip's own settings: mirrors, folders of wheels, proxies, certificates

# Exit codes are those of the tool's error classes (scripts/ascendtorch/errors.py).
_EXIT_TOOL=10
_EXIT_BUSY=13
_EXIT_HOST=15

# Prints one complete message and ends the run: $1 exit code, $2 path, $3 cause, $4 remedy.
bootstrap_fail() {
    printf '[bootstrap] %s: %s\n  remedy: %s\n' "$2" "$3" "$4" >&2
    exit "$1"
}

# The machine refused to write to $1.
bootstrap_fail_writing() {
    bootstrap_fail "$_EXIT_HOST" "$1" 'cannot write here' \
        'make the folder writable and check the free space'
}

bootstrap_say() {
    printf '[bootstrap] %s\n' "$1" >&2
}

# Makes sure that .venv is whole: $1 the root of the sources.
bootstrap_ensure() {
    local wanted=''
    wanted=$(bootstrap_wanted "$1")
    # On an ordinary run this is all there is: one checksum, no Python started just to look.
    if ! bootstrap_is_ready "$1/.venv" "$wanted"; then
        # A subshell, with which its lock and its changes of the environment end. Not before `||`,
        # which would switch `set -e` off in it.
        (bootstrap_locked "$1" "$1/.venv" "$wanted")
    fi
    # CANN's set_env.sh puts its own packages on PYTHONPATH; the tool must see only its own.
    unset PYTHONHOME PYTHONPATH
    export ASCENDTORCH_ROOT="$1"
}

# Replaces this process with `ascendtorch <arguments>`: $1 the root of the sources, the rest as is.
ascendtorch_exec() {
    local root="$1"
    shift
    bootstrap_ensure "$root"
    exec "$root/.venv/bin/ascendtorch" "$@"
}

# Prints the stamp of a finished .venv. The root belongs to it because an environment names its
# own folder in its scripts, so that a moved one is of no use.
bootstrap_wanted() {
    local sum=''
    [ -r "$1/pyproject.toml" ] || bootstrap_fail "$_EXIT_HOST" "$1/pyproject.toml" \
        'the file is missing or cannot be read' 'use a complete copy of the sources'
    sum=$(cksum <"$1/pyproject.toml")
    printf 'ready 1 %s %s\n' "$sum" "$1"
}

bootstrap_is_ready() {
    local found=''
    [ -r "$1/ascendtorch-stamp" ] || return 1
    IFS= read -r found <"$1/ascendtorch-stamp" || return 1
    # -x follows the link: false as well when the Python behind it was removed.
    [ "$found" = "$2" ] && [ -x "$1/bin/python" ] && [ -x "$1/bin/ascendtorch" ]
}

# Takes the lock, looks again (another run may have done the work), then does the work.
bootstrap_locked() {
    local root="$1" venv="$2" wanted="$3" lock="$1/.venv.lock" code=0
    case $root in
        *'
'*) bootstrap_fail "$_EXIT_HOST" "$root" 'the path contains a newline' 'move the sources' ;;
    esac
    # Appending, because the holder's PID in the file must survive our opening it. In a subshell
    # first: where a redirection of `exec` fails, the shell ends without a word from us.
    (: >>"$lock") 2>/dev/null || bootstrap_fail_writing "$root"
    if command -v flock >/dev/null 2>&1; then
        exec 9>>"$lock"
        flock -n 9 2>/dev/null || code=$?
        if [ "$code" -eq 1 ]; then
            bootstrap_say "waiting for PID $(cat "$lock"), which is preparing $venv"
            code=0
            flock 9 || code=$?
        fi
    else
        code=127
    fi
    # No flock, or a file system that does not know it.
    if [ "$code" -ne 0 ]; then bootstrap_lock_folder "$lock.d"; fi
    printf '%s\n' "$$" >"$lock" || bootstrap_fail_writing "$lock"
    if bootstrap_is_ready "$venv" "$wanted"; then return 0; fi
    # What the reader has set for other Pythons must not reach this one.
    unset PYTHONHOME PYTHONPATH PIP_TARGET PIP_PREFIX PIP_ROOT
    export PIP_USER=0
    bootstrap_make "$root" "$venv" "$wanted"
}

# The lock without flock: making a folder is atomic. It is never taken from a dead holder by
# itself, because two waiting runs could then both take it.
bootstrap_lock_folder() {
    local holder='' told='' refused=0
    until mkdir "$1" 2>/dev/null; do
        # Neither made nor there: its holder removed it just now, or the machine refuses.
        if [ ! -d "$1" ]; then
            [ "$refused" -lt 3 ] || bootstrap_fail_writing "$1"
            refused=$((refused + 1))
        fi
        holder=''
        if [ -r "$1/pid" ]; then IFS= read -r holder <"$1/pid" || :; fi
        if [ -n "$holder" ] && ! kill -0 "$holder" 2>/dev/null; then
            bootstrap_fail "$_EXIT_BUSY" "$1" "left behind by PID $holder, which has ended" \
                "run: rm -r '$1'"
        fi
        if [ -z "$told" ]; then
            bootstrap_say "waiting for PID ${holder:-(unknown)}, which holds $1"
            told=yes
        fi
        sleep 1
    done
    _LOCK_FOLDER=$1
    trap 'rm -rf "$_LOCK_FOLDER"' EXIT
    trap 'exit 129' HUP
    trap 'exit 130' INT
    trap 'exit 143' TERM
    printf '%s\n' "$$" >"$1/pid"
}

# Makes, finishes or updates .venv. Runs alone, under the lock.
bootstrap_make() {
    local root="$1" venv="$2" wanted="$3" stamp="$2/ascendtorch-stamp"
    local log="$2/ascendtorch-bootstrap.log" python='' state='' started=''
    started=$(date +%s)
    state=$(bootstrap_state "$venv" "$root")
    case $state in
        outdated) bootstrap_say "pyproject.toml has changed: updating the Python environment $venv" ;;
        foreign) bootstrap_say "adding the tool to the existing Python environment $venv" ;;
        *)
            python=$(bootstrap_find_python) || exit $?
            if [ "$state" = unusable ]; then
                bootstrap_say "$venv was not made by this tool and has no usable Python >= 3.9 with pip: moving it to $venv.old.$$"
                mv "$venv" "$venv.old.$$" || bootstrap_fail_writing "$venv"
            fi
            bootstrap_say "making the private Python environment $venv with $python (first use, may take a minute)"
            mkdir -p "$venv" || bootstrap_fail_writing "$venv"
            printf 'making\n' >"$stamp" || bootstrap_fail_writing "$venv"
            find "$venv/." ! -name . -prune ! -name ascendtorch-stamp -exec rm -rf {} + ||
                bootstrap_fail_writing "$venv"
            "$python" -I -m venv "$venv" >"$log" 2>&1 || bootstrap_fail_logged "$log" \
                "$python cannot make a virtual environment" \
                'see the log; on Debian and its heirs install python3-venv; or set ASCENDTORCH_PYTHON to another Python >= 3.9'
            ;;
    esac
    if [ -z "$python" ]; then
        printf 'adding\n' >"$stamp" || bootstrap_fail_writing "$venv"
        : >"$log"
    fi
    bootstrap_install "$root" "$venv/bin/python" "$log"
    [ -x "$venv/bin/ascendtorch" ] || bootstrap_fail_logged "$log" \
        'pip ran, but there is no bin/ascendtorch' "run: rm -r '$venv' and try again"
    # Renamed into place, so that no half-written stamp is ever read.
    printf '%s\n' "$wanted" >"$stamp.new" || bootstrap_fail_writing "$venv"
    mv "$stamp.new" "$stamp" || bootstrap_fail_writing "$venv"
    bootstrap_say "$venv is ready ($(($(date +%s) - started)) s)"
}

# Prints what is to be done with the folder $1 of the root $2:
#   outdated  complete, for this root, but pyproject.toml has changed since: install again
#   foreign   somebody's working environment: install into it, delete nothing
#   unusable  somebody's, and no Python >= 3.9 with pip starts in it: move it aside
#   ours      unfinished, moved or broken, and made by this tool: empty it and start again
#   absent
bootstrap_state() {
    local found=''
    if [ -r "$1/ascendtorch-stamp" ]; then
        IFS= read -r found <"$1/ascendtorch-stamp" || :
        case $found in
            'ready 1 '*" $2")
                if bootstrap_is_usable "$1/bin/python"; then echo outdated; else echo ours; fi
                return 0
                ;;
            adding) ;;
            *)
                echo ours
                return 0
                ;;
        esac
    elif [ -z "$(ls -A "$1" 2>/dev/null)" ]; then
        echo absent
        return 0
    fi
    if bootstrap_is_usable "$1/bin/python"; then echo foreign; else echo unusable; fi
}

bootstrap_is_usable() {
    [ "$(bootstrap_probe "$1")" = ok ] && "$1" -I -m pip --version >/dev/null 2>&1
}

# Prints ok, old, novenv or broken for the Python $1. Python 2 must be able to read the lines.
bootstrap_probe() {
    # An empty sys.path entry is the current folder, whose venv.py is none of our business.
    "$1" -E -c 'import sys
sys.path[:] = [entry for entry in sys.path if entry]
if sys.version_info < (3, 9):
    print("old")
else:
    try:
        import ensurepip, venv
        print("ok")
    except ImportError:
        print("novenv")
' </dev/null 2>/dev/null || printf 'broken\n'
}

# Prints the first Python >= 3.9 that really starts: a pyenv shim, for one, may exist and not start.
bootstrap_find_python() {
    local candidate='' state='' seen='' pyenv="${PYENV_ROOT:-${HOME:+$HOME/.pyenv}}" hint=''
    if [ -n "${ASCENDTORCH_PYTHON-}" ]; then
        # Asked for by name: taking another one silently would be worse than stopping.
        state=$(bootstrap_probe "$ASCENDTORCH_PYTHON")
        [ "$state" = ok ] || bootstrap_fail "$_EXIT_TOOL" "$ASCENDTORCH_PYTHON" \
            "ASCENDTORCH_PYTHON cannot be used ($(bootstrap_explain "$state"))" \
            'set it to a Python >= 3.9 with the venv module, or unset it'
        command -v -- "$ASCENDTORCH_PYTHON"
        return 0
    fi
    for candidate in python3 python3.13 python3.12 python3.11 python3.10 python3.9 \
        "$pyenv"/versions/*/bin/python; do
        candidate=$(command -v -- "$candidate") || continue
        state=$(bootstrap_probe "$candidate")
        if [ "$state" = ok ]; then
            printf '%s\n' "$candidate"
            return 0
        fi
        seen="$seen
    $candidate: $(bootstrap_explain "$state")"
        if [ "$state" = novenv ]; then
            hint='; on Debian and its heirs, installing python3-venv completes the Python at hand'
        fi
    done
    bootstrap_fail "$_EXIT_TOOL" "${PATH-}" \
        "no usable Python >= 3.9 on PATH or among pyenv's; looked at:${seen:- none}" \
        "install Python 3.9 or newer, or set ASCENDTORCH_PYTHON to one$hint"
}

bootstrap_explain() {
    case $1 in
        old) printf 'older than 3.9' ;;
        novenv) printf 'lacks the venv or the ensurepip module' ;;
        *) printf 'does not start' ;;
    esac
}

# Installs the project in place: $1 root, $2 the environment's python, $3 the log.
bootstrap_install() {
    # pip 21.3 was the first to install in place from a pyproject.toml alone; the Python of
    # openEuler 22.03 and of Debian 11 comes with an older one.
    if ! "$2" -I -c 'import pip, sys
sys.exit(tuple(int(part) for part in pip.__version__.split(".")[:2]) < (21, 3))' >>"$3" 2>&1; then
        bootstrap_pip "$2" "$3" --upgrade 'pip>=21.3'
    fi
    bootstrap_pip "$2" "$3" -e "$1"
}

bootstrap_pip() {
    local python="$1" log="$2"
    shift 2
    "$python" -I -m pip install --disable-pip-version-check --no-input "$@" \
        </dev/null >>"$log" 2>&1 || bootstrap_fail_logged "$log" 'pip could not install the tool' \
        'with no or a slow network, point pip at a mirror (PIP_INDEX_URL) or at a folder of wheels (PIP_FIND_LINKS, PIP_NO_INDEX=1) that also has setuptools and wheel, then run again'
}

# As bootstrap_fail, with the end of the log: $1 log, $2 cause, $3 remedy.
bootstrap_fail_logged() {
    tail -n 15 "$1" | sed 's/^/    /' >&2
    bootstrap_fail "$_EXIT_TOOL" "${1%/*}" "$2 (the end of $1 is above)" "$3"
}
