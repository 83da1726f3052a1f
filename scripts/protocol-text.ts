/**
 * docs/protocol.md: what the server speaks, made from the tables of operation/supported.ts. What each thing does is told here, by OID.
 */
import { LIMITS, type LimitName } from '../lib/base/limits.js';
import { EXTENDED_OIDS } from '../lib/ldap/control-oids.js';
import type { LdapRequest } from '../lib/ldap/message.js';
import {
  APPLICABLE_CONTROLS,
  SUPPORTED_CONTROLS,
  SUPPORTED_EXTENSIONS,
  SUPPORTED_FEATURES,
} from '../lib/operation/supported.js';

/** What there is to say of one OID. */
export interface ProtocolRow {
  readonly name: string;
  /** Where it is specified. */
  readonly source: string;
  readonly does: string;
  /** Bounds that are its own. */
  readonly limits?: readonly LimitName[];
}

/** Controls by OID. */
export const CONTROL_ROWS: Readonly<Record<string, ProtocolRow>> = {
  '2.16.840.1.113730.3.4.2': {
    name: 'ManageDsaIT',
    source: 'RFC 3296',
    does: 'Referral objects are ordinary entries.',
  },
  '1.3.6.1.4.1.21008.108.63.1': {
    name: 'Session tracking',
    source: 'draft-wahl-ldap-session-tracking-control',
    does: 'What the client says of its own client stands in the access log, each text cut after 256 characters and quoted. Nothing else depends on it.',
    limits: ['sessionTextBytes'],
  },
  '1.3.6.1.1.12': {
    name: 'Assertion',
    source: 'RFC 4528',
    does: 'The operation is done only if the filter is true of its entry, else assertionFailed (122).',
    limits: ['filterDepth', 'filterClauses', 'filterValueBytes'],
  },
  '2.16.840.1.113730.3.4.18': {
    name: 'Proxied authorization',
    source: 'RFC 4370',
    does: 'The operation has the rights of another identity: `dn:...`, `u:` and a uid, or empty for anonymous. The administrator may take any, the entries of `access.proxies` any but the administrator, everyone the own one; all else is authorizationDenied (123). The access log names both.',
  },
  '2.16.840.1.113730.3.4.12': {
    name: 'Proxied authorization, version 1',
    source: 'draft-weltman-ldapv3-proxy-04',
    does: 'The same with a DN in BER; no DN is anonymous. For older clients.',
  },
  '1.2.840.113556.1.4.1339': {
    name: 'Domain scope',
    source: 'Microsoft',
    does: 'No continuation references: referral objects below the base are passed over.',
  },
  '1.3.6.1.4.1.4203.666.5.2': {
    name: 'No-op',
    source: 'draft-zeilenga-ldap-noop',
    does: 'Everything is checked in the turn of the write, then nothing is done and the result is 16654, as OpenLDAP says it.',
  },
  '1.2.840.113556.1.4.319': {
    name: 'Paged results',
    source: 'RFC 2696',
    does: 'Pages of any size; cookies are authenticated, hold for one search of one identity, and need no memory of the server.',
  },
  '1.3.6.1.4.1.4203.1.10.1': {
    name: 'Subentries',
    source: 'RFC 3672',
    does: 'TRUE: subentries alone; FALSE, or no control: all but them (a base search finds either).',
  },
  '1.2.840.113556.1.4.473': {
    name: 'Server side sorting',
    source: 'RFC 2891',
    does: 'Several keys, reverse order, any ordering rule. Types without an ordering rule (cn, sn, uid) sort by the one that goes with their equality rule. Several values: the least counts. An entry without the attribute is larger than all others: last, and first in reverse. With paged results too: the sorted list is kept for a minute, and made again when it is gone. What cannot be sorted is unavailableCriticalExtension where critical; else entries come as they are and the response says why.',
    limits: ['sortKeys', 'sortedEntries', 'sortedBytes', 'keptListBytes'],
  },
  '2.16.840.1.113730.3.4.9': {
    name: 'Virtual list view',
    source: 'draft-ietf-ldapext-ldapv3-vlv-09',
    does: 'A window of a sorted search, by offset or by value; needs the sort control. The context id shows the same list again for a minute: without entries that are gone since, and without new ones. Faults are virtualListViewError (76) with the reason in the response.',
    limits: ['contextIdBytes', 'sortedEntries', 'sortedBytes', 'keptListBytes'],
  },
  '1.2.826.0.1.3344810.2.3': {
    name: 'Matched values',
    source: 'RFC 3876',
    does: 'Of each attribute only the values that an item of the control matches; an attribute without any is left out.',
    limits: ['filterClauses', 'filterValueBytes', 'filterWorkBytes'],
  },
  '1.3.6.1.4.1.4203.666.5.16': {
    name: 'Dereference',
    source: 'draft-masarati-ldap-deref',
    does: 'Beside an entry, attributes of the entries that its DN values name, as far as the requester may see them (SSSD reads members of groups so).',
    limits: ['dereferences', 'requestedAttributes', 'dereferencedEntries'],
  },
  '2.16.840.1.113730.3.4.17': {
    name: 'Real attributes only',
    source: 'Netscape',
    does: 'Without attributes that are derived when they are read (memberOf, entryDN, hasSubordinates, structuralObjectClass ...).',
  },
  '2.16.840.1.113730.3.4.19': {
    name: 'Virtual attributes only',
    source: 'Netscape',
    does: 'Derived attributes alone. With real attributes only beside it nothing is left out.',
  },
  '1.3.6.1.1.22': {
    name: "Don't use copy",
    source: 'RFC 6171',
    does: 'Always fulfilled: every server is a master.',
  },
  '2.25.106979801653467080826045286574582475051.3.1': {
    name: 'Change CSN',
    source: 'Polyarch',
    does: 'The response has the CSN of the change that the write made, as text; a write that had nothing to do has none. See [assurance.md](assurance.md).',
  },
  '2.25.106979801653467080826045286574582475051.3.2': {
    name: 'Wait for CSN',
    source: 'Polyarch',
    does: 'The value is text: CSNs as the change CSN control, entryCSN or contextCSN give them, and optionally `timeout=MILLISECONDS`, separated by spaces. The request waits until this server has applied these changes of the naming context that it names; busy (51) when the time is over (at most `limits.changeWaitSeconds`). See [assurance.md](assurance.md).',
    limits: ['controlWordBytes', 'changeWaits'],
  },
  '2.25.106979801653467080826045286574582475051.3.3': {
    name: 'Assured write',
    source: 'Polyarch',
    does: 'The value is text: `safe-data=N` (N other servers have the change on disk) or `safe-read` (the directories of the group have applied it), then optionally `timeout=MILLISECONDS` and `required` (an error where the promise was not kept). The response says `reached`, `reduced` or `timeout`, and who has the change. See [assurance.md](assurance.md).',
  },
  '1.3.6.1.1.13.1': {
    name: 'Pre-read',
    source: 'RFC 4527',
    does: 'The entry right before the write.',
  },
  '1.3.6.1.1.13.2': {
    name: 'Post-read',
    source: 'RFC 4527',
    does: 'The entry right after the write.',
  },
  '1.2.840.113556.1.4.805': {
    name: 'Tree delete',
    source: 'draft-armijo-ldap-treedelete',
    does: 'The entry and everything below it.',
    limits: ['treeDeleteEntries'],
  },
  '1.2.840.113556.1.4.1413': {
    name: 'Permissive modify',
    source: 'Microsoft',
    does: 'Adding a value that is there and deleting one that is not are no faults.',
  },
  '1.2.840.113556.1.4.417': {
    name: 'Show deleted',
    source: 'Microsoft',
    does: 'For the administrator: deleted entries are found too, below `cn=Deleted Objects` of their naming context; a modify brings one back. See Deleted entries below.',
  },
  '1.3.6.1.4.1.4203.666.5.12': {
    name: 'Relax rules',
    source: 'draft-zeilenga-ldap-relax',
    does: 'For the administrator: an add may give createTimestamp, creatorsName, modifyTimestamp, modifiersName and stored attributes that users may not modify; a modify may change those stored attributes and the structural object class. An add may give entryUUID too, one that no entry here has or had. Never what is computed.',
  },
  '1.3.6.1.4.1.42.2.27.8.5.1': {
    name: 'Password policy',
    source: 'draft-behera-ldap-password-policy-10',
    does: 'The answers to binds and to changes of a password say what a policy has against them, or when the password expires; see [admin-guide.md](admin-guide.md), Require good passwords and lock out guessing. Without it, binds are answered with the Netscape controls 2.16.840.1.113730.3.4.4 and 3.4.5 where there is such news (`passwords.netscapeControls`).',
    limits: ['passwordFailures', 'passwordHistory', 'passwordPolicies'],
  },
  '1.3.6.1.4.1.42.2.27.9.5.8': {
    name: 'Account usability',
    source: 'Sun, OpenDS',
    does: 'Each entry comes with whether its account can be used: seconds until its password expires, or whether it is locked (and for how long), reset or expired, and the grace binds left.',
  },
  '1.3.6.1.4.1.42.2.27.9.5.2': {
    name: 'Get effective rights',
    source: 'Sun, OpenDJ, 389-ds',
    does: 'Each entry comes with what an identity may do with it and its attributes, in the attributes `aclRights` and `aclRightsInfo` where these are asked for. See Effective rights below.',
    limits: ['requestedAttributes'],
  },
  '2.16.840.1.113730.3.4.16': {
    name: 'Authorization identity',
    source: 'RFC 3829',
    does: 'The answer to a bind says who the client became.',
  },
  '2.16.840.1.113730.3.4.3': {
    name: 'Persistent search',
    source: 'draft-ietf-ldapext-psearch-03',
    does: 'The search goes on with entries as they change.',
  },
  '1.3.6.1.4.1.26027.1.5.4': {
    name: 'External changelog cookie',
    source: 'OpenDJ',
    does: 'A search of `cn=changelog` goes on behind a cookie, on any replica; each entry carries the next one.',
  },
  '1.3.6.1.4.1.4203.1.9.1.1': {
    name: 'Content synchronization',
    source: 'RFC 4533',
    does: 'Entries as they changed since a cookie, and if asked for as they go on changing.',
  },
};

