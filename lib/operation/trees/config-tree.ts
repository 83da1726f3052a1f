/**
 * cn=config: the options of this server as entries, one for each section of the option table, for the administrator.
 *
 * Shows the values that are in force, and where each comes from. Takes modify requests for options that a running server takes over (modify-config.ts). Owns no value: the
 * composition root keeps them, and the file (config-entry.ts).
 */
import { CONFIG_BASE, OPTION_SECTIONS } from '../../config/option-attributes.js';
import type { Dn } from '../../dn/dn.js';
import { parseDn } from '../../dn/dn-text.js';
import type { SearchScope } from '../../ldap/message.js';
import type { Schema } from '../../schema/schema.js';
import type { Answer, Operation } from '../operation.js';
import type { ServerParts } from '../server-parts.js';
import { modifyConfig } from '../write/modify-config.js';
import { type Configuration, configEntry } from './config-entry.js';
import { ListedTree, type VirtualCandidates, type VirtualTree } from './virtual-tree.js';

/** The tree. */
export class ConfigTree implements VirtualTree {
  readonly baseDn = parseDn(CONFIG_BASE);
  readonly monitorOnly = true;
  readonly ownServer = true;
  readonly #configuration: Configuration;
  readonly #tree: ListedTree;

  constructor(schema: Schema, configuration: Configuration) {
    this.#configuration = configuration;
    this.#tree = new ListedTree(schema, this.baseDn, true, () => {
      const facts = configuration.facts();
      return OPTION_SECTIONS.map((section) => configEntry(schema, section, facts));
    });
  }

  holds(dn: Dn): boolean {
    return this.#tree.holds(dn);
  }

  search(base: Dn, scope: SearchScope): VirtualCandidates {
    return this.#tree.search(base, scope);
  }

  modify(parts: ServerParts, operation: Operation): Promise<Answer> {
    return modifyConfig(parts, operation, this.#configuration);
  }
}
