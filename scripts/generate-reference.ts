/**
 * Writes docs/reference-options.md and docs/errors.md from the tables in the code: `npm run reference`. A test compares what stands there.
 */
import { writeFileSync } from 'node:fs';
import { errorReference, optionReference } from './reference-text.js';

writeFileSync('docs/reference-options.md', optionReference());
writeFileSync('docs/errors.md', errorReference());
