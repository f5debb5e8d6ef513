import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';

/** Compiles test/support/disk-shim.c into `folder` and returns what preloads it. */
export function compileDiskShim(folder: string): string {
  const source = path.join(import.meta.dirname, '../../support/disk-shim.c');
  const library = path.join(folder, 'disk-shim.so');
  if (!existsSync(library)) {
    execFileSync('cc', ['-shared', '-fPIC', '-O1', '-o', library, source, '-ldl']);
  }
  return library;
}

/** What happened to the data file, in order. */
export type DiskNote =
  | {
      readonly kind: 'write';
      readonly offset: number;
      readonly bytes: Buffer;
      readonly syncing: boolean;
    }
  | { readonly kind: 'sync' }
  | { readonly kind: 'truncate'; readonly length: number }
  | { readonly kind: 'durable'; readonly batch: number };

/** The notes of a journal that the shim and the process wrote. */
export function readJournal(file: string): DiskNote[] {
  const bytes = readFileSync(file);
  const notes: DiskNote[] = [];
  for (let at = 0; at < bytes.length;) {
    const kind = bytes[at];
    const offset = Number(bytes.readBigUInt64LE(at + 1));
    const length = bytes.readUInt32LE(at + 9);
    at += 13 + length;
    const written = bytes.subarray(at - length, at);
    if (kind === 1) notes.push({ kind: 'write', offset, bytes: written, syncing: false });
    else if (kind === 4) notes.push({ kind: 'write', offset, bytes: written, syncing: true });
    else if (kind === 2) notes.push({ kind: 'sync' });
    else if (kind === 3) notes.push({ kind: 'truncate', length: offset });
    else if (kind === 9) notes.push({ kind: 'durable', batch: offset });
    else throw new Error(`unknown note ${kind}`);
  }
  return notes;
}

/** Where a write may be torn by a power cut. */
const SECTOR_BYTES = 512;

/**
 * A disk that may be found after a power cut behind the first `cut` notes: everything up to the
 * last sync, what was written through syncing descriptors, and of the rest what `survives`.
 */
export function diskAfterCut(
  notes: readonly DiskNote[],
  cut: number,
  survives: () => boolean,
): Buffer {
  const seen = notes.slice(0, cut);
  const synced = seen.findLastIndex((note) => note.kind === 'sync');
  const disk = new Disk();
  for (const [at, note] of seen.entries()) {
    if (note.kind === 'truncate') disk.truncate(note.length);
    if (note.kind !== 'write') continue;
    if (at < synced || note.syncing) {
      disk.write(note.offset, note.bytes);
      continue;
    }
    for (let from = 0; from < note.bytes.length;) {
      const absolute = note.offset + from;
      const next = (Math.floor(absolute / SECTOR_BYTES) + 1) * SECTOR_BYTES - note.offset;
      if (survives()) disk.write(absolute, note.bytes.subarray(from, next));
      from = next;
    }
  }
  return disk.image();
}

class Disk {
  #bytes = Buffer.alloc(1 << 20);
  #length = 0;

  write(offset: number, bytes: Buffer): void {
    const end = offset + bytes.length;
    if (end > this.#bytes.length) {
      const grown = Buffer.alloc(end * 2);
      this.#bytes.copy(grown);
      this.#bytes = grown;
    }
    bytes.copy(this.#bytes, offset);
    this.#length = Math.max(this.#length, end);
  }

  truncate(length: number): void {
    this.#bytes.fill(0, length);
    this.#length = length;
  }

  image(): Buffer {
    return Buffer.from(this.#bytes.subarray(0, this.#length));
  }
}
