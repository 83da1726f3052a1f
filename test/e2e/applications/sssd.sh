#!/bin/sh
# SSSD with its LDAP provider as a private daemon: run under `unshare -m`, so that its caches and sockets are nobody else's.
set -eu
cat >"$DIR/sssd.conf" <<CONF
[sssd]
services = nss, sudo, ssh
domains = example
[domain/example]
id_provider = ldap
auth_provider = ldap
ldap_uri = $URL
ldap_search_base = $BASE
ldap_schema = rfc2307bis
ldap_sudo_search_base = ou=sudo,$BASE
ldap_tls_cacert = $CA
ldap_id_use_start_tls = true
CONF
chmod 600 "$DIR/sssd.conf"
mount -t tmpfs none /var/lib/sss
for one in db pipes/private mc pubconf deskprofile gpo_cache secrets keytabs; do mkdir -p "/var/lib/sss/$one"; done
mount -t tmpfs none /var/log/sssd
sssd -i -c "$DIR/sssd.conf" >"$DIR/sssd.log" 2>&1 &
daemon=$!
stop() { kill "$daemon"; wait "$daemon" || true; }
trap stop EXIT
tries=0
until found=$(getent -s sss passwd ada); do
  tries=$((tries + 1))
  [ "$tries" -lt 1200 ] || { cat "$DIR/sssd.log" /var/log/sssd/* >&2 2>/dev/null; exit 1; }
  sleep 0.1
done
[ "$found" = 'ada:*:20001:20100:Ada Lovelace:/home/ada:/bin/bash' ]
[ "$(getent -s sss passwd 20002 | cut -d: -f1)" = charles ]
[ "$(getent -s sss group analysts)" = 'analysts:*:20100:ada' ]
[ "$(getent -s sss initgroups ada | tr -s ' ')" = 'ada 20100' ]
[ "$(getent -s sss netgroup workstations | tr -d ' ')" = 'workstations(ws1.example.com,,)' ]
if getent -s sss passwd nobody-here; then exit 1; fi
[ "$(sss_ssh_authorizedkeys ada)" = 'ssh-ed25519 AAAA ada' ] || { echo "keys: $(sss_ssh_authorizedkeys ada 2>&1)" >&2; exit 1; }
echo ok
