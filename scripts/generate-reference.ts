/**
 * Writes docs/reference-options.md, docs/errors.md and docs/protocol.md from the tables in the code: `npm run reference`. A test compares what stands there.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { protocolReference } from './protocol-text.js';
import { errorReference, optionReference } from './reference-text.js';

writeFileSync('docs/reference-options.md', optionReference());
writeFileSync('docs/errors.md', errorReference());
writeFileSync('docs/protocol.md', protocolReference(readFileSync('scripts/protocol-prose.md', 'utf8')));
