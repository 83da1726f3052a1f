/**
 * Lets servers into the topology, and out of it, on a running server: tokens, the talk with a new server, leaving, forgetting.
 *
 * The rules are topology/{token-book,admit,member-list}.ts; this file owns their order. A token is marked as used on disk before anything else is done with it, and one
 * new server is dealt with at a time. A new server counts as a member of every domain before it is told that it is one, so that no server forgets
 * history that it will lack.
 */
import {
  createHash,
  createPrivateKey,
  createPublicKey,
  type KeyObject,
  randomBytes,
  verify,
  X509Certificate,
} from 'node:crypto';
import { IMAGE_FORMAT } from '../../backend/load/total-update.js';
import { LdapError } from '../../base/ldap-error.js';
import { OperatorError } from '../../base/operator-error.js';
import { sharedSettings } from '../../config/shared-options.js';
import { type KeyedCertificate, readCertificate, serverHosts, signServerKey } from '../../io/certificates.js';
import { readSmallFile } from '../../io/files.js';
import type { JsonLines } from '../../io/json-lines.js';
import { readSchemaFolder } from '../../io/schema-files.js';
import type { Log } from '../../port/log.js';
import { formatAddress, parseAddress } from '../../topology/address.js';
import { admit, type JoinFacts, type JoinWish } from '../../topology/admit.js';
import { formatToken } from '../../topology/join-token.js';
import type { TopologyMember } from '../../topology/member-list.js';
import { book, markUsed, prune, redeem, type TokenBook } from '../../topology/token-book.js';
import { inDirectory, type ServerConfig } from '../config/read-config.js';
import type { RunningDomain } from '../domain/domain.js';
import type { Relay } from '../domain/relay.js';
import {
  JOIN_FORM,
  type JoinAnswer,
  type JoinGrant,
  type JoinRequest,
  provenText,
  readRequest,
} from './join-talk.js';
import { readTokens, writeTokens } from './token-file.js';
import type { TopologyDomain } from './topology-domain.js';
import { ownFacts } from './topology-follower.js';

/** What the office works with. */
export interface OfficeParts {
  readonly config: ServerConfig;
  readonly topology: TopologyDomain;
  /** The naming contexts. */
  readonly domains: readonly RunningDomain[];
  /** All that replicates. */
  readonly replicated: readonly (RunningDomain | Relay)[];
  readonly log: Log;
  readonly version: string;
}

/** What `token create` shows. */
export interface MadeToken {
  readonly token: string;
  readonly id: string;
  readonly expiresAt: string;
  readonly addresses: readonly string[];
}

/** A token as lists show it. */
export interface TokenLine {
  readonly id: string;
  readonly madeAt: string;
  readonly expiresAt: string;
  readonly usedBy: string | undefined;
}

export class TopologyOffice {
  readonly parts: OfficeParts;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(parts: OfficeParts) {
    this.parts = parts;
  }

