/** `polyarch replication status` is one screen at 80 and at 120 columns (docs/monitoring.md, Replication on one screen). */
import t from 'tap';
import type {
  ComparisonStatus,
  DomainStatus,
  LinkStatus,
  ServerStatus,
} from '../../lib/app/monitor/server-status.js';
import { columns, wrapped } from '../../lib/cli/columns.js';
import { duration, statusScreen } from '../../lib/cli/status-screen.js';
import { csn } from '../conflict/story.js';

const BASE = 'dc=example,dc=com';

function domain(more: Partial<DomainStatus> = {}): DomainStatus {
  return {
    baseDn: BASE,
    phase: 'ready',
    reason: undefined,
    entries: 10,
    generationId: 'g',
    applied: '',
    received: '',
    behind: false,
    lagMs: 0,
    blocked: [],
    ...more,
  };
}

function link(peer: string, direction: 'from' | 'to', more: Partial<LinkStatus> = {}): LinkStatus {
  return {
    domain: BASE,
    peer,
    direction,
    address: '',
    state: direction === 'to' ? 'serving' : 'following',
    lastError: undefined,
    silentSeconds: 0.4,
    peerHolds: '',
    missing: 0,
    lagSeconds: 0,
    sentChanges: 0,
    receivedChanges: 0,
    sentBytes: 0,
    receivedBytes: 0,
    sentWireBytes: 0,
    bandwidthKbit: undefined,
    hours: undefined,
    credit: direction === 'to' ? 4_194_304 : undefined,
    queuedBytes: 0,
    clockAheadSeconds: 0,
    ...more,
  };
}

function server(name: string, id: number, more: Partial<ServerStatus>): ServerStatus {
  const links = more.links ?? [];
  const peers = [...new Set(links.map(({ peer }) => peer))];
  return {
    name,
    id,
    addresses: {},
    domains: [domain()],
    peers: peers.map((peer) => ({ name: peer, address: '', connected: true, reason: undefined })),
    links,
    comparisons: [],
    ...more,
  } as unknown as ServerStatus;
}

const compared = (peer: string, more: Partial<ComparisonStatus>): ComparisonStatus => ({
  domain: BASE,
  peer,
  at: '2026-01-01T00:00:00.000Z',
  verdict: 'equal',
  reason: undefined,
  differing: 0,
  more: false,
  ...more,
});

/** Two that were asked, one that is seen by them, one that nobody reaches. */
const TROUBLED = [
  server('berlin-directory-1.example.com', 1, {
    domains: [domain({ applied: csn(20, 1), received: csn(20, 1) })],
    links: [
      link('berlin-directory-2.example.com', 'to', {
        missing: 10_000,
        lagSeconds: 4321.5,
        sentChanges: 1_234_567,
        sentBytes: 2 ** 33,
        credit: 0,
      }),
      link('berlin-directory-2.example.com', 'from', { receivedChanges: 7 }),
      link('tokyo-broker', 'to', {
        missing: 250,
        lagSeconds: 61,
        bandwidthKbit: 1000,
        hours: { open: false, since: '2026-01-01T06:00:00.000Z', until: '2026-01-01T20:00:00.000Z' },
      }),
      link('lima', 'from', {
        state: 'waiting',
        silentSeconds: undefined,
        lastError: 'connection to lima.example.com:8989 refused',
        lagSeconds: undefined,
        missing: undefined,
      }),
    ],
    peers: [
      { name: 'lima', address: '', connected: false, reason: 'connection to lima.example.com:8989 refused' },
    ],
    comparisons: [
      compared('berlin-directory-2.example.com', { verdict: 'different', differing: 12 }),
      compared('oslo', {}),
    ],
  }),
  server('berlin-directory-2.example.com', 2, {
    domains: [
      domain({
        behind: true,
        lagMs: 4_321_500,
        fraction: 'exclude *:jpegphoto,userpassword',
        waiting: ['changes of replica 7 wait: a change of replica 9 is not here'],
      }),
    ],
    links: [link('berlin-directory-1.example.com', 'from', { receivedChanges: 1_234_500 })],
  }),
];

for (const width of [80, 120])
  t.test(`${width} columns: no line is longer, and every figure is there`, (t) => {
    const screen = statusScreen(TROUBLED, [{ name: '/srv/three', state: 'stopped' }], false, width);
    for (const line of screen.split('\n')) t.ok(line.length <= width, `${line.length}: ${line}`);
    for (const said of [
      /^ {2}replica +id +state +lag +missing +last contact$/m,
      /^ {2}berlin.* 2 +ready +72 min +10000 +now$/m,
      /^ {2}tokyo-broker +connected +61 s +250 +0.4 s ago$/m,
      /^ {2}lima +not connected +\? +\? +\?$/m,
      /^ {4}lima: connection to lima.example.com:8989 refused$/m,
      /^ {4}berlin-directory-2.example.com: holds a part: exclude\s+\*:jpegphoto,userpassword$/m,
      /serving .*1234567 +8192.0 +0 B +0.4 s +12 differ$/m,
      /closed .* 4.0 MiB/,
      /^ {4}closed until 2026-01-01T20:00Z, at most 1000 kbit\/s$/m,
      /entries of berlin-directory-1.example.com and oslo, compared through brokers:/,
      /^\/srv\/three: stopped$/m,
      /^These servers are not in sync yet.$/m,
    ])
      t.match(screen, said);
    t.equal(
      screen.match(/10000 or more/) !== null,
      width >= 100,
      'what a peer lacks stands with the link where there is room',
    );
    t.ok(screen.split('\n').length < 24, 'it fits a terminal of 24 lines');
    t.end();
  });

