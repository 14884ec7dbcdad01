#!/bin/sh
# Runs a script once a line comes on standard input; engine.sh waits by itself, for it has something to start before.
case "$1" in
*/engine.sh) exec sh "$@" ;;
esac
echo ready
read -r go || exit 1
exec sh "$@" < /dev/null
