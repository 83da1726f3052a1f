#!/bin/sh
# shelldap: a shell over Net::LDAP; commands from standard input.
set -eu
HOME=$DIR
export HOME
printf 'server: %s\nbinddn: %s\nbindpass: %s\nbasedn: %s\npromptpass: 0\n' "$URL" "$ADMIN" "$PASSWORD" "$BASE" >"$DIR/.shelldap.rc"
chmod 600 "$DIR/.shelldap.rc"
printf 'cd ou=people\ncat uid=ada\nexit\n' | shelldap --configfile "$DIR/.shelldap.rc" >"$DIR/out" 2>&1 || { cat "$DIR/out" >&2; exit 1; }
grep -q '^sn: Lovelace$' "$DIR/out" || { cat "$DIR/out" >&2; exit 1; }
echo ok
