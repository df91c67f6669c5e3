#!/usr/bin/env bash
# Builds the Debian packages from a clean export of HEAD, and tries them: packages.sh [SUITE]
#
# Without SUITE they are built on this machine, and tried in a clean root of its own release. With it (bookworm, trixie) they are built in a
# root of that release, and tried in another one, which has nothing but what they depend on and a compiler. Roots are made by debootstrap;
# nothing of this machine is changed but what dpkg-buildpackage needs to be there.
#
#   PACKAGES            the folder that the packages are left in (default: build/packages)
#   DEB_BUILD_OPTIONS   as for dpkg-buildpackage, such as "nocheck parallel=4"
#   DISTRIBUTION_ROOTS, DISTRIBUTION_CCACHE, DISTRIBUTION_MIRROR   as for distribution.sh
#   KEEP_ROOT           keeps the root of the release and the one for building
#
# Without root, or without a mirror, the packages are built and looked at, but not installed; that is said at the end, and the exit status
# is 77.
set -euo pipefail

repository=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
packages=${PACKAGES:-$repository/build/packages}
roots=${DISTRIBUTION_ROOTS:-$packages/roots}
suite=${1:-}
# Mounts of the root are seen by this process and its children alone, and end with them.
if [ -z "${DISTRIBUTION_NAMESPACE:-}" ] && [ "$(id -u)" -eq 0 ]; then
  DISTRIBUTION_NAMESPACE=1 exec unshare --mount --pid --fork --propagation private "${BASH_SOURCE[0]}" "$@"
fi
own_suite=$(. /etc/os-release && echo "${VERSION_CODENAME:-}")

step() {
  local name=$1 begin=$SECONDS
  shift
  echo "== $name"
  "$@" || { echo "== $name: failed after $((SECONDS - begin)) s" >&2; exit 1; }
  echo "== $name: $((SECONDS - begin)) s"
}

# quietly LOG COMMAND...: shows what the command wrote only when it fails.
quietly() {
  local log=$packages/$1
  shift
  "$@" >> "$log" 2>&1 || { tail -n 20 "$log"; return 1; }
}

export_sources() {
  mkdir -p "$packages"
  find "$packages" -mindepth 1 -maxdepth 1 -not -path "$roots" -exec rm -rf {} +
  local version
  version=$(sed -n '1s/.*(\(.*\)).*/\1/p' "$repository/debian/changelog")
  tree=cachesite-$version
  git -C "$repository" archive --prefix="$tree/" HEAD | tar -x -C "$packages"
}

make_base() {
  base=$roots/$1
  [ ! -e "$base/etc/debian_version" ] || return 0
  command -v debootstrap > /dev/null || return 1
  mkdir -p "$roots"
  quietly debootstrap.log debootstrap --variant=minbase "$1" "$base" "${DISTRIBUTION_MIRROR:-http://deb.debian.org/debian}" ||
    { rm -rf --one-file-system "$base"; return 1; }
}

# enter_root NAME: a copy of the release's root, or the one that is there.
enter_root() {
  root=$base.$1
  [ -e "$root/etc/debian_version" ] || cp -a "$base" "$root"
  mount -t proc proc "$root/proc"
  mount --rbind /dev "$root/dev"
  mount -t tmpfs tmpfs "$root/tmp"
  cp /etc/resolv.conf "$root/etc/resolv.conf"
  mkdir -p "$root/packages"
  mount --bind "$packages" "$root/packages"
  if [ -n "${DISTRIBUTION_CCACHE:-}" ]; then
    mkdir -p "$DISTRIBUTION_CCACHE" "$root/var/cache/ccache"
    mount --bind "$DISTRIBUTION_CCACHE" "$root/var/cache/ccache"
  fi
}

leave_root() {
  umount -l "$root/packages" "$root/dev" "$root/proc" "$root/tmp"
  [ -z "${DISTRIBUTION_CCACHE:-}" ] || umount -l "$root/var/cache/ccache"
}

# within COMMAND: runs it in the root, in the folder of the packages.
within() {
  chroot "$root" /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 DEBIAN_FRONTEND=noninteractive \
    ${http_proxy:+http_proxy="$http_proxy"} ${DEB_BUILD_OPTIONS:+DEB_BUILD_OPTIONS="$DEB_BUILD_OPTIONS"} \
    ${DISTRIBUTION_CCACHE:+CCACHE_DIR=/var/cache/ccache CCACHE_SLOPPINESS=pch_defines,time_macros CCACHE_DEPEND=1} \
    bash -c "cd /packages && $1" < /dev/null
}

install_within() { quietly apt.log within "apt-get install -y --no-install-recommends $*"; }

# What each package may hold: a pattern for each path.
expected_contents() {
  case "$1" in
    libcachesite0*) echo '^usr/lib/[^/]+/libcachesite\.so\.[0-9.]+$' ;;
    libcachesite-dev) echo '^usr/(include/cachesite/.*\.hpp|lib/[^/]+/(libcachesite(_[a-z_]+)?\.(a|so)|cmake/cachesite/.*\.cmake|pkgconfig/cachesite\.pc)|share/cachesite/component-file\.schema\.json)$' ;;
    cachesite) echo '^usr/(bin/cachesite|share/(man/man1/cachesite\.1\.gz|bash-completion/completions/cachesite|zsh/vendor-completions/_cachesite|fish/vendor_completions\.d/cachesite\.fish|doc/cachesite/examples/.*))$' ;;
  esac
}

