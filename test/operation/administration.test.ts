/** The administration operation: who may give commands, what of them comes back, and its bounds. */
import t from 'tap';
import { utf8Decode, utf8Encode } from '../../lib/base/bytes.js';
import { LIMITS } from '../../lib/base/limits.js';
import { EXTENDED_OIDS, INTERMEDIATE_OIDS } from '../../lib/ldap/control-oids.js';
import { encodeCancel } from '../../lib/ldap/extended/cancel.js';
import type { Administration, AdministrationOutcome } from '../../lib/operation/administration.js';
import { type TestClient, TestServer } from './test-server.js';

const ask = (client: TestClient, text: string) =>
  client.send({ kind: 'extended', oid: EXTENDED_OIDS.administration, value: utf8Encode(text) });

/** Intermediate responses with this name, as texts, and the final value. */
async function whole(client: TestClient, id: number) {
  const reply = await client.reply(id);
  const named = (oid: string) =>
    client.transport.responses.flatMap(({ id: of, response }) =>
      of === id && response.kind === 'intermediate' && response.oid === oid
        ? [utf8Decode(response.value ?? new Uint8Array(0)) ?? '']
        : [],
    );
  const value = reply.response.kind === 'extended' ? reply.response.value : undefined;
  return {
    result: reply.result,
    diagnostic: reply.diagnostic,
    progress: named(INTERMEDIATE_OIDS.administrationProgress),
    text: [...named(INTERMEDIATE_OIDS.administrationPart), utf8Decode(value ?? new Uint8Array(0))].join(''),
  };
}

const serves = (run: Administration['run']): Administration => ({ run });

t.test('only the administrator gives commands, and only where they are taken', async (t) => {
  const server = await TestServer.open();
  const admin = await server.populate();
  t.equal((await whole(admin, ask(admin, '{}'))).result, 'protocolError', 'nobody takes any');
  const seen: string[] = [];
  server.service.serveAdministration(
    serves(async (request, requester, tell) => {
      seen.push(`${requester}: ${request}`);
      tell('{"done":1}');
      return { kind: 'done', result: '{"a":1}' };
    }),
  );
  const user = server.connect();
  t.equal((await whole(user, ask(user, 'x'))).result, 'insufficientAccessRights');
  await user.bind('uid=ann,ou=people,dc=example,dc=com', "ann's");
  t.equal((await whole(user, ask(user, 'x'))).result, 'insufficientAccessRights');
  t.same(seen, []);
  const done = await whole(admin, ask(admin, '{"command":"status"}'));
  t.match(done, { result: 'success', progress: ['{"done":1}'], text: '{"a":1}' });
  t.same(seen, ['cn=Directory Manager: {"command":"status"}']);
  const dse = await admin.search({ base: '', scope: 'base', attributes: ['supportedExtension'] });
  t.ok(dse.entries[0]?.attributes.supportedExtension?.includes(EXTENDED_OIDS.administration));
});

t.test('a long result comes in parts that make the whole, a failure with its value', async (t) => {
  const server = await TestServer.open();
  const admin = await server.admin();
  const long = 'é'.repeat(400_000);
  const outcomes: AdministrationOutcome[] = [
    { kind: 'done', result: long },
    { kind: 'failed', code: 'unwillingToPerform', diagnostic: 'no such server', failure: '{"message":"m"}' },
  ];
  server.service.serveAdministration(serves(async () => outcomes.shift() as AdministrationOutcome));
  const id = ask(admin, 'x');
  const octets = [];
  const reply = await admin.reply(id);
  for (const { response } of admin.transport.responses)
    if (response.kind === 'intermediate' && response.value !== undefined) octets.push(response.value);
  if (reply.response.kind === 'extended' && reply.response.value !== undefined)
    octets.push(reply.response.value);
  t.ok(octets.length > 2);
  t.equal(Buffer.concat(octets).toString('utf8'), long);
  t.match(await whole(admin, ask(admin, 'x')), {
    result: 'unwillingToPerform',
    diagnostic: 'no such server',
    text: '{"message":"m"}',
  });
});

t.test('requests and those at once are bounded; one that runs is not canceled', async (t) => {
  const server = await TestServer.open();
  const admin = await server.admin();
  const ends: (() => void)[] = [];
  server.service.serveAdministration(
    serves(() => new Promise((resolve) => ends.push(() => resolve({ kind: 'done', result: '1' })))),
  );
  const { administrationRequests, administrationRequestBytes } = LIMITS;
  t.equal(
    (await whole(admin, ask(admin, 'x'.repeat(administrationRequestBytes + 1)))).result,
    'protocolError',
  );
  const others = await Promise.all(Array.from({ length: administrationRequests }, () => server.admin()));
  const ids = others.map((other) => ask(other, 'x'));
  t.equal((await whole(admin, ask(admin, 'x'))).result, 'busy');
  const [first, second] = others;
  const [firstId = 0, secondId = 0] = ids;
  first?.send({ kind: 'abandon', target: firstId });
  const cancel = { kind: 'extended', oid: EXTENDED_OIDS.cancel, value: encodeCancel(secondId) } as const;
  t.equal((await second?.call(cancel))?.result, 'tooLate');
  for (const end of ends) end();
  t.equal((await second?.reply(secondId))?.result, 'success');
  t.notOk(
    first?.transport.responses.some(({ id }) => id === firstId),
    'an abandoned one has no answer',
  );
  const next = ask(admin, 'x');
  ends.at(-1)?.();
  t.equal((await admin.reply(next)).result, 'success', 'there is room again');
});
