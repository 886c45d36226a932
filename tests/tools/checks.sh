# checks.sh: what the tests of the command line share; to be read with `.`. Finds gk, makes $folder and goes there, and has the checks.
# A test ends with `done_with`.
# shellcheck shell=sh disable=SC2034 # out and err are read by the checks
GK=${GK:-build/check/gk}
LC_ALL=C.UTF-8
export LC_ALL
root=$(cd "$(dirname "$0")/../.." && pwd)
case $GK in
/*) ;;
*) GK=$PWD/$GK ;;
esac
[ -x "$GK" ] || {
    echo "$0: GK=$GK is not there" >&2
    exit 1
}
folder=$(mktemp -d) || exit 1
trap 'chmod -R u+w "$folder"; rm -rf "$folder"' EXIT
trap 'exit 130' INT TERM
cd "$folder" || exit 1

n_passed=0
n_failed=0
ran= status= out= err=
pass() {
    n_passed=$((n_passed + 1))
}
fail() { # fail WHAT: with the last run
    n_failed=$((n_failed + 1))
    printf 'FAILED: %s\n  ran: %s\n  status: %s\n  stdout: %.600s\n  stderr: %.600s\n' "$1" "$ran" "$status" "$out" "$err"
}
run() { # run gk with these words; standard input is empty unless a file is given as $input
    ran="gk $*"
    "$GK" "$@" >"$folder/.out" 2>"$folder/.err" <"${input:-/dev/null}"
    status=$?
    out=$(cat "$folder/.out")
    err=$(cat "$folder/.err")
}
expect() { # expect STATUS WHAT: of the last run
    if [ "$status" = "$1" ]; then pass; else fail "$2 (expected status $1)"; fi
}
says() { # says TEXT WHAT: standard error of the last run has TEXT
    case $err in *"$1"*) pass ;; *) fail "$2 (stderr should have '$1')" ;; esac
}
says_not() { # says_not TEXT WHAT
    case $err in *"$1"*) fail "$2 (stderr should not have '$1')" ;; *) pass ;; esac
}
says_nothing() {
    if [ -z "$err" ]; then pass; else fail "$1 (stderr should be empty)"; fi
}
prints() { # prints TEXT WHAT: standard output of the last run has TEXT
    case $out in *"$1"*) pass ;; *) fail "$2 (stdout should have '$1')" ;; esac
}
prints_nothing() {
    if [ -z "$out" ]; then pass; else fail "$1 (stdout should be empty)"; fi
}
is() { # is A B WHAT
    if [ "$1" = "$2" ]; then pass; else fail "$3: '$1' is not '$2'"; fi
}
has() { # has FILE TEXT WHAT
    if grep -qF -- "$2" "$1" 2>/dev/null; then pass; else fail "$3 ('$1' should have '$2')"; fi
}
count() { # count FILE: its lines
    wc -l <"$1" | tr -d ' '
}
gives() { # gives WHAT STATUS TEXT COMMAND...: of a command, in `out` and `err`; TEXT is somewhere in what it writes
    what=$1 wanted=$2 text=$3
    shift 3
    ran=$*
    "$@" >out 2>err </dev/null
    status=$?
    out=$(cat out) err=$(cat err)
    if [ "$status" = "$wanted" ] && { [ -z "$text" ] || cat out err | grep -qF -- "$text"; }; then
        pass
    else
        fail "$what (expected status $wanted and '$text')"
    fi
}
done_with() { # the last line
    echo "$n_passed passed, $n_failed failed"
    [ "$n_failed" = 0 ] && [ "$n_passed" -gt 0 ]
}
