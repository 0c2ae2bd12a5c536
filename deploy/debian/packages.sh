#!/bin/sh
# Sees to the Debian packages that edge_asr stands on: says what is missing and why, then installs that and no more.
#
#   packages.sh run     what `make run` needs
#   packages.sh test    what `make test` needs besides
#   packages.sh install what `make install` needs: no broker, no sound server, no sample
#
# PYTHON names the interpreter (python3). Where there is no apt, it says which programs are missing. It lies under
# deploy/ with everything else that puts edge_asr onto a Debian machine; it is shell because Python may be missing.
set -eu

purpose=${1:?usage: packages.sh run|test|install}
python=${PYTHON:-python3}
root=${EDGE_ASR_ROOT:-} # where the tests keep a system of their own
PATH=$PATH:$root/usr/local/sbin:$root/usr/sbin # brokers live there; an ordinary user's PATH does not lead there
missing=                                   # packages, separated by spaces
reasons=                                   # one line for each of them
newline='
'
sudo=sudo
[ "$(id -u)" -ne 0 ] || sudo=

say() { printf '%s\n' "$*"; }

fail() {
  say "edge_asr: $*" >&2
  exit 1
}

there() { command -v "$1" >/dev/null 2>&1; }

installed() { there dpkg-query && dpkg-query -W -f '${db:Status-Status}\n' "$1" 2>/dev/null | grep -qx installed; }

# need PACKAGE PROBE WHY: the package counts as missing when neither it nor the program PROBE is there ("-": none).
need() {
  if installed "$1" || { [ "$2" != - ] && there "$2"; }; then return 0; fi
  if ! there apt-get && [ "$2" = - ]; then return 0; fi # no apt, and nothing to tell it by: trust the user
  missing="$missing $1"
  reasons="$reasons$(printf '  %-24s %s' "$1" "$3")$newline"
}

# A card that can record, or a source of the sound server that is no monitor of a loudspeaker.
microphone() {
  grep -qs capture "$root/proc/asound/pcm" && return 0
  there pactl && timeout 3 pactl list short sources 2>/dev/null | grep -qv '\.monitor[[:space:]]'
}

check_machine() {
  case $(uname -m)-$(getconf LONG_BIT) in
    x86_64-64 | aarch64-64) ;;
    *) fail "this system is $(uname -m), $(getconf LONG_BIT) bit; onnxruntime exists for 64-bit x86_64 and aarch64" \
      "only. On a Raspberry Pi 3 or later install the 64-bit Raspberry Pi OS" ;;
  esac
}

check_python() {
  there "$python" || return 0
  "$python" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 14))' ||
    fail "$("$python" --version 2>&1) is not Python 3.11 to 3.14; use Debian 12 or later, or name another:" \
      "make $purpose PYTHON=python3.12"
}

# The number in its name is OpenFst's: 22 in Debian 12. The bare name stands for "apt has not been asked yet".
fst_plugins() {
  there dpkg-query || return 0
  found=$(
    dpkg-query -W -f '${Package} ${db:Status-Status}\n' 'libfst*-plugins-base' 2>/dev/null | sed -n 's/ installed$//p'
    apt-cache search --names-only '^libfst[0-9]+(t64)?-plugins-base$' 2>/dev/null | cut -d ' ' -f 1 | sort -rV
  )
  printf '%s\n' "${found:-libfst-plugins-base}" | head -n 1
}

