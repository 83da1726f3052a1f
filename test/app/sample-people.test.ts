/** Sample people: the same for a seed, N entries, parents first, realistic in size. */
import t from 'tap';
import { sampleLdif } from '../../lib/app/data/sample-ldif.js';
import { baseEntry, sampleEntries, samplePlan } from '../../lib/app/data/sample-people.js';

const options = { entries: 500, base: 'dc=example,dc=com', seed: 1 };

t.test('N entries are N entries, each with its parent before it and a name of its own', (t) => {
  for (const entries of [1, 2, 3, 4, 5, 100, 105, 500]) {
    const seen = new Set<string>();
    for (const { dn } of sampleEntries({ ...options, entries })) {
      t.ok(seen.size === 0 || seen.has(dn.slice(dn.indexOf(',') + 1)), dn);
      seen.add(dn);
    }
    t.equal(seen.size, entries);
  }
  t.same(samplePlan(2000), { people: 1977, groups: 20 });
  t.end();
});

t.test('the same seed gives the same entries, another seed others', (t) => {
  const text = (seed: number) => [...sampleLdif(sampleEntries({ ...options, seed }), () => {})].join('');
  t.equal(text(7), text(7));
  t.not(text(7), text(8));
  t.end();
});

t.test('a person takes about 550 octets', (t) => {
  const people = [...sampleEntries(options)].filter((entry) => entry.dn.startsWith('uid='));
  const octets = [...sampleLdif(people, () => {})].join('').length / people.length;
  t.ok(octets > 480 && octets < 680, `${octets}`);
  t.end();
});

t.test('every group has members that exist, and every person is in one group', (t) => {
  const all = [...sampleEntries(options)];
  const people = new Set(all.filter((entry) => entry.dn.startsWith('uid=')).map((entry) => entry.dn));
  let members = 0;
  for (const { dn, attributes } of all)
    if (dn.startsWith('cn='))
      for (const [name, values] of attributes)
        if (name === 'member') {
          members += values.length;
          t.ok(values.every((value) => people.has(value)));
        }
  t.equal(members, people.size);
  t.end();
});

t.test('passwords are only there when asked for, and hashed', (t) => {
  const text = (userPassword?: string) =>
    [...sampleLdif(sampleEntries({ ...options, entries: 10, userPassword }), () => {})].join('');
  t.notMatch(text(), /userPassword/);
  t.match(text('hunter2'), /userPassword: \{SSHA512\}/);
  t.notMatch(text('hunter2'), /hunter2/);
  t.end();
});

t.test('the base entry follows the base DN', (t) => {
  t.same(baseEntry('o=Zürich\\, Ltd,c=ch').attributes, [
    ['objectClass', ['top', 'organization']],
    ['o', ['Zürich, Ltd']],
  ]);
  t.same(baseEntry('DC=x').attributes[1], ['dc', ['x']]);
  t.end();
});

t.test('values that are not safe text are base64 (RFC 2849)', (t) => {
  const text = [
    ...sampleLdif([{ dn: 'o=Zürich', attributes: [['o', ['Zürich', ' x', 'x ', ':x', '']]] }], () => {}),
  ].join('');
  t.equal(text, 'version: 1\n\ndn:: bz1aw7xyaWNo\no:: WsO8cmljaA==\no:: IHg=\no:: eCA=\no:: Ong=\no: \n');
  t.end();
});
