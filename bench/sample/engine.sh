#!/bin/sh
# A Docker engine of our own below $1, with one container that runs already; then, once a line comes on standard input,
# the work of script $2 in it. Ends with standard input.
set -eu
root="$1"
export DOCKER_HOST="unix://$root/docker.sock"
echo '{}' > "$root/daemon.json"
dockerd --config-file "$root/daemon.json" --iptables=false --ip6tables=false --bridge=none --data-root "$root/data" \
  --exec-root "$root/exec" --host "$DOCKER_HOST" --pidfile "$root/docker.pid" > "$root/log" 2>&1 < /dev/null &
engine=$!
stop() {
  docker ps -aq | xargs -r docker rm --force > /dev/null 2>&1
  kill "$engine"
  wait "$engine"
}
trap stop EXIT
until docker version > /dev/null 2>&1; do sleep 0.2; done

image="$root/image"
mkdir -p "$image/bin" "$image/tmp" "$image/root" "$image/etc" "$image/proc" "$image/sys" "$image/dev"
cp /bin/busybox "$image/bin"
for applet in $(busybox --list); do ln -s busybox "$image/bin/$applet" 2> /dev/null || true; done
echo 'root:x:0:0:root:/root:/bin/sh' > "$image/etc/passwd"
tar -C "$image" -c . | docker import - sample:busybox > /dev/null
older="$(docker run -d --network none sample:busybox sleep 3600)"
echo ready
read -r go || exit 1
sh "$2" "$root/docker.sock" "$older" < /dev/null >&2
echo worked
read -r end || true
