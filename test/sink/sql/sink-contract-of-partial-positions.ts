import { describe, expect, test } from 'vitest';
import { formatPosition } from '../../../src/model/change-position.ts';
import type { SinkRecord, SinkTask } from '../../../src/model/sink-record.ts';
import { put } from '../../support/sink-harness.ts';
import { column, SinkTopic } from '../../support/sink-records.ts';
import type { SinkTarget } from '../../support/sink-target.ts';
import { describeTarget, startTargetSink } from '../../support/sink-target.ts';

const GUARDED = { positionGuard: true } as const;
const SOFT = { ...GUARDED, deleteMode: 'soft' } as const;

const id = column('id', 'integer', { type: 'int32', optional: false });
const name = column('name', 'character varying(20)', { type: 'string' });
const bio = column('bio', 'text', { type: 'string' });

const people = (): SinkTopic =>
  new SinkTopic({ table: 'people', columns: [id, name, bio], key: ['id'] });

function positionAt(commit: number): string {
  return formatPosition({ epoch: 1, commit: BigInt(commit), ordinal: 1 });
}

function at(commit: number, record: SinkRecord): SinkRecord {
  return { ...record, position: positionAt(commit) };
}

/** Again, at the end of its topic. */
function again(topic: SinkTopic, record: SinkRecord): SinkRecord {
  return { ...record, ...topic.log.next(topic.topic, 0) };
}

async function rowsOf(target: SinkTarget, columns = 'id, name, bio'): Promise<string[]> {
  const rows = await target.query(`SELECT ${columns} FROM people ORDER BY id`);
  return rows.map((row) => Object.values(row).map(String).join(' '));
}

const MARKED = "id, name, CASE WHEN _deleted THEN 'gone' ELSE 'here' END AS state, _cdc_tx_id";

function parkedFor(sink: SinkTask): readonly string[] {
  return sink.status().parked.map(({ message }) => message);
}

