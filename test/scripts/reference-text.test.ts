/** The reference pages are made from the tables, and what stands in docs/ is what the tables say now. */
import { readFileSync } from 'node:fs';
import t from 'tap';
import { OPERATOR_ERRORS } from '../../lib/base/operator-error.js';
import { OPTION_KEYS } from '../../lib/config/option-table.js';
import { errorReference, optionReference } from '../../scripts/reference-text.js';

t.test('docs/reference-options.md is up to date (npm run reference)', (t) => {
  t.ok(readFileSync('docs/reference-options.md', 'utf8') === optionReference());
  t.end();
});

t.test('docs/errors.md is up to date (npm run reference)', (t) => {
  t.ok(readFileSync('docs/errors.md', 'utf8') === errorReference());
  t.end();
});

t.test('every option and every error code has its own section', (t) => {
  const options = optionReference();
  for (const key of OPTION_KEYS) t.ok(options.includes(`\n## ${key}\n`), key);
  const errors = errorReference();
  for (const code of Object.keys(OPERATOR_ERRORS)) t.ok(errors.includes(`\n### ${code}\n`), code);
  t.end();
});