# What each package has to hold.
needed_contents() {
  case "$1" in
    libcachesite0*) echo 'libcachesite\.so\.[0-9]+\.[0-9]+$ libcachesite\.so\.[0-9]+\.[0-9]+\.[0-9]+$' ;;
    libcachesite-dev) echo 'cachesite/cachesite\.hpp libcachesite\.a libcachesite\.so cachesiteConfig\.cmake cachesite\.pc schema\.json' ;;
    cachesite) echo 'bin/cachesite cachesite\.1\.gz bash-completion _cachesite cachesite\.fish examples/caches\.yml' ;;
  esac
}

# The most KiB that each may take when installed, and the most bytes of its .deb. Of the second, 3 MB are the libraries for the tests and
# the tool of programs.
size_limits() {
  case "$1" in
    libcachesite0*) echo "10000 3000000" ;;
    libcachesite-dev) echo "46000 6200000" ;;
    cachesite) echo "1500 400000" ;;
  esac
}

check_contents() {
  local deb name wrong most pattern
  for deb in "$packages"/*.deb; do
    name=$(dpkg-deb -f "$deb" Package)
    [[ $name != *-dbgsym ]] || continue
    dpkg-deb --fsys-tarfile "$deb" | tar -t | sed 's,^\./,,' | grep -v '/$\|^$' | grep -v "^usr/share/doc/$name/\(copyright\|changelog.*\)\$" \
      > "$packages/$name.contents"
    wrong=$(grep -vE "$(expected_contents "$name")" "$packages/$name.contents" || true)
    [ -z "$wrong" ] || { echo "$name holds what it should not: $wrong" >&2; return 1; }
    for pattern in $(needed_contents "$name"); do
      grep -qE "$pattern" "$packages/$name.contents" || { echo "$name does not hold $pattern" >&2; return 1; }
    done
    most=$(size_limits "$name")
    printf '%-20s %4d files, %8d bytes, installed %6s KiB (at most %s bytes and %s KiB)\n' "$name" "$(wc -l < "$packages/$name.contents")" \
      "$(stat -c %s "$deb")" "$(dpkg-deb -f "$deb" Installed-Size)" "${most#* }" "${most% *}"
    if [ "$(dpkg-deb -f "$deb" Installed-Size)" -gt "${most% *}" ] || [ "$(stat -c %s "$deb")" -gt "${most#* }" ]; then
      echo "$name is larger than it may be" >&2
      return 1
    fi
  done
}

check_lintian() { lintian --fail-on error,warning --tag-display-limit 0 --allow-root "$packages"/*.changes; }

# Of a minimal system, a compiler and the shells none has a file that one of ours has.
check_foreign_files() {
  local taken
  taken=$(cat "$packages"/*.contents | while read -r path; do [ ! -e "$root/$path" ] || echo "$path"; done)
  [ -z "$taken" ] || { echo "these files belong to others: $taken" >&2; return 1; }
}

# What the tests need beside the packages themselves.
install_helpers() {
  local helpers
  helpers=$(sed -n 's/^Depends: //p' "$packages/$tree/debian/tests/control" | tr -d , | tr ' ' '\n' | grep -v cachesite | sort -u | tr '\n' ' ')
  quietly apt.log within "apt-get update -q" && install_within "$helpers"
}

install_packages() {
  # shellcheck disable=SC2046
  install_within $(cd "$packages" && printf './%s\n' *.deb | grep -v -- -dbgsym_)
}

purge_packages() {
  local left
  quietly apt.log within "apt-get purge -y cachesite libcachesite-dev $(basename "$packages"/libcachesite0*.contents .contents)"
  # What man keeps of a page that it has shown is its own.
  left=$(find "$root" -xdev -name '*cachesite*' -not -path "$root/packages*" -not -path "$root/var/cache/man/*")
  [ -z "$left" ] || { echo "left behind: $left" >&2; return 1; }
}

build_here() { (cd "$packages/$tree" && dpkg-buildpackage -us -uc -b); }
build_within() {
  quietly build-dep.log within "apt-get update -q && apt-get install -y --no-install-recommends build-essential ${DISTRIBUTION_CCACHE:+ccache} &&
                                apt-get build-dep -y ./$tree"
  within "cd $tree && dpkg-buildpackage -us -uc -b"
}

step "a clean export of HEAD" export_sources
if [ -n "$suite" ]; then
  step "a root of $suite" make_base "$suite"
  enter_root build
  step "building the packages in $suite" build_within
  leave_root
  [ -n "${KEEP_ROOT:-}" ] || rm -rf --one-file-system "$root"
else
  step "building the packages" build_here
fi
step "contents and sizes" check_contents
step "lintian" check_lintian
if [ -z "$suite" ]; then
  if [ "$(id -u)" -ne 0 ] || ! make_base "$own_suite"; then
    echo "== the packages are in $packages; NOT TRIED, which needs root, debootstrap and a mirror of $own_suite"
    exit 77
  fi
fi
rm -rf --one-file-system "$base.trial"
enter_root trial
step "a compiler and the shells" install_helpers
step "no file of another package" check_foreign_files
step "installing them" install_packages
for test in "$packages/$tree"/debian/tests/*; do
  name=$(basename "$test")
  [ "$name" = control ] || step "trying them: $name" within "cd $tree && debian/tests/$name"
done
step "purging them" purge_packages
leave_root
rm -rf --one-file-system "$root"
[ -n "${KEEP_ROOT:-}" ] || rm -rf --one-file-system "$base"
echo "== all passed; the packages are in $packages"
