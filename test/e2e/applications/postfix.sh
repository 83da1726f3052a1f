#!/bin/sh
# Postfix: an ldap: table asked by postmap, without a daemon.
set -eu
mkdir -p "$DIR/postfix"
printf 'compatibility_level = 3.6\nqueue_directory = %s\ndata_directory = %s\n' "$DIR/postfix" "$DIR/postfix" >"$DIR/postfix/main.cf"
[ ! -r /etc/postfix/dynamicmaps.cf ] || cp /etc/postfix/dynamicmaps.cf "$DIR/postfix/"
[ ! -d /etc/postfix/dynamicmaps.cf.d ] || cp -r /etc/postfix/dynamicmaps.cf.d "$DIR/postfix/"
cat >"$DIR/mailboxes.cf" <<CONF
server_host = $URL
version = 3
search_base = ou=people,$BASE
query_filter = (&(objectClass=inetOrgPerson)(mail=%s))
result_attribute = uid
bind = yes
bind_dn = $ADMIN
bind_pw = $PASSWORD
CONF
cat >"$DIR/lists.cf" <<CONF
server_host = $URL
version = 3
search_base = ou=groups,$BASE
query_filter = (&(objectClass=groupOfNames)(cn=%u))
special_result_attribute = member
leaf_result_attribute = mail
bind = no
CONF
[ "$(postmap -c "$DIR/postfix" -q Ada@Example.com "ldap:$DIR/mailboxes.cf")" = ada ]
[ "$(postmap -c "$DIR/postfix" -q everybody@example.com "ldap:$DIR/lists.cf")" = ada@example.com ]
if postmap -c "$DIR/postfix" -q 'a*(b)\@example.com' "ldap:$DIR/mailboxes.cf"; then exit 1; fi
echo ok
