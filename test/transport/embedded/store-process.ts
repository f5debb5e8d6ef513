/** What a second process does with a store: `node store-process.ts <what> <path> …`. */
import { appendFileSync, writeFileSync, writeSync } from 'node:fs';
import { TidemarkError } from '../../../src/foundation/errors.ts';
import {
  type EmbeddedTransport,
  openEmbeddedTransport,
} from '../../../src/transport/embedded/embedded-transport.ts';
import { batchOf } from '../batch-of.ts';
import { readAll, shown } from '../log-reading.ts';
import { NOTE_BYTES } from './disk-journal.ts';
import { appendNumbered, randomFrom } from './numbered-batches.ts';

/** Says something; a pipe takes a line at once, also right before the process is killed. */
function say(line: unknown): void {
  writeSync(1, `${JSON.stringify(line)}\n`);
}

function until(event: 'end'): Promise<void> {
  return new Promise((resolve) => {
    process.stdin.resume();
    process.stdin.once(event, resolve);
  });
}

/** Kind 9 in the journal of the disk: batch n was called durable. */
function noteDurable(journal: string, batch: number): void {
  const note = Buffer.alloc(NOTE_BYTES);
  note[0] = 9;
  note.writeBigUInt64LE(BigInt(batch), 5);
  appendFileSync(journal, note);
}

/** Appends until it is refused, and says at which record and why. */
async function fill(transport: EmbeddedTransport, bytes: number): Promise<void> {
  const topic = await transport.openTopic('full');
  for (let n = 0; ; n++) {
    try {
      const records = batchOf([{ topic, key: `${n}`, value: Buffer.alloc(bytes, n) }]);
      await transport.append(records, { key: 'full', value: `${n}` });
    } catch (error) {
      if (!(error instanceof TidemarkError)) throw error;
      say({ refused: n, code: error.code, message: error.message });
      return;
    }
  }
}

/**
 * Appends once; writes again, records or an offset alone, with the disk made to fail; and once more
 * when told that it is well.
 */
async function refuse(
  transport: EmbeddedTransport,
  switchFile: string,
  what: 'records' | 'offset',
): Promise<void> {
  const topic = await transport.openTopic('a');
  const append = async (value: string): Promise<void> => {
    const offset = { key: 's', value };
    try {
      if (what === 'offset') await transport.storeOffset(offset);
      else await transport.append(batchOf([{ topic, value }]), offset);
    } catch (error) {
      if (!(error instanceof TidemarkError)) throw error;
      say(error);
      return;
    }
    say({ offset: await transport.loadOffset('s'), records: transport.statistics().records });
  };
  await transport.append(batchOf([{ topic, value: 'before' }]), { key: 's', value: 'before' });
  writeFileSync(switchFile, '');
  await append('lost');
  say({ offset: await transport.loadOffset('s'), records: transport.statistics().records });
  await new Promise((resolve) => process.stdin.once('data', resolve));
  await append('after');
}

const [what, path = '', argument = '0', maxBytes] = process.argv.slice(2);
switch (what) {
  case 'append': {
    await using transport = await openEmbeddedTransport({ path });
    await appendNumbered(transport, randomFrom(Number(argument)), (batch) => {
      say(batch);
      return true;
    });
    break;
  }
  case 'journal': {
    const journal = process.env['DISK_JOURNAL'] ?? '';
    await using transport = await openEmbeddedTransport({ path, segmentBytes: 200_000 });
    await appendNumbered(transport, randomFrom(7), (batch) => {
      noteDurable(journal, batch);
      return batch < Number(argument);
    });
    await transport.beginGeneration(['old'], { key: 'x', value: 'y' });
    break;
  }
  case 'hold': {
    await using _transport = await openEmbeddedTransport({ path });
    say({ pid: process.pid });
    await until('end');
    break;
  }
  case 'tail': {
    await using transport = await openEmbeddedTransport({ path, readOnly: true });
    await using consumer = await transport.consumer({
      group: 'tail',
      topics: /.*/,
      register: false,
    });
    const ended = new AbortController();
    const watching = until('end').then(() => {
      ended.abort();
    });
    say({ found: shown(await readAll(consumer)), offsets: await transport.listOffsets() });
    while (!ended.signal.aborted) {
      const fetched = await consumer.poll({
        maxBytes: 1e6,
        maxWaitMs: 60_000,
        signal: ended.signal,
      });
      for (const { topic, generation, records } of fetched) {
        say({ topic, generation, values: records.map(({ value }) => value?.toString()) });
      }
    }
    await watching;
    break;
  }
  case 'fill': {
    await using transport = await openEmbeddedTransport({
      path,
      ...(maxBytes === undefined ? {} : { maxBytes: Number(maxBytes) }),
    });
    await fill(transport, Number(argument));
    // The reserve takes what is small, also now.
    await transport.storeOffset({ key: 'after', value: 'stored' });
    say({ after: await transport.loadOffset('after') });
    break;
  }
  case 'refused':
  case 'refused-offset': {
    await using transport = await openEmbeddedTransport({ path });
    await refuse(transport, argument, what === 'refused' ? 'records' : 'offset');
    await until('end');
    break;
  }
  default:
    throw new Error(`unknown: ${what}`);
}
