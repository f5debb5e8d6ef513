import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { openEmbeddedTransport } from '../../../src/transport/embedded/embedded-transport.ts';
import { temporaryFolder } from '../temporary-folder.ts';
import { Child } from './child.ts';
import {
  compileDiskShim,
  type DiskNote,
  diskAfterCut,
  readJournal,
  readStore,
  writeStore,
} from './disk-journal.ts';
import { checkNumbered, randomFrom } from './numbered-batches.ts';

/** Ruling 9: what was called durable is there, whatever else the disk has lost. */
describe('a power cut', () => {
  test('leaves every acknowledged batch, whole, at any moment', async () => {
    using folder = temporaryFolder();
    const { notes, final } = await recordedRun(folder.path, 40);

    // The shim must have seen all: only then does what follows prove anything.
    const replayed = diskAfterCut(notes, notes.length, () => true);
    for (const [file, bytes] of replayed) expect(final.get(file)?.equals(bytes)).toBe(true);
    // data.mdb and several segments
    expect(replayed.size).toBeGreaterThan(3);
    const plain = notes.filter((note) => note.kind === 'write' && !note.syncing);
    expect(plain.length).toBeGreaterThan(50);

    const random = randomFrom(42);
    const disk = path.join(folder.path, 'disk');
    const first = notes.findIndex((note) => note.kind === 'durable');
    const cuts = momentsWorthTrying(notes, first, random);
    expect(cuts.length).toBeGreaterThan(150);
    let [lost, kept] = [0, 0];
    for (const [n, cut] of cuts.entries()) {
      const chance = [0, 0.5, 1][n % 3] ?? 0;
      writeStore(
        disk,
        diskAfterCut(notes, cut, () => random() < chance),
      );
      await using transport = await openEmbeddedTransport({ path: disk });
      const found = await checkNumbered(transport);
      const acknowledged = notes
        .slice(0, cut)
        .reduce((last, note) => (note.kind === 'durable' ? note.batch : last), 0);
      expect(found).toBeGreaterThanOrEqual(acknowledged);
      expect(found).toBeLessThanOrEqual(acknowledged + 1);
      if (found > acknowledged) kept++;
      else lost++;
    }
    // Both outcomes for the batch in flight have been met.
    expect(lost).toBeGreaterThan(10);
    expect(kept).toBeGreaterThan(10);
  }, 120_000);

  test('would be noticed if batches were called durable too early', async () => {
    using folder = temporaryFolder();
    const { notes } = await recordedRun(folder.path, 3);
    // The same run as it would be without its syncs: the disk may have lost anything.
    const unsynced = notes
      .filter((note) => note.kind !== 'sync')
      .map((note) => (note.kind === 'write' ? { ...note, syncing: false } : note));
    const setUp = notes.findIndex((note) => note.kind === 'durable');
    const disk = path.join(folder.path, 'disk');
    const synced = [
      ...unsynced.slice(0, setUp - 1),
      ...[0, 1].map((file) => ({ kind: 'sync' as const, file })),
      ...unsynced.slice(setUp - 1),
    ];
    writeStore(
      disk,
      diskAfterCut(synced, synced.length, () => false),
    );
    const check = openEmbeddedTransport({ path: disk }).then(async (transport) => {
      await using opened = transport;
      return await checkNumbered(opened);
    });
    expect(await check.catch(() => 0)).toBeLessThan(3);
  });
});

async function recordedRun(
  folder: string,
  batches: number,
): Promise<{ readonly notes: DiskNote[]; readonly final: Map<number, Buffer> }> {
  const journal = path.join(folder, 'journal');
  const store = path.join(folder, 'store');
  const env = { LD_PRELOAD: compileDiskShim(folder), DISK_JOURNAL: journal };
  await using child = new Child(['journal', store, `${batches}`], { env });
  expect({ exit: await child.exit(), complaints: child.complaints }).toMatchObject({ exit: 0 });
  const notes = readJournal(journal);
  const files = new Set(notes.flatMap((note) => ('file' in note ? [note.file] : [])));
  return { notes, final: readStore(store, files) };
}

/** Just before and behind each sync and each write of the meta page, and some in between. */
function momentsWorthTrying(
  notes: readonly DiskNote[],
  from: number,
  random: () => number,
): number[] {
  const moments = new Set<number>();
  for (const [at, note] of notes.entries()) {
    if (at < from) continue;
    const turning = note.kind === 'sync' || (note.kind === 'write' && note.syncing);
    if (turning) {
      moments.add(at);
      moments.add(at + 1);
    } else if (random() < 0.25) {
      moments.add(at);
    }
  }
  // The last note of the run is behind everything; batches end before.
  return [...moments].toSorted((a, b) => a - b);
}
