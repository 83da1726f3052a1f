/**
 * Runs multi-replica stories written as text: a comment in prose, commands, dashes, what is expected.
 *
 * Commands (names of entries are labels; `base` is the base entry):
 *   servers mesh|ring|chain N        make and start servers s1..sN, with a base entry
 *   add SERVER LABEL under LABEL [attr=value ...]      the RDN is cn=LABEL, or cn=NAME with LABEL:NAME
 *   modify SERVER LABEL +attr=value -attr=value attr=value attr:=value attr+=number ...
 *                                    add, delete, replace, replace of a single-valued one, increment
 *   rename SERVER LABEL to NAME      move SERVER LABEL under LABEL [as NAME]
 *   delete SERVER LABEL              undelete SERVER LABEL
 *   cut A [B]    heal                links of A (to B) pass nothing; all pass again
 *   crash A      restart A           pull the plug; start again
 *   wait MS      settle              let time pass; until all are equal (limit 20 s)
 *   show         journal             the tree, the conflicts: of all servers when they are equal, else of each
 */

import { latin1 } from '../../lib/base/bytes.js';
import type { ChangeBody, EntryUuid } from '../../lib/change/change.js';
import type { JournalLine } from '../../lib/conflict/domain-view.js';
import { add, type Edit, modify, move, remove, rename, undelete } from '../conflict/story.js';
import { ADD_BASE, BackendDirectory } from '../sim/backend-directory.js';
import type { SimServer } from '../sim/sim-server.js';
import { entryUuid } from '../sim/simulation.js';
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
  for (const command of story.commands) await stage.perform(command);
  return stage.output.join('\n').trim();
}

const SHOWN = ['mail', 'title', 'uidnumber', 'description', 'ds-sync-conflict', 'ds-sync-schema-violation'];

class Stage {
  readonly output: string[] = [];
  readonly #labels = new Map<string, EntryUuid>([['base', entryUuid(1)]]);
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
        void this.#world.server(first).start();
        return this.#world.run(100);
      case 'wait':
        return this.#world.run(Number(first));
      case 'settle':
        await this.#world.settle();
        return;
      case 'show':
        return this.#report((server) => this.#tree(server));
      case 'journal':
        return this.#report((server) => this.#journal(server));
      default:
        return this.#write(first, second, this.#body(verb, words.slice(2)));
    }
  }

  async #servers(kind: string, count: number): Promise<void> {
    const ids = Array.from({ length: count }, (_, i) => i + 1);
    const peers = (id: number): number[] => {
      if (kind === 'mesh') return ids.filter((other) => other !== id);
      const near = [id - 1, id + 1];
      if (kind === 'ring') return near.map((other) => ((other + count - 1) % count) + 1);
      return near.filter((other) => other >= 1 && other <= count);
    };
    this.#world = await World.started(
      ids.map((id) => directoryServer(id, peers(id), { openDirectory: BackendDirectory.open })),
    );
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

  #body(verb: string, words: readonly string[]): ChangeBody {
    const [label = '', , target = ''] = words;
    switch (verb) {
      case 'add': {
        const [key = '', name = key] = label.split(':');
        if (!this.#labels.has(key)) this.#labels.set(key, entryUuid(100 + this.#labels.size));
        const attributes: Record<string, string[]> = {
          objectClass: ['top', 'person', 'extensibleObject'],
          sn: [name],
        };
        for (const word of words.slice(3)) {
          const [attribute = '', value = ''] = word.split('=');
          attributes[attribute] = [...(attributes[attribute] ?? []), value];
        }
        return add(this.#uuid(target), name, attributes);
      }
      case 'modify':
        return modify(...edits(words.slice(1)));
      case 'rename':
        return rename(target);
      case 'move':
        return words[3] === 'as' ? move(this.#uuid(target), words[4]) : move(this.#uuid(target));
      case 'delete':
        return remove;
      case 'undelete':
        return undelete;
      default:
        throw new Error(`unknown command ${verb}`);
    }
  }

  async #write(name: string, label: string, body: ChangeBody): Promise<void> {
    const { directory } = this.#world.server(name);
    if (!(directory instanceof BackendDirectory)) throw new Error(`${name} is down`);
    const entry = this.#uuid(label.split(':')[0] ?? '');
    await this.#world.wait(directory.backend.submit('cn=client', () => [{ entry, body }]));
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

  async #tree({ directory }: SimServer): Promise<string[]> {
    if (!(directory instanceof BackendDirectory)) return [];
    const lines: string[] = [];
    for (const [label, uuid] of this.#labels) {
      const entry = directory.backend.byUuid(uuid);
      if (entry === undefined) continue;
      const shown = SHOWN.flatMap((key) => {
        const found = entry.attribute(key as never);
        return found === undefined ? [] : [`${found.name}=${found.values.map(latin1).sort().join('|')}`];
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

/** Several words about one attribute are one edit of it. */
function edits(words: readonly string[]): Edit[] {
  const byName = new Map<string, Edit>();
  for (const one of words.map(edit)) {
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

function edit(word: string): Edit {
  const [, sign = '', name = '', operator = '', value = ''] =
    /^([+-]?)([a-zA-Z]+)(:=|\+=|=)(.*)$/.exec(word) ?? [];
  if (name === '') throw new Error(`what is ${word}?`);
  if (operator === '+=') return { name, single: true, equality: 'integerMatch', increment: BigInt(value) };
  const single = operator === ':=';
  if (sign === '+') return { name, single, add: [value] };
  if (sign === '-') return { name, single, ...(value === '' ? { clear: true } : { remove: [value] }) };
  return { name, single, clear: true, add: [value] };
}
