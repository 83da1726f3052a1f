/**
 * Options that choose among the records of LDIF: branches, filter, attributes.
 */
import type { SelectionOptions } from '../app/data/record-selection.js';
import { LdapError } from '../base/ldap-error.js';
import { OperatorError } from '../base/operator-error.js';
import type { Filter } from '../filter/filter.js';
import { parseFilter } from '../filter/filter-text.js';

export const selectionOptions = {
  filter: { type: 'string', describe: 'Only entries that match, such as (ou=Sales)' },
  'include-branch': {
    type: 'string',
    array: true,
    describe: 'Only what lies at or below this DN; may be repeated',
  },
  'exclude-branch': { type: 'string', array: true, describe: 'Nothing at or below this DN; may be repeated' },
  attributes: {
    type: 'string',
    array: true,
    describe: 'Only these attributes, as in a search (* user, + operational)',
  },
} as const;

export interface SelectionArguments {
  readonly filter?: string | undefined;
  readonly 'include-branch'?: readonly string[] | undefined;
  readonly 'exclude-branch'?: readonly string[] | undefined;
  readonly attributes?: readonly string[] | undefined;
}

/** The filter that was given. Throws OperatorError COMMAND_INVALID. */
export function givenFilter(args: SelectionArguments): Filter | undefined {
  if (args.filter === undefined) return undefined;
  try {
    return parseFilter(args.filter);
  } catch (error) {
    if (!(error instanceof LdapError)) throw error;
    throw new OperatorError('COMMAND_INVALID', `--filter: ${error.message}`, [], { cause: error });
  }
}

/** Attributes that were asked for: `--attributes cn,mail` and `--attributes cn mail` alike. */
export function givenAttributes(args: SelectionArguments): readonly string[] {
  return (args.attributes ?? []).flatMap((text) => text.split(',')).filter((name) => name !== '');
}

/** Branches and attributes, without the filter; undefined when nothing was given. */
export function givenSelection(
  args: SelectionArguments,
): Omit<SelectionOptions, 'schema' | 'filter' | 'fromLine'> | undefined {
  const include = args['include-branch'] ?? [];
  const exclude = args['exclude-branch'] ?? [];
  const attributes = givenAttributes(args);
  return include.length + exclude.length + attributes.length === 0
    ? undefined
    : { include, exclude, attributes };
}
