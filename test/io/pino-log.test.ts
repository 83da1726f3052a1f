/** The log: one JSON line each, bounded, with all that an error says. */
import { open } from 'node:fs/promises';
import { setImmediate } from 'node:timers/promises';
import t from 'tap';
import { lineOutput, makeLog } from '../../lib/io/pino-log.js';
import { StoreError } from '../../lib/port/ordered-store.js';
import { noDevFull } from '../dev-full.js';

function logged(fields: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const lines: string[] = [];
  makeLog({ level: 'info', name: 'server-1' }, { write: (line) => lines.push(line) }).error(fields, 'said');
  return JSON.parse(lines.join('')) as Record<string, unknown>;
}

t.test('an error is told with its message, its stack and its causes', (t) => {
  const cause = new Error('block 7', { cause: new RangeError('checksum') });
  const line = logged({ error: new StoreError('damaged', 'reading a row', { cause }), connection: 4 });
  t.match(line, { level: 'error', server: 'server-1', msg: 'said', connection: 4 });
  t.match(line.error, {
    name: 'StoreError',
    failure: 'damaged',
    message: 'reading a row',
    stack: /pino-log\.test/,
    cause: { name: 'Error', message: 'block 7', cause: { name: 'RangeError', message: 'checksum' } },
  });
  t.end();
});

t.test('another level counts at once, for children that were made before too', (t) => {
  const lines: string[] = [];
  const log = makeLog({ level: 'warn' }, { write: (line) => lines.push(line) });
  const child = log.child({ connection: 4 });
  const say = () => {
    lines.length = 0;
    for (const one of [log, child]) {
      one.debug({}, 'debug');
      one.info({}, 'info');
      one.warn({}, 'warn');
      one.error({}, 'error');
    }
    return lines.map((line) => (JSON.parse(line) as { readonly level: string }).level);
  };
  t.same(say(), ['warn', 'error', 'warn', 'error']);
  log.setLevel('debug');
  t.same(say(), ['debug', 'info', 'warn', 'error', 'debug', 'info', 'warn', 'error']);
  log.setLevel('error');
  t.same(say(), ['error', 'error']);
  log.setLevel('silent');
  t.same(say(), []);
  t.end();
});

t.test('no text makes a line of megabytes', (t) => {
  const long = 'x'.repeat(1_000_000);
  t.ok(JSON.stringify(logged({ text: long, error: new Error(long) })).length < 20_000);
  t.end();
});

t.test('where lines go may be full: the process goes on', { skip: noDevFull }, async (t) => {
  const full = await open('/dev/full', 'w');
  t.teardown(() => full.close());
  const strays: unknown[] = [];
  const stray = (error: unknown) => strays.push(error);
  process.on('uncaughtException', stray);
  t.teardown(() => process.off('uncaughtException', stray));
  const log = makeLog({ level: 'info' }, lineOutput(full.fd));
  for (let turn = 0; turn < 3; turn++) {
    for (let line = 0; line < 1000; line++) log.error({ line, text: 'x'.repeat(1000) }, 'the disk is full');
    await setImmediate();
  }
  t.same(strays, []);
});
