#!/bin/sh
# Puts edge_asr onto this system for good, and takes it off again; `sudo make install` and `sudo make uninstall`.
#
#   service.sh install         Debian packages, program, user, configuration, model, service; once more is an upgrade
#   service.sh uninstall       all of that but Debian packages, configuration and models; PURGE=1: these two as well
#   service.sh install-user    a service of the one who calls it, in the own session, without root
#   service.sh uninstall-user  that off again
#
# PYTHON names the interpreter (python3). A new program is built beside the old one and takes its place by one rename,
# so that whatever fails (network, disk, power) leaves the old one as it was.
set -eu

action=${1:?usage: service.sh install|uninstall|install-user|uninstall-user}
python=${PYTHON:-python3}
source=$(CDPATH='' cd -- "$(dirname -- "$0")/../.." && pwd)

root=${EDGE_ASR_ROOT:-} # where the tests keep a system of their own
program=$root/opt/edge_asr
command=$root/usr/local/bin/edge-asr
settings=$root/etc/edge_asr
state=$root/var/lib/edge_asr
unit=edge-asr.service
model_unit=edge-asr-model.service
unit_folder=$root/usr/local/lib/systemd/system # /etc/systemd/system stays the administrator's own
packaged_unit=$root/usr/lib/systemd/system/$unit # the Debian package's
user=edge-asr
scope= # --user: the manager of one person's session
scratch=
new=

say() { printf '%s\n' "$*"; }

fail() {
  say "edge_asr: $*" >&2
  exit 1
}

leave() {
  code=$?
  trap - EXIT
  [ -z "$scratch" ] || rm -rf "$scratch"
  [ -z "$new" ] || rm -rf "$new"
  exit "$code"
}

# Whether systemd runs here; in a chroot (an image that is being made) it does not, and the first boot does the rest.
booted() { [ -d "$root/run/systemd/system" ]; }

# Of the system, or of the session of who calls.
ctl() { systemctl ${scope:+"$scope"} "$@"; }

install_program() {
  mkdir -p "$program"
  new=$(mktemp -d "$program/env-XXXXXXXX")
  chmod 755 "$new"
  "$python" -m venv "$new"
  set -- "$new/bin/python" -m pip --disable-pip-version-check install
  "$@" --require-hashes --only-binary :all: -r "$source/locks/run.txt" ||
    fail "pip could not fetch the Python packages; see its words above and try again. The program is as it was"
  # The project is built from a copy: the checkout belongs to its user, and stays as it is.
  scratch=$(mktemp -d)
  mkdir "$scratch/models"
  cp -R "$source/pyproject.toml" "$source/README.md" "$source/LICENSE" "$source/edge_asr" "$scratch"
  cp -R "$source/models/export" "$scratch/models"
  "$@" --quiet --no-deps --no-index --no-build-isolation "$scratch"
  "$new/bin/edge-asr" --version
  ln -s "$new" "$new/link"
  mv -T "$new/link" "$program/current"
  new=
  mkdir -p "${command%/*}"
  ln -sfn "$program/current/bin/edge-asr" "$command"
}

# Environments that no service runs from any longer.
remove_old_programs() {
  for old in "$program"/env-*; do
    [ "$old" = "$(readlink "$program/current")" ] || rm -rf "$old"
  done
}

install_user_and_settings() {
  systemd-sysusers --inline "u $user - \"edge_asr speech recognition\" $state" "m $user audio"
  mkdir -p "$settings"
  mkdir -p "$state"
  chown "$user:" "$state"
  if [ -e "$settings/config.toml" ]; then
    say "$settings/config.toml is there and stays as it is"
  else
    install -m 644 "$source/deploy/debian/config.toml" "$settings/config.toml"
    say "$settings/config.toml is new: write your broker's name into it"
  fi
}

# The one that the settings name, where the service will look for it; it is root's, and the service can only read it.
install_model() {
  # The broker's password may be a credential of the unit, which only the service sees.
  set -- --print --set mqtt.enabled=false --config "$settings/config.toml"
  bundle=$("$command" check-config "$@" | sed -n 's/^bundle = "\(.*\)"$/\1/p')
  [ -n "$bundle" ] || fail "correct $settings/config.toml as it says above, then run sudo make install again"
  if models verify "$bundle" 2>/dev/null; then return 0; fi
  models pull --force "$bundle"
}

models() { env -u EDGE_ASR_MODELS STATE_DIRECTORY="$state" "$command" models "$@" --config "$settings/config.toml"; }

install_service() {
  install -D -m 644 "$source/systemd/$unit" "$unit_folder/$unit"
  install -D -m 644 "$source/systemd/$model_unit" "$unit_folder/$model_unit"
  if ! booted; then
    ctl --quiet enable "$unit"
    say "edge_asr is installed and starts when this system boots"
    return
  fi
  ctl daemon-reload
  ctl --quiet enable "$unit"
  ctl restart "$unit" ||
    fail "installed, but it does not start; it says why: sudo journalctl -u edge-asr -n 20"
  tell_status
}

