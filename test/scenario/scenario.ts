/**
 * Runs multi-replica stories written as text: a comment in prose, commands, dashes, what is expected.
 *
 * Commands (names of entries are labels; `base` is the base entry; `@LABEL` as a value is the entry's DN on that server):
 *   servers mesh|ring|chain N        make and start servers s1..sN, with a base entry
 *   add SERVER LABEL under LABEL [attr=value ...]      the RDN is cn=LABEL, or cn=NAME with LABEL:NAME
 *   modify SERVER LABEL +attr=value -attr=value attr=value attr:=value attr+=number ...
 *                                    add, delete, replace, replace of a single-valued one (`+attr:=`, `-attr:=`: add, delete), increment;
 *                                    without a value: all of them (`-attr=`)
 *   rename SERVER LABEL to NAME [keep]                 the old name's value goes, or is kept
 *   move SERVER LABEL under LABEL [as NAME]
 *   delete SERVER LABEL              prune SERVER LABEL (with all that the server sees below)
 *   undelete SERVER LABEL
 *   cut A [B]    heal                links of A (to B) pass nothing; all pass again
 *   crash A      restart A           pull the plug; start again
 *   clock A MS                       its wall clock is off by so much
 *   backup A     restore A [empty]   copy its disk; pull the plug and start with that copy, or with nothing
 *   wait MS      settle              let time pass; until all are equal (limit 20 s)
 *   show [attr ...]   journal        the tree (with these attributes too), the conflicts: of all servers when they are equal, else of each
 */

import type { Intent, ReadView, StoredEntry } from '../../lib/backend/backend.js';
import { withRows } from '../../lib/backend/index/reverse-lookup.js';
import { latin1 } from '../../lib/base/bytes.js';
import type { ChangeBody, EntryUuid } from '../../lib/change/change.js';
import type { JournalLine } from '../../lib/conflict/domain-view.js';
import { renameEntry } from '../../lib/entry/rename-entry.js';
import type { StoreSnapshot } from '../../lib/port/ordered-store.js';
import type { AttributeKey } from '../../lib/schema/attribute-type.js';
import { add, cn, type Edit, modify, move, remove, undelete } from '../conflict/story.js';
import { standardSchema } from '../schema/standard-schema.js';
import { ADD_BASE, BackendDirectory } from '../sim/backend-directory.js';
import { entryUuid } from '../sim/entry-uuid.js';
import type { OpenDirectory, SimServer } from '../sim/sim-server.js';
import { directoryServer, World } from '../sim/world.js';

export interface Story {
  readonly name: string;
  readonly commands: readonly string[];
  readonly expected: string;
}

