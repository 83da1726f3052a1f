/**
 * Options as settings of LDAP operations: those that a running server takes over (`reloads` in the option table), and those that count from its start.
 *
 * A test compares which option is which with the table.
 */
import { utf8Encode } from '../../base/bytes.js';
import type { Settings } from '../../config/option-table.js';
import type { OperationSettings } from '../../operation/settings.js';

/** Settings that follow options which reload. */
export function liveSettings(settings: Settings): Partial<OperationSettings> {
  const certificateAttribute = settings['sasl.certificateAttribute'];
  return {
    adminPassword: utf8Encode(settings['admin.passwordHash']),
    maxConnections: settings['limits.connections'],
    maxConnectionsPerAddress: settings['limits.connections'],
    sizeLimit: settings['limits.searchEntries'],
    timeLimitSeconds: settings['limits.searchSeconds'],
    lookThroughLimit: settings['limits.searchLookThrough'],
    unindexedEntries: settings['limits.unindexedEntries'],
    unindexedSearches: settings['limits.unindexedSearches'],
    defaultReferral: settings.defaultReferral,
    proxies: settings['access.proxies'],
    allowVersion2: settings['binds.version2'],
    allowUnauthenticatedBind: settings['binds.withoutPassword'],
    requireTlsForPasswords: settings['binds.passwordsNeedTls'],
    certificateAttribute: certificateAttribute === 'none' ? undefined : certificateAttribute,
    defaultPasswordPolicy: settings['passwords.defaultPolicy'],
    netscapePasswordControls: settings['passwords.netscapeControls'],
    idleMs: settings['limits.idleSeconds'] * 1000,
    messageBytesAnonymous: settings['limits.messageBytesAnonymous'],
    messageBytes: settings['limits.messageBytes'],
    persistentSearches: settings['limits.persistentSearches'],
    changeWaitMs: settings['limits.changeWaitSeconds'] * 1000,
    allowEmptyGroups: settings['groups.allowEmpty'],
  };
}

/** Settings that follow options which count from the start. */
export function startSettings(settings: Settings): Partial<OperationSettings> {
  return {
    adminDn: settings['admin.dn'],
  };
}
