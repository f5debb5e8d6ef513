import { appendFile, readFile, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, test } from 'vitest';
import { Daemon } from '../support/daemon.ts';
import { freeLoopbackPort } from '../support/daemon-pipeline.ts';
import { eventually } from '../support/eventually.ts';
import { randomFrom } from '../support/ledger-load.ts';
import { pipelineFolder } from '../support/pipeline-text.ts';

const SEED = Number(process.env['TIDEMARK_TEST_SEED'] ?? 20261122);
const KILLS = process.env['TIDEMARK_TEST_ALL'] === '1' ? 30 : 3;

/** Lines of a file that go into another one. */
async function copying(source: Readonly<Record<string, unknown>> = {}) {
  const port = await freeLoopbackPort();
  const { folder, file, ...rest } = await pipelineFolder({
    name: 'lines',
    source: {
      'connector.class': 'FileStreamSource',
      file: 'in.txt',
      topic: 'connect-test',
      'poll.interval.ms': 20,
      ...source,
    },
    sinks: [{ name: 'out', 'connector.class': 'FileStreamSink', file: 'out.txt' }],
    http: { listen: `127.0.0.1:${port}` },
  });
  const [from, to] = ['in.txt', 'out.txt'].map((name) => path.join(folder, name));
  return { ...rest, file, port, from: from ?? '', to: to ?? '' };
}

// PITFALLS S7, S26.
test(`killed ${KILLS} times (seed ${SEED}) while the file rotates: each line once`, async () => {
  await using pipeline = await copying();
  const random = randomFrom(SEED);
  const written: string[] = [];
  const write = async (): Promise<void> => {
    const count = 1 + Math.floor(random() * 400);
    const lines = Array.from({ length: count }, (_, i) => `é ${written.length + i}`);
    written.push(...lines);
    await appendFile(pipeline.from, lines.map((line) => `${line}\n`).join(''));
  };
  /** What is renamed twice between two looks nobody could find again. */
  const untilAllLines = (): Promise<void> =>
    eventually(async () => {
      const lines = (await readFile(pipeline.to, 'utf8')).trimEnd().split('\n');
      expect(lines.length).toBe(written.length);
    });
  await write();
  for (let kill = 0; kill < KILLS; kill++) {
    await using daemon = Daemon.start(pipeline);
    await untilAllLines();
    const end = Date.now() + Math.floor(random() * 300);
    const rotatesAlive = kill % 2 === 0;
    while (Date.now() < end) await write();
    if (rotatesAlive) await rename(pipeline.from, `${pipeline.from}.${kill}`);
    await write();
    await daemon.until(() => Date.now() >= end + random() * 100);
    daemon.kill('SIGKILL');
    await daemon.ended;
    if (!rotatesAlive) await rename(pipeline.from, `${pipeline.from}.${kill}`);
    await write();
  }
  await using daemon = Daemon.start(pipeline);
  await untilAllLines();
  expect((await readFile(pipeline.to, 'utf8')).trimEnd().split('\n')).toEqual(written);
  expect(await daemon.stop(), `it said:\n${daemon.output}`).toBe(0);
});

test('JSON lines with their schemas become rows, and what is wrong names the place', async () => {
  await using pipeline = await copying({ format: 'value', 'connector.class': 'file' });
  const schema = {
    type: 'struct',
    optional: false,
    fields: [{ field: 'id', type: 'int64', optional: false }],
  };
  const line = (id: number): string => `${JSON.stringify({ schema, payload: { id } })}\n`;
  await writeFile(pipeline.from, line(1) + line(2));
  await using daemon = Daemon.start(pipeline);
  await eventually(async () =>
    expect(await readFile(pipeline.to, 'utf8')).toBe('Struct{id=1}\nStruct{id=2}\n'),
  );
  await appendFile(pipeline.from, 'not json\n');
  const { code } = await daemon.ended;
  expect(code).toBe(1);
  expect(daemon.output).toContain('VALUE_CONVERSION');
});
