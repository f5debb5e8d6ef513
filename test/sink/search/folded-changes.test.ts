import fc from 'fast-check';
import { expect, test } from 'vitest';
import { formatPosition } from '../../../src/model/change-position.ts';
import type { SinkRecord } from '../../../src/model/sink-record.ts';
import { documentChanges } from '../../../src/sink/search/document-change.ts';
import { FoldedChanges } from '../../../src/sink/search/folded-changes.ts';
import { SEARCH_SINK_DEFAULTS } from '../../../src/sink/search/search-sink-options.ts';
import { column, SinkTopic } from '../../support/sink-records.ts';

const ID = column('id', null, { type: 'int32', optional: false });
const A = column('a', null, { type: 'string' });
const B = column('b', null, { type: 'string' });

function topicOf(): SinkTopic {
  return new SinkTopic({ table: 't', columns: [ID, A, B], key: ['id'] });
}

function folded(records: readonly SinkRecord[]) {
  const changes = new FoldedChanges();
  const options = { ...SEARCH_SINK_DEFAULTS, name: 's' };
  for (const record of records) {
    for (const change of documentChanges(record, 'i', options)) changes.add(change);
  }
  return changes.all().map(({ id, effect, row, absent, base, isOrphan, records: of }) => ({
    id,
    effect,
    values: row?.values ?? null,
    absent,
    base,
    isOrphan,
    of: of.length,
  }));
}

const KEPT = { absent: [], base: null, isOrphan: false };

test('one change for each document: the last wins, absent values come from before (S2)', () => {
  const topic = topicOf();
  const found = folded([
    topic.insert({ id: 1, a: 'x', b: 'y' }),
    topic.update({ id: 1, a: 'z' }, null, ['b']),
    topic.insert({ id: 2, a: 'x' }),
    topic.delete({ id: 2 }),
    topic.update({ id: 3, a: 'p' }, null, ['b']),
    topic.update({ id: 3, b: 'q' }, null, ['a']),
  ]);
  expect(found).toEqual([
    { id: '1', effect: 'write', values: [1, 'z', 'y'], ...KEPT, of: 2 },
    { id: '2', effect: 'delete', values: [2], ...KEPT, of: 2 },
    { id: '3', effect: 'write', values: [3, 'p', 'q'], ...KEPT, of: 2 },
  ]);
});

test('a row that moves takes its values along, from the put or from the index (S5)', () => {
  const topic = topicOf();
  const known = folded([
    topic.insert({ id: 1, a: 'x', b: 'y' }),
    ...topic.move({ id: 1 }, { id: 2, a: 'z' }, ['b']),
  ]);
  expect(known.toSorted((l, r) => Number(l.id) - Number(r.id))).toEqual([
    { id: '1', effect: 'delete', values: [1], ...KEPT, of: 3 },
    { id: '2', effect: 'write', values: [2, 'z', 'y'], ...KEPT, of: 3 },
  ]);
  const unknown = folded(topic.move({ id: 5 }, { id: 6, a: 'z' }, ['b']));
  expect(unknown.find(({ id }) => id === '6')).toMatchObject({ base: '5', absent: ['b'] });
  const [away] = topic.move({ id: 7 }, { id: 8 }, ['b']);
  expect(folded([away as SinkRecord]).find(({ id }) => id === '8')).toMatchObject({
    effect: 'move',
    base: '7',
  });
  // Once a row that moved to where another one was deleted needed that one's values.
  const gone = topic.delete({ id: 8, a: 'o' });
  const onto = folded([gone, ...topic.move({ id: 7 }, { id: 8, a: 'p' }, ['b'])]);
  expect(onto.find(({ id }) => id === '8')).toMatchObject({ base: '7', isOrphan: false });
  // Once the row that came back was taken for one of which nobody has the values.
  const [there, back] = [topic.move({ id: 7 }, { id: 8, a: 'p' }, ['b']), { id: 7, a: 'q' }];
  const returned = folded([...there, ...topic.move({ id: 8 }, back, ['b'])]);
  expect(returned.find(({ id }) => id === '7')).toMatchObject({ ...KEPT, absent: ['b'] });
});

test('what needs values of a row that was deleted before it is an orphan', () => {
  const topic = topicOf();
  const found = folded([topic.delete({ id: 1 }), topic.update({ id: 1, a: 'x' }, null, ['b'])]);
  expect(found).toMatchObject([{ id: '1', isOrphan: true }]);
});

test('of changes that come in any order, and again, the newest is left (ruling 4, S6)', () => {
  // Once the one that came last won: of a topic that was repartitioned, newer rows were lost.
  const written = fc.boolean();
  fc.assert(
    fc.property(
      fc.array(written, { minLength: 1, maxLength: 6 }).chain((kinds) =>
        fc.tuple(
          fc.constant(kinds),
          fc.array(fc.nat(kinds.length - 1), { maxLength: 8 }).chain((again) =>
            fc.shuffledSubarray([...kinds.keys(), ...again], {
              minLength: kinds.length + again.length,
            }),
          ),
        ),
      ),
      ([kinds, order]) => {
        const topic = topicOf();
        const records = kinds.map((isWrite, i) => ({
          ...(isWrite ? topic.insert({ id: 1, a: `v${i}`, b: null }) : topic.delete({ id: 1 })),
          position: position(i + 1),
        }));
        const found = folded(order.map((i) => records[i] as SinkRecord));
        const last = kinds.length - 1;
        expect(found).toMatchObject([
          kinds[last] === true
            ? { effect: 'write', values: [1, `v${last}`, null] }
            : { effect: 'delete' },
        ]);
      },
    ),
  );
});

test('an older change fills in what a newer one left out, and nothing else', () => {
  const topic = topicOf();
  const row = { ...topic.insert({ id: 1, a: 'old', b: 'kept' }), position: position(1) };
  const change = { ...topic.update({ id: 1, a: 'new' }, null, ['b']), position: position(2) };
  expect(folded([change, row])).toMatchObject([{ values: [1, 'new', 'kept'], ...KEPT, of: 2 }]);
  const gone = { ...topic.delete({ id: 1 }), position: position(1) };
  expect(folded([change, gone])).toMatchObject([{ absent: ['b'], isOrphan: false }]);
});

function position(commit: number): string {
  return formatPosition({ epoch: 1, commit: BigInt(commit) * 1000n, ordinal: 1 });
}
