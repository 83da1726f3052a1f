/**
 * Modify of entries of cn=config: options that a running server takes over, by its administrator.
 *
 * The request is applied to the values in force by the rules of any modify, and the result goes through the checks of the configuration file. An attribute that is left without
 * values is taken out of the file: its default counts again.
 */
import { must } from '../../base/assert.js';
import { utf8Decode } from '../../base/bytes.js';
import { LdapError } from '../../base/ldap-error.js';
import { OperatorError } from '../../base/operator-error.js';
import {
  OPTION_SECTIONS,
  type OptionSection,
  optionAttribute,
  optionFromValues,
  optionOfAttribute,
} from '../../config/option-attributes.js';
import { type OptionKey, optionOf } from '../../config/option-table.js';
import { parseDn } from '../../dn/dn-text.js';
import { applyModifications } from '../../entry/apply-modifications.js';
import { checkModifiedEntry } from '../../entry/check-entry.js';
import type { Attributes } from '../../entry/entry.js';
import type { Modification, ModifyRequest } from '../../ldap/message.js';
import type { AttributeKey } from '../../schema/attribute-type.js';
import type { Schema } from '../../schema/schema.js';
import { shown } from '../names.js';
import { type Answer, answer, checkStopped, type Operation, SUCCESS } from '../operation.js';
import type { ServerParts } from '../server-parts.js';
import { type Configuration, configEntry, isChangeable, type OptionEdit } from '../trees/config-entry.js';
import { isUnder, type NamedEntry, rdnKeys } from '../trees/virtual-tree.js';
import { namedRdn } from './add.js';
import { initiatorOf, virtualReadControls } from './read-entry.js';
import { checkAssertion, refuseToDo } from './writes.js';

/** Changes options and answers when the file is written and they are in force. Rejects with LdapError. */
export async function modifyConfig(
  parts: ServerParts,
  operation: Operation,
  configuration: Configuration,
): Promise<Answer> {
  const { policy, schema } = parts;
  policy.checkAdminister(operation.requester);
  const { dn, modifications } = operation.message.request as ModifyRequest;
  const section = sectionOf(schema, dn);
  const permissive = operation.controls.permissiveModify;
  checkStopped(operation);
  let before: NamedEntry | undefined;
  const changed = configuration.change(
    initiatorOf(operation),
    (facts) => {
      before = configEntry(schema, section, facts);
      checkAssertion(parts, operation, policy.reader(operation.requester), before);
      return editsOf(schema, before, modifications, permissive);
    },
    operation.controls.noOp ? refuseToDo : undefined,
  );
  operation.release();
  try {
    await changed;
  } catch (error) {
    throw asLdapError(error);
  }
  const after = configEntry(schema, section, configuration.facts());
  return answer('modify', SUCCESS, virtualReadControls(parts, operation, before ?? after, after));
}

/** The section whose entry has this name. Throws LdapError noSuchObject. */
function sectionOf(schema: Schema, text: string): OptionSection {
  const dn = parseDn(text);
  const section = OPTION_SECTIONS.find((one) => {
    const keys = must(rdnKeys(schema, parseDn(one.dn)), 'a well-formed DN');
    return keys.length === dn.rdns.length && isUnder(schema, dn, keys);
  });
  if (section === undefined) throw new LdapError('noSuchObject', `There is no entry ${shown(dn)}.`);
  return section;
}

/** What the request asks for. Throws LdapError: of a modify, or unwillingToPerform with every option that cannot be changed so. */
function editsOf(
  schema: Schema,
  entry: NamedEntry,
  modifications: readonly Modification[],
  permissive: boolean,
): readonly OptionEdit[] {
  const { after, changes } = applyModifications(entry.stored, modifications, schema, { permissive });
  checkModifiedEntry(entry.stored, after, changes, namedRdn({ schema }, entry.dn), schema);
  const faults: string[] = [];
  const keys: OptionKey[] = [];
  for (const { key, name } of changes) {
    const option = optionOfAttribute(key);
    const fault = option === undefined ? `${name} is made by the server` : unchangeable(option);
    if (fault !== undefined) faults.push(fault);
    else if (option !== undefined) keys.push(option);
  }
  if (faults.length > 0)
    throw new LdapError('unwillingToPerform', `Nothing was changed: ${faults.join('; ')}.`);
  return keys.map((key) => ({ key, value: changedValue(key, after) }));
}

function unchangeable(key: OptionKey): string | undefined {
  if (isChangeable(key)) return undefined;
  const { reloads } = optionOf(key);
  return reloads
    ? `${key} is changed on the machine alone: edit polyarch.yaml and send SIGHUP`
    : `${key} does not change while the server runs: edit polyarch.yaml and restart`;
}

/** The option's value, undefined where the attribute is gone. Throws LdapError constraintViolation. */
function changedValue(key: OptionKey, after: Attributes): unknown {
  const attribute = after.get(optionAttribute(key) as AttributeKey);
  if (attribute === undefined) return undefined;
  const texts = attribute.values.map((value) => utf8Decode(value) ?? '');
  const value = optionFromValues(optionOf(key).form, texts);
  if (value === undefined)
    throw new LdapError('constraintViolation', `Nothing was changed: ${key}: these values cannot be read.`);
  return value;
}

function asLdapError(error: unknown): unknown {
  if (!(error instanceof OperatorError)) return error;
  switch (error.code) {
    case 'CONFIG_INVALID':
      return new LdapError('constraintViolation', sentence(error));
    case 'COMMAND_INVALID':
      return new LdapError('unwillingToPerform', sentence(error));
    default:
      return new LdapError('other', sentence(error));
  }
}

function sentence({ message, faults }: OperatorError): string {
  return faults.length === 0
    ? `Nothing was changed: ${message}.`
    : `Nothing was changed: ${faults.join('; ')}.`;
}