/** The stories of a file: comment lines begin with `#`, a story with `## name`. */
export function readStories(text: string): Story[] {
  return text
    .split(/^## /m)
    .slice(1)
    .map((part) => {
      const [head = '', expected = ''] = part.split(/^----\n/m);
      const [name = '', ...lines] = head.split('\n');
      return {
        name,
        commands: lines.filter((line) => line.trim() !== '' && !line.startsWith('#')),
        expected: expected.trim(),
      };
    });
}

export async function runStory(story: Story): Promise<string> {
  const stage = new Stage();
  for (const command of story.commands)
    await stage.perform(command).catch((error: unknown) => {
      throw new Error(`${story.name}: ${command}`, { cause: error });
    });
  return stage.output.join('\n').trim();
}

const SHOWN = ['mail', 'title', 'uidnumber', 'description', 'ds-sync-conflict', 'ds-sync-schema-violation'];

/** Attributes whose values follow the entries that they name (docs/groups.md, References). */
const REFERENCES = ['member', 'manager'];

class Stage {
  readonly output: string[] = [];
  readonly #labels = new Map<string, EntryUuid>([['base', entryUuid(1)]]);
  readonly #backups = new Map<string, StoreSnapshot>();
  #world = new World([]);

  async perform(command: string): Promise<void> {
    const words = command.trim().split(/\s+/);
    const [verb = '', first = '', second = ''] = words;
    switch (verb) {
      case 'servers':
        return this.#servers(first, Number(second));
      case 'cut':
        return this.#cut(first, second);
      case 'heal':
        return this.#world.network.healAll();
      case 'crash':
        return this.#world.server(first).crash();
      case 'restart':
        return this.#restart(first);
      case 'clock':
        this.#world.server(first).clockOffset.wallMs = Number(second);
        return;
      case 'backup':
        this.#backups.set(first, this.#world.server(first).disk.snapshot());
        return;
      case 'restore':
        await this.#world
          .server(first)
          .replaceDisk(second === 'empty' ? undefined : this.#backups.get(first));
        return this.#restart(first);
      case 'wait':
        return this.#world.run(Number(first));
      case 'settle':
        await this.#world.settle();
        return;
      case 'show':
        return this.#report((server) => this.#tree(server, words.slice(1)));
      case 'journal':
        return this.#report((server) => this.#journal(server));
      default:
        return this.#write(first, verb, words.slice(2));
    }
  }

  #restart(name: string): Promise<void> {
    void this.#world.server(name).start();
    return this.#world.run(100);
  }

  async #servers(kind: string, count: number): Promise<void> {
    const ids = Array.from({ length: count }, (_, i) => i + 1);
    const peers = (id: number): number[] => {
      if (kind === 'mesh') return ids.filter((other) => other !== id);
      const near = [id - 1, id + 1];
      if (kind === 'ring') return near.map((other) => ((other + count - 1) % count) + 1);
      return near.filter((other) => other >= 1 && other <= count);
    };
    this.#world = await World.started(ids.map((id) => directoryServer(id, peers(id), { openDirectory })));
    await this.#world.wait(this.#world.server('s1').write(ADD_BASE));
    await this.#world.settle();
  }

  #cut(name: string, other: string): void {
    const others = other === '' ? [...this.#world.servers.keys()].filter((peer) => peer !== name) : [other];
    for (const peer of others) {
      this.#world.network.cut(name, peer);
      this.#world.network.cut(peer, name);
    }
  }

  async #write(name: string, verb: string, words: readonly string[]): Promise<void> {
    const { directory } = this.#world.server(name);
    if (!(directory instanceof BackendDirectory)) throw new Error(`${name} is down`);
    const [label = ''] = words;
    const [key = ''] = label.split(':');
    if (verb === 'add' && !this.#labels.has(key)) this.#labels.set(key, entryUuid(100 + this.#labels.size));
    const entry = this.#uuid(key);
    const decide = (view: ReadView): readonly Intent[] =>
      verb === 'prune'
        ? this.#below(view, entry).map((uuid) => ({ entry: uuid, body: remove }))
        : [{ entry, body: this.#body(view, verb, entry, words) }];
    await this.#world.wait(withRows(() => directory.backend.submit('cn=client', decide)));
  }

  #body(view: ReadView, verb: string, entry: EntryUuid, words: readonly string[]): ChangeBody {
    const [label = '', , target = '', option = '', name = ''] = words;
    const resolve = (text: string): string => {
      if (!text.startsWith('@')) return text;
      return found(view.byUuid(this.#uuid(text.slice(1))), text).dnText;
    };
    switch (verb) {
      case 'add': {
        const [, own = label] = label.split(':');
        const attributes: Record<string, string[]> = {
          objectClass: ['top', 'person', 'extensibleObject'],
          cn: [own],
          sn: [own],
        };
        for (const word of words.slice(3)) {
          const [attribute = '', value = ''] = word.split('=');
          attributes[attribute] = [...(attributes[attribute] ?? []), resolve(value)];
        }
        return add(this.#uuid(target), own, attributes);
      }
      case 'modify':
        return modify(...edits(words.slice(1), resolve));
      case 'rename': {
        const { stored, state } = found(view.byUuid(entry), label);
        const rdn = cn(target);
        const { changes } = renameEntry(
          stored,
          state.rdn,
          rdn,
          option !== 'keep',
          standardSchema(),
          state.attributes,
        );
        return { kind: 'modifyDn', parent: undefined, rdn, attributes: changes };
      }
      case 'move':
        return option === 'as' ? move(this.#uuid(target), name) : move(this.#uuid(target));
      case 'delete':
        return remove;
      case 'undelete':
        return undelete;
      default:
        throw new Error(`unknown command ${verb}`);
    }
  }

  /** The entry and all that is seen below it, deepest first. */
  #below(view: ReadView, top: EntryUuid): EntryUuid[] {
    const doomed: StoredEntry[] = [];
    for (const uuid of this.#labels.values()) {
      const entry = view.byUuid(uuid);
      let above = entry;
      while (above !== undefined && above.uuid !== top) above = view.parent(above);
      if (entry !== undefined && above !== undefined) doomed.push(entry);
    }
    return doomed.sort((a, b) => b.dn.rdns.length - a.dn.rdns.length).map(({ uuid }) => uuid);
  }

  #uuid(label: string): EntryUuid {
    const uuid = this.#labels.get(label);
    if (uuid === undefined) throw new Error(`no entry is called ${label}`);
    return uuid;
  }

  async #report(make: (server: SimServer) => Promise<string[]>): Promise<void> {
    const servers = [...this.#world.servers.values()].filter((server) => server.up);
    const texts = await Promise.all(servers.map(async (server) => (await make(server)).join('\n')));
    if (texts.every((text) => text === texts[0])) this.output.push(`all:${texts[0]}`);
    else for (const [i, text] of texts.entries()) this.output.push(`${servers[i]?.name}:${text}`);
  }

  async #tree({ directory }: SimServer, more: readonly string[]): Promise<string[]> {
    if (!(directory instanceof BackendDirectory)) return [];
    const lines: string[] = [];
    for (const [label, uuid] of this.#labels) {
      const entry = directory.backend.byUuid(uuid);
      if (entry === undefined) continue;
      const shown = [...more, ...SHOWN].flatMap((name) => {
        const held = entry.attribute(name.toLowerCase() as AttributeKey);
        return held === undefined ? [] : [`${held.name}=${held.values.map(latin1).sort().join('|')}`];
      });
      lines.push(`${label.padEnd(6)} ${[entry.dnText, ...shown].join('  ')}`);
    }
    return ['', ...lines.sort()];
  }

  async #journal({ directory }: SimServer): Promise<string[]> {
    if (!(directory instanceof BackendDirectory)) return [];
    const names = new Map([...this.#labels].map(([label, uuid]) => [uuid, label]));
    const lines: string[] = [];
    for await (const slice of directory.backend.journal()) {
      for (const line of slice) lines.push(describe(line, names));
    }
    return ['', ...lines];
  }
}

/** Which replica lost what to which. */
function describe(line: JournalLine, names: ReadonlyMap<EntryUuid, string>): string {
  const by = (csn: string | undefined): string =>
    csn === undefined ? 'the state' : `s${Number.parseInt(csn.slice(20), 16)}`;
  const what = line.attribute ?? '';
  const value = line.value === undefined ? '' : `=${latin1(line.value)}`;
  return `${line.kind} of ${names.get(line.entry) ?? line.entry}: ${by(line.loser)} lost ${what}${value} to ${by(line.winner)}`;
}

function openDirectory(...of: Parameters<OpenDirectory>): Promise<BackendDirectory> {
  return BackendDirectory.openPart({ consistency: { references: REFERENCES } }, ...of);
}

function found(entry: StoredEntry | undefined, label: string): StoredEntry {
  if (entry === undefined) throw new Error(`${label} is not there`);
  return entry;
}

/** Several words about one attribute are one edit of it. */
function edits(words: readonly string[], resolve: (text: string) => string): Edit[] {
  const byName = new Map<string, Edit>();
  for (const one of words.map((word) => edit(word, resolve))) {
    const name = one.name ?? '';
    const { remove = [], add: added = [] } = byName.get(name) ?? {};
    byName.set(name, {
      ...byName.get(name),
      ...one,
      remove: [...remove, ...(one.remove ?? [])],
      add: [...added, ...(one.add ?? [])],
    });
  }
  return [...byName.values()];
}

function edit(word: string, resolve: (text: string) => string): Edit {
  const [, sign = '', name = '', operator = '', text = ''] =
    /^([+-]?)([a-zA-Z][a-zA-Z0-9;-]*)(:=|\+=|=)(.*)$/.exec(word) ?? [];
  if (name === '') throw new Error(`what is ${word}?`);
  const type = standardSchema().attributeType(name.split(';')[0] ?? '');
  const single = operator !== '=' || type?.singleValue === true;
  const of = { name, single, equality: type?.equality?.name ?? 'caseIgnoreMatch' };
  if (operator === '+=') return { ...of, increment: BigInt(text) };
  const values = text === '' ? [] : [resolve(text)];
  if (sign === '+') return { ...of, add: values };
  if (sign === '-') return { ...of, ...(text === '' ? { clear: true } : { remove: values }) };
  return { ...of, clear: true, add: values };
}
