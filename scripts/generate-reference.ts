/**
 * Writes docs/reference-options.md, docs/errors.md, docs/protocol.md, schema/20-config.ldif and lib/schema/config-names.ts from the tables in the code: `npm run reference`. Tests compare what stands there.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { configNamesText, configSchemaText } from './config-schema.js';
import { protocolReference } from './protocol-text.js';
import { errorReference, optionReference } from './reference-text.js';

writeFileSync('docs/reference-options.md', optionReference());
writeFileSync('docs/errors.md', errorReference());
writeFileSync('docs/protocol.md', protocolReference(readFileSync('scripts/protocol-prose.md', 'utf8')));
writeFileSync('schema/20-config.ldif', configSchemaText());
writeFileSync('lib/schema/config-names.ts', configNamesText());
