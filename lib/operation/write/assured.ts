/**
 * Assured writes: the answer to a write waits until other servers have the change, as its domain or the request asks (docs/assurance.md).
 *
 * Owns what the client is told. The change is on this server's disk and on its way in any case: whatever the outcome is, it is not taken back.
 */
import { utf8Encode } from '../../base/bytes.js';
import type { Csn } from '../../csn/csn.js';
import { CONTROL_OIDS } from '../../ldap/control-oids.js';
import type { Control, LdapResult } from '../../ldap/message.js';
import { type Operation, resultOf, SUCCESS } from '../operation.js';

/** Longest time that a write waits for others, ms. */
const MAX_WAIT_MS = 60_000;

/** As sync/assured-waits.ts has it. */
export interface AssuredOutcome {
  readonly kind: 'reached' | 'reduced' | 'timeout';
  readonly have: readonly string[];
  readonly missing: readonly string[];
  readonly leftOut: readonly string[];
}

/** What a write may wait for. */
export interface AssuredMode {
  readonly mode: 'safe-data' | 'safe-read';
  readonly level: number;
}

/** A domain's part: whom to ask, and what its writes wait for where the request says nothing. */
export interface DomainAssurance {
  wait(csn: Csn, wish: AssuredMode, timeoutMs: number): Promise<AssuredOutcome>;
  /** undefined: writes do not wait. */
  readonly preset: AssuredMode | undefined;
  readonly timeoutMs: number;
  /** How a client learns that the preset was not reached. */
  readonly tell: 'none' | 'diagnostic' | 'error';
}

export interface Assured {
  readonly result: LdapResult;
  readonly controls: readonly Control[];
}

/** Waits as the request or the domain asks; undefined: neither does. */
export function assure(
  operation: Operation,
  assurance: DomainAssurance | undefined,
  csn: Csn | undefined,
): Promise<Assured> | undefined {
  const { assured } = operation.controls;
  if (assurance === undefined) {
    if (assured === undefined || csn === undefined) return undefined;
    const alone: AssuredOutcome = { kind: 'reduced', have: [], missing: [], leftOut: [] };
    return Promise.resolve(tellAsked(alone, assured.required));
  }
  const wish = assured ?? assurance.preset;
  if (wish === undefined || csn === undefined) return undefined;
  const timeoutMs = Math.min(assured?.timeoutMs ?? assurance.timeoutMs, MAX_WAIT_MS);
  return assurance
    .wait(csn, { mode: wish.mode, level: wish.level }, timeoutMs)
    .then((outcome) =>
      assured === undefined
        ? { result: resultFor(outcome, assurance.tell), controls: [] }
        : tellAsked(outcome, assured.required),
    );
}

function tellAsked(outcome: AssuredOutcome, required: boolean): Assured {
  const value = utf8Encode(outcomeText(outcome));
  return {
    result: resultFor(outcome, required ? 'error' : 'none'),
    controls: [{ oid: CONTROL_OIDS.assured, critical: false, value }],
  };
}

function resultFor(outcome: AssuredOutcome, tell: DomainAssurance['tell']): LdapResult {
  if (outcome.kind === 'reached' || tell === 'none') return SUCCESS;
  return resultOf(tell === 'error' ? 'other' : 'success', sentence(outcome));
}

/** The value of the response control. */
function outcomeText({ kind, have, missing, leftOut }: AssuredOutcome): string {
  const words: string[] = [kind];
  if (have.length > 0) words.push(`have=${have.join(',')}`);
  if (missing.length > 0) words.push(`missing=${missing.join(',')}`);
  if (leftOut.length > 0) words.push(`left-out=${leftOut.join(',')}`);
  return words.join(' ');
}

function sentence({ have, missing, leftOut }: AssuredOutcome): string {
  const parts = [`other servers that have it: ${have.length === 0 ? 'none known' : have.join(', ')}`];
  if (missing.length > 0) parts.push(`not in time: ${missing.join(', ')}`);
  if (leftOut.length > 0) parts.push(`not waited for: ${leftOut.join(', ')}`);
  return `The change is made and stays, but less is assured than was asked; ${parts.join('; ')}.`;
}
