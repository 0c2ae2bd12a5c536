#!/bin/sh
# Builds the images for x86 and ARM and joins them in a manifest list, with buildah or with docker buildx.
#
#   docker/build.sh            the daemon's images; what each layer weighs is printed
#   docker/build.sh models     those that fetch and build models for the daemon's volume
#
# IMAGE names them (localhost/edge-asr): IMAGE:amd64, IMAGE:arm64, both as IMAGE:latest; or :models-amd64 ... :models.
# ARCHITECTURES="amd64" builds one alone. BUNDLES="en silero-vad" bakes models in. BASE_amd64, BASE_arm64: other bases.
# BUILD_FLAGS are further words for the builder. TAG stands for `latest`, and before the others; PUSH=1 publishes them.
# Your pip's index and certificates (PIP_CONFIG_FILE, PIP_CERT) are used and are in no layer.
set -eu

target=${1:-daemon}
image=${IMAGE:-localhost/edge-asr}
debian=docker.io/library/debian:bookworm-slim
root=$(dirname "$0")/..

say() { printf '%s\n' "$*"; }

fail() {
  say "edge_asr: $*" >&2
  exit 1
}

there() { command -v "$1" >/dev/null 2>&1; }

# Debian's name of an architecture, for what uname says.
case $(uname -m) in
  x86_64) own=amd64 other_qemu=qemu-aarch64 ;;
  aarch64) own=arm64 other_qemu=qemu-x86_64 ;;
  *) fail "this machine is $(uname -m); images are built on x86_64 or aarch64" ;;
esac

if there buildah; then
  builder=buildah
elif there docker && docker buildx version >/dev/null 2>&1; then
  builder=docker
else
  fail "neither buildah nor docker buildx is here; sudo apt install buildah podman"
fi

runs() {
  [ "$1" = "$own" ] && return 0
  if [ "$builder" = docker ]; then
    docker buildx inspect --bootstrap 2>/dev/null | grep -q "linux/$1"
  else
    grep -qsx enabled "/proc/sys/fs/binfmt_misc/$other_qemu"
  fi
}

base() { eval "printf '%s' \"\${BASE_$1:-$debian}\""; }

# What pip is told on this machine, as secrets of the build: its configuration file and its certificates.
secrets() {
  set --
  for file in "${PIP_CONFIG_FILE:-}" "${XDG_CONFIG_HOME:-${HOME:-}/.config}/pip/pip.conf" /etc/pip.conf; do
    if [ -s "$file" ]; then
      set -- --secret "id=pip,src=$file"
      break
    fi
    [ -z "$file" ] || [ "$file" != "${PIP_CONFIG_FILE:-}" ] || break # named, and empty: none is wanted
  done
  [ ! -s "${PIP_CERT:-}" ] || set -- "$@" --secret "id=ca,src=$PIP_CERT"
  say "$*"
}

build() {
  stage=$target
  [ -z "${BUNDLES:-}" ] || [ "$target" != daemon ] || stage=baked
  set -- --platform "linux/$1" --target "$stage" --file "$root/docker/$1/Dockerfile" --tag "$image:$tag$1" \
    --build-arg "BASE=$(base "$1")" --build-arg "BUILD_BASE=$(base "$own")"
  case $stage in
    models)
      set -- "$@" --build-arg "EXPORT_PLATFORM=linux/$architecture" \
        --build-arg "EXPORT_BASE=$(base "$architecture")"
      ;;
    baked) set -- "$@" --build-arg "EXPORT_PLATFORM=linux/$own" --build-arg "BUNDLES=$BUNDLES" ;;
  esac
  if there git && revision=$(git -C "$root" rev-parse HEAD 2>/dev/null); then
    set -- "$@" --label "org.opencontainers.image.revision=$revision"
  fi
  set -- "$@" --label "org.opencontainers.image.version=$version"
  # Docker's own format: OCI's has no place for the health check.
  # shellcheck disable=SC2046,SC2086
  if [ "$builder" = buildah ]; then
    buildah build --layers --format docker --build-arg "BUILDPLATFORM=linux/$own" $(secrets) ${BUILD_FLAGS:-} \
      "$@" "$root"
  else
    docker buildx build --load $(secrets) ${BUILD_FLAGS:-} "$@" "$root"
  fi
}

# One line for each layer that holds something, the newest first.
sizes() {
  engine=docker
  ! there podman || engine=podman
  there "$engine" || return 0
  say "$image:$tag$1, layers:"
  "$engine" history --no-trunc --format '{{.Size}} {{.CreatedBy}}' "$image:$tag$1" 2>/dev/null |
    sed -n '/^0 \{0,1\}B /!s/^\([0-9.]* \{0,1\}[kMG]\{0,1\}B\) \(.\{0,90\}\).*/  \1  \2/p'
  "$engine" image inspect --format '{{.Size}}' "$image:$tag$1" 2>/dev/null |
    awk '{ printf "  %.1f MB in all\n", $1 / 1000000 }'
}

join() {
  if [ "$builder" = docker ]; then
    if [ "${PUSH:-}" != 1 ]; then
      say "Docker joins images in a registry only: PUSH=1 with an IMAGE of yours makes $image:$list"
      return
    fi
    for architecture in $built; do docker push "$image:$tag$architecture"; done
    set --
    for architecture in $built; do set -- "$@" "$image:$tag$architecture"; done
    docker buildx imagetools create --tag "$image:$list" "$@"
    return
  fi
  # The name may be that of an image, which then loses it.
  buildah manifest rm "$image:$list" >/dev/null 2>&1 || buildah rmi "$image:$list" >/dev/null 2>&1 || true
  buildah manifest create "$image:$list" >/dev/null
  for architecture in $built; do
    buildah manifest add "$image:$list" "containers-storage:$image:$tag$architecture" >/dev/null
  done
  say "$image:$list holds: $built"
  [ "${PUSH:-}" != 1 ] || buildah manifest push --all --format v2s2 "$image:$list" "docker://$image:$list"
}

case $target in
  daemon) tag=${TAG:+$TAG-} list=${TAG:-latest} ;;
  models) tag=models-${TAG:+$TAG-} list=models${TAG:+-$TAG} ;;
  *) fail "no such target: $target; daemon or models" ;;
esac
version=$(sed -n 's/^version = "\(.*\)"/\1/p' "$root/pyproject.toml")
built=
for architecture in ${ARCHITECTURES:-amd64 arm64}; do
  case $architecture in amd64 | arm64) ;; *) fail "no such architecture: $architecture; amd64 or arm64" ;; esac
  if ! runs "$architecture"; then
    say "This machine cannot run programs for $architecture, so that image is left out;" \
      "sudo apt install qemu-user-static binfmt-support"
    continue
  fi
  build "$architecture"
  built="$built${built:+ }$architecture"
done
[ -n "$built" ] || fail "nothing was built"
for architecture in $built; do sizes "$architecture"; done
join
