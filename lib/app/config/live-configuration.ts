/**
 * The configuration of a running server: what is in force, what the files say, and changes of both, one at a time.
 *
 * In force is what the server was started with, and of the options that a running server takes over what was read last. A change is checked as a whole, written into the file, then put in force: a crash leaves the
 * old or the new file, and the next start follows it. Owns no rule of what is valid (config) and none of who may change what over LDAP (operation).
 */
import { OperatorError } from '../../base/operator-error.js';
import { changedOptions, takenOver } from '../../config/changed-options.js';
import type { IndexLists } from '../../config/index-lists.js';
import { optionValues } from '../../config/option-attributes.js';
import { givenElsewhere, optionSource } from '../../config/option-source.js';
import { type OptionKey, optionOf, type Settings } from '../../config/option-table.js';
import type { ConfigSources } from '../../config/server-config.js';
import type { Configuration, ConfigurationFacts, OptionEdit } from '../../operation/trees/config-entry.js';
import type { Log } from '../../port/log.js';
import { editedConfig, inFileTurn, replaceConfigFile } from './config-file.js';
import type { ServerConfig } from './read-config.js';

/** Reads the files again. Rejects with OperatorError CONFIG_INVALID. */
export type ReadAgain = () => Promise<{ readonly config: ServerConfig; readonly sources: ConfigSources }>;

/** What a change did. */
export interface ConfigChange {
  /** In force now. */
  readonly reloaded: readonly OptionKey[];
  /** Of the file, from the next start. */
  readonly atNextStart: readonly OptionKey[];
}

export class LiveConfiguration implements Configuration {
  readonly #config: ServerConfig;
  readonly #readAgain: ReadAgain;
  /** Takes over what may change while the server runs. */
  readonly #apply: (settings: Settings) => void;
  readonly #log: Log;
  #inForce: Settings;
  /** What the files say. */
  #read: Settings;
  #sources: ConfigSources;

  constructor(
    given: { readonly config: ServerConfig; readonly sources: ConfigSources },
    readAgain: ReadAgain,
    apply: (settings: Settings) => void,
    log: Log,
  ) {
    this.#config = given.config;
    this.#sources = given.sources;
    this.#inForce = given.config.settings;
    this.#read = given.config.settings;
    this.#readAgain = readAgain;
    this.#apply = apply;
    this.#log = log;
  }

  facts(): ConfigurationFacts {
    const sources = this.#sources;
    return {
      settings: this.#inForce,
      sourceOf: (key) => optionSource(sources, key),
      pending: changedOptions(this.#inForce, this.#read).atNextStart,
    };
  }

  /** Takes over what the files say now. Rejects with OperatorError CONFIG_INVALID; then all stays as it was. */
  takeOver(): Promise<ConfigChange> {
    return this.#inTurn(async () => {
      const { config, sources } = await this.#readAgain();
      return this.#take(config.settings, sources);
    });
  }

  /** What takeOver() would do. Rejects with OperatorError CONFIG_INVALID. */
  async test(): Promise<ConfigChange> {
    return changedOptions(this.#inForce, (await this.#readAgain()).config.settings);
  }

  /** `indexes` follows its own commands, which write the file themselves (index-admin.ts). */
  noteIndexes(lists: IndexLists): void {
    const indexes = lists as Settings['indexes'];
    this.#inForce = { ...this.#inForce, indexes };
    this.#read = { ...this.#read, indexes };
  }

  async change(
    requester: string,
    decide: (facts: ConfigurationFacts) => readonly OptionEdit[],
    last: () => void = () => {},
  ): Promise<void> {
    await this.set(requester, decide, last);
  }

  /** The same, for who may also change what counts from the next start; answers which is which. */
  set(
    requester: string,
    decide: (facts: ConfigurationFacts) => readonly OptionEdit[],
    last: () => void = () => {},
  ): Promise<ConfigChange> {
    return this.#inTurn(async () => {
      const before = this.#inForce;
      const edits = decide(this.facts());
      const keys = edits.map(({ key }) => key);
      const elsewhere = givenElsewhere(this.#sources, keys);
      if (elsewhere.length > 0)
        throw new OperatorError('COMMAND_INVALID', 'the file does not decide these options', elsewhere);
      const { config } = this.#config.files;
      const edited = await editedConfig(config, this.#sources, edits);
      last();
      if (edited.text !== undefined) await replaceConfigFile(config, edited.text);
      const done = this.#take(this.#asRead(edited.settings), edited.sources);
      const changes = keys.map((key) => changeText(key, before, edited.settings));
      this.#log.info({ kind: 'configured', requester, changes, ...done }, 'options were changed');
      return done;
    });
  }

  /** The role of a topology file counts besides the options (read-config.ts). */
  #asRead(settings: Settings): Settings {
    return this.#config.settings.readOnly ? { ...settings, readOnly: true } : settings;
  }

  #take(settings: Settings, sources: ConfigSources): ConfigChange {
    const done = changedOptions(this.#inForce, settings);
    this.#read = settings;
    this.#sources = sources;
    this.#inForce = takenOver(this.#inForce, settings);
    this.#apply(this.#inForce);
    return done;
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    return inFileTurn(this.#config.files.config, work);
  }
}

/** One change for the log. What may be secret is not told. */
function changeText(key: OptionKey, before: Settings, after: Settings): string {
  const { secret, onlyHere } = optionOf(key);
  if (secret || onlyHere) return key;
  return `${key}: ${shownValue(before[key])} -> ${shownValue(after[key])}`;
}

function shownValue(value: unknown): string {
  const values = optionValues(value);
  return values.length === 0 ? 'none' : values.join('; ');
}
