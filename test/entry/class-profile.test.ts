/** What sets of object classes ask of entries. RFC 4512 sections 2.4, 3.3, 4.3. */
import t from 'tap';
import { classProfile, structuralClassOf } from '../../lib/entry/class-profile.js';
import { attributesOf, sampleSchema } from './sample-schema.js';

const schema = sampleSchema();
const profile = (...classes: string[]) => classProfile(attributesOf({ objectClass: classes }), schema);
const names = (list: Iterable<{ readonly name: string }>) => [...list].map((one) => one.name).sort();

t.test('must and may are those of the classes and of all above them', async (t) => {
  const worker = profile('worker');
  t.same(names(worker.must.keys()), ['cn', 'objectClass', 'sn']);
  t.ok(names(worker.allowed).includes('description') && names(worker.allowed).includes('mail'));
  t.same(names(worker.implied), ['person', 'top']);
  t.notOk(worker.extensible);
  t.ok(profile('top', 'extensibleObject').extensible);
});

t.test('the structural class is the most derived one', async (t) => {
  const of = (...classes: string[]) =>
    structuralClassOf(attributesOf({ objectClass: classes }), schema)?.name;
  t.equal(of('top', 'person', 'worker', 'numbered'), 'worker');
  t.equal(of('2.5.6.6'), 'person');
  t.equal(of('top', 'numbered'), undefined);
  t.equal(of('person', 'organizationalUnit'), undefined);
  t.equal(structuralClassOf(attributesOf({ cn: ['x'] }), schema), undefined);
});

t.test(
  'an auxiliary class that stands alone is the structural one of an entry that has no other',
  async (t) => {
    const of = (...classes: string[]) =>
      structuralClassOf(attributesOf({ objectClass: classes }), schema)?.name;
    t.equal(of('top', 'unixGroup'), 'unixGroup');
    t.equal(of('top', 'unixGroup', 'numbered'), 'unixGroup');
    t.equal(of('top', 'unixGroup', 'groupOfNames'), 'groupOfNames');
    for (const both of [
      ['unixGroup', 'mailGroup'],
      ['mailGroup', 'unixGroup'],
    ])
      t.equal(of(...both), 'unixGroup', 'one of several, in whatever order they come');
  },
);

t.test('unknown classes and doubles are told', async (t) => {
  t.same(profile('top', 'alien').unknown, ['alien']);
  t.equal(profile('worker', 'EMPLOYEE').twice?.name, 'worker');
});

t.test('a value that looks like several names is none of them', async (t) => {
  profile('top', 'person');
  t.same(profile('top\nperson').unknown, ['top\nperson']);
  t.same(profile('3 top 6 person').unknown, ['3 top 6 person']);
  profile('worker');
  t.equal(profile('top', 'person').classes.length, 2, 'the one before does not stand for it');
});

t.test('profiles are kept, and many sets do not grow without bound', async (t) => {
  t.equal(profile('top', 'person'), profile('top', 'person'));
  for (let i = 0; i < 1500; i++) profile('top', `alien${i}`);
  t.same(profile('top', 'alien7').unknown, ['alien7']);
  const many = Array.from({ length: 500 }, (_, i) => `alien${i}`);
  t.equal(profile(...many).unknown.length, 500);
});
