/**
 * The root DSE (RFC 4512 section 5.1): what this server is and can do. Lists exactly what works on the connection that asks.
 *
 * All of its attributes but objectClass are operational there: clients ask for them by name or with `+`.
 */
import { CONFIG_BASE } from '../../config/option-attributes.js';
import { formatDn } from '../../dn/dn-text.js';
import { EXTENDED_OIDS } from '../../ldap/control-oids.js';
import { saslMechanisms } from '../bind/sasl.js';
import type { Directory, Domain } from '../directory.js';
import type { TransportFacts } from '../operation.js';
import type { ServerParts } from '../server-parts.js';
import { SUPPORTED_CONTROLS, SUPPORTED_EXTENSIONS, SUPPORTED_FEATURES } from '../supported.js';
import { type NamedEntry, virtualEntry } from './virtual-tree.js';

/** DN of the subschema subentry that governs every entry here. */
export const SUBSCHEMA_DN = 'cn=schema';
export const MONITOR_DN = 'cn=monitor';
/** DN of the external change log. */
export const CHANGELOG_DN = 'cn=changelog';

const ROOT_CLASS = 'ds-root-dse';

/** The root DSE as it is now. It has no entryUUID: it is no object that somebody made (RFC 4530), and each server's is another. */
export function rootDse(parts: ServerParts, transport: TransportFacts): NamedEntry {
  const { directory, schema, settings } = parts;
  const contexts = directory.domains.map((domain) => domain.baseText);
  const startTls = transport.canStartTls && !transport.secure.tls ? [EXTENDED_OIDS.startTls] : [];
  const administration = parts.administration === undefined ? [] : [EXTENDED_OIDS.administration];
  const [first] = contexts;
  const usn = contexts.length === 0 ? [] : [String(lastUsn(directory.domains))];
  return virtualEntry(
    schema,
    '',
    { objectClass: ['top', ROOT_CLASS] },
    {
      entryDN: '',
      structuralObjectClass: ROOT_CLASS,
      namingContexts: contexts,
      defaultNamingContext: first === undefined ? [] : [first],
      'ds-private-naming-contexts': privateContexts(directory),
      subschemaSubentry: SUBSCHEMA_DN,
      monitorContext: directory.trees.some((tree) => tree.monitorOnly) ? [MONITOR_DN] : [],
      configContext: parts.configuration === undefined ? [] : [CONFIG_BASE],
      supportedLDAPVersion: '3',
      supportedControl: SUPPORTED_CONTROLS,
      supportedExtension: [...startTls, ...SUPPORTED_EXTENSIONS, ...administration],
      supportedFeatures: SUPPORTED_FEATURES,
      supportedSASLMechanisms: saslMechanisms(parts, transport),
      lastUSN: usn,
      ...changelogValues(parts),
      altServer: settings.altServers(),
      vendorName: settings.vendorName,
      vendorVersion: settings.vendorVersion,
    },
  );
}

/** Bases of what the server itself computes. */
function privateContexts({ trees }: Directory): readonly string[] {
  return trees.filter(({ baseDn }) => baseDn.rdns.length === 1).map(({ baseDn }) => formatDn(baseDn));
}

/** Where the change log is, and its ends. */
function changelogValues({ changelog }: ServerParts): Record<string, string> {
  if (changelog === undefined) return {};
  const { numbers } = changelog.facts;
  return {
    changeLog: CHANGELOG_DN,
    firstChangeNumber: String(numbers.last === 0 ? 0 : numbers.first),
    lastChangeNumber: String(numbers.last),
    lastExternalChangelogCookie: changelog.lastCookie,
  };
}

/** Newest USN such that whoever asks later for what is above it misses nothing. */
function lastUsn(domains: readonly Domain[]): number {
  return domains.reduce((usn, { backend }) => Math.max(usn, backend.changes.settledUsn), 0);
}
