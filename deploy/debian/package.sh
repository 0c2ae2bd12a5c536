#!/bin/sh
# Makes a Debian package of this checkout: `make deb`, `make deb ARCH=arm64`. Its Python decides for which Debian.
#
#   package.sh ARCH FOLDER   FOLDER/edge-asr_VERSION_ARCH.deb; ARCH is amd64 or arm64, whatever this machine is
#
# PYTHON names an interpreter that has pip and the setuptools of the lock (the checkout's .venv). REVISION is Debian's
# (1), COMPRESSION xz, or none where it has to be quick.
# The layout is that of `make install`, so the units are the same files: an environment of its own below /opt/edge_asr,
# made of the wheels that the lock names by their hashes. Nothing of the target is run, so no emulation is needed.
set -eu

arch=${1:?usage: package.sh amd64|arm64 FOLDER}
out=${2:?usage: package.sh amd64|arm64 FOLDER}
python=${PYTHON:-python3}
source=$(CDPATH='' cd -- "$(dirname -- "$0")/../.." && pwd)
scratch=

fail() {
  printf 'edge_asr: %s\n' "$*" >&2
  exit 1
}

leave() {
  code=$?
  trap - EXIT
  [ -z "$scratch" ] || rm -rf "$scratch"
  exit "$code"
}

pip() { "$python" -m pip --disable-pip-version-check "$@"; }

# What differs between releases of Debian: its Python, its C library, the number in the name of OpenFst's library.
read_target() {
  minor=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
  case $minor in
    3.11) debian=12 glibc=36 fst=libfst22-plugins-base ;;
    3.13) debian=13 glibc=41 fst='libfst26-plugins-base | libfst22t64-plugins-base | libfst22-plugins-base' ;;
    *) fail "$python is Python $minor; Debian 12 has 3.11 and Debian 13 has 3.13, make the package with one of them:" \
      "make deb PYTHON=python3.11" ;;
  esac
  case $arch in
    amd64) machine=x86_64 ;;
    arm64) machine=aarch64 ;;
    *) fail "no such architecture: $arch; amd64 or arm64 (onnxruntime exists for these)" ;;
  esac
  release=$(sed -n 's/^version = "\(.*\)"$/\1/p' "$source/pyproject.toml")
  version=$release-${REVISION:-1}+deb$debian
}

# Every tag of wheels that this Debian's C library can take.
platforms() {
  level=$glibc
  while [ "$level" -ge 17 ]; do
    printf -- '--platform manylinux_2_%s_%s ' "$level" "$machine"
    level=$((level - 1))
  done
  printf -- '--platform manylinux2014_%s' "$machine"
}