/** Extended operations by OID. */
export const EXTENSION_ROWS: Readonly<Record<string, ProtocolRow>> = {
  '1.3.6.1.4.1.1466.20037': {
    name: 'StartTLS',
    source: 'RFC 4511 section 4.14',
    does: 'Listed on connections without TLS.',
  },
  '1.3.6.1.4.1.4203.1.11.1': {
    name: 'Password modify',
    source: 'RFC 3062',
    does: 'The own password, or by right that of another, who is named by a DN (with `dn:` or without) or by `u:` and a uid; generated when none is given.',
    limits: ['passwordBytes'],
  },
  '1.3.6.1.4.1.4203.1.11.3': {
    name: 'Who am I?',
    source: 'RFC 4532',
    does: 'The authorization identity; with proxied authorization the one acted under.',
  },
  '1.3.6.1.1.8': {
    name: 'Cancel',
    source: 'RFC 3909',
    does: 'Ends an operation, which then answers canceled.',
  },
  [EXTENDED_OIDS.administration]: {
    name: 'Administration',
    source: 'Polyarch',
    does: 'For the administrator: a command such as `polyarch replication verify` gives with `--url`, as JSON; see below.',
    limits: ['administrationRequestBytes', 'administrationRequests'],
  },
};

/** Features by OID. */
export const FEATURE_ROWS: Readonly<Record<string, ProtocolRow>> = {
  '1.3.6.1.1.14': { name: 'Modify-increment', source: 'RFC 4525', does: 'Modify may add to integers.' },
  '1.3.6.1.4.1.4203.1.5.1': {
    name: 'All operational attributes',
    source: 'RFC 3673',
    does: '`+` in the attribute list.',
  },
  '1.3.6.1.4.1.4203.1.5.2': {
    name: 'Attributes by object class',
    source: 'RFC 4529',
    does: '`@person` in the attribute list: the attributes of the class and of those above it.',
  },
  '1.3.6.1.4.1.4203.1.5.3': {
    name: 'Absolute true and false filters',
    source: 'RFC 4526',
    does: '`(&)` and `(\\|)`.',
  },
  '1.3.6.1.4.1.4203.1.5.4': {
    name: 'Language tags',
    source: 'RFC 3866 section 2',
    does: '`cn;lang-de` in entries, filters and attribute lists.',
  },
  '1.3.6.1.4.1.4203.1.5.5': {
    name: 'Language ranges',
    source: 'RFC 3866 section 3',
    does: '`cn;lang-en-` (English of any kind) and `cn;lang-` (any language) in filters and attribute lists.',
  },
};

