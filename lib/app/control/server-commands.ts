/**
 * What the control socket's requests do on a running server.
 */

import { baseKey, SECRET_ATTRIBUTES } from '../../access/secret-attributes.js';
import type { Backend } from '../../backend/backend.js';
import { LdapError } from '../../base/ldap-error.js';
import { OperatorError } from '../../base/operator-error.js';
import type { EntryUuid } from '../../change/change.js';
import { parseUuid } from '../../change/entry-uuid.js';
import { parseDn } from '../../dn/dn-text.js';
import { systemClock } from '../../io/system-clock.js';
import { contestedLinks } from '../../operation/write/contested-links.js';
import { type ListedLine, listedLines } from '../../operation/write/resolved-conflicts.js';
import { givenUpChanges } from '../../replica/given-up-changes.js';
import type { UpdateProgress } from '../../replica/replica-seams.js';
import { SoleHoldingsError } from '../../replica/sole-holdings.js';
import type { GiveUp } from '../../replica/total-update.js';
import { backUpServer } from '../backup/back-up-server.js';
import { changeSchema, type SchemaEdit } from '../config/change-schema.js';
import { schemaReport } from '../config/schema-report.js';
import { type GivenUp, saveGivenUp } from '../data/given-up.js';
import {
  adviceLines,
  changeIndexes,
  listedIndexes,
  rareIndexes,
  rebuildNamed,
  verifyIndexes,
} from '../data/index-admin.js';
import { mergeEntries } from '../data/merge-entries.js';
import { verifyDomain } from '../data/verify-store.js';
import type { RunningDomain } from '../domain/domain.js';
import { checkNamedPeers } from '../domain/named-peers.js';
import { verifyReplicas } from '../domain/verify-replicas.js';
import { type ChangeLine, changeLines } from '../monitor/change-lines.js';
import { countedNow } from '../monitor/make-status.js';
import { serverHealth } from '../monitor/server-health.js';
import { type ConflictLine, conflictLine, type EntryReport, entryReport } from '../monitor/server-reports.js';
import type { RunningServer } from '../server.js';
import type { ControlProgress, ControlRequest } from './control-protocol.js';
import type { ControlHandler } from './control-server.js';
import { topologyCommand } from './topology-commands.js';
import { upkeepCommand } from './upkeep-commands.js';

/** Conflict lines that one answer holds at most. */
const MAX_CONFLICTS = 100_000;
/** Changes of a domain that one answer holds at most. */
const MAX_CHANGES = 10_000;
const PROGRESS_MS = 200;
/** How long a total update may stand still before its caller is told so. */
const STALL_MS = 30_000;

/** The handler of a server's control socket. `stop`: begins the end of the process. */
export function serverCommands(server: RunningServer, stop: () => void): ControlHandler {
  return async (request, progress) => {
    switch (request.command) {
      case 'status':
        return await countedNow(() => server.status());
      case 'health':
        return await serverHealth({ ...server, ownDomains: ownDomainsOf(server, undefined) });
      case 'alerts':
        return server.alerts.standing();
      case 'stop':
        // After the answer is on its way.
        setImmediate(stop);
        return { pid: process.pid };
      case 'initialize':
        return await initialize(server, request, progress);
      case 'conflicts':
        return await conflicts(server, request);
      case 'changes':
        return await changes(server, request);
      case 'show-entry':
        return await showEntry(server, request.dn);
      case 'policy-explain':
        return await server.explainPolicy(request.dn);
      case 'access-explain':
        return await server.explainRights(request);
      case 'verify':
        return await Promise.all(withOwn(server, request.domain).map((domain) => verifyDomain(domain)));
      case 'backup':
        return await backUpServer(server.config, server.store, request, (done) =>
          progress({ done, what: 'records' }),
        );
      case 'merge':
        return await mergeEntries(server, request, progress);
      case 'verify-replicas':
        return await verifyReplicas(withOwn(server, request.domain), request);
      case 'upkeep-members':
      case 'upkeep-purge':
      case 'upkeep-unseen':
      case 'upkeep-evict':
      case 'upkeep-restore':
      case 'upkeep-deleted':
      case 'upkeep-undelete':
        return await upkeepCommand(server, withOwn(server, request.domain), request);
      case 'topology':
      case 'token-list':
      case 'token-create':
      case 'token-revoke':
      case 'leave':
      case 'forget':
        return await topologyCommand(server, request, progress);
      case 'schema':
        return schemaReport(server.schema, server.schemaStore?.inactive() ?? []);
      case 'change-schema':
        return await change(server, request.edits);
      case 'index-list':
      case 'index-verify':
      case 'index-advise':
      case 'index-add':
      case 'index-drop':
      case 'index-rebuild':
        return await indexCommand(server, request, progress);
      default:
        throw new OperatorError(
          'COMMAND_INVALID',
          `this server does not know the request ${JSON.stringify(request)}`,
        );
    }
  };
}

