#!/bin/sh
# ldapvi: entries out as text, an edited text in again.
set -eu
HOME=$DIR
export HOME
ask() { ldapvi -h "$URL" -D "$ADMIN" -w "$PASSWORD" "$@"; }
ask --quiet --out -b "$BASE" '(uid=charles)' >"$DIR/out"
grep -q '^sn: Babbage$' "$DIR/out"
printf 'version: 1\n\ndn: uid=charles,ou=people,%s\nchangetype: modify\nadd: title\ntitle: Inventor\n-\n' "$BASE" >"$DIR/in"
ask --noninteractive --in "$DIR/in" >"$DIR/in.log" 2>&1 || { cat "$DIR/in.log" >&2; exit 1; }
ask --quiet --out -b "$BASE" '(title=inventor)' | grep -q 'uid=charles'
echo ok