make_environment() {
  name=env-$version
  environment=$root/opt/edge_asr/$name
  packages=$environment/lib/python$minor/site-packages
  mkdir -p "$packages" "$environment/bin" "$root/usr/bin"
  # shellcheck disable=SC2046
  pip install --quiet --require-hashes --only-binary :all: --no-deps --no-compile --target "$packages" $(platforms) \
    -r "$source/locks/run.txt" || fail "pip could not fetch the Python packages; see its words above and try again"
  # The project is built from a copy, so that the checkout stays as it is.
  mkdir -p "$scratch/project/models"
  cp -R "$source/pyproject.toml" "$source/README.md" "$source/LICENSE" "$source/edge_asr" "$scratch/project"
  cp -R "$source/models/export" "$scratch/project/models"
  pip wheel --quiet --no-deps --no-index --no-build-isolation --wheel-dir "$scratch" "$scratch/project"
  pip install --quiet --no-deps --no-index --no-compile --target "$scratch/own" "$scratch"/edge_asr-*.whl
  # pip fetches the models; it is the one that this Debian brings for its environments.
  have=$("$python" -c 'import os, pip; print(os.path.dirname(os.path.dirname(pip.__file__)))')
  rm -rf "$scratch/own/bin" "${packages:?}/bin"
  cp -R "$scratch"/own/* "$have/pip" "$have"/pip-*.dist-info "$packages"
  # What is there to build and to test with.
  rm -rf "$packages"/setuptools* "$packages/pkg_resources" "$packages/_distutils_hack" \
    "$packages/distutils-precedence.pth"
  rm -rf "$packages/onnx/backend/test"
  find "$packages" -name __pycache__ -type d -prune -exec rm -rf {} +
  find "$packages/numpy" -name tests -type d -prune -exec rm -rf {} +
  # Bytecode that does not ask for times of files: nothing is written there later, and the first start is quick.
  "$python" -m compileall -q -j 0 --invalidation-mode unchecked-hash -s "$root" -p / "$packages"
  cat >"$environment/pyvenv.cfg" <<CFG
home = /usr/bin
include-system-site-packages = false
version = $minor
CFG
  cat >"$environment/bin/edge-asr" <<PROGRAM
#!/opt/edge_asr/$name/bin/python3
import sys

from edge_asr.cli.main import main

sys.exit(main())
PROGRAM
  chmod 755 "$environment/bin/edge-asr"
  ln -s "/usr/bin/python$minor" "$environment/bin/python3"
  ln -s python3 "$environment/bin/python"
  ln -s "$name" "$root/opt/edge_asr/current"
  ln -s /opt/edge_asr/current/bin/edge-asr "$root/usr/bin/edge-asr"
}

copy_files() {
  for file in systemd/edge-asr.service systemd/edge-asr-model.service; do
    install -D -m 644 "$source/$file" "$root/usr/lib/systemd/system/${file##*/}"
  done
  mkdir -p "$root/usr/lib/systemd/user"
  sed 's|^ExecStart=%h/.local/bin/|ExecStart=/usr/bin/|' "$source/systemd/user/edge-asr.service" \
    >"$root/usr/lib/systemd/user/edge-asr.service"
  install -D -m 644 "$source/deploy/debian/package/sysusers.conf" "$root/usr/lib/sysusers.d/edge-asr.conf"
  install -D -m 644 "$source/deploy/debian/config.toml" "$root/etc/edge_asr/config.toml"
  documents=$root/usr/share/doc/edge-asr
  install -D -m 644 "$source/deploy/debian/package/copyright" "$documents/copyright"
  install -m 644 "$source/README.md" "$source/edge_asr/example.toml" "$documents"
  gzip -9nc "$source/CHANGELOG.md" >"$documents/changelog.gz"
  gzip -9nc >"$documents/changelog.Debian.gz" <<CHANGES
edge-asr ($version) unstable; urgency=medium

  * Made from its sources; what changed is told by changelog.gz.

 -- $maintainer  $(date -u -R -d "@$SOURCE_DATE_EPOCH")
CHANGES
  install -D -m 644 "$source/deploy/debian/package/lintian-overrides" "$root/usr/share/lintian/overrides/edge-asr"
}

describe() {
  mkdir "$root/DEBIAN"
  for script in preinst postinst prerm postrm; do
    install -m 755 "$source/deploy/debian/package/$script" "$root/DEBIAN/$script"
  done
  echo /etc/edge_asr/config.toml >"$root/DEBIAN/conffiles"
  (cd "$root" && find . -type f ! -path './DEBIAN/*' ! -path './etc/*' -printf '%P\0' | sort -z | xargs -0 md5sum) \
    >"$root/DEBIAN/md5sums"
  size=$(du -sk --apparent-size --exclude=DEBIAN "$root" | cut -f 1)
  sed -e "s/@VERSION@/$version/" -e "s/@ARCH@/$arch/" -e "s/@SIZE@/$size/" -e "s/@PYTHON@/python$minor/" \
    -e "s/@FST@/$fst/" -e "s/@GLIBC@/2.$glibc/" -e "s/@DEBIAN@/$debian/" \
    "$source/deploy/debian/package/control" >"$root/DEBIAN/control"
}

trap leave EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP
command -v dpkg-deb >/dev/null || fail "there is no dpkg-deb here: make the package on Debian"
umask 022
read_target
# The same checkout gives the same bytes: its last change is the time of every file.
SOURCE_DATE_EPOCH=$(git -C "$source" log -1 --format=%ct 2>/dev/null || date +%s)
export SOURCE_DATE_EPOCH
maintainer=$(sed -n 's/^Maintainer: //p' "$source/deploy/debian/package/control")
scratch=$(mktemp -d)
root=$scratch/root
mkdir "$root"
make_environment
copy_files
describe
chmod -R u=rwX,go=rX "$root"
mkdir -p "$out"
package=$out/edge-asr_${version}_$arch.deb
find "$root" -depth -exec touch -h -d "@$SOURCE_DATE_EPOCH" {} +
dpkg-deb --root-owner-group "-Z${COMPRESSION:-xz}" --build "$root" "$package" >/dev/null
printf '%s, %s MB, %s MB installed\n' "$package" "$(($(stat -c %s "$package") / 1000000))" "$((size / 1000))"