async function indexCommand(
  { config, domains, schema, advice }: RunningServer,
  request: ControlRequest & { readonly command: `index-${string}` },
  progress: (progress: ControlProgress) => void,
): Promise<unknown> {
  switch (request.command) {
    case 'index-list':
      return await listedIndexes(domains);
    case 'index-verify':
      return await verifyIndexes(domains);
    case 'index-advise':
      return [...adviceLines(advice.rows(), schema), ...(await rareIndexes(domains))];
    case 'index-rebuild':
      return await rebuildNamed(domains, request.indexes, progress);
    default: {
      const kind = request.command === 'index-add' ? 'add' : 'drop';
      const lines = await changeIndexes(config, domains, kind, request.indexes, progress);
      for (const { attribute, kind: done } of lines) advice.settled(attribute.toLowerCase(), done);
      return lines;
    }
  }
}

async function change(server: RunningServer, edits: readonly SchemaEdit[]): Promise<{ changed: true }> {
  const { schemaStore, schema, domains, config } = server;
  if (schemaStore === undefined)
    throw new OperatorError(
      'COMMAND_INVALID',
      'this server holds no entries, and so no schema; ask another one',
    );
  const searched = domains.map(({ guarded }) => ({ backend: guarded }));
  await changeSchema(schemaStore, schema, searched, config.settings['admin.dn'], edits, systemClock);
  return { changed: true };
}

/** The domains that every server has of itself, where no domain was named. */
function ownDomainsOf(server: RunningServer, base: string | undefined): readonly RunningDomain[] {
  if (base !== undefined) return [];
  return server.schemaDomain === undefined
    ? [server.topology.domain]
    : [server.schemaDomain, server.topology.domain];
}

/** The domain of that base DN, or all, the server's own too. */
function withOwn(server: RunningServer, base: string | undefined): readonly RunningDomain[] {
  return [...chosen(server, base), ...ownDomainsOf(server, base)];
}

/** The domain of that base DN, or all but the schema's. */
function chosen(server: RunningServer, base: string | undefined): readonly RunningDomain[] {
  if (base === undefined) return server.domains;
  const all = [...server.domains, ...ownDomainsOf(server, undefined)];
  const found = all.filter((domain) => domain.matches(base));
  if (found.length > 0) return found;
  const known = server.domains.map((domain) => domain.baseText).join('; ');
  throw new OperatorError('COMMAND_INVALID', `this server does not hold ${base}; it holds ${known}`);
}

async function initialize(
  server: RunningServer,
  request: ControlRequest & { readonly command: 'initialize' },
  progress: (progress: ControlProgress) => void,
): Promise<{ entries: number; givenUp?: GivenUp | undefined }> {
  const domains = chosen(server, request.domain);
  const [domain] = domains;
  if (domain === undefined || domains.length > 1)
    throw new OperatorError('COMMAND_INVALID', 'this server holds several domains; say which with --base');
  checkNamedPeers([request.from], domain.broker.peerNames());
  const from = request.from ?? domain.following()[0];
  if (from === undefined)
    throw new OperatorError(
      'CONNECT_FAILED',
      'no peer is connected to copy from; name one with --from, or see: polyarch replication status --dir DIR',
    );
  let givenUp: GivenUp | undefined;
  const save: GiveUp = async (holdings, source) => {
    const changes = givenUpChanges(domain.upkeep.changelog, holdings, source);
    givenUp = await saveGivenUp(domain, server.config.files.dir, changes);
  };
  const work = domain.initialize(from, request.giveUp === true ? save : undefined);
  try {
    await Promise.race([work, watchUpdate(domain, work, progress)]);
  } catch (error) {
    if (error instanceof OperatorError) throw error;
    if (error instanceof SoleHoldingsError)
      throw new OperatorError(
        'CHANGES_UNSHARED',
        `${error.message}; reach a server that has them, or add --give-up-changes, which saves them first`,
      );
    throw new OperatorError(
      'CONNECT_FAILED',
      `the copy from ${from} failed: ${(error as Error).message}`,
      [],
      { cause: error },
    );
  }
  return { entries: domain.backend.entryCount, givenUp };
}

