#!/bin/sh
# FreeRADIUS: rlm_ldap finds the user and binds as it; radtest asks.
set -eu
raddb=$DIR/raddb
mkdir -p "$raddb/run"
cat >"$raddb/radiusd.conf" <<CONF
prefix = /usr
libdir = /usr/lib/freeradius
raddbdir = $raddb
run_dir = $raddb/run
logdir = $raddb/run
pidfile = $raddb/run/pid
max_requests = 256
log {
  destination = stdout
}
thread pool {
  start_servers = 1
  max_servers = 2
  min_spare_servers = 1
  max_spare_servers = 1
}
security {
  allow_core_dumps = no
}
modules {
  always reject {
    rcode = reject
  }
  ldap {
    server = '$URL'
    identity = '$ADMIN'
    password = '$PASSWORD'
    base_dn = '$BASE'
    user {
      base_dn = "ou=people,\${..base_dn}"
      filter = "(uid=%{%{Stripped-User-Name}:-%{User-Name}})"
    }
    group {
      base_dn = "ou=groups,\${..base_dn}"
      filter = '(objectClass=groupOfNames)'
      membership_attribute = 'memberOf'
    }
    pool {
      start = 1
      min = 1
      max = 2
      spare = 1
    }
  }
}
client localhost {
  ipaddr = 127.0.0.1
  secret = testing123
}
server default {
  listen {
    type = auth
    ipaddr = 127.0.0.1
    port = $PORT_FREE
  }
  authorize {
    ldap
    if (!(LDAP-Group == 'cn=analysts,ou=groups,$BASE')) {
      reject
    }
    if (User-Password) {
      update control {
        Auth-Type := ldap
      }
    }
  }
  authenticate {
    Auth-Type LDAP {
      ldap
    }
  }
}
CONF
cp /etc/freeradius/3.0/dictionary "$raddb/" 2>/dev/null || touch "$raddb/dictionary"
freeradius -f -l stdout -d "$raddb" -n radiusd >"$raddb/out" 2>&1 &
daemon=$!
stop() { kill "$daemon"; wait "$daemon" || true; }
trap stop EXIT
ask() { printf 'User-Name = "%s"\nUser-Password = "%s"\n' "$1" "$2" | radclient -r 60 -t 1 "127.0.0.1:$PORT_FREE" auth testing123 2>&1; }
tries=0
until ask ada engine | grep -q Access-Accept; do
  tries=$((tries + 1))
  [ "$tries" -lt 60 ] || { ask ada engine >&2; cat "$raddb/out" >&2; exit 1; }
  sleep 0.2
done
ask ada wrong | grep -q Access-Reject
ask charles difference | grep -q Access-Reject
echo ok
