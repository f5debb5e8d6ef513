import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
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

/** What happened to the files, in order; file 0 is data.mdb, any other a segment. */
export type DiskNote =
  | {
      readonly kind: 'write';
      readonly file: number;
      readonly offset: number;
      readonly bytes: Buffer;
      readonly syncing: boolean;
    }
  | { readonly kind: 'sync'; readonly file: number }
  | { readonly kind: 'truncate'; readonly file: number; readonly length: number }
  | { readonly kind: 'durable'; readonly batch: number };

/** Bytes before those of a write. */
export const NOTE_BYTES = 17;

/** The notes of a journal that the shim and the process wrote. */
export function readJournal(journal: string): DiskNote[] {
  const bytes = readFileSync(journal);
  const notes: DiskNote[] = [];
  for (let at = 0; at < bytes.length;) {
    const kind = bytes[at];
    const file = bytes.readUInt32LE(at + 1);
    const offset = Number(bytes.readBigUInt64LE(at + 5));
    const length = bytes.readUInt32LE(at + 13);
    at += NOTE_BYTES + length;
    const written = bytes.subarray(at - length, at);
    if (kind === 1) notes.push({ kind: 'write', file, offset, bytes: written, syncing: false });
    else if (kind === 4) notes.push({ kind: 'write', file, offset, bytes: written, syncing: true });
    else if (kind === 2) notes.push({ kind: 'sync', file });
    else if (kind === 3) notes.push({ kind: 'truncate', file, length: offset });
    else if (kind === 9) notes.push({ kind: 'durable', batch: offset });
    else throw new Error(`unknown note ${kind}`);
  }
  return notes;
}

/** Where a write may be torn by a power cut. */
const SECTOR_BYTES = 512;

/**
 * The files that may be found after a power cut behind the first `cut` notes: what was synced, what
 * was written through syncing descriptors, and of the rest what `survives`. A write to a segment
 * that was under way may be there in part.
 */
export function diskAfterCut(
  notes: readonly DiskNote[],
  cut: number,
  survives: () => boolean,
): Map<number, Buffer> {
  const disks = new Map<number, Disk>();
  const diskOf = (file: number): Disk => {
    const disk = disks.get(file) ?? new Disk();
    disks.set(file, disk);
    return disk;
  };
  const tear = ({ file, offset, bytes }: DiskNote & { readonly kind: 'write' }): void => {
    for (let from = 0; from < bytes.length;) {
      const absolute = offset + from;
      const next = (Math.floor(absolute / SECTOR_BYTES) + 1) * SECTOR_BYTES - offset;
      if (survives()) diskOf(file).write(absolute, bytes.subarray(from, next));
      from = next;
    }
  };
  const seen = notes.slice(0, cut);
  const synced = new Map<number, number>();
  for (const [at, note] of seen.entries()) if (note.kind === 'sync') synced.set(note.file, at);
  for (const [at, note] of seen.entries()) {
    if (note.kind === 'truncate') diskOf(note.file).truncate(note.length);
    if (note.kind !== 'write') continue;
    const isThere = note.syncing || at < (synced.get(note.file) ?? -1);
    if (isThere) diskOf(note.file).write(note.offset, note.bytes);
    else tear(note);
  }
  const underWay = notes[cut];
  if (underWay?.kind === 'write' && underWay.file > 0) tear(underWay);
  return new Map([...disks].map(([file, disk]) => [file, disk.image()]));
}

/** Writes such files as a store. */
export function writeStore(folder: string, files: ReadonlyMap<number, Buffer>): void {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(path.join(folder, 'log'), { recursive: true });
  for (const [file, image] of files) writeFileSync(path.join(folder, nameOf(file)), image);
}

/** The files of a store, as `diskAfterCut` gives them. */
export function readStore(folder: string, files: Iterable<number>): Map<number, Buffer> {
  return new Map([...files].map((file) => [file, readFileSync(path.join(folder, nameOf(file)))]));
}

function nameOf(file: number): string {
  return file === 0 ? 'data.mdb' : path.join('log', `${String(file).padStart(10, '0')}.log`);
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
