// go-ldap as Vault, Grafana, Gitea, Authelia and Dex use it: a bind of a service account, a search for the user, a bind as the user, groups by memberOf or
// by filter; password change, provisioning, and the errors that they tell apart. Arguments: URL, DN, password, base, CA file.
package main

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"os"
	"reflect"
	"strings"
	"time"

	"github.com/go-ldap/ldap/v3"
)

var url, dn, password, base, ca = os.Args[1], os.Args[2], os.Args[3], os.Args[4], os.Args[5]

func check(err error) {
	if err != nil {
		panic(err)
	}
}

func expect(got, wanted any) {
	if !reflect.DeepEqual(got, wanted) {
		panic(fmt.Sprintf("%#v and not %#v", got, wanted))
	}
}

// fails demands that the server answered with this result code.
func fails(err error, code uint16) {
	if !ldap.IsErrorWithCode(err, code) {
		panic(fmt.Sprintf("%v and not result code %d", err, code))
	}
}

func connect() *ldap.Conn {
	c, err := ldap.DialURL(url, ldap.DialWithDialer(&net.Dialer{Timeout: 10 * time.Second}))
	check(err)
	c.SetTimeout(30 * time.Second)
	return c
}

func find(c *ldap.Conn, under, filter string, attributes ...string) []*ldap.Entry {
	found, err := c.Search(ldap.NewSearchRequest(under, ldap.ScopeWholeSubtree, ldap.NeverDerefAliases, 0, 0, false, filter, attributes, nil))
	check(err)
	return found.Entries
}

// logins is what a login costs: the service account finds one user, whose DN and password are tried on the same connection.
func logins(c *ldap.Conn, people string) {
	ada := "uid=ada," + people
	filter := fmt.Sprintf("(&(objectClass=inetOrgPerson)(|(uid=%[1]s)(mail=%[1]s)))", ldap.EscapeFilter("ada"))
	users := find(c, people, filter, "dn", "uid", "cn", "mail", "memberOf", "jpegPhoto")
	expect(len(users), 1)
	expect(users[0].DN, ada)
	expect(users[0].GetEqualFoldAttributeValue("MEMBEROF"), "cn=analysts,ou=groups,"+base)
	expect(len(users[0].GetRawAttributeValue("jpegPhoto")), 22)
	check(c.Bind(ada, "engine"))
	who, err := c.WhoAmI(nil)
	check(err)
	expect(who.AuthzID, "dn:"+ada)
	fails(c.Bind(ada, "wrong"), ldap.LDAPResultInvalidCredentials)
	fails(c.UnauthenticatedBind(ada), ldap.LDAPResultUnwillingToPerform)
	check(c.Bind(dn, password))

	expect(len(find(c, people, "(uid="+ldap.EscapeFilter("a*(d)\\a\x00")+")")), 0)
	// Gitea asks again with the user as the base.
	expect(len(find(c, ada, "(memberOf=cn=analysts,ou=groups,"+base+")", "dn")), 1)
	groups := find(c, base, fmt.Sprintf("(|(member=%[1]s)(uniqueMember=%[1]s)(memberUid=ada))", ldap.EscapeFilter(ada)), "cn")
	expect(groups[0].GetAttributeValue("cn"), "analysts")
	// Grafana joins up to 500 users to one filter.
	var many strings.Builder
	for i := 0; i < 500; i++ {
		fmt.Fprintf(&many, "(uid=nobody%d)", i)
	}
	expect(len(find(c, base, "(|"+many.String()+"(uid=ada))", "dn")), 1)
}

func pages(c *ldap.Conn) {
	request := ldap.NewSearchRequest(base, ldap.ScopeWholeSubtree, ldap.NeverDerefAliases, 0, 0, false, "(objectClass=*)", []string{"1.1"}, nil)
	whole, err := c.Search(request)
	check(err)
	paged, err := c.SearchWithPaging(request, 7)
	check(err)
	expect(len(paged.Entries), len(whole.Entries))
	request.Controls = nil
	request.SizeLimit = 3
	limited, err := c.Search(request)
	fails(err, ldap.LDAPResultSizeLimitExceeded)
	expect(len(limited.Entries), 3)
	roots, err := c.Search(ldap.NewSearchRequest("", ldap.ScopeBaseObject, ldap.NeverDerefAliases, 0, 0, false, "(objectClass=*)", []string{"namingContexts", "supportedExtension"}, nil))
	check(err)
	expect(roots.Entries[0].GetAttributeValue("namingContexts"), base)
}

