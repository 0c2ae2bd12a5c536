#!/bin/sh
# Makes what compose.yaml wants to find: passwords and config.toml. What is there already stays as it is.
#
#   sudo sh setup.sh          for the image's own user
#   sudo USER_ID=1000 sh setup.sh  for pulse.yaml, where the daemon is the user of the sound server
set -eu

cd "$(dirname "$0")"
user=${USER_ID:-999}

say() { printf '%s\n' "$*"; }

[ "$(id -u)" -eq 0 ] || {
  say "edge_asr: the passwords become the container's user's, so this wants root: sudo sh setup.sh" >&2
  exit 1
}
mkdir -p secrets
chmod 711 secrets
for name in mqtt_password homeassistant_password http_token grafana_password; do
  if [ -s "secrets/$name" ]; then continue; fi
  (umask 077 && head -c 18 /dev/urandom | base64 >"secrets/$name")
  say "secrets/$name is new"
done
chmod 400 secrets/*
chown "$user" secrets/mqtt_password secrets/http_token
chgrp 999 secrets/http_token # Prometheus' too, see compose.yaml
chmod 440 secrets/http_token
chown 472 secrets/grafana_password
if [ ! -e config.toml ]; then
  printf '%s\n' '# Settings of the daemon; all that there are: docker compose run --rm edge-asr check-config --example' \
    '# After a change: docker compose restart edge-asr' >config.toml
  chmod 644 config.toml
  say "config.toml is new"
fi
say "Now: docker compose up -d. Home Assistant logs in as homeassistant, with the password in secrets/homeassistant_password"
