#!/usr/bin/env bash
# The README's two commands on a machine that has nothing but git: distribution.sh SUITE [REVISION], as root.
#
# Makes a root of the Debian release SUITE (bookworm, trixie) with debootstrap, clones the repository into it, and runs
# `./dev demo` and `./dev test` there. What else happens on this machine is kept out by a namespace of mounts. The root is removed
# afterwards unless KEEP_ROOT is set.
#
#   DISTRIBUTION_ROOTS   the folder in which roots are made (default: a temporary one)
#   DISTRIBUTION_CCACHE  a folder that the compiler's cache outlives the root in (default: none)
#   DISTRIBUTION_MIRROR  where packages come from (default: http://deb.debian.org/debian)
set -euo pipefail

if [ $# -lt 1 ] || [ $# -gt 2 ]; then
  sed -n '2,11s/^# \{0,1\}//p' "${BASH_SOURCE[0]}" >&2
  exit 2
fi
if [ "$(id -u)" -ne 0 ]; then
  echo "distribution.sh: only root may change its root folder" >&2
  exit 2
fi
suite=$1
revision=${2:-HEAD}
repository=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
commit=$(git -C "$repository" rev-parse "$revision^{commit}")

# Mounts of the root are seen by this process and its children alone, and end with them.
if [ -z "${DISTRIBUTION_NAMESPACE:-}" ]; then
  DISTRIBUTION_NAMESPACE=1 exec unshare --mount --pid --fork --propagation private "${BASH_SOURCE[0]}" "$@"
fi

command -v debootstrap > /dev/null || { apt-get update -q && apt-get install -y debootstrap; } > /dev/null
roots=${DISTRIBUTION_ROOTS:-$(mktemp -d)}
mkdir -p "$roots"
root=$roots/$suite
if [ ! -e "$root/etc/debian_version" ]; then
  echo "== making a root of $suite in $root"
  debootstrap --variant=minbase --include=git,ca-certificates "$suite" "$root" \
    "${DISTRIBUTION_MIRROR:-http://deb.debian.org/debian}" > "$root.log" 2>&1 || { tail -n 20 "$root.log" >&2; exit 1; }
fi
remove_root() {
  [ -n "${KEEP_ROOT:-}" ] || rm -rf --one-file-system "$root" "$root.log"
}

mount -t proc proc "$root/proc"
mount --rbind /dev "$root/dev"
mount -t tmpfs tmpfs "$root/tmp"
cp /etc/resolv.conf "$root/etc/resolv.conf"
rm -rf "$root/root/cachesite"
git clone -q --no-local "$repository" "$root/root/cachesite"
git -C "$root/root/cachesite" checkout -q "$commit"

within() {
  chroot "$root" /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 \
    ${DISTRIBUTION_CCACHE:+CCACHE_DIR=/var/cache/ccache} ${http_proxy:+http_proxy="$http_proxy"} \
    bash -c "cd /root/cachesite && $1" < /dev/null
}
if [ -n "${DISTRIBUTION_CCACHE:-}" ]; then
  mkdir -p "$DISTRIBUTION_CCACHE" "$root/var/cache/ccache"
  mount --bind "$DISTRIBUTION_CCACHE" "$root/var/cache/ccache"
fi

run() {
  local begin=$SECONDS status=0
  echo "== $suite ${commit:0:7}: $1"
  within "$1" || status=$?
  echo "== $suite ${commit:0:7}: $1: exit $status after $((SECONDS - begin)) s"
  return $status
}
result=0
run "./dev demo" || result=1
run "./dev test" || result=1
umount -l "$root/dev" "$root/proc" "$root/tmp" 2> /dev/null || true
[ -z "${DISTRIBUTION_CCACHE:-}" ] || umount "$root/var/cache/ccache"
remove_root
exit $result
