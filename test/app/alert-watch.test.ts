/** The watch over a server's health: its list over LDAP, and the operator's command with its bounds. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { readServerSchema } from '../../lib/app/config/read-schema.js';
import { AlertCommand, type AlertMessage } from '../../lib/app/control/alert-command.js';
import { AlertWatch, alertTree } from '../../lib/app/monitor/alert-watch.js';
import type { HealthFacts } from '../../lib/app/monitor/health-rules.js';
import { utf8Decode } from '../../lib/base/bytes.js';
import { parseDn } from '../../lib/dn/dn-text.js';
import { silentLog } from '../../lib/io/pino-log.js';
import type { Log } from '../../lib/port/log.js';

const folder = mkdtempSync(join(tmpdir(), 'polyarch-alerts-'));
t.teardown(() => rmSync(folder, { recursive: true, force: true }));

const facts = (freeBytes: number) =>
  ({
    dir: '/d',
    configFault: undefined,
    status: { domains: [], peers: [], links: [], comparisons: [] },
    upkeep: [],
    openConflicts: {},
    freeBytes,
    minFreeBytes: 10,
    certificates: [],
    nowMs: 0,
  }) as unknown as HealthFacts;

t.test('what health rules find stands in cn=alerts,cn=monitor, and the command is told', async (t) => {
  const out = join(folder, 'out');
  let free = 1;
  const parts = { server: 's1', everyMs: 1e9, command: `cat >> ${out}`, log: silentLog() };
  const watch = new AlertWatch({ ...parts, facts: async () => facts(free) });
  await watch.look();
  const tree = alertTree(await readServerSchema(undefined), () => watch.standing());
  t.ok(tree.monitorOnly);
  const list = (await tree.search(parseDn('cn=alerts,cn=monitor'), 'one').next()) ?? [];
  t.equal(list.length, 1);
  const values = Object.fromEntries(
    [...(list[0]?.stored ?? []), ...(list[0]?.computed() ?? [])].map(([key, { values }]) => [
      key,
      utf8Decode(values[0] as Uint8Array),
    ]),
  );
  t.match(values, { 'alert-code': 'H003', 'alert-severity': 'error', 'alert-about': '/d' });
  t.match(values, { 'alert-advice': /space/, createtimestamp: /^\d{14}Z$/ });
  const shown = [...(list[0]?.stored.keys() ?? [])].filter((key) => key.startsWith('alert-'));
  t.equal(shown.length, 5, 'user attributes, as what OpenDJ monitors: * shows them');
  free = 100;
  await watch.look();
  await watch.look();
  t.same(watch.standing(), []);
  await watch.idle();
  await watch.stop();
  const lines = readFileSync(out, 'utf8').trim().split('\n');
  t.match(
    lines.map((line) => JSON.parse(line)),
    [
      { server: 's1', event: 'raised', code: 'H003', leftOut: 0 },
      { server: 's1', event: 'cleared', code: 'H003' },
    ],
  );
});

t.test('the command is bounded in time and rate, and its failures are logged', async (t) => {
  const said: string[] = [];
  const log = { ...silentLog(), warn: (_: unknown, text: string) => said.push(text) } as unknown as Log;
  const message = { event: 'raised', code: 'H1' } as AlertMessage;
  const slow = new AlertCommand('sleep 100', log, { monotonicMs: () => 0 }, 30);
  slow.tell([message]);
  await slow.idle();
  const failing = new AlertCommand('exit 3', log, { monotonicMs: () => 0 });
  failing.tell([message]);
  await failing.idle();
  t.match(said, [/took longer than/, /exit code 3/]);
  const count = join(folder, 'count');
  let nowMs = 0;
  const many = new AlertCommand(`cat > ${count}`, log, { monotonicMs: () => nowMs }, undefined, 2);
  many.tell(Array.from({ length: 4 }, () => message));
  await many.idle();
  nowMs = 3_600_001;
  many.tell([message]);
  await many.idle();
  t.match(JSON.parse(readFileSync(count, 'utf8')), { leftOut: 2 }, 'what was left out is told');
  const ended = new AlertCommand('sleep 100', log, { monotonicMs: () => 0 });
  ended.tell([message]);
  await ended.stop();
  t.equal(said.length, 2, 'a stop says nothing');
});

t.test(
  'another command and another pace are taken over while it runs; what stands is not told again',
  async (t) => {
    const [former, latter] = [join(folder, 'former'), join(folder, 'latter')];
    let free = 1;
    const parts = { server: 's1', everyMs: 1e9, command: `cat >> ${former}`, log: silentLog() };
    const watch = new AlertWatch({ ...parts, facts: async () => facts(free) });
    await watch.look();
    await watch.idle();
    watch.configure({ everyMs: 1e9, command: `cat >> ${latter}` });
    await watch.look();
    free = 100;
    await watch.look();
    await watch.look();
    await watch.idle();
    watch.configure({ everyMs: 1e9, command: '' });
    await watch.stop();
    const events = (file: string) =>
      readFileSync(file, 'utf8')
        .trim()
        .split('\n')
        .map((line) => (JSON.parse(line) as AlertMessage).event);
    t.same([events(former), events(latter)], [['raised'], ['cleared']]);
  },
);