# What the daemon says of itself, which it does a moment after its start.
tell_status() {
  for _ in 1 2 3 4 5; do
    status=$(ctl show --property=StatusText --value "$unit")
    case $status in '' | starting*) sleep 1 ;; *) break ;; esac
  done
  say "It says: ${status:-nothing yet}"
  if [ -n "$scope" ]; then
    say "edge_asr runs, now and whenever you are logged in. How it is: systemctl --user status edge-asr"
    say "What it hears: edge-asr listen"
  else
    say "edge_asr runs, now and after every boot. How it is: systemctl status edge-asr"
    say "What it hears: sudo edge-asr listen"
  fi
}

# Two of them would stand on each other's feet: one program folder, one user, one microphone, one name at the broker.
refuse_beside_package() {
  [ ! -e "$packaged_unit" ] ||
    fail "the Debian package edge-asr is installed here, and it is left alone. For this checkout instead of it:" \
      "sudo apt remove edge-asr (settings and models stay), then sudo make $action"
}

install_all() {
  umask 022
  refuse_beside_package
  say "1/5 Debian packages"
  PYTHON=$python sh "$source/deploy/debian/packages.sh" install
  say "2/5 The program, into $program"
  install_program
  say "3/5 User and settings, in $settings"
  install_user_and_settings
  say "4/5 The model, into $state/models"
  install_model
  say "5/5 The service"
  install_service
  remove_old_programs
}

remove_service() {
  if [ -e "$unit_folder/$unit" ]; then
    ! booted || ctl stop "$unit"
    ctl --quiet disable "$unit"
    rm -f "$unit_folder/$unit" "$unit_folder/$model_unit"
    ! booted || ctl daemon-reload
    say "The service is stopped and removed"
  fi
}

uninstall_all() {
  refuse_beside_package
  remove_service
  rm -f "$command"
  rm -rf "$program"
  say "The program is removed from $program"
  if [ "${PURGE:-}" != 1 ]; then
    say "Settings ($settings), models and what the broker has not taken yet ($state) stay; to remove them too:"
    say "sudo make uninstall PURGE=1"
    return
  fi
  rm -rf "$settings" "$state" "$root/etc/systemd/system/$unit.d"
  ! id "$user" >/dev/null 2>&1 || userdel "$user"
  say "Settings, models and the user $user are removed; Debian packages stay"
}

# Everything below the home of who calls, and nothing that needs root but Debian packages that are missing.
in_the_session() {
  home=$root${HOME:?}
  program=$home/.local/lib/edge_asr
  command=$home/.local/bin/edge-asr
  settings=$home/.config/edge_asr
  unit_folder=$home/.local/share/systemd/user # ~/.config/systemd/user stays the person's own
  scope=--user
  ctl show-environment >/dev/null 2>&1 ||
    fail "no systemd looks after your session here (su and sudo open none): log in as yourself, or as a service of" \
      "the whole system: sudo make install"
}

install_session() {
  in_the_session
  if systemctl --quiet is-enabled "$unit" 2>/dev/null; then
    fail "edge_asr is a service of the whole system here already, and a second one would take its name at the broker;" \
      "first: sudo systemctl disable --now edge-asr"
  fi
  umask 022
  say "1/4 Debian packages"
  PYTHON=$python sh "$source/deploy/debian/packages.sh" install
  say "2/4 The program, into $program"
  install_program
  say "3/4 The model"
  "$command" models pull
  say "4/4 The service"
  install -D -m 644 "$source/systemd/user/$unit" "$unit_folder/$unit"
  ctl daemon-reload
  ctl --quiet enable "$unit"
  ctl restart "$unit" ||
    fail "installed, but it does not start; it says why: journalctl --user -u edge-asr -n 20"
  remove_old_programs
  tell_status
  say "Its settings, should you want other ones: edge-asr check-config --example >$settings/config.toml"
}

uninstall_session() {
  in_the_session
  remove_service
  rm -f "$command"
  rm -rf "$program"
  say "The program is removed from $program; your settings stay in $settings, your models in"
  say "$home/.local/share/edge_asr"
}

case $action in
  install | uninstall) steps=${action}_all ;;
  install-user | uninstall-user) steps=${action%-user}_session ;;
  *) fail "no such action: $action; install, uninstall, install-user or uninstall-user" ;;
esac
command -v systemctl >/dev/null || fail "there is no systemd here, which is to keep it running; try make run"
case $action in
  *-user)
    [ "$(id -u)" -ne 0 ] || fail "this is for one person's session, and you are root: make $action without sudo"
    ;;
  *) [ "$(id -u)" -eq 0 ] || fail "this changes the system, so it wants root: sudo make $action" ;;
esac
trap leave EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP
"$steps"
