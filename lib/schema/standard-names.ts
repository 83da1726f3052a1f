/**
 * Names of the standard schema elements, fixed in code, so that objectIdentifierMatch means the same on every replica.
 *
 * Each line is a canonical name, its OID and its other names, in lower case. Owns names only; the elements themselves are schema/*.ldif
 * (a test compares). An identifier that is not here stands for itself.
 */
const NAMES = `
top 2.5.6.0
`;

const KEYS = buildKeys();

/** The canonical lower-case name of an OID or descriptor; itself in lower case when it is not standard. */
export function elementKey(nameOrOid: string): string {
  const lower = nameOrOid.toLowerCase();
  return KEYS.get(lower) ?? lower;
}

function buildKeys(): ReadonlyMap<string, string> {
  const keys = new Map<string, string>();
  for (const line of NAMES.trim().split('\n')) {
    const names = line.split(' ');
    for (const name of names) keys.set(name, names[0] as string);
  }
  return keys;
}
