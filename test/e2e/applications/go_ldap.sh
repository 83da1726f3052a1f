# Builds go_ldap/main.go into $DIR and runs it. Nothing is fetched unless POLYARCH_DEEP says so: go.sum fixes every version.
set -e
[ "$POLYARCH_DEEP" = 1 ] || export GOPROXY=off
cd "$(dirname "$0")/go_ldap"
GOFLAGS=-mod=readonly go build -o "$DIR/go_ldap" .
exec "$DIR/go_ldap" "$@"
