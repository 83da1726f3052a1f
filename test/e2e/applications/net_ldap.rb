# ruby-net-ldap as GitLab, Discourse and Redmine use it: a bind of its own, pages of 126 with a size limit in the same request, group members.
require 'net/ldap'
require 'uri'
url, dn, password, base, ca = ARGV
uri = URI(url)

def connect(uri, dn, password, encryption = nil)
  Net::LDAP.new(host: uri.host, port: uri.port, encryption: encryption, auth: { method: :simple, username: dn, password: password })
end

def expect(got, wanted)
  raise "#{got.inspect} and not #{wanted.inspect}" unless got == wanted
end

ldap = connect(uri, dn, password)
raise ldap.get_operation_result.message unless ldap.bind
expect ldap.search_root_dse[:namingcontexts].to_a, [base]
user = Net::LDAP::Filter.eq('uid', 'ada') & Net::LDAP::Filter.construct('(objectClass=inetOrgPerson)')
found = ldap.search(base: base, filter: user, size: 1, attributes: %w[uid cn mail givenName sn jpegPhoto sshPublicKey dn])
expect found.map(&:dn), ["uid=ada,ou=people,#{base}"]
expect found.first[:sshpublickey], ['ssh-ed25519 AAAA ada']
expect found.first[:jpegphoto].first.bytesize, 22
expect ldap.search(base: base, filter: Net::LDAP::Filter.present('objectClass'), size: 3).size, 3
expect ldap.get_operation_result.code, 4
expect ldap.search(base: base, filter: Net::LDAP::Filter.eq('cn', 'a*(b)')), []
group = ldap.search(base: "ou=groups,#{base}", filter: Net::LDAP::Filter.eq('cn', 'analysts'), attributes: %w[member uniqueMember memberUid submember]).first
expect group[:member], ["uid=ada,ou=people,#{base}"]
expect ldap.bind_as(base: base, filter: '(uid=ada)', password: 'engine').first.dn, "uid=ada,ou=people,#{base}"
expect ldap.bind_as(base: base, filter: '(uid=ada)', password: 'wrong'), false
entry = "uid=ruby,ou=people,#{base}"
expect ldap.add(dn: entry, attributes: { objectclass: %w[inetOrgPerson], cn: 'Ruby', sn: 'Gem', uid: 'ruby' }), true
expect ldap.modify(dn: entry, operations: [[:add, :mail, 'ruby@example.com'], [:replace, :sn, 'Red']]), true
expect ldap.password_modify(dn: entry, new_password: 'red gem'), true
expect connect(uri, entry, 'red gem').bind, true
expect ldap.rename(olddn: entry, newrdn: 'uid=crystal', delete_attributes: true), true
expect ldap.delete(dn: "uid=crystal,ou=people,#{base}"), true
expect ldap.delete(dn: entry), false
expect ldap.get_operation_result.code, 32
secure = connect(uri, dn, password, { method: :start_tls, tls_options: { ca_file: ca } })
secure.host = "localhost"
expect secure.bind, true
puts 'ok'
