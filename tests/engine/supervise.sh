#!/bin/sh
# Keeps one private Docker engine the way systemd keeps the real one: the listening socket (fd 3, inherited) belongs to
# this process, not to dockerd, so it stays the same file while the engine restarts. A container that has the socket
# mounted would otherwise be left with the old, dead one.
#
# It runs in a mount namespace of its own (unshare -m), in which the engine's socket is also found where a compose file
# names it, /var/run/docker.sock. The engine takes the source of a bind mount from its own namespace, so containers can
# be given the mounts that the shipped files say, and the machine's own socket is left alone.
#
# usage: supervise.sh <engine's folder> <docker client> <dockerd> [dockerd options]; commands on stdin: start, stop, crash.
# At the end of input, also when the test was killed, all of it goes: containers, networks, engine, mounts, folder.
dir=$1
client=$2
shift 2
engine=
bridge=$([ -e /sys/class/net/docker0 ] && echo kept)

# /run as it is, but for the socket: entries of a new /run that point into the old one.
mkdir "$dir/run" && mount --rbind /run "$dir/run" && mount -t tmpfs -o mode=755 tmpfs /run || exit 1
for entry in "$dir"/run/*; do
  [ "${entry##*/}" = docker.sock ] || ln -s "$entry" /run/
done
: >/run/docker.sock
mount --bind "$dir/docker.sock" /run/docker.sock || exit 1

start() {
  # LISTEN_PID must be dockerd's own pid (sd_listen_fds(3)), which exec keeps.
  sh -c 'export LISTEN_PID=$$ LISTEN_FDS=1; exec "$@"' sh "$@" </dev/null &
  engine=$!
}

stop() {
  [ -n "$engine" ] || return 0
  kill "-${1:-TERM}" "$engine" 2>/dev/null
  wait "$engine"
  engine=
}

while read -r command; do
  case $command in
    start) start "$@" ;;
    stop) stop ;;
    crash)
      stop KILL
      # Its containerd dies with it (PR_SET_PDEATHSIG). Engine 20.10 would take the zombie of it for one that runs, on a
      # machine whose init does not reap.
      rm -f "$dir/exec/containerd/containerd.pid"
      ;;
  esac
done

# With live-restore the containers outlive dockerd, so they are removed while it still runs.
[ -n "$engine" ] || start "$@"
tries=0
until timeout 5 "$client" version >/dev/null 2>&1 || [ $((tries += 1)) -ge 30 ]; do sleep 1; done
timeout 60 "$client" ps -aq | xargs -r timeout 60 "$client" rm -f -v
timeout 60 "$client" network prune -f
stop
[ -n "$bridge" ] || ip link delete docker0
umount -l /run/docker.sock /run "$dir/run"
grep -F " $dir/" /proc/self/mounts | cut -d ' ' -f 2 | sort -r | xargs -r umount -l
rm -rf --one-file-system "$dir"
