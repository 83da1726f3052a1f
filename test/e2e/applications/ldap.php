<?php
// php-ldap as Nextcloud, LAM and SimpleSAMLphp use it: pages of 500 by a control, the UUID by trying names, password change by its extended operation.
[, $url, $dn, $password, $base, $ca] = $argv;
function expect($got, $wanted) {
  if ($got !== $wanted) throw new Exception(var_export($got, true) . ' and not ' . var_export($wanted, true));
}
set_error_handler(function ($level, $message) { throw new Exception($message); });
ldap_set_option(null, LDAP_OPT_X_TLS_CACERTFILE, $ca);
$ldap = ldap_connect($url);
ldap_set_option($ldap, LDAP_OPT_PROTOCOL_VERSION, 3);
ldap_set_option($ldap, LDAP_OPT_REFERRALS, 0);
ldap_start_tls($ldap);
ldap_bind($ldap, $dn, $password);
$root = ldap_get_entries($ldap, ldap_read($ldap, '', '(objectClass=*)', ['supportedControl', 'supportedExtension', 'namingContexts']));
expect(in_array(LDAP_CONTROL_PAGEDRESULTS, $root[0]['supportedcontrol'], true), true);
expect(in_array('1.3.6.1.4.1.4203.1.11.1', $root[0]['supportedextension'], true), true);
$total = 0;
$cookie = '';
do {
  $result = ldap_search($ldap, $base, '(objectClass=*)', ['1.1'], 0, 0, 0, LDAP_DEREF_NEVER,
    [['oid' => LDAP_CONTROL_PAGEDRESULTS, 'iscritical' => false, 'value' => ['size' => 10, 'cookie' => $cookie]]]);
  ldap_parse_result($ldap, $result, $code, $matched, $message, $referrals, $controls);
  $total += ldap_count_entries($ldap, $result);
  $cookie = $controls[LDAP_CONTROL_PAGEDRESULTS]['value']['cookie'] ?? '';
} while ($cookie !== '' && $cookie !== null);
expect($total, ldap_count_entries($ldap, ldap_search($ldap, $base, '(objectClass=*)', ['1.1'])));
foreach (['entryuuid', 'nsuniqueid', 'objectguid', 'guid', 'ipauniqueid'] as $name) {
  $entry = ldap_get_entries($ldap, ldap_search($ldap, $base, '(&(|(objectclass=inetOrgPerson))(uid=ada))', [$name, 'memberof', 'jpegphoto']))[0];
  if (isset($entry[$name])) break;
}
expect($name, 'entryuuid');
expect(strlen($entry['jpegphoto'][0]), 22);
expect($entry['memberof'][0], "cn=analysts,ou=groups,$base");
expect(ldap_count_entries($ldap, ldap_search($ldap, $base, "(&(objectclass=inetOrgPerson)(memberof=cn=analysts,ou=groups,$base))", ['dn'])), 1);
foreach (['uniqueMember' => 0, 'member' => 1, 'memberUid' => 1, 'gidNumber' => 1] as $name => $count)
  expect(ldap_count_entries($ldap, ldap_search($ldap, $base, "(&(cn=analysts)($name=*))", ['dn'])), $count);
$new = "uid=php,ou=people,$base";
ldap_add($ldap, $new, ['objectClass' => ['inetOrgPerson'], 'cn' => 'Php', 'sn' => 'Elephant', 'uid' => 'php']);
ldap_mod_add($ldap, $new, ['mail' => ['php@example.com']]);
ldap_modify_batch($ldap, $new, [['attrib' => 'sn', 'modtype' => LDAP_MODIFY_BATCH_REPLACE, 'values' => ['Elephpant']]]);
expect(ldap_compare($ldap, $new, 'sn', 'elephpant'), true);
ldap_exop_passwd($ldap, $new, '', 'hypertext');
$user = ldap_connect($url);
ldap_set_option($user, LDAP_OPT_PROTOCOL_VERSION, 3);
ldap_bind($user, $new, 'hypertext');
expect(ldap_exop_whoami($user), "dn:$new");
ldap_rename($ldap, $new, 'uid=hack', "ou=people,$base", true);
ldap_delete($ldap, "uid=hack,ou=people,$base");
echo "ok\n";
