/** Options of a fractional replica, which holds a part of the attributes: rows of the option table. What an item means is entry/fraction-text.ts. */
import { list, type Option } from './option.js';
import { dnFault } from './option-faults.js';

/** What is wrong with an item whatever the schema says. */
const formFault = (item: string): string | undefined =>
  item.indexOf(':') > 0 ? undefined : 'is not of the form class:attribute,attribute (or *:attribute)';

/** Rows of the option table (option-table.ts). */
export const FRACTION_OPTIONS = {
  'fraction.exclude': list(
    'Attributes that this server does not hold, as `class:attribute,attribute`, or `*:attribute` for entries of every class; what a class requires is always held. A change asks for a new copy of the data.',
    { preset: [], check: formFault },
  ),
  'fraction.include': list(
    'The only attributes that this server holds, in the same form, besides object classes, operational attributes and what the class of an entry requires. Not together with `fraction.exclude`.',
    { preset: [], check: formFault },
  ),
  'fraction.domains': list('Base DNs of the domains of which only that part is held; none: all.', {
    preset: [],
    check: dnFault,
  }),
} as const satisfies Record<string, Option>;
