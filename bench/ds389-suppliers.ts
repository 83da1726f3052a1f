/**
 * Instances of 389 Directory Server that all take writes: replication set up between them as its `dsconf replication enable` and `repl-agmt create` do, over LDAP.
 *
 * Owns replicas, agreements and the first copy; an instance itself is ds389.ts. Every instance has an agreement with every other one.
 */
import type { ChildProcess } from 'node:child_process';
import { must } from '../lib/base/assert.js';
import { utf8Decode } from '../lib/base/bytes.js';
import { LdapClient } from '../lib/io/ldap-client.js';
import { stopChild } from './clean-up.js';
import {
  DS389_ADMIN,
  type Ds389Instance,
  ds389Backend,
  ds389Load,
  ds389Mapping,
  ds389Remove,
  ds389Setup,
  ds389Start,
  ds389Write,
} from './ds389.js';

const MANAGER = 'cn=replication manager,cn=config';
/** Longest that a total update may take, ms. */
const COPY_MS = 3_600_000;

const replicaDn = ({ baseDn }: Ds389Instance): string => `cn=replica,${ds389Mapping(baseDn)}`;
const agreementDn = (from: Ds389Instance, to: Ds389Instance): string => `cn=to-${to.name},${replicaDn(from)}`;

function replica(instance: Ds389Instance, id: number): string {
  return [
    `dn: ${MANAGER}\nobjectClass: top\nobjectClass: netscapeServer\nobjectClass: nsAccount\n`,
    `cn: replication manager\nuserPassword: ${instance.password}\n\n`,
    `dn: ${replicaDn(instance)}\nobjectClass: top\nobjectClass: nsds5Replica\nobjectClass: extensibleObject\n`,
    `cn: replica\nnsDS5ReplicaRoot: ${instance.baseDn}\nnsDS5ReplicaId: ${id}\nnsDS5ReplicaType: 3\nnsDS5Flags: 1\n`,
    `nsDS5ReplicaBindDN: ${MANAGER}\n\n`,
  ].join('');
}

function agreement(from: Ds389Instance, to: Ds389Instance): string {
  return [
    `dn: ${agreementDn(from, to)}\nobjectClass: top\nobjectClass: nsds5replicationagreement\ncn: to-${to.name}\n`,
    `nsDS5ReplicaHost: 127.0.0.1\nnsDS5ReplicaPort: ${to.port}\nnsDS5ReplicaTransportInfo: LDAP\n`,
    `nsDS5ReplicaBindDN: ${MANAGER}\nnsDS5ReplicaBindMethod: SIMPLE\nnsDS5ReplicaCredentials: ${to.password}\n`,
    `nsDS5ReplicaRoot: ${from.baseDn}\n\n`,
  ].join('');
}

export class Ds389Suppliers {
  readonly #instances: readonly Ds389Instance[];
  readonly #children: ChildProcess[] = [];

  private constructor(instances: readonly Ds389Instance[]) {
    this.#instances = instances;
  }

  /** Makes and starts them; the first holds the entries of `ldifFile`, the others nothing yet. */
  static async start(instances: readonly Ds389Instance[], ldifFile: string): Promise<Ds389Suppliers> {
    const suppliers = new Ds389Suppliers(instances);
    try {
      for (const [at, instance] of instances.entries()) {
        ds389Setup(instance);
        suppliers.#children.push(await ds389Start(instance));
        if (at === 0) await ds389Load(instance, ldifFile);
        else await ds389Backend(instance);
        await ds389Write(instance, replica(instance, at + 1));
      }
      for (const from of instances)
        for (const to of instances) if (from !== to) await ds389Write(from, agreement(from, to));
    } catch (error) {
      await suppliers.stop();
      throw error;
    }
    return suppliers;
  }

  get children(): readonly ChildProcess[] {
    return this.#children;
  }

  /** The first gives all that it holds to each of the others (dsconf's `repl-agmt init`); resolves when they have it. */
  async copy(): Promise<void> {
    const [first, ...others] = this.#instances;
    const source = must(first, 'there are instances');
    const { port, password } = source;
    const client = await LdapClient.connect({ host: '127.0.0.1', port, connectMs: 10_000 });
    try {
      await client.bind(DS389_ADMIN, password);
      for (const to of others) {
        const change = `dn: ${agreementDn(source, to)}\nchangetype: modify\nreplace: nsds5BeginReplicaRefresh\n`;
        await ds389Write(source, `${change}nsds5BeginReplicaRefresh: start\n`);
        await untilCopied(client, agreementDn(source, to));
      }
    } finally {
      client.unbind();
    }
  }

  /** Ends them and takes away all that they left. */
  async stop(): Promise<void> {
    await Promise.all(this.#children.map(stopChild));
    for (const instance of this.#instances) ds389Remove(instance);
  }
}

/** Their server takes the order away from the agreement when it is carried out. Rejects with its sentence when that failed. */
async function untilCopied(client: LdapClient, agreementName: string): Promise<void> {
  const fromMs = performance.now();
  for (;;) {
    const found = await client.readEntry(agreementName, [
      'nsds5BeginReplicaRefresh',
      'nsds5replicaLastInitStatus',
    ]);
    const value = (name: string) =>
      found?.attributes.find((attribute) => attribute.name.toLowerCase() === name)?.values[0];
    const said = utf8Decode(value('nsds5replicalastinitstatus') ?? new Uint8Array(0)) ?? '';
    if (value('nsds5beginreplicarefresh') === undefined) {
      if (said.includes('(0)')) return;
      throw new Error(`389-ds did not copy: ${said}`);
    }
    if (performance.now() - fromMs > COPY_MS) throw new Error(`389-ds copies for an hour: ${said}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
