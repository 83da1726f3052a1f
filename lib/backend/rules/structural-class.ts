/** The structural object class of an entry from its objectClass values (RFC 4512 section 2.4.2). Remembers the combinations it has seen. */
import { latin1, utf8Encode } from '../../base/bytes.js';
import type { Attribute } from '../../entry/entry.js';
import { type ObjectClass, standingAlone } from '../../schema/object-class.js';
import { HalfLifeMap } from '../memory/half-life-map.js';

const COMBINATIONS = 1000;

export interface ClassLookup {
  objectClass(nameOrOid: string): ObjectClass | undefined;
  superclasses(objectClass: ObjectClass): ReadonlySet<ObjectClass>;
  /** Another number after each change. */
  readonly version?: number;
}

/** A function from objectClass to structuralObjectClass; undefined when no value names a structural class. */
export function structuralClassOf(schema: ClassLookup): (objectClass: Attribute) => Attribute | undefined {
  let known = new HalfLifeMap<string, Attribute>(COMBINATIONS);
  let version = schema.version;
  return ({ values }) => {
    if (version !== schema.version) {
      known = new HalfLifeMap(COMBINATIONS);
      version = schema.version;
    }
    const key = values.map(latin1).join('\0');
    const before = known.get(key);
    if (before !== undefined) return before;
    const classes = values.flatMap((value) => schema.objectClass(latin1(value)) ?? []);
    let best: ObjectClass | undefined;
    for (const one of classes) {
      if (one.kind !== 'structural') continue;
      if (best === undefined || schema.superclasses(one).size > schema.superclasses(best).size) best = one;
    }
    best ??= standingAlone(classes);
    if (best === undefined) return undefined;
    const attribute = { name: 'structuralObjectClass', values: [utf8Encode(best.name)] };
    known.set(key, attribute);
    return attribute;
  };
}
