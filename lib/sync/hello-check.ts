/**
 * Whether two servers may replicate with each other: one rule for both ends of a link.
 *
 * Each refusal is a code for programs and one sentence for the operator that names both servers. Looks things up nowhere: who is connected already and what the
 * certificate says are arguments.
 */
import type { ReplicaId } from '../csn/csn.js';
import { unreadable } from './formats.js';
import type { Frame, Hello, RefusalCode } from './frames.js';

export interface Refusal {
  readonly code: RefusalCode;
  readonly sentence: string;
}

/** What the driver knows of the other end beside its hello. */
export interface PeerFacts {
  /** host:port, for people. */
  readonly address: string;
  /** Server name from the certificate; undefined where links prove none. */
  readonly identity: string | undefined;
  /** Name of the server that we dialed; undefined when it dialed us. */
  readonly expected: string | undefined;
  /** Server names that may replicate with us; undefined: any that proved its name, or none had to. */
  readonly allowed: ReadonlySet<string> | undefined;
  /** Another live process that uses the peer's replica id, when there is one. */
  readonly rival: { readonly server: string; readonly address: string } | undefined;
  /** The peer holds a change of this replica that we should hold, by our own state, and do not: two histories of one replica. */
  readonly forked: ReplicaId | undefined;
  /** Of another server whose histories these are: its name, where we follow it and it has made all that we hold of it. */
  readonly maker?: string | undefined;
  /** Why the peer must not be let in, by what is known of the domain's servers (admission.ts). */
  readonly barred?: Refusal | undefined;
}

/** Why `own` may not replicate with `peer`, or undefined when it may. */
export function checkHello(own: Hello, peer: Hello, facts: PeerFacts): Refusal | undefined {
  return (
    checkVersion(own, peer) ??
    checkIdentity(own, peer, facts) ??
    checkData(own, peer, facts) ??
    checkFormats(own, peer, facts)
  );
}

/** Who dials takes. */
function checkFormats(own: Hello, peer: Hello, { expected }: PeerFacts): Refusal | undefined {
  const sentence = expected === undefined ? unreadable(own, peer) : unreadable(peer, own);
  return sentence === undefined ? undefined : { code: 'version', sentence };
}

function checkVersion(own: Hello, peer: Hello): Refusal | undefined {
  if (peer.protocolMin <= own.protocolMax && own.protocolMin <= peer.protocolMax) return undefined;
  return {
    code: 'version',
    sentence: `${peer.server} speaks replication protocol ${peer.protocolMin} to ${peer.protocolMax}, ${own.server} speaks ${own.protocolMin} to ${own.protocolMax}`,
  };
}

function checkIdentity(own: Hello, peer: Hello, facts: PeerFacts): Refusal | undefined {
  const refuse = (code: RefusalCode, sentence: string): Refusal => ({ code, sentence });
  if (peer.boot === own.boot) return refuse('self', `${own.server} reached itself at ${facts.address}`);
  if (facts.identity !== undefined && facts.identity !== peer.server) {
    return refuse(
      'identity',
      `the server at ${facts.address} calls itself ${peer.server}, its certificate says ${facts.identity}`,
    );
  }
  if (facts.expected !== undefined && facts.expected !== peer.server) {
    return refuse('identity', `the server at ${facts.address} is ${peer.server}, not ${facts.expected}`);
  }
  if (facts.allowed !== undefined && !facts.allowed.has(peer.server)) {
    return refuse('identity', `${peer.server} is not a server of ${own.server}'s topology`);
  }
  if (peer.replica === undefined) return undefined;
  if (peer.replica === own.replica) {
    return refuse(
      'replica-id',
      `replica id ${peer.replica} is used by both ${own.server} and ${peer.server} (${facts.address})`,
    );
  }
  if (facts.rival !== undefined) {
    return refuse(
      'replica-id',
      `replica id ${peer.replica} is used by two live servers, ${facts.rival.server} (${facts.rival.address}) and ${peer.server} (${facts.address})`,
    );
  }
  return undefined;
}

/** Who was restored is known where one of both is the replica itself, or follows it. */
export function forkedSentence(own: Hello, peer: Hello, replica: ReplicaId, maker?: string): string {
  return `${own.server} and ${peer.server} hold different histories of replica ${replica}; ${remedyOf(own, peer, replica, maker)}`;
}

function remedyOf(own: Hello, peer: Hello, replica: ReplicaId, maker: string | undefined): string {
  const restored = replica === own.replica ? own.server : replica === peer.replica ? peer.server : undefined;
  const other = restored === own.server ? peer.server : own.server;
  if (restored !== undefined)
    return `${restored} was restored from an older copy and has made changes since; initialize it (polyarch replication initialize): those changes are made anew; where it has been, initialize ${other} from it`;
  // A broker has no entries that a copy would replace, and what it holds it may hold of those that its peers have to choose between.
  if (maker === undefined || peer.replica === undefined) return 'initialize the server that was restored';
  return `${maker} was restored from an older copy and has made changes since, which ${own.server} has from it: initialize ${peer.server} from ${own.server} (polyarch replication initialize), which names first what ${peer.server} alone holds`;
}

/** What a peer whose own history is forked, or a broker, hears before it is refused: it cannot see that itself when its newest change is older than ours of it. */
export function forkFrames(own: Hello, peer: Hello, { forked }: PeerFacts): Frame[] {
  const csn = forked === undefined ? undefined : own.states.log.get(forked);
  if (forked === undefined || csn === undefined) return [];
  if (forked !== peer.replica && peer.replica !== undefined) return [];
  return [
    { kind: 'hello', hello: own },
    { kind: 'unavailable', origin: forked, why: 'forked', csn },
  ];
}

function checkData(own: Hello, peer: Hello, facts: PeerFacts): Refusal | undefined {
  if (peer.domain !== own.domain) {
    return {
      code: 'domain',
      sentence: `${peer.server} asked for domain ${peer.domain}, ${own.server} has ${own.domain}`,
    };
  }
  if (facts.barred !== undefined && own.purpose !== 'initialize' && own.wants !== true) return facts.barred;
  // A total update replaces whatever the target holds, so nothing of that is compared.
  if (own.purpose === 'initialize' || peer.purpose === 'initialize') return undefined;
  if (own.wants === true || peer.wants === true) return undefined;
  if (facts.forked !== undefined)
    return { code: 'forked', sentence: forkedSentence(own, peer, facts.forked, facts.maker) };
  if (peer.generation === own.generation) return undefined;
  // A broker without a directory takes the generation of the first server that has one.
  if (peer.replica === undefined && peer.generation === undefined) return undefined;
  if (own.replica === undefined && own.generation === undefined) return undefined;
  if (own.generation === undefined || peer.generation === undefined) {
    const empty = own.generation === undefined ? own.server : peer.server;
    return {
      code: 'no-data',
      sentence: `${empty} holds no data of ${own.domain} yet and must be initialized`,
    };
  }
  return {
    code: 'generation',
    sentence: `${own.server} and ${peer.server} hold different data sets of ${own.domain} (generations ${own.generation} and ${peer.generation}); initialize one from the other`,
  };
}
