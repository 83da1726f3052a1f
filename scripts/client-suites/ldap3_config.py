"""What ldap3's test suite reads from test/config.py, which its source archive lacks: one server on loopback, simple binds as the administrator.

Owns the values and the few functions that the tests import. Address and password come from the environment (LDAP3_PORT, LDAP3_PORT_SSL, LDAP3_BASE, LDAP3_USER, LDAP3_PASSWORD, LDAP3_CA).
"""
from os import environ
from random import SystemRandom

from ldap3 import ALL, AUTO_BIND_NO_TLS, IP_V4_ONLY, ROUND_ROBIN, SIMPLE, SYNC, Connection, Server  # noqa: F401

base = environ['LDAP3_BASE']
test_strategy = SYNC
test_server_type = 'SLAPD'
test_pool_size = 5
test_logging = False
test_server_mode = IP_V4_ONLY
test_pooling_strategy = ROUND_ROBIN
test_pooling_active = 20
test_pooling_exhaust = 15
test_internal_decoder = True
test_port = int(environ['LDAP3_PORT'])
test_port_ssl = int(environ['LDAP3_PORT_SSL'])
test_authentication = SIMPLE
test_check_names = True
test_get_info = ALL
test_usage = True
test_receive_timeout = None
test_auto_escape = True
test_auto_encode = True
test_lazy_connection = False
test_user_password = 'a secret of nobody'
test_validator = {}
test_server = 'localhost'
test_server_context = ''
test_server_edir_name = ''
test_root_partition = ''
test_domain_name = ''
test_base = 'ou=fixtures,' + base
test_moved = 'ou=moved,' + base
test_name_attr = 'cn'
test_int_attr = 'gidNumber'
test_multivalued_attribute = 'givenname'
test_singlevalued_attribute = 'employeeNumber'
test_user = environ['LDAP3_USER']
test_password = environ['LDAP3_PASSWORD']
test_secondary_user = test_user
test_secondary_password = test_password
test_sasl_user = 'uid=sasl,' + test_base
test_sasl_password = test_password
test_sasl_user_dn = 'dn:' + test_sasl_user
test_sasl_secondary_user = test_sasl_user
test_sasl_secondary_password = test_password
test_sasl_secondary_user_dn = test_sasl_user_dn
test_sasl_realm = None
test_ca_cert_file = environ['LDAP3_CA']
test_user_cert_file = ''
test_user_key_file = ''
test_ntlm_user = 'none\\none'
test_ntlm_password = 'none'
test_valid_names = ['localhost']


def random_id():
    return '%05d' % SystemRandom().randrange(100_000)


def generate_dn(under, batch_id, name):
    return test_name_attr + '=' + batch_id + name + ',' + under


def get_connection(bind=None, use_ssl=None, check_names=None, lazy_connection=None, authentication=None, sasl_mechanism=None, sasl_credentials=None,
                   ntlm_credentials=(None, None), get_info=None, usage=None, internal_decoder=None, simple_credentials=(None, None), receive_timeout=None,
                   auto_escape=None, auto_encode=None):
    def chosen(value, default):
        return default if value is None else value

    kind = chosen(authentication, test_authentication)
    server = Server(test_server, port=test_port_ssl if use_ssl else test_port, use_ssl=bool(use_ssl), get_info=chosen(get_info, test_get_info),
                    allowed_referral_hosts=('*', True), mode=test_server_mode)
    user, password = simple_credentials
    if kind == SIMPLE:
        user, password = user or test_user, password or test_password
    if kind == 'NTLM':
        user, password = ntlm_credentials
    return Connection(server, user=user, password=password, auto_bind=chosen(bind, True), version=3, client_strategy=test_strategy, authentication=kind,
                      sasl_mechanism=sasl_mechanism, sasl_credentials=sasl_credentials, lazy=chosen(lazy_connection, test_lazy_connection),
                      pool_name='pool1', pool_size=test_pool_size, check_names=chosen(check_names, test_check_names), collect_usage=chosen(usage, test_usage),
                      fast_decoder=chosen(internal_decoder, test_internal_decoder), receive_timeout=chosen(receive_timeout, test_receive_timeout),
                      auto_escape=chosen(auto_escape, test_auto_escape), auto_encode=chosen(auto_encode, test_auto_encode))


def get_operation_result(connection, operation_result):
    return connection.result if connection.strategy.sync else connection.get_response(operation_result)[1]


def get_response_values(result, connection):
    if connection.strategy.sync:
        return result, connection.result, connection.response, connection.request
    response, outcome, request = connection.get_response(result, get_request=True)
    return outcome['result'] == 0, outcome, response, request


def drop_connection(connection, dn_to_delete=None):
    for dn in dn_to_delete or []:
        outcome = get_operation_result(connection, connection.delete(dn[0]))
        if outcome['description'] not in ('success', 'noSuchObject'):
            print('unable to delete', dn[0], outcome)
    connection.unbind()


def attributes_to_bytes(attributes):
    def octets(value):
        return value.encode('utf-8') if isinstance(value, str) else value

    return {name: [octets(one) for one in value] if isinstance(value, (list, tuple)) else octets(value) for name, value in attributes.items()}


def get_add_user_attributes(batch_id, username, password=None, attributes=None):
    return {**(attributes or {}), 'objectClass': ['inetOrgPerson', 'posixGroup', 'top'], 'sn': username, 'gidNumber': 0}


def add_user(connection, batch_id, username, password=None, attributes=None, test_bytes=False):
    return add(connection, generate_dn(test_base, batch_id, username), get_add_user_attributes(batch_id, username, password, attributes), test_bytes)


def get_add_group_attributes(members):
    return {'objectClass': 'groupOfNames', 'member': [member[0] for member in members]}


def add_group(connection, batch_id, groupname, members=None, test_bytes=False):
    return add(connection, generate_dn(test_base, batch_id, groupname), get_add_group_attributes(members or []), test_bytes)


def add(connection, dn, attributes, test_bytes):
    outcome = get_operation_result(connection, connection.add(dn, None, attributes_to_bytes(attributes) if test_bytes else attributes))
    if outcome['description'] != 'success':
        raise Exception('unable to add ' + dn + ': ' + str(outcome))
    return dn, outcome
