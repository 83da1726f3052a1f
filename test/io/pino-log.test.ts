/** The log: one JSON line each, bounded, with all that an error says. */
import t from 'tap';
import { makeLog } from '../../lib/io/pino-log.js';
import { StoreError } from '../../lib/port/ordered-store.js';

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
