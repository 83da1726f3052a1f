/** Rules between entries look up the values of a long list in steps, between which others have their turn; a usual write is decided at once. */
import t from 'tap';
import type { Intent, ReadView } from '../../lib/backend/backend.js';
import { isDecided } from '../../lib/backend/decision.js';
import { LdapError } from '../../lib/base/ldap-error.js';
import { STEP_LOOKS } from '../../lib/base/steps.js';
import { adding, openEngine } from './engine.js';

const BASE = 'dc=example,dc=com';
const GROUP = `cn=g,${BASE}`;
/** More than one call takes as arguments. */
const MANY = 150_000;

/** Counts look-ups of what it is asked by value; `found` answers those for holders. */
function counting(view: ReadView, found: (normal: Uint8Array) => boolean) {
  const counts = { looks: 0 };
  const person = view.byDnText(`cn=p0,${BASE}`);
  const answers: Record<string, unknown> = {
    holders: (_key: unknown, normal: Uint8Array) => {
      counts.looks += 1;
      return found(normal) ? [person] : [];
    },
    byKey: (key: string) => {
      counts.looks += 1;
      return view.byKey(key);
    },
  };
  const looked = new Proxy(view, {
    get: (target, name) => {
      const value = answers[String(name)] ?? Reflect.get(target, name, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
  return { counts, looked };
}

async function rulesOf(consistency: { unique?: string[]; references?: string[]; referencesExist?: boolean }) {
  const { backend } = await openEngine({ consistency });
  await backend.submit('', adding(BASE, { objectClass: ['domain'], dc: ['example'] }));
  for (let n = 0; n < 20; n++)
    await backend.submit('', adding(`cn=p${n},${BASE}`, { objectClass: ['device'], cn: [`p${n}`] }));
  /** What becomes of an add of the group with these attributes: steps, look-ups of the longest one and of all, and the result. */
  return async (more: Record<string, string[]>, found: (normal: Uint8Array) => boolean = () => false) => {
    const told = { atOnce: false, steps: 0, most: 0, looks: 0, result: 'success' };
    const intents = adding(GROUP, { objectClass: ['device'], cn: ['g'], ...more });
    await backend
      .submit('', (view) => {
        const { counts, looked } = counting(view, found);
        const given: readonly Intent[] = intents(view);
        try {
          const decision = backend.parts.rules.completed(looked, given, '');
          told.atOnce = isDecided(decision);
          for (let before = 0; !isDecided(decision); before = counts.looks) {
            const step = decision.next();
            told.most = Math.max(told.most, counts.looks - before);
            if (step.done === true) break;
            told.steps += 1;
          }
        } catch (error) {
          told.result = error instanceof LdapError ? error.result : String(error);
        }
        told.looks = counts.looks;
        return [];
      })
      .catch((error: unknown) => {
        told.result = String(error);
      });
    return told;
  };
}

t.test('values that must be unique are looked up in steps, all of them', async (t) => {
  const add = await rulesOf({ unique: ['ldap:///?serialNumber?sub'] });
  const serialNumber = Array.from({ length: MANY }, (_, n) => `n${n}`);
  const done = await add({ serialNumber });
  t.match(done, { atOnce: false, result: 'success', looks: MANY });
  t.ok(done.most <= STEP_LOOKS, `${done.most} in one step of ${done.steps}`);
  const last = `n${MANY - 1}`;
  const twice = await add({ serialNumber }, (normal) => Buffer.from(normal).toString() === last);
  t.match(twice, { result: 'constraintViolation', looks: MANY }, 'the last one is held by another');
  t.match(await add({ serialNumber: ['1', '2'] }), { atOnce: true, looks: 2, result: 'success' });
});

t.test('values that must name entries are looked up in steps, all of them', async (t) => {
  const add = await rulesOf({ references: ['seeAlso'], referencesExist: true });
  const seeAlso = Array.from({ length: 5000 }, (_, n) => `cn=p${n % 20},${BASE}`);
  const done = await add({ seeAlso });
  t.match(done, { atOnce: false, result: 'success', looks: 5000 });
  t.ok(done.most <= STEP_LOOKS, `${done.most} in one step of ${done.steps}`);
  const missing = await add({ seeAlso: [...seeAlso, `cn=nobody,${BASE}`] });
  t.match(missing, { result: 'constraintViolation', looks: 5001 });
  t.match(await add({ seeAlso: [`cn=p3,${BASE}`] }), { atOnce: true, looks: 1, result: 'success' });
});
