#!/bin/sh
# Dovecot: passwords by binding as the user, the user's settings by a search.
set -eu
mkdir -p "$DIR/dovecot/run" "$DIR/dovecot/state"
cat >"$DIR/dovecot/ldap.conf" <<CONF
uris = $URL
auth_bind = yes
dn = $ADMIN
dnpass = $PASSWORD
base = ou=people,$BASE
ldap_version = 3
user_attrs = homeDirectory=home,uidNumber=uid,gidNumber=gid
user_filter = (&(objectClass=posixAccount)(uid=%n))
pass_attrs = uid=user
pass_filter = (&(objectClass=posixAccount)(uid=%n))
CONF
cat >"$DIR/dovecot/dovecot.conf" <<CONF
base_dir = $DIR/dovecot/run
state_dir = $DIR/dovecot/state
log_path = $DIR/dovecot/log
protocols =
ssl = no
passdb {
  driver = ldap
  args = $DIR/dovecot/ldap.conf
}
userdb {
  driver = ldap
  args = $DIR/dovecot/ldap.conf
}
CONF
chmod 755 "$DIR" "$DIR/dovecot"
dovecot -F -c "$DIR/dovecot/dovecot.conf" >"$DIR/dovecot/out" 2>&1 &
daemon=$!
stop() { kill "$daemon"; wait "$daemon" || true; }
trap stop EXIT
tries=0
until doveadm -c "$DIR/dovecot/dovecot.conf" auth test ada engine >"$DIR/dovecot/first" 2>&1; do
  tries=$((tries + 1))
  [ "$tries" -lt 1200 ] || { cat "$DIR/dovecot/first" "$DIR/dovecot/out" "$DIR/dovecot/log" >&2; exit 1; }
  sleep 0.1
done
if doveadm -c "$DIR/dovecot/dovecot.conf" auth test ada wrong >/dev/null 2>&1; then exit 1; fi
doveadm -c "$DIR/dovecot/dovecot.conf" user ada | grep -q '^home[[:space:]]*/home/ada$'
echo ok