t.test('a link that both ends tell of is one row; the schema is one line while all is well', (t) => {
  const both = (more: Partial<LinkStatus>) => [
    server('a', 1, {
      domains: [domain(), domain({ baseDn: 'cn=schema' })],
      links: [link('b', 'to'), link('b', 'from'), link('b', 'to', { domain: 'cn=schema', ...more })],
    }),
    server('b', 2, {
      domains: [domain(), domain({ baseDn: 'cn=schema' })],
      links: [link('a', 'to'), link('a', 'from')],
    }),
  ];
  const quiet = statusScreen(both({}), [], true, 80);
  t.equal(quiet.match(/^ {2}a +b +serving/gm)?.length, 1);
  t.match(quiet, /^cn=schema: nothing missing on 2 servers$/m);
  t.match(quiet, /^These servers are in sync.$/m);
  const trouble = statusScreen(both({ lastError: 'it hangs' }), [], true, 80);
  t.match(trouble, /^cn=schema\n {2}replica/m);
  t.match(trouble, /^ {4}it hangs$/m);
  t.end();
});

t.test('a server without peers lacks nothing', (t) => {
  const screen = statusScreen(
    [server('a', 1, { domains: [domain({ behind: undefined, lagMs: undefined })] })],
    [],
    undefined,
    80,
  );
  t.match(screen, /^ {2}a +1 +ready +0 s +0 +now$/m);
  t.notMatch(screen, /from/);
  t.end();
});

t.test('a count from before a server had applied all is not shown', (t) => {
  const state = { applied: csn(20, 1), received: csn(20, 1) };
  const counted = server('a', 1, { domains: [domain(state)], links: [link('b', 'to', { missing: 88 })] });
  const asked = (more: Partial<DomainStatus>) =>
    server('b', 2, {
      domains: [domain({ ...state, ...more, behind: undefined, lagMs: undefined })],
      links: [link('a', 'from')],
    });
  t.match(statusScreen([counted, asked({})], [], true, 80), /^ {2}b +2 +ready +\? +\? +now$/m);
  const late = statusScreen([counted, asked({ applied: csn(10, 1) })], [], false, 80);
  t.match(late, /^ {2}b +2 +ready +\? +88 +now$/m);
  t.end();
});

t.test('columns shrink the widest that may, sentences wrap, and nothing moves the cursor', (t) => {
  const head = [
    { head: 'a', shrinks: true },
    { head: 'n', align: 'right' },
  ] as const;
  t.same(
    columns(
      head,
      [
        ['x'.repeat(30), '1'],
        ['\u001b[2J', '22'],
      ],
      20,
    ),
    ['  a                n', `  ${'x'.repeat(13)}…   1`, '  \\x1b[2J         22'],
  );
  t.same(wrapped(`a bb ${'c'.repeat(12)} d`, 10, 2), ['  a bb', '  cccccccc', '  cccc d']);
  t.same([0.44, 95, 700, 8000, 400_000].map(duration), ['0.4 s', '95 s', '12 min', '133 min', '5 d']);
  t.end();
});

t.test('a server that nobody follows is named, with the way back (setup --peer on one of two)', (t) => {
  const addresses = { replication: '127.0.0.1:2391' } as unknown as ServerStatus['addresses'];
  const two = (more: Partial<ServerStatus> = {}) =>
    server('two', 2, { addresses, links: [link('one', 'from')], ...more });
  const one = (...links: LinkStatus[]) => server('one', 1, { links: [link('two', 'to'), ...links] });
  const said = (...servers: ServerStatus[]) => {
    const text = statusScreen(servers, [], false, 80).replace(/\s+/g, ' ');
    return /no server follows .*/.exec(text)?.[0] ?? '';
  };
  t.match(said(one(), two()), /^no server follows two: .* among the peers of one: .*;two=HOST:2391'/);
  t.match(said(two()), /^no server follows two/, 'it is enough to ask that one');
  t.equal(said(one(link('two', 'from')), two()), '', 'the other one says that it follows it');
  t.equal(said(two({ links: [link('one', 'from'), link('three', 'to')] })), '', 'a third one does');
  t.equal(said(two({ links: [link('one', 'from', { state: 'waiting' })] })), '', 'nobody is there');
  t.equal(said(two({ domains: [domain({ phase: 'relay' })] })), '', 'a broker has nothing of its own');
  t.end();
});
