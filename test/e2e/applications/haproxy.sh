#!/bin/sh
# haproxy: option ldap-check binds anonymously (its request is of version 3) and balances connections.
set -eu
cat >"$DIR/haproxy.cfg" <<CONF
defaults
  mode tcp
  timeout connect 60s
  timeout check 60s
  timeout client 60s
  timeout server 60s
frontend ldap
  bind 127.0.0.1:$PORT_FREE
  default_backend directory
backend directory
  option ldap-check
  server one ${URL#ldap://} check inter 10s rise 1 fall 3
  server dead 127.0.0.1:1 check inter 100ms rise 1 fall 1
CONF
haproxy -db -f "$DIR/haproxy.cfg" >"$DIR/haproxy.log" 2>&1 &
daemon=$!
stop() { kill "$daemon"; wait "$daemon" || true; }
trap stop EXIT
tries=0
until ldapwhoami -x -H "ldap://127.0.0.1:$PORT_FREE" -D "$ADMIN" -w "$PASSWORD" >/dev/null 2>&1 && grep -q 'directory/dead is DOWN' "$DIR/haproxy.log"; do
  tries=$((tries + 1))
  [ "$tries" -lt 1200 ] || { cat "$DIR/haproxy.log" >&2; exit 1; }
  sleep 0.1
done
if grep -q 'directory/one is DOWN' "$DIR/haproxy.log"; then exit 1; fi
echo ok
