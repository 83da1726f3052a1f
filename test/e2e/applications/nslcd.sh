#!/bin/sh
# nslcd and libnss-ldapd: run under `unshare -m`; the configuration and the socket are bound over the system's.
set -eu
cat >"$DIR/nslcd.conf" <<CONF
uid root
gid root
uri $URL
base $BASE
ssl start_tls
tls_cacertfile $CA
pagesize 500
CONF
chmod 600 "$DIR/nslcd.conf"
[ -e /etc/nslcd.conf ] || { touch /etc/nslcd.conf; }
mount --bind "$DIR/nslcd.conf" /etc/nslcd.conf
mkdir -p /run/nslcd
mount -t tmpfs none /run/nslcd
nslcd -n >"$DIR/nslcd.log" 2>&1 &
daemon=$!
stop() { kill "$daemon"; wait "$daemon" || true; }
trap stop EXIT
tries=0
until found=$(getent -s ldap passwd ada); do
  tries=$((tries + 1))
  [ "$tries" -lt 1200 ] || { cat "$DIR/nslcd.log" >&2; exit 1; }
  sleep 0.1
done
[ "$found" = 'ada:*:20001:20100:Ada Lovelace:/home/ada:/bin/bash' ]
[ "$(getent -s ldap group analysts)" = 'analysts:*:20100:ada' ]
[ "$(getent -s ldap passwd | wc -l)" = 2 ]
[ "$(getent -s ldap initgroups charles | tr -s ' ')" = 'charles ' ] || [ "$(getent -s ldap initgroups charles | tr -s ' ')" = 'charles' ]
echo ok
