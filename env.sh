# Source this file: it loads the environment of the PyTorch version generated last.
#
#     source env.sh        (bash, zsh)
#     . ./env.sh           (dash and other POSIX shells, from this folder)
#
# The work is done by build/<version>/env.sh, which `gen.sh` renders from templates/env.sh.j2;
# the one-line file build/current holds that version. Only what POSIX and `set -eu` allow is used
# at this level, because the reader's shell runs it.

_ascendtorch_entry_home=''
_ascendtorch_entry_hint=''
if [ -n "${BASH_VERSION-}" ]; then
    # Without an index, so that dash can parse it; bash then takes the first element.
    _ascendtorch_entry_home=${BASH_SOURCE-}
elif [ -n "${ZSH_VERSION-}" ]; then
    # In a string, because the other shells cannot parse it.
    eval '_ascendtorch_entry_home=${(%):-%x}'
fi
if [ -z "$_ascendtorch_entry_home" ]; then
    # dash does not tell a sourced file its own name.
    _ascendtorch_entry_home=${ASCENDTORCH_ROOT:-$PWD}
    _ascendtorch_entry_hint='; this shell does not say where env.sh is, so first change into its folder or set ASCENDTORCH_ROOT to it'
else
    if [ -L "$_ascendtorch_entry_home" ]; then
        _ascendtorch_entry_home=$(readlink -f -- "$_ascendtorch_entry_home")
    fi
    case $_ascendtorch_entry_home in
        */*) _ascendtorch_entry_home=${_ascendtorch_entry_home%/*} ;;
        *) _ascendtorch_entry_home=$PWD ;;
    esac
fi
case $_ascendtorch_entry_home in
    .) _ascendtorch_entry_home=$PWD ;;
    /*) ;;
    '') _ascendtorch_entry_home=/ ;;
    *) _ascendtorch_entry_home=$PWD/${_ascendtorch_entry_home#./} ;;
esac

_ascendtorch_entry_file=$_ascendtorch_entry_home/build/current
_ascendtorch_entry_version=''
_ascendtorch_entry_cause=''
_ascendtorch_entry_remedy="run: bash gen.sh -v <version> (1.8.1, for instance) in $_ascendtorch_entry_home"
if [ ! -e "$_ascendtorch_entry_file" ]; then
    _ascendtorch_entry_cause='no version has been generated yet'
elif [ ! -r "$_ascendtorch_entry_file" ] || [ ! -f "$_ascendtorch_entry_file" ]; then
    _ascendtorch_entry_cause='this file cannot be read'
else
    # read returns 1 on a last line without its newline, and has the text all the same.
    IFS= read -r _ascendtorch_entry_version <"$_ascendtorch_entry_file" || :
    case $_ascendtorch_entry_version in
        '' | [!0-9A-Za-z]* | *[!0-9A-Za-z._+-]*)
            _ascendtorch_entry_cause='the first line is not a version'
            ;;
        *)
            _ascendtorch_entry_file=$_ascendtorch_entry_home/build/$_ascendtorch_entry_version/env.sh
            if [ ! -f "$_ascendtorch_entry_file" ] || [ ! -r "$_ascendtorch_entry_file" ]; then
                _ascendtorch_entry_cause='build/current names this version, and its file is missing or unreadable'
                _ascendtorch_entry_remedy="run: bash gen.sh -v $_ascendtorch_entry_version in $_ascendtorch_entry_home"
            fi
            ;;
    esac
fi

if [ -n "$_ascendtorch_entry_cause" ]; then
    printf '[env] %s: %s\n  remedy: %s\n' "$_ascendtorch_entry_file" \
        "$_ascendtorch_entry_cause" "$_ascendtorch_entry_remedy$_ascendtorch_entry_hint" >&2
    unset _ascendtorch_entry_home _ascendtorch_entry_file _ascendtorch_entry_version \
        _ascendtorch_entry_cause _ascendtorch_entry_remedy _ascendtorch_entry_hint
    # `exit` is reached only where the file was run instead of sourced.
    return 1 2>/dev/null || exit 1
fi
unset _ascendtorch_entry_home _ascendtorch_entry_version \
    _ascendtorch_entry_cause _ascendtorch_entry_remedy _ascendtorch_entry_hint
. "$_ascendtorch_entry_file"
unset _ascendtorch_entry_file
