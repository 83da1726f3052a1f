/**
 * People who look at the conflict journal while all goes on: they restore what a line says was lost, rename and move entries that lines name, and mark lines as settled or open again
 * (operation/write/resolved-conflicts.ts).
 *
 * Checked beside what every run checks: in the end all servers list the same lines under the same ids, settled alike.
 */
import { utf8Decode } from '../../lib/base/bytes.js';
import type { JournalLine } from '../../lib/conflict/domain-view.js';
import { type ListedLine, listedLines, markOf } from '../../lib/operation/write/resolved-conflicts.js';
import { modify, move, rename, undelete } from '../conflict/story.js';
import type { Act } from './act.js';
import { ADD_BASE, BackendDirectory } from './backend-directory.js';
import type { WriteRequest } from './sim-directory.js';
import type { SimServer } from './sim-server.js';
import type { Simulation } from './simulation.js';

const MARKS = 'ds-sync-conflict-resolved';

export class ResolveAct implements Act {
  readonly #simulation: Simulation;

  constructor(simulation: Simulation) {
    this.#simulation = simulation;
  }

  begin(): void {
    const { time, random } = this.#simulation;
    const next = (): void => {
      if (!this.#simulation.writing) return;
      this.#simulation.spawn(this.#look(random.pick(this.#simulation.servers)));
      time.at(100 + random.below(800), next);
    };
    time.at(1000, next);
  }

  async #look(server: SimServer): Promise<void> {
    const { random } = this.#simulation;
    const lines = await linesOf(server);
    if (lines.length === 0 || server.directory === undefined) return;
    const listed = random.pick(lines);
    const request = random.chance(0.5) ? this.#restored(listed.line) : undefined;
    if (request !== undefined) await server.write(request);
    await server.write(marked(listed));
  }

  /** The change that gives back what a line says was lost; undefined: there is none. */
  #restored({ entry, kind, attribute, value }: JournalLine): WriteRequest | undefined {
    const { random } = this.#simulation;
    const text = value === undefined ? undefined : utf8Decode(value);
    switch (kind) {
      case 'value-lost':
      case 'add-lost': {
        if (attribute === undefined || text === undefined || attribute === 'uidnumber') return undefined;
        const single = attribute === 'title';
        return { entry, body: modify({ name: attribute, single, clear: single, add: [text] }) };
      }
      case 'change-of-deleted-entry':
        return { entry, body: undelete };
      case 'rename-lost':
      case 'name-conflict':
        return { entry, body: rename(`n${random.below(5)}`) };
      case 'move-lost':
      case 'move-loop':
      case 'orphan':
        return { entry, body: move(ADD_BASE.entry) };
      default:
        return undefined;
    }
  }

  async check(): Promise<void> {
    let first: string | undefined;
    for (const server of this.#simulation.servers) {
      // One that holds a part lists what it holds of them.
      if (server.directory === undefined || server.directory.part?.text !== '') continue;
      const lines = await linesOf(server);
      const text = lines
        .filter(({ line }) => line.kind !== 'schema-violation')
        .map(({ line, resolved }) => `${markOf(line)} ${resolved ? 'settled' : 'open'}`)
        .join('\n');
      first ??= text;
      if (text !== first) throw new Error(`${server.name} lists other lines:\n${text}\ninstead of\n${first}`);
    }
  }
}

/** The modify of the base entry that settles a line, or takes that back. */
function marked({ line, resolved }: ListedLine): WriteRequest {
  const mark = [markOf(line)];
  const edit = { name: MARKS, equality: 'caseIgnoreMatch', ...(resolved ? { remove: mark } : { add: mark }) };
  return { entry: ADD_BASE.entry, body: modify(edit) };
}

async function linesOf({ directory }: SimServer): Promise<readonly ListedLine[]> {
  if (!(directory instanceof BackendDirectory) || directory.importing) return [];
  const lines: ListedLine[] = [];
  for await (const slice of listedLines(directory.backend)) lines.push(...slice);
  return lines;
}
