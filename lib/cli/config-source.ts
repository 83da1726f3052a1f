/**
 * Where `polyarch config` finds options: on a running server (by its control socket, or as cn=config over LDAP), or in the directory of a stopped one.
 *
 * All answer the same lines. Over LDAP only what a running server takes over can be changed, as by any client; who is on the machine may change the rest for the next start.
 */

import { editedConfig, inFileTurn, replaceConfigFile } from '../app/config/config-file.js';
import { type ConfigLine, configLines, parseEdits } from '../app/config/config-lines.js';
import type { ConfigChange } from '../app/config/live-configuration.js';
import { readConfigAndSources } from '../app/config/read-config.js';
import { callControl, isRunning } from '../app/control/control-client.js';
import { existingServer } from '../app/server-files.js';
import { utf8Decode, utf8Encode } from '../base/bytes.js';
import { OperatorError } from '../base/operator-error.js';
import { changedOptions } from '../config/changed-options.js';
import {
  CONFIG_BASE,
  OPTION_SECTIONS,
  optionAttribute,
  optionOfAttribute,
  optionValues,
  PENDING_ATTRIBUTE,
  SOURCE_ATTRIBUTE,
} from '../config/option-attributes.js';
import { givenElsewhere, type OptionSource, optionSource } from '../config/option-source.js';
import { OPTION_KEYS, type OptionKey, optionOf } from '../config/option-table.js';
import type { Attribute } from '../entry/entry.js';
import type { LdapClient } from '../io/ldap-client.js';
import { connectTo } from './ldap-options.js';
import { callServer, type TargetArguments, targetOf } from './server-target.js';

const EVERY = { kind: 'present', attribute: 'objectClass' } as const;

/** Every option, in the order of the table. Rejects as what it reads from does. */
export async function readOptions(args: TargetArguments): Promise<readonly ConfigLine[]> {
  const target = targetOf(args);
  if (target.kind === 'url') return await overLdap(target.url, args, linesOver);
  const files = existingServer(target.dir);
  if (await isRunning(files))
    return (await callControl(files, { command: 'config-get' })) as readonly ConfigLine[];
  const { config, sources } = await readConfigAndSources(target.dir);
  const sourceOf = (key: OptionKey) => optionSource(sources, key);
  return configLines({ settings: config.settings, sourceOf, pending: [] }, OPTION_KEYS);
}

/** Sets options from texts `KEY=VALUE`, all or none. Rejects with OperatorError, or LdapError where the server refuses. */
export async function changeOptions(args: TargetArguments, texts: readonly string[]): Promise<ConfigChange> {
  const edits = parseEdits(texts);
  const keys = edits.map(({ key }) => key);
  const target = targetOf(args);
  if (target.kind === 'url') {
    await overLdap(target.url, args, async (client) => {
      const sections = OPTION_SECTIONS.filter((one) => one.keys.some((key) => keys.includes(key)));
      const [section, ...more] = sections;
      if (section === undefined || more.length > 0)
        throw new OperatorError(
          'COMMAND_INVALID',
          'options of several sections are several entries of cn=config; set them one section at a time',
        );
      await client.modify(
        section.dn,
        edits.map(({ key, value }) => ({
          operation: 'replace',
          attribute: { description: optionAttribute(key), values: optionValues(value).map(utf8Encode) },
        })),
      );
    });
    return { reloaded: keys, atNextStart: [] };
  }
  const files = existingServer(target.dir);
  if (await isRunning(files))
    return (await callControl(files, { command: 'config-set', options: texts })) as ConfigChange;
  const { sources } = await readConfigAndSources(target.dir);
  const elsewhere = givenElsewhere(sources, keys);
  if (elsewhere.length > 0)
    throw new OperatorError('COMMAND_INVALID', 'the file does not decide these options', elsewhere);
  await inFileTurn(files.config, async () => {
    const { text } = await editedConfig(files.config, sources, edits);
    if (text !== undefined) await replaceConfigFile(files.config, text);
  });
  return { reloaded: [], atNextStart: keys };
}

/** Checks the files of a server as a whole; answers what a running one would take over now and what at its next start, a stopped one nothing. Rejects with OperatorError CONFIG_INVALID with all faults. */
export async function testOptions(
  args: TargetArguments,
): Promise<ConfigChange & { readonly running: boolean }> {
  const target = targetOf(args);
  if (target.kind === 'url') {
    const change = await callServer(args, { command: 'config-test' });
    return { ...(change as ConfigChange), running: true };
  }
  const files = existingServer(target.dir);
  if (await isRunning(files))
    return { ...((await callControl(files, { command: 'config-test' })) as ConfigChange), running: true };
  const { config } = await readConfigAndSources(target.dir);
  return { ...changedOptions(config.settings, config.settings), running: false };
}

async function overLdap<T>(
  url: string,
  args: TargetArguments,
  work: (client: LdapClient) => Promise<T>,
): Promise<T> {
  const client = await connectTo(url, args);
  try {
    return await work(client);
  } finally {
    client.unbind();
  }
}

async function linesOver(client: LdapClient): Promise<readonly ConfigLine[]> {
  const { entries } = await client.searchAll({
    base: CONFIG_BASE,
    scope: 'sub',
    filter: EVERY,
    attributes: ['*', '+'],
  });
  const values = new Map<OptionKey, readonly string[]>();
  const sources = new Map<OptionKey, OptionSource>();
  const pending = new Set<OptionKey>();
  for (const { attributes } of entries)
    for (const attribute of attributes) {
      const key = optionOfAttribute(attribute.name.toLowerCase());
      if (key !== undefined) values.set(key, textsOf(attribute));
      if (attribute.name === SOURCE_ATTRIBUTE)
        for (const text of textsOf(attribute)) {
          const [name = '', source] = text.split('=');
          const of = optionOfAttribute(name);
          // What the server says is of this type, or of a later version and shown as it is.
          if (of !== undefined) sources.set(of, source as OptionSource);
        }
      if (attribute.name === PENDING_ATTRIBUTE)
        for (const name of textsOf(attribute)) {
          const of = optionOfAttribute(name);
          if (of !== undefined) pending.add(of);
        }
    }
  return OPTION_KEYS.map((option) => ({
    option,
    values: optionOf(option).secret ? undefined : (values.get(option) ?? []),
    source: sources.get(option) ?? 'default',
    live: optionOf(option).reloads,
    pending: pending.has(option),
  }));
}

function textsOf({ values }: Attribute): readonly string[] {
  return values.map((value) => utf8Decode(value) ?? '');
}
