import { expect, test } from 'vitest';

import { openEmbeddedTransport } from '../../src/transport/embedded/embedded-transport.ts';
import { Daemon } from '../support/daemon.ts';
import { daemonPipeline } from '../support/daemon-pipeline.ts';

const SCHEMA = `
  CREATE TABLE person (mail varchar(80) PRIMARY KEY, pin int NOT NULL DEFAULT 987001,
    card jsonb, note text, doc bytea);
  ALTER TABLE person ALTER doc SET STORAGE EXTERNAL;
  INSERT INTO person VALUES ('first@secret.example', 987002, '{"no": "secret-card"}',
    'a secret-note', convert_to(repeat('secret-doc', 900), 'UTF8'));
`;
const MASKS = `
  column.mask.hash.v2.SHA-256.with.salt.pepper: public.person.mail
  column.mask.with.5.chars: public.person.(pin|card|doc)
  column.truncate.to.2.chars: public.person.note`;

test('what is masked is nowhere in the log, and the target has the masks', async () => {
  await using pipeline = await daemonPipeline({ schema: SCHEMA, extraSource: MASKS });
  const source = await pipeline.connect('source');
  const warehouse = await pipeline.connect('warehouse');
  {
    await using daemon = Daemon.start(pipeline);
    await daemon.until((status) => status.source.phase === 'streaming');
    // A new key, unchanged large values, an old key that goes, a null.
    await source.query(`UPDATE person SET mail = 'second@secret.example'`);
    await source.query(`INSERT INTO person VALUES ('third@secret.example', 987003)`);
    await source.query(`DELETE FROM person WHERE mail = 'third@secret.example'`);
    await daemon.until((status) => (status.sinks[0]?.applied ?? 0) >= 7);
    expect(await daemon.stop()).toBe(0);
    expect(daemon.output).not.toMatch(/secret-|@secret|98700/);
  }
  const { rows } = await warehouse.query('SELECT mail, pin, card, note, doc FROM person');
  const digest = `encode(sha256(convert_to('pepper' || 'second@secret.example', 'UTF8')), 'hex')`;
  const wanted = await source.query(`SELECT ${digest} AS mail`);
  expect(rows).toEqual([
    { ...wanted.rows[0], pin: '*****', card: '*****', note: 'a ', doc: '*****' },
  ]);
  expect(await logText(pipeline.storePath)).not.toMatch(/secret-|@secret|98700|c2VjcmV0/);
});

test('a mask that cannot hide is refused before anything is read', async () => {
  await using pipeline = await daemonPipeline({
    schema: SCHEMA,
    extraSource: '  column.mask.with.5.chars: public.person.mail',
  });
  await using daemon = Daemon.start(pipeline);
  expect((await daemon.ended).code).not.toBe(0);
  expect(daemon.output).toContain('public.person.mail belongs to the key');
});

/** Every byte of every record, as text. */
async function logText(storePath: string): Promise<string> {
  await using transport = await openEmbeddedTransport({ path: storePath, readOnly: true });
  await using consumer = await transport.consumer({
    group: 'all',
    topics: /^.*$/,
    register: false,
  });
  const { signal } = new AbortController();
  let text = '';
  for (;;) {
    const fetched = await consumer.poll({ maxBytes: 8_000_000, maxWaitMs: 50, signal });
    const records = fetched.flatMap((batch) => batch.records);
    if (records.length === 0) return text;
    for (const { key, value, headers } of records) {
      for (const bytes of [key, value, ...headers.map((header) => header.value)]) {
        text += `${bytes?.toString('latin1') ?? ''}\n`;
      }
    }
  }
}
