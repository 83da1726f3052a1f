/**
 * Shapes of topologies for the chaos run: who is there, who follows whom, which of them is special. A shape is data; the cluster of the end-to-end tests makes it.
 *
 * Links are written once and hold in both directions, but for servers that nobody dials.
 */

export interface Shape {
  readonly directories: number;
  /** Numbered after the directories. */
  readonly brokers: number;
  readonly links: readonly (readonly [number, number])[];
  /** Directories that dial and are not dialed. */
  readonly dialOnly: readonly number[];
  /** Directories that hold a part of the attributes. */
  readonly fractional: readonly number[];
}

/** What a fractional directory leaves out. */
export const LEFT_OUT = ['description', 'jpegphoto'];

const whole = { brokers: 0, dialOnly: [], fractional: [] } as const;

export const SHAPES: ReadonlyMap<string, Shape> = new Map<string, Shape>([
  [
    'mesh',
    {
      ...whole,
      directories: 3,
      links: [
        [1, 2],
        [1, 3],
        [2, 3],
      ],
    },
  ],
  [
    'chain',
    {
      ...whole,
      directories: 4,
      links: [
        [1, 2],
        [2, 3],
        [3, 4],
      ],
    },
  ],
  [
    'ring',
    {
      ...whole,
      directories: 4,
      links: [
        [1, 2],
        [2, 3],
        [3, 4],
        [4, 1],
      ],
    },
  ],
  [
    'broker',
    {
      ...whole,
      directories: 3,
      brokers: 1,
      links: [
        [1, 4],
        [2, 4],
        [3, 4],
      ],
    },
  ],
  [
    'hubs',
    {
      ...whole,
      directories: 3,
      brokers: 2,
      links: [
        [1, 4],
        [2, 4],
        [3, 4],
        [1, 5],
        [2, 5],
        [3, 5],
        [4, 5],
      ],
    },
  ],
  [
    'far-brokers',
    {
      ...whole,
      directories: 3,
      brokers: 2,
      links: [
        [1, 4],
        [4, 5],
        [2, 5],
        [3, 5],
      ],
    },
  ],
  [
    'dial-only',
    {
      ...whole,
      directories: 3,
      dialOnly: [3],
      links: [
        [1, 2],
        [3, 1],
        [3, 2],
      ],
    },
  ],
  [
    'fraction',
    {
      ...whole,
      directories: 3,
      fractional: [3],
      links: [
        [1, 2],
        [1, 3],
        [2, 3],
      ],
    },
  ],
]);

/** Whom a server lists among its peers. */
export function peersOf(shape: Shape, number: number): readonly number[] {
  return shape.links.flatMap(([a, b]) => {
    const other = a === number ? b : b === number ? a : undefined;
    return other === undefined || shape.dialOnly.includes(other) ? [] : [other];
  });
}

/** Lines of polyarch.yaml. */
export function settingsOf(shape: Shape, number: number): string {
  const common = 'groups:\n  allowEmpty: true\nuniqueness:\n  - "ldap:///?mail?sub"\n';
  if (!shape.fractional.includes(number)) return common;
  return `${common}fraction:\n  exclude:\n    - "*:${LEFT_OUT.join(',')}"\n`;
}
