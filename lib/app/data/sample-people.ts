/**
 * Sample people and groups, the same for the same seed: what `generate`, `setup --sample` and `demo` use.
 *
 * N entries: the base, ou=people, ou=groups, a group for each hundred people, and people `uid=user.K,ou=people` for the rest. A person takes about
 * 550 octets of LDIF. Streams: nothing is kept.
 */
import { createHash } from 'node:crypto';

export interface SampleOptions {
  /** Entries in all, the base and containers included. */
  readonly entries: number;
  /** Text of the base DN. */
  readonly base: string;
  readonly seed: number;
  /** Password of every person, stored as {SSHA512}; none when undefined. */
  readonly userPassword?: string | undefined;
}

/** An entry as text: a DN and attributes, values as strings. */
export interface SampleEntry {
  readonly dn: string;
  readonly attributes: readonly (readonly [string, readonly string[]])[];
}

const PEOPLE_PER_GROUP = 100;

const GIVEN = (
  'Aaliyah Adam Aiko Akira Alan Alice Amara Amir Ana Andreas Anna Antonio Arjun Astrid Ayla Beatriz Ben Bianca Bjorn Carla Carlos Cecilia ' +
  'Chen Chiara Claire Daniel Daria David Deepa Diego Elena Elif Emma Erik Esther Eva Farid Fatima Felix Finn Freya Gabriel Grace Hana Hans ' +
  'Helena Hiro Ida Igor Ines Ingrid Isaac Ivan Jana Jasmin Joao Johan Jonas Julia Kamala Karin Kenji Kofi Lars Laura Leila Leo Lina Lucas ' +
  'Magda Maja Marco Maria Marta Mateo Max Mei Milan Mina Mohamed Nadia Nia Nina Noah Nora Olga Oliver Omar Pablo Paula Pedro Petra Priya ' +
  'Rafael Rana Ravi Rosa Samir Sara Sofia Stefan Sven Tariq Teresa Tomas Uma Vera Viktor Wanda Yara Yusuf Zoe'
).split(' ');
const FAMILY = (
  'Abe Adams Ahmed Ali Almeida Andersen Bakker Banerjee Bauer Becker Berg Bianchi Brown Castro Chen Clark Cohen Costa Cruz Dahl Diaz Dubois ' +
  'Eriksen Evans Fernandez Fischer Fontaine Fujita Garcia Gomez Gupta Haas Hansen Hassan Hoffmann Horvat Huang Ibrahim Ito Ivanov Jansen ' +
  'Jensen Johansson Jones Kaya Keller Khan Kim Kowalski Kumar Lambert Larsen Lee Lindberg Lopez Martin Martinez Mbeki Meyer Mohamed Moreau ' +
  'Mori Muller Nair Nakamura Navarro Nguyen Novak Nowak Okafor Olsen Ortiz Park Patel Pereira Petrov Popescu Ramos Rao Ricci Rossi Roy ' +
  'Sanchez Santos Sato Schmidt Schneider Sharma Silva Singh Smith Sousa Suzuki Takahashi Tanaka Taylor Tran Vargas Virtanen Wagner Wang ' +
  'Weber Williams Wilson Wong Yamamoto Yilmaz Young Zhang Zimmermann'
).split(' ');
const TITLES = [
  'Engineer',
  'Senior Engineer',
  'Analyst',
  'Designer',
  'Technician',
  'Team Lead',
  'Accountant',
  'Consultant',
  'Researcher',
  'Manager',
];
const DEPARTMENTS = [
  'Engineering',
  'Operations',
  'Finance',
  'Human Resources',
  'Marketing',
  'Sales',
  'Research',
  'Legal',
  'Support',
  'Security',
];
const CITIES = [
  'Berlin',
  'Oslo',
  'Lisbon',
  'Nairobi',
  'Osaka',
  'Toronto',
  'Lima',
  'Pune',
  'Cairo',
  'Austin',
  'Lyon',
  'Krakow',
];
const STREETS = [
  'Harbour Street',
  'Mill Lane',
  'Station Road',
  'Garden Avenue',
  'Market Square',
  'Church Street',
  'Hill Road',
  'River Walk',
];

/** Numbers of a seed: mulberry32, well known and good enough for samples. */
function randomFrom(seed: number): (below: number) => number {
  let state = seed | 0;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 4_294_967_296) * below);
  };
}

/** How many people and groups `entries` entries hold. */
export function samplePlan(entries: number): { readonly people: number; readonly groups: number } {
  const rest = Math.max(0, entries - 3);
  const groups = rest < 2 ? 0 : Math.ceil(rest / (PEOPLE_PER_GROUP + 1));
  return { people: rest - groups, groups };
}

