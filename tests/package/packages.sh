#!/usr/bin/env bash
# Builds the Debian packages from a clean export of HEAD, and tries them: packages.sh [SUITE]
#
# Without SUITE they are built on this machine, and tried in a root of its own release. With it (bookworm, trixie) both happen in a root
# of that release. The root is made by debootstrap; nothing of this machine is changed but what dpkg-buildpackage needs to be there.
#
#   PACKAGES            the folder that the packages are left in (default: build/packages)
#   DEB_BUILD_OPTIONS   as for dpkg-buildpackage, such as "nocheck parallel=4"
#   DISTRIBUTION_ROOTS, DISTRIBUTION_MIRROR, KEEP_ROOT   as for distribution.sh
#
# Without root, or without a mirror, the packages are built and looked at, but not installed; that is said at the end, and the exit status
# is 77.
set -euo pipefail

repository=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
packages=${PACKAGES:-$repository/build/packages}
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

export_sources() {
  rm -rf "$packages"
  mkdir -p "$packages"
  local version
  version=$(sed -n '1s/.*(\(.*\)).*/\1/p' "$repository/debian/changelog")
  tree=cachesite-$version
  git -C "$repository" archive --prefix="$tree/" HEAD | tar -x -C "$packages"
}

make_root() {
  local of=$1
  roots=${DISTRIBUTION_ROOTS:-$packages/roots}
  root=$roots/$of
  mkdir -p "$roots"
  if [ ! -e "$root/etc/debian_version" ]; then
    command -v debootstrap > /dev/null || return 1
    debootstrap --variant=minbase "$of" "$root" "${DISTRIBUTION_MIRROR:-http://deb.debian.org/debian}" > "$root.log" 2>&1 ||
      { tail -n 5 "$root.log"; rm -rf --one-file-system "$root"; return 1; }
  fi
  mount -t proc proc "$root/proc"
  mount --rbind /dev "$root/dev"
  mount -t tmpfs tmpfs "$root/tmp"
  cp /etc/resolv.conf "$root/etc/resolv.conf"
  mkdir -p "$root/packages"
  mount --bind "$packages" "$root/packages"
}

# within COMMAND: runs it in the root, in the folder of the packages.
within() {
  chroot "$root" /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 DEBIAN_FRONTEND=noninteractive \
    ${http_proxy:+http_proxy="$http_proxy"} ${DEB_BUILD_OPTIONS:+DEB_BUILD_OPTIONS="$DEB_BUILD_OPTIONS"} \
    bash -c "cd /packages && $1" < /dev/null
}

# What each package may hold: a pattern for each path.
expected_contents() {
  case "$1" in
    libcachesite0*) echo '^usr/lib/[^/]+/libcachesite\.so\.[0-9.]+$' ;;
    libcachesite-dev) echo '^usr/(include/cachesite/.*\.hpp|lib/[^/]+/(libcachesite(_[a-z_]+)?\.(a|so)|cmake/cachesite/.*\.cmake|pkgconfig/cachesite\.pc)|share/cachesite/component-file\.schema\.json)$' ;;
    cachesite) echo '^usr/(bin/cachesite|share/(man/man[15]/cachesite.*|bash-completion/completions/cachesite|zsh/.*/_cachesite|fish/.*/cachesite\.fish|doc/cachesite/examples/.*))$' ;;
  esac
}

# The most KiB that each may take when installed, and the most bytes of its .deb.
size_limits() {
  case "$1" in
    libcachesite0*) echo "5000 1400000" ;;
    libcachesite-dev) echo "17000 2200000" ;;
    cachesite) echo "1500 400000" ;;
  esac
}

