/**
 * Groups, values that must be unique, and references that follow the entries they name: what clients of the kind `groups` write, and what each server derives from it.
 *
 * Derived are memberOf, doubles of unique values, and what the watch on replication tells of them. Checked: all servers derive the same, and it is what the entries alone say, read naively.
 */
import { withRows } from '../../lib/backend/index/reverse-lookup.js';
import type { StoreBackend } from '../../lib/backend/store-backend.js';
import { utf8Decode } from '../../lib/base/bytes.js';
import { LdapError } from '../../lib/base/ldap-error.js';
import type { ChangeBody } from '../../lib/change/change.js';
import type { EntryView } from '../../lib/entry/entry.js';
import type { AttributeKey } from '../../lib/schema/attribute-type.js';
import { modify } from '../conflict/story.js';
import type { Act } from './act.js';
import { BackendDirectory, mostlyWrites } from './backend-directory.js';
import { only } from './end-checks.js';
import { entryUuid } from './entry-uuid.js';
import type { SeededRandom } from './seeded-random.js';
import type { OpenedProcess, SimServer } from './sim-server.js';
import type { MakeWrite, Simulation } from './simulation.js';

const MEMBER = 'member' as AttributeKey;
const MEMBER_OF = 'memberof' as AttributeKey;
const UID = 'uid' as AttributeKey;
/** Entries that are named as members: most of those that there are. */
const NAMED = 25;
/** Few enough that two servers take one at the same time. */
const UIDS = ['u1', 'u2', 'U2', 'u3', 'u4', 'u5', 'u6', 'u7'];

/** What every server is asked to keep. */
export const KEPT = { unique: ['ldap:///dc=example,dc=com?uid?sub'], references: ['member'] } as const;

/** Plain writes, and edits of members and of values that must be unique. */
export function groupWrites(): MakeWrite {
  return mostlyWrites(({ backend }, random) => groupEdit(backend, random));
}

function groupEdit(backend: StoreBackend, random: SeededRandom): ChangeBody | undefined {
  if (random.chance(0.4)) {
    const uid = random.pick(UIDS);
    return modify({ name: 'uid', ...(random.chance(0.4) ? { clear: true } : { add: [uid] }) });
  }
  const named = entryUuid(1 + random.below(NAMED));
  // While a copy comes there is nothing to read.
  const member = backend.importing ? undefined : backend.byUuid(named)?.dnText;
  if (member === undefined) return undefined;
  const edit = random.pick([{ add: [member] }, { add: [member] }, { remove: [member] }, { clear: true }]);
  return modify({ name: 'member', equality: 'distinguishedNameMatch', ...edit });
}

/** A live entry, as the naive reading needs it. */
interface Plain {
  readonly name: string;
  readonly members: readonly string[];
  readonly uids: readonly string[];
  readonly memberOf: readonly string[];
}

export class GroupsAct implements Act {
  readonly #simulation: Simulation;

  constructor(simulation: Simulation) {
    this.#simulation = simulation;
  }

  /** As a running server does (app/domain/domain.ts). */
  async opened(_server: SimServer, { directory, replica, alive }: OpenedProcess): Promise<void> {
    if (!(directory instanceof BackendDirectory)) return;
    const { backend } = directory;
    const { rules, writes } = backend.parts;
    rules.jobs.start({
      submit: async (initiator, decide) => {
        if (!alive() || replica?.writesHeld() !== undefined)
          throw new LdapError('unwillingToPerform', 'not now');
        return await backend.submit(initiator, decide);
      },
      exclusively: (work) => writes.exclusively(work),
    });
  }

  /** References of who was deleted or renamed are changed after the write. */
  waitsFor(): string | undefined {
    const late = this.#servers().find(({ directory }) => directory.backend.parts.rules.jobs.left > 0);
    return late === undefined ? undefined : `references at ${late.name}`;
  }

  async check(): Promise<void> {
    let first: string | undefined;
    for (const { name, directory } of this.#servers()) {
      const entries = await liveEntries(directory);
      const { backend } = directory;
      const found = await backend.findDoubles();
      const doubles = found.map(({ value, entries }) => doubleText(value.toLowerCase(), entries));
      const watched = backend.doubles().map(({ value, entries }) => doubleText(value.toLowerCase(), entries));
      const unknown = watched.find((double) => !doubles.includes(double));
      if (unknown !== undefined) throw new Error(`${name} tells of ${unknown}, which is not double`);
      const derived = [...entries.flatMap(memberLines), ...new Set(doubles)].sort().join('\n');
      const due = [...naiveMembers(entries), ...naiveDoubles(entries)].sort().join('\n');
      compare(name, derived, 'what its entries say', due);
      first ??= derived;
      compare(name, derived, 'the first server', first);
    }
  }

  #servers(): (SimServer & { readonly directory: BackendDirectory })[] {
    return this.#simulation.servers.filter(
      (server): server is SimServer & { readonly directory: BackendDirectory } =>
        server.directory instanceof BackendDirectory,
    );
  }
}

async function liveEntries(directory: BackendDirectory): Promise<readonly Plain[]> {
  const entries: Plain[] = [];
  for (const { uuid } of await directory.states()) {
    const entry = await withRows(() => directory.backend.byUuid(uuid));
    if (entry === undefined) continue;
    const texts = (key: AttributeKey) => textsOf(entry, key);
    entries.push(
      await withRows(() => ({
        name: entry.dnText.toLowerCase(),
        members: texts(MEMBER),
        uids: texts(UID),
        memberOf: texts(MEMBER_OF),
      })),
    );
  }
  return entries;
}

function textsOf(entry: EntryView, key: AttributeKey): readonly string[] {
  return (entry.attribute(key)?.values ?? []).map((value) => (utf8Decode(value) ?? '').toLowerCase());
}

function memberLines({ name, memberOf }: Plain): readonly string[] {
  return memberOf.map((group) => `${name} is in ${group}`);
}

function naiveMembers(entries: readonly Plain[]): readonly string[] {
  const names = new Set(entries.map(({ name }) => name));
  return entries.flatMap(({ name, members }) =>
    members.filter((member) => names.has(member)).map((member) => `${member} is in ${name}`),
  );
}

function naiveDoubles(entries: readonly Plain[]): readonly string[] {
  const all = new Set(entries.flatMap(({ uids }) => uids));
  return [...all].flatMap((uid) => {
    const holders = entries.filter(({ uids }) => uids.includes(uid)).map(({ name }) => name);
    return holders.length < 2 ? [] : [doubleText(uid, holders)];
  });
}

function doubleText(value: string, names: readonly string[]): string {
  const all = names.map((name) => name.toLowerCase()).sort();
  return `${value} is double in ${all.join(' and ')}`;
}

function compare(name: string, derived: string, by: string, due: string): void {
  if (derived === due) return;
  const [more, less] = [only(derived, due), only(due, derived)].map((lines) => lines.join('\n'));
  throw new Error(`${name} derives\n${more}\nand ${by}\n${less}`);
}
