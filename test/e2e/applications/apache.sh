#!/bin/sh
# Apache's mod_authnz_ldap: user by a search, then require ldap-group, ldap-attribute and ldap-filter.
set -eu
modules=/usr/lib/apache2/modules
mkdir -p "$DIR/www/group" "$DIR/www/nested" "$DIR/www/attribute" "$DIR/www/filter"
for one in group nested attribute filter; do echo welcome >"$DIR/www/$one/page"; done
location() {
  cat <<CONF
<Location /$1>
  AuthType Basic
  AuthName directory
  AuthBasicProvider ldap
  AuthLDAPURL "$URL/ou=people,$BASE?uid?sub?(objectClass=inetOrgPerson)"
  AuthLDAPBindDN "$ADMIN"
  AuthLDAPBindPassword "$PASSWORD"
  AuthLDAPMaxSubGroupDepth 2
  Require $2
</Location>
CONF
}
{
  echo "ServerName localhost
ServerRoot $DIR
PidFile $DIR/apache.pid
ErrorLog $DIR/apache-error.log
Listen 127.0.0.1:$PORT_FREE
DocumentRoot $DIR/www
Mutex pthread
User nobody
Group nogroup"
  for one in mpm_event authn_core authz_core auth_basic ldap authnz_ldap authz_user unixd; do
    [ ! -e "$modules/mod_$one.so" ] || [ "$one" = unixd_builtin ] || echo "LoadModule ${one}_module $modules/mod_$one.so"
  done
  echo "<Directory $DIR/www>
Require all granted
</Directory>"
  location group "ldap-group cn=analysts,ou=groups,$BASE"
  location nested "ldap-group cn=everybody,ou=groups,$BASE"
  location attribute 'ldap-attribute gidNumber=20100'
  location filter 'ldap-filter memberOf=cn=analysts,ou=groups,'"$BASE"
} >"$DIR/apache.conf"
chmod 755 "$DIR" "$DIR/www" "$DIR"/www/*
/usr/sbin/apache2 -f "$DIR/apache.conf" -DFOREGROUND >"$DIR/apache.log" 2>&1 &
daemon=$!
stop() { kill "$daemon"; wait "$daemon" || true; }
trap stop EXIT
status() { curl -s -o /dev/null -w '%{http_code}' -u "$1" "http://127.0.0.1:$PORT_FREE/$2/page" || true; }
tries=0
until [ "$(status ada:engine group)" = 200 ]; do
  tries=$((tries + 1))
  [ "$tries" -lt 1200 ] || { cat "$DIR/apache.log" "$DIR/apache-error.log" >&2; exit 1; }
  sleep 0.1
done
expect() { got=$(status "$1" "$2"); [ "$got" = "$3" ] || { echo "$1 $2: $got" >&2; cat "$DIR/apache-error.log" >&2; exit 1; }; }
expect ada:wrong group 401
expect ada: group 401
expect charles:difference group 401
expect ada:engine nested 200
expect charles:difference nested 401
expect charles:difference attribute 200
expect ada:engine filter 200
expect charles:difference filter 401
echo ok
