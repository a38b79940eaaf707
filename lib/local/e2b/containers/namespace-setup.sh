#!/bin/sh
# Run as the first process of a sandbox's namespaces: makes the folder given as the first argument its whole file
# system, with this machine's programs read-only in it, and stays so that the namespaces do. Anything that fails ends
# it with the reason on stderr, and then there is no container.
#
#   namespace-setup.sh ROOT [ro|rw|file:SOURCE PATH]...
#
# `ro`/`rw`: PATH of this machine at the same place; `file:SOURCE`: SOURCE shown at PATH.
set -eu
root=$1
shift

ip link set lo up
# Names of the outside world get addresses of this range, where the relay listens (RFC 2544: for tests, never routed).
ip route add local 198.18.0.0/15 dev lo

mount --bind "$root" "$root"

# Devices that are no hardware; terminals are this machine's, because envd opens them outside.
mkdir -p "$root/dev"
mount -t tmpfs -o mode=755 dev "$root/dev"
for device in null zero full random urandom tty; do
  : > "$root/dev/$device"
  mount --bind "/dev/$device" "$root/dev/$device"
done
mkdir "$root/dev/pts" "$root/dev/shm"
mount --rbind /dev/pts "$root/dev/pts"
ln -s pts/ptmx "$root/dev/ptmx"
ln -s /proc/self/fd "$root/dev/fd"
for stream in 0:stdin 1:stdout 2:stderr; do ln -s "/proc/self/fd/${stream%%:*}" "$root/dev/${stream#*:}"; done
mount -t tmpfs -o mode=1777 shm "$root/dev/shm"

while [ $# -ge 2 ]; do
  case $1 in
    file:*)
      mount --bind "${1#file:}" "$root$2"
      ;;
    ro|rw)
      if [ -d "$2" ]; then mkdir -p "$root$2"; else mkdir -p "$root${2%/*}"; : >> "$root$2"; fi
      mount --rbind "$2" "$root$2"
      # What is locked by the mount above this one must be asked for again, or the kernel refuses.
      [ "$1" = rw ] || mount -o remount,bind,ro "$root$2" 2>/dev/null || mount -o remount,bind,ro,nosuid,nodev "$root$2"
      ;;
  esac
  shift 2
done

cd "$root"
mkdir -p .outside
pivot_root . .outside
umount -l /.outside
rmdir /.outside
cd /
echo ready
exec sleep infinity