collect() {
  missing='' reasons=''
  need python3 "$python" "the language it is written in"
  if ! there "$python" || ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
    need python3-venv - "keeps its Python packages inside this folder"
  fi
  need libportaudio2 - "reads the microphone"
  need libasound2-plugins - "leads from there to PulseAudio and PipeWire"
  if [ "$purpose" != install ]; then # a service is given its broker's name
    need mosquitto mosquitto "the broker, started privately where none is configured"
    need mosquitto-clients mosquitto_sub "shows the messages as they are"
  fi
  need libfst-tools fstcompose "builds the recognizer's graph from the published model"
  plugins=$(fst_plugins)
  [ -z "$plugins" ] || need "$plugins" - "lets it read that model"
  if [ "$purpose" = test ] || { [ "$purpose" = run ] && ! microphone; }; then
    need pulseaudio pulseaudio "the virtual microphone: no real one is used"
    need pulseaudio-utils paplay "plays speech into it"
    need pocketsphinx-testdata - "the speech: a page of Jane Austen, read for LibriVox"
  fi
  if [ "$purpose" = test ]; then
    need openssl openssl "certificates for the broker of the tests"
    need shellcheck shellcheck "reads the shell scripts"
    need jq jq "the examples of deploy/mosquitto are run with it"
    need alsa-utils arecord "records from ALSA without PortAudio"
    need pipewire pipewire "the other sound server, private as well"
    need pipewire-bin pw-record "records from it"
    need pipewire-pulse pipewire-pulse "answers for it where PulseAudio is asked"
    need wireplumber wireplumber "connects what it has"
    need dbus dbus-daemon "a bus of its own for that"
    need chromium chromium "the browser in which the live page is tried"
    need prometheus promtool "reads the metrics, and tries the alert rules on them"
  fi
}

as_root() { ${sudo:+"$sudo"} "$@"; }

# Recommended packages stay away (there is a desktop among them), and nothing that is installed is ever removed.
apt_get() {
  as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -y -o DPkg::Lock::Timeout=300 "$@"
}

offered() {
  for package in $missing; do apt-cache show "$package" >/dev/null 2>&1 || return 1; done
}

# On a desktop with PipeWire `pulseaudio` would push `pipewire-alsa` out: then there is no virtual microphone.
drop_what_would_remove() {
  case " $missing " in *" pulseaudio "*) ;; *) return 0 ;; esac
  # shellcheck disable=SC2086
  if apt-get -s -q -y --no-install-recommends install $missing 2>/dev/null | grep -q '^Remv '; then
    [ "$purpose" = run ] || fail "pulseaudio would remove packages of this desktop; run the tests in a container"
    say "pulseaudio would remove packages of this desktop, so it is left out: please plug a microphone in."
    missing=$(printf '%s' " $missing " | sed 's/ pulseaudio / /')
  fi
}

install() {
  fresh=
  for server in mosquitto prometheus; do
    case " $missing " in *" $server "*) fresh="$fresh $server" ;; esac
  done
  # shellcheck disable=SC2086
  set -- install --no-install-recommends --no-remove $missing
  say "Installing them:" "${sudo:+$sudo }apt-get $*"
  apt_get "$@" || { apt_get update && apt_get "$@"; } ||
    fail "the packages could not be installed; see apt's words above, then run make $purpose again"
  # Debian starts every server that it installs, and at each boot. Nobody asked for that here.
  [ -d "$root/run/systemd/system" ] || return 0
  for server in $fresh; do
    as_root systemctl disable --now "$server.service" >/dev/null 2>&1 || true
    say "The system's own $server stays off; to have it: sudo systemctl enable --now $server"
  done
}

check_machine
check_python
collect
if [ -n "$missing" ]; then
  if there apt-get && { [ -z "$sudo" ] || there sudo; } && ! offered; then
    say "Some Debian packages are missing; apt is asked what it has:" "${sudo:+$sudo }apt-get update"
    apt_get update
    collect # with the full name of the plugins
  fi
  say "Missing on this system:"
  printf '%s' "$reasons"
  there apt-get || fail "there is no apt-get here: install these with your own package manager, then try again"
  if [ -n "$sudo" ] && ! there sudo; then
    fail "neither root nor sudo: let an administrator run: apt-get install --no-install-recommends$missing"
  fi
  drop_what_would_remove
  [ -z "${missing# }" ] || install
  check_python
fi