// writes is what provisioning does, Vault's LDAP secrets engine among it.
func writes(c *ldap.Conn, people string) {
	gopher := "uid=gopher," + people
	add := ldap.NewAddRequest(gopher, nil)
	add.Attribute("objectClass", []string{"inetOrgPerson"})
	add.Attribute("uid", []string{"gopher"})
	add.Attribute("cn", []string{"Gopher"})
	add.Attribute("sn", []string{"Größe"})
	check(c.Add(add))
	fails(c.Add(add), ldap.LDAPResultEntryAlreadyExists)

	modify := ldap.NewModifyRequest(gopher, nil)
	modify.Add("mail", []string{"gopher@example.com"})
	modify.Replace("cn", []string{"The Gopher"})
	modify.Replace("description", nil)
	check(c.Modify(modify))
	modify = ldap.NewModifyRequest(gopher, nil)
	modify.Delete("mail", []string{"other@example.com"})
	fails(c.Modify(modify), ldap.LDAPResultNoSuchAttribute)
	modify = ldap.NewModifyRequest(gopher, nil)
	modify.Add("nonsense", []string{"x"})
	fails(c.Modify(modify), ldap.LDAPResultUndefinedAttributeType)
	modify = ldap.NewModifyRequest(gopher, nil)
	modify.Replace("sn", nil)
	fails(c.Modify(modify), ldap.LDAPResultObjectClassViolation)

	same, err := c.Compare(gopher, "mail", "GOPHER@example.com")
	check(err)
	expect(same, true)
	same, err = c.Compare(gopher, "mail", "x@example.com")
	check(err)
	expect(same, false)
	_, err = c.Compare(gopher, "title", "x")
	fails(err, ldap.LDAPResultNoSuchAttribute)

	// Vault rotates passwords by replacing userPassword; others use the extended operation, which may make one up.
	modify = ldap.NewModifyRequest(gopher, nil)
	modify.Replace("userPassword", []string{"burrow"})
	check(c.Modify(modify))
	own := connect()
	defer own.Close()
	check(own.Bind(gopher, "burrow"))
	_, err = own.PasswordModify(ldap.NewPasswordModifyRequest("", "burrow", "tunnel"))
	check(err)
	check(own.Bind(gopher, "tunnel"))
	_, err = own.PasswordModify(ldap.NewPasswordModifyRequest("", "burrow", "x"))
	if err == nil {
		panic("a wrong old password was taken")
	}
	fails(own.Del(ldap.NewDelRequest(gopher, nil)), ldap.LDAPResultInsufficientAccessRights)
	made, err := c.PasswordModify(ldap.NewPasswordModifyRequest(gopher, "", ""))
	check(err)
	check(own.Bind(gopher, made.GeneratedPassword))

	check(c.ModifyDN(ldap.NewModifyDNRequest(gopher, "uid=mole", true, "ou=groups,"+base)))
	moved := "uid=mole,ou=groups," + base
	found := find(c, moved, "(objectClass=*)", "uid", "sn")
	expect(found[0].GetAttributeValues("uid"), []string{"mole"})
	expect(found[0].GetAttributeValue("sn"), "Größe")
	check(c.Del(ldap.NewDelRequest(moved, nil)))
	fails(c.Del(ldap.NewDelRequest(moved, nil)), ldap.LDAPResultNoSuchObject)
	fails(c.Del(ldap.NewDelRequest(people, nil)), ldap.LDAPResultNotAllowedOnNonLeaf)
}

// protected upgrades as start_tls of their settings does: with the CA of the server's directory, and not without.
func protected() {
	pem, err := os.ReadFile(ca)
	check(err)
	roots := x509.NewCertPool()
	expect(roots.AppendCertsFromPEM(pem), true)
	c := connect()
	defer c.Close()
	check(c.StartTLS(&tls.Config{RootCAs: roots, ServerName: "localhost"}))
	_, is := c.TLSConnectionState()
	expect(is, true)
	check(c.Bind(dn, password))
	other := connect()
	defer other.Close()
	if other.StartTLS(&tls.Config{ServerName: "localhost"}) == nil {
		panic("a certificate of nobody's was trusted")
	}
}

func main() {
	people := "ou=people," + base
	c := connect()
	defer c.Close()
	check(c.Bind(dn, password))
	logins(c, people)
	pages(c)
	writes(c, people)
	protected()
	fmt.Println("ok")
}