/** Changes that leave values out, and rows that stay when they are deleted, by positions. */
export const contractOfPartialPositions = describeTarget((fresh) => {
  describe('a change that leaves values out', () => {
    test('takes them of the newest change that has them, whenever it comes (S4, S6)', async () => {
      await using target = await fresh();
      await using sink = await startTargetSink(target, GUARDED);
      const topic = people();
      const first = at(1, topic.insert({ id: 1, name: 'a', bio: 'first' }));
      await put(sink, [first, at(1, topic.insert({ id: 2, name: 'b', bio: 'other' }))]);
      await put(sink, [at(5, topic.update({ id: 1, name: 'e', bio: '?' }, null, ['bio']))]);
      expect(await rowsOf(target)).toEqual(['1 e first', '2 b other']);
      const [row] = await target.query('SELECT _cdc_pos FROM people WHERE id = 1');
      expect(row).toEqual({ _cdc_pos: `${positionAt(5)} {"bio":"${positionAt(1)}"}` });
      // Older than the row, newer than one of its values.
      await put(sink, [at(3, topic.update({ id: 1, name: 'c', bio: 'third' }))]);
      expect(await rowsOf(target)).toEqual(['1 e third', '2 b other']);
      await put(sink, [
        at(4, topic.update({ id: 1, name: 'd', bio: '?' }, null, ['bio'])),
        at(2, topic.update({ id: 1, name: 'x', bio: 'second' })),
        again(topic, first),
      ]);
      expect(await rowsOf(target)).toEqual(['1 e third', '2 b other']);
      await put(sink, [at(7, topic.update({ id: 1, name: 'g', bio: 'seventh' }))]);
      expect(await rowsOf(target, 'id, name, bio, _cdc_pos')).toEqual([
        `1 g seventh ${positionAt(7)}`,
        `2 b other ${positionAt(1)}`,
      ]);
      expect(parkedFor(sink)).toEqual([]);
    });

    test('is left out where its row was deleted later', async () => {
      for (const options of [GUARDED, SOFT]) {
        await using target = await fresh();
        await using sink = await startTargetSink(target, options);
        const topic = people();
        const partial = at(2, topic.update({ id: 1, name: 'b' }, null, ['bio']));
        await put(sink, [at(1, topic.insert({ id: 1, name: 'a', bio: 'first' }))]);
        await put(sink, [at(3, topic.delete({ id: 1 }))]);
        await put(sink, [again(topic, partial)]);
        await put(sink, [at(4, topic.truncate())]);
        await put(sink, [again(topic, partial)]);
        expect(parkedFor(sink)).toEqual([]);
        const deletes = options === SOFT ? ['1 a first'] : [];
        expect(await rowsOf(target)).toEqual(deletes);
      }
    });

    test.each([
      ['deleted', 'hard'],
      ['marked as deleted', 'soft'],
    ] as const)('parks where its row is %s (ruling 2)', async (_, deleteMode) => {
      await using target = await fresh();
      await using sink = await startTargetSink(target, { ...GUARDED, deleteMode });
      const topic = people();
      await put(sink, [at(1, topic.insert({ id: 1, name: 'a', bio: 'first' }))]);
      await put(sink, [at(2, topic.delete({ id: 1 }))]);
      await put(sink, [at(4, topic.update({ id: 1, name: 'b' }, null, ['bio']))]);
      expect(parkedFor(sink)).toEqual([expect.stringContaining('does not have its row')]);
    });

    test('takes no value of a row that was deleted before, in one batch', async () => {
      await using target = await fresh();
      await using sink = await startTargetSink(target, GUARDED);
      const topic = people();
      await put(sink, [at(1, topic.insert({ id: 1, name: 'a', bio: 'first' }))]);
      await put(sink, [
        at(2, topic.delete({ id: 1 })),
        at(4, topic.update({ id: 1, name: 'd' }, null, ['bio'])),
        at(3, topic.insert({ id: 1, name: 'c', bio: 'third' })),
      ]);
      expect(await rowsOf(target)).toEqual(['1 d third']);
      expect(parkedFor(sink)).toEqual([]);
    });

    test('finds its row by all of a key, and by the bytes of its texts', async () => {
      await using target = await fresh();
      await using sink = await startTargetSink(target, GUARDED);
      const code = column('name', 'character varying(20)', { type: 'string', optional: false });
      const topic = new SinkTopic({
        table: 'people',
        columns: [id, code, bio],
        key: ['id', 'name'],
      });
      const names = ['a', 'A', "it's", 'a\\', 'é'];
      const made = names.map((text, n) => at(1, topic.insert({ id: 1, name: text, bio: `${n}` })));
      await put(sink, made);
      await put(sink, [at(3, topic.update({ id: 1, name: 'A', bio: '?' }, null, ['bio']))]);
      await put(
        sink,
        names.map((text, n) => at(2, topic.update({ id: 1, name: text, bio: `late ${n}` }))),
      );
      const rows = await target.query<Record<string, string>>(
        'SELECT name, bio, _cdc_pos FROM people',
      );
      const found = new Map(rows.map((row) => [row['name'], [row['bio'], row['_cdc_pos']]]));
      const wanted = names.map((text, n): [string, string[]] => {
        const older = text === 'A' ? ` {"bio":"${positionAt(2)}"}` : '';
        return [text, [`late ${n}`, `${positionAt(text === 'A' ? 3 : 2)}${older}`]];
      });
      expect(found).toEqual(new Map(wanted));
      expect(parkedFor(sink)).toEqual([]);
    });

    test('follows many rows at once', async () => {
      await using target = await fresh();
      await using sink = await startTargetSink(target, GUARDED);
      const topic = people();
      const all = Array.from({ length: 1_200 }, (_, n) => n + 1);
      await put(
        sink,
        all.map((n) => at(1, topic.insert({ id: n, name: 'a', bio: `${n}` }))),
      );
      await put(
        sink,
        all.map((n) => at(n % 2 === 0 ? 9 : 1, topic.update({ id: n, name: 'b' }, null, ['bio']))),
      );
      const found = await target.query(
        `SELECT name, count(*) AS n, sum(CASE WHEN bio = '600' THEN 1 ELSE 0 END) AS known
         FROM people GROUP BY name ORDER BY name`,
      );
      expect(found.map((row) => Object.values(row).map(String))).toEqual([
        ['a', '600', '0'],
        ['b', '600', '1'],
      ]);
    });
  });

  describe('a row that stays when it is deleted', () => {
    const started = (target: SinkTarget): Promise<SinkTask> =>
      startTargetSink(target, { ...SOFT, metadataColumns: ['tx_id'] });

    test('says itself where that was, and comes again by what is newer (S6)', async () => {
      await using target = await fresh();
      await using sink = await started(target);
      const topic = people();
      await put(sink, [at(1, topic.insert({ id: 1, name: 'a' }))]);
      await put(sink, [at(3, topic.delete({ id: 1 })), topic.tombstone({ id: 1 })]);
      await put(sink, [at(2, topic.update({ id: 1, name: 'b' }))]);
      expect(await rowsOf(target, MARKED)).toEqual(['1 a gone 701']);
      const remembered = `SELECT row_key FROM tidemark_tombstones WHERE row_key <> ''`;
      expect(await target.query(remembered)).toEqual([]);
      await put(sink, [at(5, topic.insert({ id: 1, name: 'e' }))]);
      await put(sink, [at(4, topic.delete({ id: 1 }))]);
      expect(await rowsOf(target, `${MARKED}, _deleted_at`)).toEqual(['1 e here 704 null']);
    });

    test('is not made by its delete; what is older does not bring it then', async () => {
      await using target = await fresh();
      await using sink = await started(target);
      const topic = people();
      await put(sink, [at(9, topic.insert({ id: 9, name: 'i' }))]);
      await put(sink, [at(3, topic.delete({ id: 1 }))]);
      await put(sink, [at(2, topic.insert({ id: 1, name: 'b' }))]);
      expect(await rowsOf(target, MARKED)).toEqual(['9 i here 700']);
      // Within a batch it was there once, in whatever order that comes.
      await put(sink, [at(6, topic.delete({ id: 2 })), at(5, topic.insert({ id: 2, name: 'e' }))]);
      expect(await rowsOf(target, MARKED)).toEqual(['2 e gone 703', '9 i here 700']);
    });

    test('is marked by a truncate where it is older, and says so once', async () => {
      await using target = await fresh();
      await using sink = await started(target);
      const topic = people();
      await put(sink, [
        at(1, topic.insert({ id: 1, name: 'a' })),
        at(2, topic.insert({ id: 2, name: 'b' })),
        at(9, topic.insert({ id: 9, name: 'i' })),
      ]);
      await put(sink, [at(3, topic.delete({ id: 2 }))]);
      await put(sink, [at(5, topic.truncate()), at(4, topic.insert({ id: 4, name: 'd' }))]);
      await put(sink, [at(4, topic.update({ id: 1, name: 'late' }))]);
      const wanted = ['1 a gone 704', '2 b gone 703', '4 d gone 704', '9 i here 702'];
      expect(await rowsOf(target, MARKED)).toEqual(wanted);
      await put(sink, [at(6, topic.insert({ id: 1, name: 'f' }))]);
      expect(await rowsOf(target, MARKED)).toEqual(['1 f here 707', ...wanted.slice(1)]);
      expect(parkedFor(sink)).toEqual([]);
    });
  });
});