  /** A token for one new server. Rejects with OperatorError JOIN_REFUSED or TLS_INVALID. */
  createToken(lifeMs: number, withAuthorityKey: boolean, extra: readonly string[]): Promise<MadeToken> {
    return this.#inTurn(async () => {
      const { config } = this.parts;
      const authority = await this.#authority();
      const addresses = [...new Set([...extra, ...this.#addresses()])].slice(0, 8);
      if (addresses.length === 0)
        throw new OperatorError(
          'JOIN_REFUSED',
          'this server does not listen for replication (server.runs: directory, or listen.replication: none): make the token on another one',
        );
      const nowMs = Date.now();
      const id = randomBytes(8).toString('hex');
      const secret = randomBytes(32).toString('hex');
      const expiresMs = nowMs + lifeMs;
      const before = await readTokens(config.files);
      const after = book(
        before,
        { id, digest: digestOf(secret), madeMs: nowMs, expiresMs, withAuthorityKey, used: undefined },
        nowMs,
      );
      if (after === undefined)
        throw new OperatorError(
          'JOIN_REFUSED',
          'too many tokens wait to be used; revoke some: polyarch token list',
        );
      await writeTokens(config.files, after);
      this.parts.log.info({ token: id, expiresMs }, 'a join token was made');
      const fingerprint = new X509Certificate(authority.certificate).fingerprint256;
      const token = formatToken({ id, secret, addresses, authority: fingerprint, expiresMs });
      return { token, id, expiresAt: new Date(expiresMs).toISOString(), addresses };
    });
  }

  /** Tokens whose time is not over. */
  async tokens(): Promise<readonly TokenLine[]> {
    const all = prune(await readTokens(this.parts.config.files), Date.now());
    return all.map(({ id, madeMs, expiresMs, used }) => ({
      id,
      madeAt: new Date(madeMs).toISOString(),
      expiresAt: new Date(expiresMs).toISOString(),
      usedBy: used === undefined ? undefined : `${used.name} (id ${used.id})`,
    }));
  }

  /** Makes a token void. Rejects with OperatorError COMMAND_INVALID when there is none. */
  revokeToken(id: string): Promise<void> {
    return this.#inTurn(async () => {
      const { files } = this.parts.config;
      const all = await readTokens(files);
      if (!all.some((token) => token.id === id))
        throw new OperatorError(
          'COMMAND_INVALID',
          `this server has made no token ${id}; see: polyarch token list`,
        );
      await writeTokens(
        files,
        all.filter((token) => token.id !== id),
      );
    });
  }

  /** A server wants to join: talks with it until it is answered. */
  receive(lines: JsonLines): void {
    this.#talk(lines)
      .catch((error: unknown) => {
        this.parts.log.warn(
          { peer: lines.peer, error: String(error) },
          'a server that wants to join was not answered',
        );
      })
      .finally(() => lines.close());
  }

  async #talk(lines: JsonLines): Promise<void> {
    const { config, version, log } = this.parts;
    const { settings, files } = config;
    const authority = await readSmallFile(inDirectory(files, settings['tls.ca']));
    lines.write({
      form: JOIN_FORM,
      server: settings['server.name'],
      version,
      authority: Buffer.from(authority ?? []).toString('utf8'),
    });
    const request = readRequest(await lines.read());
    const answer = await this.#inTurn(() => this.#answer(request));
    if (answer.kind === 'refused')
      log.warn(
        { peer: lines.peer, token: request?.token.slice(0, 16) },
        `a server may not join: ${answer.sentence}`,
      );
    else log.info({ peer: lines.peer, server: answer.grant.name, id: answer.grant.id }, 'a server joins');
    lines.write(answer);
  }

  async #answer(request: JoinRequest | undefined): Promise<JoinAnswer> {
    const refused = (sentence: string): JoinAnswer => ({ kind: 'refused', sentence });
    if (request === undefined)
      return refused('the request to join is malformed; run the same version on both servers');
    const key = provenKey(request);
    if (key === undefined) return refused('the request to join is not signed by its key');
    try {
      return await this.#grant(request, key);
    } catch (error) {
      if (error instanceof OperatorError || error instanceof LdapError) return refused(error.message);
      throw error;
    }
  }

  async #grant(request: JoinRequest, key: KeyObject): Promise<JoinAnswer> {
    const { config, topology } = this.parts;
    const nowMs = Date.now();
    const keyDigest = digestOf(request.publicKey);
    const all = await readTokens(config.files);
    const token = redeem(all, request.token, digestOf(request.secret), keyDigest, nowMs);
    if (token.kind === 'refused') return token;
    this.#refuseUnready();
    const authority = await this.#authority();
    const known =
      token.kind === 'repeated' ? topology.members.find(({ name }) => name === token.use.name) : undefined;
    const member =
      known ?? this.#admitted(request.wish, token.kind === 'repeated' ? token.use : undefined, nowMs);
    if (typeof member === 'string') return { kind: 'refused', sentence: member };
    const { name, id } = member;
    if (token.kind === 'open')
      await writeTokens(
        config.files,
        markUsed(all, token.token.id, { key: keyDigest, name, id, atMs: nowMs }),
      );
    await this.#enter(member, known === undefined, all);
    const hosts = [...new Set([...request.hosts, ...hostsOf(member)])];
    const certificate = await signServerKey(authority, name, hosts, nowMs, key);
    const grant = await this.#grantOf(
      member,
      certificate,
      token.token.withAuthorityKey ? authority : undefined,
    );
    return { kind: 'granted', grant };
  }

  /** The new member stands in the topology, and in the table of every domain, on disk. Gives the token back when it cannot. */
  async #enter(member: TopologyMember, isNew: boolean, before: TokenBook): Promise<void> {
    const { topology, replicated, config } = this.parts;
    try {
      if (isNew) await topology.write(member);
    } catch (error) {
      await writeTokens(config.files, before);
      throw error;
    }
    const { name, id, runs } = member;
    for (const domain of replicated) {
      const holdsEntries = runs !== 'broker' || domain === topology.domain;
      await domain.upkeep.members.admit(name, holdsEntries ? id : undefined);
    }
  }

  #admitted(
    wish: JoinWish,
    use: { readonly name: string; readonly id: number } | undefined,
    nowMs: number,
  ): TopologyMember | string {
    const asked = use === undefined ? wish : { ...wish, name: use.name, id: use.id };
    const admission = admit(asked, this.#facts(nowMs));
    return admission.kind === 'admitted' ? admission.member : admission.sentence;
  }

  #facts(nowMs: number): JoinFacts {
    const { config, topology, replicated } = this.parts;
    const { settings } = config;
    const names = new Set([settings['server.name'], ...config.peers.keys()]);
    const ids = new Set<number>([settings['server.id']]);
    for (const domain of replicated) {
      for (const { name, replica } of domain.upkeep.members.rows()) {
        names.add(name);
        if (replica !== undefined) ids.add(replica);
      }
      for (const replica of domain.upkeep.changelog.state.replicas()) ids.add(replica);
      if ('backend' in domain) for (const replica of domain.backend.state.replicas()) ids.add(replica);
    }
    return { members: topology.members, names, ids, nowMs, dataFormat: IMAGE_FORMAT };
  }

  /** A server that has no data to give, or takes no writes, lets nobody in. Throws OperatorError JOIN_REFUSED. */
  #refuseUnready(): void {
    const { config, domains, topology } = this.parts;
    for (const domain of [...domains, topology.domain]) {
      const { phase, reason } = domain.status();
      if (phase !== 'ready')
        throw new OperatorError(
          'JOIN_REFUSED',
          `${config.settings['server.name']} lets nobody join now (${domain.baseText}: ${reason ?? phase}); try again, or use a token of another server`,
        );
    }
  }

  async #grantOf(
    member: TopologyMember,
    certificate: string,
    authority: KeyedCertificate | undefined,
  ): Promise<JoinGrant> {
    const { config, topology } = this.parts;
    const { settings, files } = config;
    const bundle = await readSmallFile(inDirectory(files, settings['tls.ca']));
    const peers: Record<string, string> = {};
    for (const { name, replication, standing } of topology.members)
      if (name !== member.name && standing === 'member' && replication !== undefined)
        peers[name] = replication;
    for (const [name, address] of config.peers) if (name !== member.name) peers[name] ??= address;
    return {
      name: member.name,
      id: member.id,
      certificate,
      authority: Buffer.from(bundle ?? []).toString('utf8'),
      ...(authority === undefined ? {} : { authorityKey: authority.key }),
      domains: settings.domains,
      passwordHash: settings['admin.passwordHash'],
      settings: sharedSettings(settings),
      schema: (await readSchemaFolder(files.schema)).map(({ name, text }) => ({
        name: name.slice(name.lastIndexOf('/') + 1),
        text,
      })),
      peers,
    };
  }

  /** The CA with its key, which has signed our own certificate. Rejects with OperatorError TLS_INVALID. */
  async #authority(): Promise<KeyedCertificate> {
    const { settings, files } = this.parts.config;
    const authority = await readCertificate({
      certificate: inDirectory(files, settings['tls.ca']),
      key: inDirectory(files, settings['tls.caKey']),
    });
    const own = await readSmallFile(inDirectory(files, settings['tls.certificate']));
    const remedy = 'make the token on a server that has the key of the CA (tls.caKey)';
    if (authority === undefined || own === undefined)
      throw new OperatorError('TLS_INVALID', `this server has no key of the topology CA; ${remedy}`);
    const issuer = new X509Certificate(authority.certificate);
    if (!issuer.checkPrivateKey(createPrivateKey(authority.key)))
      throw new OperatorError(
        'TLS_INVALID',
        `tls.caKey is not the key of the first certificate in tls.ca; ${remedy}`,
      );
    if (!new X509Certificate(own).verify(issuer.publicKey))
      throw new OperatorError(
        'TLS_INVALID',
        `this server's certificate is of another CA than tls.caKey; ${remedy}`,
      );
    return authority;
  }

  /** Where others reach our replication port, best first. */
  #addresses(): string[] {
    const { settings } = this.parts.config;
    const advertised = ownFacts(settings).replication;
    if (advertised === undefined) return [];
    const listen = parseAddress(settings['listen.replication']);
    if (settings['advertise.replication'] !== undefined || listen === undefined) return [advertised];
    if (listen.host !== '0.0.0.0' && listen.host !== '::') return [advertised];
    const loopback = new Set(['localhost', '127.0.0.1', '::1']);
    const hosts = serverHosts();
    const sorted = [
      ...hosts.filter((host) => !loopback.has(host)),
      ...hosts.filter((host) => loopback.has(host)),
    ];
    return sorted.map((host) => formatAddress({ host, port: listen.port }));
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#turn.then(work, work);
    this.#turn = done.catch(() => {});
    return done;
  }
}

function hostsOf({ replication, ldap, ldaps, http }: TopologyMember): string[] {
  return [replication, ldap, ldaps, http].flatMap((text) => {
    const address = text === undefined ? undefined : parseAddress(text);
    return address === undefined ? [] : [address.host];
  });
}

/** The key of a request, when it is a P-256 key and has signed it. */
function provenKey({ publicKey, proof, token, wish }: JoinRequest): KeyObject | undefined {
  try {
    const key = createPublicKey(publicKey);
    if (key.asymmetricKeyDetails?.namedCurve !== 'prime256v1') return undefined;
    const text = Buffer.from(provenText(token, wish.clockMs));
    return verify('sha256', text, key, Buffer.from(proof, 'base64')) ? key : undefined;
  } catch {
    return undefined;
  }
}

function digestOf(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
