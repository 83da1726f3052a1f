/** The schema of cn=config and the names of its elements are what the option table says now. */
import { readFileSync } from 'node:fs';
import t from 'tap';
import { configNamesText, configSchemaText } from '../../scripts/config-schema.js';

t.test('schema/20-config.ldif is up to date (npm run reference)', (t) => {
  t.ok(readFileSync('schema/20-config.ldif', 'utf8') === configSchemaText());
  t.end();
});

t.test('lib/schema/config-names.ts is up to date (npm run reference)', (t) => {
  t.ok(readFileSync('lib/schema/config-names.ts', 'utf8') === configNamesText());
  t.end();
});