check_contents() {
  local deb name wrong most
  for deb in "$packages"/*.deb; do
    name=$(dpkg-deb -f "$deb" Package)
    [[ $name != *-dbgsym ]] || continue
    dpkg-deb --fsys-tarfile "$deb" | tar -t | sed 's,^\./,,' | grep -v '/$\|^$' | grep -v "^usr/share/doc/$name/\(copyright\|changelog.*\)\$" \
      > "$packages/$name.contents"
    wrong=$(grep -vE "$(expected_contents "$name")" "$packages/$name.contents" || true)
    [ -z "$wrong" ] || { echo "$name holds what it should not: $wrong" >&2; return 1; }
    [ "$(wc -l < "$packages/$name.contents")" -ge 2 ] || { echo "$name is empty" >&2; return 1; }
    most=$(size_limits "$name")
    if [ "$(dpkg-deb -f "$deb" Installed-Size)" -gt "${most% *}" ] || [ "$(stat -c %s "$deb")" -gt "${most#* }" ]; then
      echo "$name is larger than it may be: $most" >&2
      return 1
    fi
    printf '%-20s %4d files, %8d bytes, installed %6s KiB\n' "$name" "$(wc -l < "$packages/$name.contents")" "$(stat -c %s "$deb")" \
      "$(dpkg-deb -f "$deb" Installed-Size)"
  done
}

check_lintian() {
  local suppressed=()
  # As long as the tool writes none.
  grep -q man/man1 "$packages/cachesite.contents" || suppressed=(--suppress-tags no-manual-page)
  lintian --fail-on error,warning --tag-display-limit 0 --allow-root "${suppressed[@]}" "$packages"/*.changes
}

# Of a minimal system none has a file that one of ours has.
check_foreign_files() {
  local taken
  taken=$(cat "$packages"/*.contents | while read -r path; do [ ! -e "$root/$path" ] || echo "$path"; done)
  [ -z "$taken" ] || { echo "these files belong to others: $taken" >&2; return 1; }
}

install_packages() {
  within "apt-get update -q && apt-get install -y --no-install-recommends ca-certificates cmake g++ ninja-build pkg-config" > "$packages/apt.log" 2>&1 ||
    { tail "$packages/apt.log"; return 1; }
  check_foreign_files
  within "apt-get install -y --no-install-recommends ./lib*[!m].deb ./cachesite_*.deb" >> "$packages/apt.log" 2>&1 ||
    { tail "$packages/apt.log"; return 1; }
}

purge_packages() {
  local left
  within "apt-get purge -y cachesite libcachesite-dev $(basename "$packages"/libcachesite0*.contents .contents)" >> "$packages/apt.log" 2>&1
  left=$(find "$root" -xdev -name '*cachesite*' -not -path "$root/packages*")
  [ -z "$left" ] || { echo "left behind: $left" >&2; return 1; }
}

build_here() { (cd "$packages/$tree" && dpkg-buildpackage -us -uc -b); }
build_within() {
  within "apt-get update -q && apt-get install -y --no-install-recommends build-essential && apt-get build-dep -y ./$tree" \
    > "$packages/build-dep.log" 2>&1 || { tail "$packages/build-dep.log"; return 1; }
  within "cd $tree && dpkg-buildpackage -us -uc -b"
}

export_sources
if [ -n "$suite" ]; then
  step "a root of $suite" make_root "$suite"
  step "building the packages in $suite" build_within
else
  step "building the packages" build_here
fi
step "contents" check_contents
step "lintian" check_lintian
if [ -z "$suite" ]; then
  if [ "$(id -u)" -ne 0 ] || ! make_root "$own_suite"; then
    echo "== the packages are in $packages; NOT TRIED, which needs root, debootstrap and a mirror of $own_suite"
    exit 77
  fi
fi
step "installing them" install_packages
for test in "$packages/$tree"/debian/tests/*; do
  name=$(basename "$test")
  [ "$name" = control ] || step "trying them: $name" within "cd $tree && debian/tests/$name"
done
step "purging them" purge_packages
umount -l "$root/packages" "$root/dev" "$root/proc" "$root/tmp" 2> /dev/null || true
[ -n "${KEEP_ROOT:-}" ] || rm -rf --one-file-system "$root" "$root.log"
echo "== all passed; the packages are in $packages"