const REQUESTS: readonly LdapRequest['kind'][] = [
  'bind',
  'search',
  'compare',
  'add',
  'modify',
  'modifyDn',
  'delete',
  'extended',
];

/** docs/protocol.md. `prose`: what stands below the tables. */
export function protocolReference(prose: string): string {
  const extensions = [EXTENDED_OIDS.startTls, ...SUPPORTED_EXTENSIONS, EXTENDED_OIDS.administration];
  const lines = [
    '# Protocol',
    '',
    '<!-- Generated from the tables in lib/ and scripts/protocol-text.ts by `npm run reference`; the text below the tables is scripts/protocol-prose.md. Do not edit. -->',
    '',
    'LDAP version 3 (RFC 4510 to 4519) with the controls, extended operations and features that follow. The root DSE lists exactly these. It is of class `ds-root-dse` and has no entryUUID; `ds-private-naming-contexts` names what the server itself computes. A critical control on a request to which it',
    'does not apply is unavailableCriticalExtension (12); one that is not critical is passed over. A control whose value is malformed is protocolError, also one that takes no value and has some (an empty one counts as none), and so is one given twice; without a value it says the same again and counts once (JNDI sends ManageDsaIT so).',
    '',
    '## Controls',
    '',
    '| control | OID | source | requests | |',
    '|---|---|---|---|---|',
    ...SUPPORTED_CONTROLS.map((oid) => tableLine(oid, CONTROL_ROWS[oid], requestsOf(oid))),
    '',
    '## Extended operations',
    '',
    '| operation | OID | source | |',
    '|---|---|---|---|',
    ...extensions.map((oid) => tableLine(oid, EXTENSION_ROWS[oid])),
    '',
    '## Features',
    '',
    '| feature | OID | source | |',
    '|---|---|---|---|',
    ...SUPPORTED_FEATURES.map((oid) => tableLine(oid, FEATURE_ROWS[oid])),
  ];
  return `${lines.join('\n')}\n\n${prose}`;
}

function tableLine(oid: string, row: ProtocolRow | undefined, requests?: string): string {
  const { name, source, does, limits } = row ?? { name: oid, source: '', does: '' };
  const bounds = (limits ?? []).map((limit) => `${limit} ${LIMITS[limit]}`).join(', ');
  const cells = [name, oid, source, ...(requests === undefined ? [] : [requests])];
  return `| ${cells.join(' | ')} | ${does}${bounds === '' ? '' : ` Bounds: ${bounds}.`} |`.replace(
    / {2,}/g,
    ' ',
  );
}

function requestsOf(oid: string): string {
  const kinds = REQUESTS.filter((kind) => APPLICABLE_CONTROLS[kind].has(oid));
  return kinds.length === REQUESTS.length ? 'all' : kinds.join(', ');
}