/** Tells how a total update goes until it ends; rejects when no peer has given anything for STALL_MS, though the server goes on asking. */
function watchUpdate(
  domain: RunningDomain,
  work: Promise<void>,
  progress: (progress: ControlProgress) => void,
): Promise<never> {
  return new Promise((_, reject) => {
    let movedMs = performance.now();
    let images = 0;
    const timer = setInterval(() => {
      const now = domain.progress();
      if (now === undefined) return;
      progress(updateProgress(now));
      if (now.failure === undefined || now.images > images) movedMs = performance.now();
      images = now.images;
      if (performance.now() - movedMs < STALL_MS) return;
      clearInterval(timer);
      reject(
        new OperatorError(
          'CONNECT_FAILED',
          `no peer has given any data for ${STALL_MS / 1000} s (${now.failure}); this server goes on asking them in turn and serves nothing until one answers: start a peer, or see: polyarch status`,
        ),
      );
    }, PROGRESS_MS);
    const end = () => clearInterval(timer);
    work.then(end, end);
  });
}

/** What the caller is shown of a total update. */
function updateProgress(now: UpdateProgress): ControlProgress {
  return {
    done: now.images,
    what: 'rows',
    ...(now.entryCount === undefined ? {} : { total: now.entryCount }),
    ...(now.failure === undefined ? {} : { trouble: `${now.failure}; asking ${now.peer}` }),
  };
}

async function conflicts(
  server: RunningServer,
  request: ControlRequest & { readonly command: 'conflicts' },
): Promise<{ total: number; resolved: number; conflicts: readonly ConflictLine[] }> {
  const limit = Math.max(1, Math.min(request.limit ?? 1000, MAX_CONFLICTS));
  let total = 0;
  let resolved = 0;
  let lines: { readonly told: ConflictLine; readonly listed: ListedLine; readonly backend: Backend }[] = [];
  for (const { backend } of withOwn(server, request.domain)) {
    const dnOf = (uuid: EntryUuid) => backend.byUuid(uuid)?.dnText;
    for await (const slice of listedLines(backend))
      for (const listed of slice) {
        const { line } = listed;
        if (request.kind !== undefined && line.kind !== request.kind) continue;
        if (request.entry !== undefined && line.entry !== request.entry.toLowerCase()) continue;
        if (listed.resolved) resolved += 1;
        if (listed.resolved && request.all !== true) continue;
        total += 1;
        lines.push({ told: conflictLine(listed, dnOf, isSecretAttribute), listed, backend });
        // Only the newest are kept.
        if (lines.length > 2 * limit) lines = lines.slice(-limit);
      }
  }
  const shown: ConflictLine[] = [];
  for (const { told, listed, backend } of lines.slice(-limit)) {
    const { dns, more } = await contestedLinks(backend, server.schema, listed.line);
    const linked = dns.length + more > 0;
    shown.push(linked ? { ...told, namedBy: dns, ...(more === 0 ? {} : { namedByMore: more }) } : told);
  }
  return { total, resolved, conflicts: shown };
}

async function changes(
  server: RunningServer,
  request: ControlRequest & { readonly command: 'changes' },
): Promise<readonly ChangeLine[]> {
  const limit = Math.max(1, Math.min(request.limit ?? 100, MAX_CHANGES));
  const lines: ChangeLine[] = [];
  for (const domain of chosen(server, request.domain)) lines.push(...(await changeLines(domain, limit)));
  return lines;
}

async function showEntry(server: RunningServer, text: string): Promise<EntryReport> {
  const uuid = /^entryuuid=([0-9a-f-]{36})$/i.exec(text)?.[1];
  for (const domain of server.domains) {
    const known = uuid === undefined ? undefined : parseUuid(uuid.toLowerCase());
    const entry = known === undefined ? domain.find(text) : domain.backend.byUuid(known);
    if (entry === undefined) continue;
    const history = await domain.history(entry.uuid);
    return entryReport(entry.dnText, entry.state, history, isSecretAttribute);
  }
  if (uuid === undefined) parseDn(text);
  throw new LdapError('noSuchObject', `this server holds no entry ${text}`);
}

/** Whether values of an attribute may not be shown. */
function isSecretAttribute(attribute: string): boolean {
  return SECRET_ATTRIBUTES.includes(baseKey(attribute.toLowerCase()));
}
