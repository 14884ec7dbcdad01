#!/bin/sh
# What happens in containers; recorded by record.mjs. $1: dockerd's socket; $2: id of a container that runs already.
set -eu
export DOCKER_HOST="unix://$1"

loop='n=0; while [ $n -lt 40 ]; do echo "$n" > /tmp/f$n; n=$((n + 1)); done; cat /tmp/f* > /root/all; rm /tmp/f*; ls /root'
for round in 1 2 3; do
  docker run --rm --network none sample:busybox sh -c "$loop" > /dev/null
  docker exec "$2" sh -c "echo exec > /tmp/e; cp /tmp/e /tmp/copy; mv /tmp/copy /tmp/moved; rm /tmp/e /tmp/moved"
  docker exec "$2" tar -cf /tmp/etc.tar /etc
  docker exec "$2" sh -c 'for n in 1 2 3 4 5; do /bin/true; date > /tmp/date; done'
done
