/**
 * How names compare, fixed in code: the canonical type and the form of the value of each part of a DN.
 *
 * DN values travel in changes and must compare alike on every replica whatever schema it has loaded, so this is a table and not the schema.
 * A type that is not in it stands for itself in lower case and compares as caseIgnoreMatch. A test checks the table against the
 * standard schema. Invariant: namingAttribute(namingAttribute(x).key) is the same row.
 */
import { LIMITS } from '../base/limits.js';
import { prepareTelephone, prepareValue } from './string-prep.js';
import { generalizedTimeForm } from './time-form.js';

export interface NamingAttribute {
  /** Lower-cased primary name. */
  readonly key: string;
  /** Name of the rule, one of NAMING_RULES. */
  readonly equality: string;
}

type Normalize = (value: Uint8Array) => Uint8Array | undefined;

/** The rules that name parts compare by. Exact forms of IA5 and Directory Strings are one. */
const NAMING_RULES = new Map<string, Normalize>([
  ['caseIgnoreMatch', (value) => prepareValue(value, true)],
  ['caseExactMatch', (value) => prepareValue(value, false)],
  ['telephoneNumberMatch', (value) => prepareTelephone(value, LIMITS.prepareBytes)],
  ['generalizedTimeMatch', generalizedTimeForm],
]);

/** Types with other names: primary name, OID, aliases. */
const ALIASES = `
cn 2.5.4.3 commonname
sn 2.5.4.4 surname
serialnumber 2.5.4.5
c 2.5.4.6 countryname
l 2.5.4.7 localityname
st 2.5.4.8 stateorprovincename
street 2.5.4.9 streetaddress
o 2.5.4.10 organizationname
ou 2.5.4.11 organizationalunitname
title 2.5.4.12
description 2.5.4.13
businesscategory 2.5.4.15
postalcode 2.5.4.17
postofficebox 2.5.4.18
member 2.5.4.31
owner 2.5.4.32
name 2.5.4.41
givenname 2.5.4.42 gn
initials 2.5.4.43
generationqualifier 2.5.4.44
x500uniqueidentifier 2.5.4.45
dnqualifier 2.5.4.46
houseidentifier 2.5.4.51
pseudonym 2.5.4.65
uid 0.9.2342.19200300.100.1.1 userid
mail 0.9.2342.19200300.100.1.3 rfc822mailbox
info 0.9.2342.19200300.100.1.4
drink 0.9.2342.19200300.100.1.5 favouritedrink
roomnumber 0.9.2342.19200300.100.1.6
host 0.9.2342.19200300.100.1.9
documentidentifier 0.9.2342.19200300.100.1.11
homephone 0.9.2342.19200300.100.1.20 hometelephonenumber
dc 0.9.2342.19200300.100.1.25 domaincomponent
associateddomain 0.9.2342.19200300.100.1.37
co 0.9.2342.19200300.100.1.43 friendlycountryname
uniqueidentifier 0.9.2342.19200300.100.1.44
organizationalstatus 0.9.2342.19200300.100.1.45
mobile 0.9.2342.19200300.100.1.41 mobiletelephonenumber
pager 0.9.2342.19200300.100.1.42 pagertelephonenumber
telephonenumber 2.5.4.20
facsimiletelephonenumber 2.5.4.23 fax
emailaddress 1.2.840.113549.1.9.1 email e pkcs9email
employeenumber 2.16.840.1.113730.3.1.3
displayname 2.16.840.1.113730.3.1.241
entryuuid 1.3.6.1.1.16.4
uidnumber 1.3.6.1.1.1.1.0
gidnumber 1.3.6.1.1.1.1.1
homedirectory 1.3.6.1.1.1.1.3
memberuid 1.3.6.1.1.1.1.12
nisnetgrouptriple 1.3.6.1.1.1.1.14
ipserviceport 1.3.6.1.1.1.1.15
ipserviceprotocol 1.3.6.1.1.1.1.16
ipprotocolnumber 1.3.6.1.1.1.1.17
oncrpcnumber 1.3.6.1.1.1.1.18
iphostnumber 1.3.6.1.1.1.1.19
ipnetworknumber 1.3.6.1.1.1.1.20
macaddress 1.3.6.1.1.1.1.22
nismapname 1.3.6.1.1.1.1.26
nismapentry 1.3.6.1.1.1.1.27
automountmapname 1.3.6.1.1.1.1.31
automountkey 1.3.6.1.1.1.1.32
automountinformation 1.3.6.1.1.1.1.33
changenumber 2.16.840.1.113730.3.1.5
aliasedobjectname 2.5.4.1 aliasedentryname
krbprincipalname 2.16.840.1.113719.1.301.4.1.1
krbcanonicalname 1.2.840.113554.1.4.1.6.1
mozillanickname 1.3.6.1.4.1.13769.2.1 xmozillanickname
mozillasecondemail 1.3.6.1.4.1.13769.2.2 xmozillasecondemail
mozillausehtmlmail 1.3.6.1.4.1.13769.2.3 xmozillausehtmlmail
nsaimid 1.3.6.1.4.1.13769.2.4 nscpaimscreenname
status 2.25.106979801653467080826045286574582475051.1.24 replication-status
`;

/** Types whose values do not compare as caseIgnoreMatch. */
const OTHER_RULES: readonly (readonly [rule: string, types: string])[] = [
  [
    'caseExactMatch',
    'automountmapname automountkey automountinformation homedirectory memberuid nismapentry krbprincipalname krbcanonicalname',
  ],
  ['telephoneNumberMatch', 'telephonenumber homephone mobile pager nsaimid'],
];

const ROWS = buildRows();

/** The row of a type by name or OID, in any case. Never undefined. */
export function namingAttribute(type: string): NamingAttribute {
  const row = ROWS.get(type);
  if (row !== undefined) return row;
  const lower = type.toLowerCase();
  return ROWS.get(lower) ?? { key: lower, equality: 'caseIgnoreMatch' };
}

/** Whether the table has a row for the type: its aliases are known. */
export function isKnownNamingType(type: string): boolean {
  return ROWS.has(type.toLowerCase());
}

/** Form of a value in a name under a rule; a rule that names do not use counts as caseIgnoreMatch. */
export function normalizeNaming(equality: string, value: Uint8Array): Uint8Array | undefined {
  return (NAMING_RULES.get(equality) ?? ignoreCase)(value);
}

function ignoreCase(value: Uint8Array): Uint8Array | undefined {
  return prepareValue(value, true);
}

function buildRows(): ReadonlyMap<string, NamingAttribute> {
  const rules = new Map<string, string>();
  for (const [rule, types] of OTHER_RULES) for (const type of types.split(' ')) rules.set(type, rule);
  const rows = new Map<string, NamingAttribute>();
  for (const line of ALIASES.trim().split('\n')) {
    const names = line.split(' ');
    const key = names[0] as string;
    const row = { key, equality: rules.get(key) ?? 'caseIgnoreMatch' };
    for (const name of names) rows.set(name, row);
  }
  return rows;
}
