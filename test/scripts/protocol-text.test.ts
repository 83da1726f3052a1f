/** docs/protocol.md is made from the tables, and every OID that the root DSE lists has its line. */
import { readFileSync } from 'node:fs';
import t from 'tap';
import {
  SUPPORTED_CONTROLS,
  SUPPORTED_EXTENSIONS,
  SUPPORTED_FEATURES,
} from '../../lib/operation/supported.js';
import {
  CONTROL_ROWS,
  EXTENSION_ROWS,
  FEATURE_ROWS,
  protocolReference,
} from '../../scripts/protocol-text.js';

t.test('docs/protocol.md is up to date (npm run reference)', (t) => {
  const prose = readFileSync('scripts/protocol-prose.md', 'utf8');
  t.ok(readFileSync('docs/protocol.md', 'utf8') === protocolReference(prose));
  t.end();
});

t.test('every control, extended operation and feature is described in scripts/protocol-text.ts', (t) => {
  for (const oid of SUPPORTED_CONTROLS) t.ok(CONTROL_ROWS[oid], `control ${oid}`);
  for (const oid of SUPPORTED_EXTENSIONS) t.ok(EXTENSION_ROWS[oid], `extended operation ${oid}`);
  for (const oid of SUPPORTED_FEATURES) t.ok(FEATURE_ROWS[oid], `feature ${oid}`);
  t.end();
});
