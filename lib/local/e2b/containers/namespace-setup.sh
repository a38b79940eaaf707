#!/bin/sh
# Makes the folder given as the first argument the whole file system of a sandbox, with this machine's programs
# read-only in it, then a network and processes of its own, and stays so that they do. Anything that fails ends it with
# the reason on stderr, and then there is no container.
#
# There are two pairs of namespaces, one in the other: what the outer one has made read-only, not even root of the inner
# one can make writable again.
#
#   namespace-setup.sh ROOT [ro|rw|file:SOURCE PATH]...
#
# `ro`/`rw`: PATH of this machine at the same place; `file:SOURCE`: SOURCE shown at PATH.
set -eu
root=$1
shift

# The sandbox's own links must not lead these steps, which still see this machine, to somewhere else.
refuse_links() {
  reached=$root
  rest=${1#/}
  while [ -n "$rest" ]; do
    reached=$reached/${rest%%/*}
    case $rest in */*) rest=${rest#*/} ;; *) rest= ;; esac
    if [ -L "$reached" ]; then echo "a link of the sandbox is in the way of $1" >&2; exit 1; fi
  done
}

# What is locked by a mount above must be asked for again, or the kernel refuses.
make_read_only() {
  mount -o remount,bind,ro "$1" 2>/dev/null || mount -o remount,bind,ro,nosuid,nodev "$1"
}

mount --bind "$root" "$root"

# Devices that are no hardware; terminals are this machine's, because envd opens them outside.
refuse_links /dev
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
  refuse_links "$2"
  case $1 in
    file:*)
      [ -e "$root$2" ] || : > "$root$2"
      mount --bind "${1#file:}" "$root$2"
      make_read_only "$root$2"
      ;;
    ro|rw)
      if [ -d "$2" ]; then mkdir -p "$root$2"; else mkdir -p "$root${2%/*}"; : >> "$root$2"; fi
      mount --rbind "$2" "$root$2"
      [ "$1" = rw ] || make_read_only "$root$2"
      ;;
  esac
  shift 2
done

# Only so that the inner pair may mount its own over it.
refuse_links /proc
mkdir -p "$root/proc"
mount --rbind /proc "$root/proc"

cd "$root"
mkdir -p .outside
pivot_root . .outside
umount -l /.outside
rmdir /.outside
cd /

# The first process of the inner pair takes in whoever lost its parent, and its end is the end of all.
exec unshare --user --map-root-user --mount --net --pid --fork --kill-child --propagation=private -- /bin/sh -c '
  set -eu
  ip link set lo up
  # Names of the outside world get addresses of this range, where the relay listens (RFC 2544: never routed).
  ip route add local 198.18.0.0/15 dev lo
  mount -t proc proc /proc
  mount --bind /dev/.boot_id /proc/sys/kernel/random/boot_id
  for kernel in /proc/sys /proc/sysrq-trigger; do
    [ -e $kernel ] || continue
    mount --rbind $kernel $kernel
    mount -o remount,bind,ro $kernel
  done
  echo ready
  while :; do sleep 2147483647 & wait || :; done
'