/** The entries, parents first. */
export function* sampleEntries(options: SampleOptions): Generator<SampleEntry> {
  const { people, groups } = samplePlan(options.entries);
  const containers = [baseEntry(options.base), unit('people', options.base), unit('groups', options.base)];
  yield* containers.slice(0, Math.max(1, options.entries));
  const random = randomFrom(options.seed);
  for (let k = 0; k < people; k++) yield person(k, options, random);
  for (let k = 0; k < groups; k++) yield group(k, people, options);
}

/** The base entry that a base DN asks for: dc, o, ou, c, l, or cn as a container; the first RDN decides. */
export function baseEntry(base: string): SampleEntry {
  const rdn = firstRdn(base);
  const classes: Readonly<Record<string, readonly string[]>> = {
    dc: ['top', 'domain'],
    o: ['top', 'organization'],
    ou: ['top', 'organizationalUnit'],
    c: ['top', 'country'],
    l: ['top', 'locality'],
  };
  const chosen = classes[rdn.type] ?? ['top', 'applicationProcess'];
  return {
    dn: base,
    attributes: [
      ['objectClass', chosen],
      [rdn.type, [rdn.value]],
    ],
  };
}

function firstRdn(base: string): { readonly type: string; readonly value: string } {
  let end = 0;
  while (end < base.length && base[end] !== ',' && base[end] !== '+') end += base[end] === '\\' ? 2 : 1;
  const rdn = base.slice(0, end);
  const at = rdn.indexOf('=');
  const value = rdn
    .slice(at + 1)
    .trim()
    .replace(/\\(.)/g, '$1');
  return { type: rdn.slice(0, at).trim().toLowerCase(), value };
}

function unit(name: string, base: string): SampleEntry {
  return {
    dn: `ou=${name},${base}`,
    attributes: [
      ['objectClass', ['top', 'organizationalUnit']],
      ['ou', [name]],
    ],
  };
}

function pick<T>(list: readonly T[], at: number): T {
  return list[at % list.length] as T;
}

function person(k: number, options: SampleOptions, random: (below: number) => number): SampleEntry {
  const given = pick(GIVEN, random(GIVEN.length));
  const family = pick(FAMILY, random(FAMILY.length));
  const department = pick(DEPARTMENTS, random(DEPARTMENTS.length));
  const city = pick(CITIES, random(CITIES.length));
  const phone = (prefix: string) => `${prefix} ${100 + random(900)} ${1000 + random(9000)}`;
  const uid = `user.${k}`;
  const attributes: [string, string[]][] = [
    ['objectClass', ['top', 'person', 'organizationalPerson', 'inetOrgPerson']],
    ['uid', [uid]],
    ['cn', [`${given} ${family}`]],
    ['sn', [family]],
    ['givenName', [given]],
    ['initials', [`${given[0]}${family[0]}`]],
    ['mail', [`${uid}@example.com`]],
    ['employeeNumber', [String(100_000 + k)]],
    ['title', [pick(TITLES, random(TITLES.length))]],
    ['departmentNumber', [String(100 + DEPARTMENTS.indexOf(department))]],
    ['ou', [department]],
    ['telephoneNumber', [phone('+1 555')]],
    ['mobile', [phone('+1 556')]],
    ['roomNumber', [String(100 + random(900))]],
    ['street', [`${1 + random(200)} ${pick(STREETS, random(STREETS.length))}`]],
    ['l', [city]],
    ['postalCode', [String(10_000 + random(90_000))]],
    ['description', [`Sample person ${given} ${family} of ${department} in ${city}.`]],
  ];
  if (options.userPassword !== undefined)
    attributes.push(['userPassword', [saltedHash(options.userPassword, uid)]]);
  return { dn: `uid=${uid},ou=people,${options.base}`, attributes };
}

function group(k: number, people: number, options: SampleOptions): SampleEntry {
  const members: string[] = [];
  const end = Math.min(people, (k + 1) * PEOPLE_PER_GROUP);
  for (let i = k * PEOPLE_PER_GROUP; i < end; i++) members.push(`uid=user.${i},ou=people,${options.base}`);
  if (members.length === 0) members.push(`uid=user.0,ou=people,${options.base}`);
  return {
    dn: `cn=group.${k},ou=groups,${options.base}`,
    attributes: [
      ['objectClass', ['top', 'groupOfNames']],
      ['cn', [`group.${k}`]],
      ['description', [`Sample group ${k}.`]],
      ['member', members],
    ],
  };
}

/** {SSHA512}: samples must be cheap to make in great numbers, so no slow hash here. */
function saltedHash(password: string, salt: string): string {
  const digest = createHash('sha512').update(password, 'utf8').update(salt, 'utf8').digest();
  return `{SSHA512}${Buffer.concat([digest, Buffer.from(salt, 'utf8')]).toString('base64')}`;
}
