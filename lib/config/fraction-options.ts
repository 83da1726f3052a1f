/** Options of a fractional replica, which holds a part of the attributes: rows of the option table. What an item means is entry/fraction-text.ts. */
import { list, type Option } from './option.js';
import { dnFault } from './option-faults.js';

/** Rows of the option table (option-table.ts). */
export const FRACTION_OPTIONS = {
  'fraction.exclude': list(
    'Attributes that this server does not hold, as `class:attribute,attribute`, or `*:attribute` for entries of every class; what a class requires is always held. A change asks for a new copy of the data.',
    { preset: [] },
  ),
  'fraction.include': list(
    'The only attributes that this server holds, in the same form, besides object classes, operational attributes and what the class of an entry requires. Not together with `fraction.exclude`.',
    { preset: [] },
  ),
  'fraction.domains': list('Base DNs of the domains of which only that part is held; none: all.', {
    preset: [],
    check: dnFault,
  }),
} as const satisfies Record<string, Option>;
