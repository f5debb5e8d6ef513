import { open, rm } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { TidemarkError } from '../../../foundation/errors.ts';
import type { Lsn } from '../../../model/lsn.ts';
import { lsn } from '../../../model/lsn.ts';

const CHUNK_BYTES = 128 * 1024;
const BLOCK_BYTES = 512 * 1024;
/** Int32 length of what follows the length, Int64 LSN; then the message from its kind on. */
const LENGTH_BYTES = 4;
const HEADER_BYTES = LENGTH_BYTES + 8;
const FIRST_RUNS = 64;
/** How far the files may fall behind before whoever adds has to wait. */
const BEHIND_BYTES = 2 * 1024 * 1024;
const FREE_CHUNKS_MAX = 32;

/**
 * What all spools together keep in memory; past `limitBytes` they write to their files.
 *
 * Chunks are used again: each new one would be memory outside of the heap, which makes the garbage
 * collector mark the whole heap every few megabytes. It held the commits beside a large
 * transaction up for 10 to 20 ms, once a second.
 */
export class SpoolMemory {
  readonly limitBytes: number;
  readonly #free: Buffer[] = [];
  #usedBytes = 0;

  constructor(limitBytes: number) {
    this.limitBytes = limitBytes;
  }

  /** Bytes of the chunks that spools hold. */
  get usedBytes(): number {
    return this.#usedBytes;
  }

  /** A chunk for `needed` bytes at least; it is given back by `give`. */
  take(needed: number): Buffer {
    const free = needed <= CHUNK_BYTES ? this.#free.pop() : undefined;
    const chunk = free ?? Buffer.allocUnsafeSlow(Math.max(CHUNK_BYTES, needed));
    this.#usedBytes += chunk.length;
    return chunk;
  }

  /** Nobody looks at the chunk any more. */
  give(chunk: Buffer): void {
    this.#usedBytes -= chunk.length;
    if (chunk.length === CHUNK_BYTES && this.#free.length < FREE_CHUNKS_MAX) this.#free.push(chunk);
  }
}

/** A chunk that is full, or whose end was cut off. */
interface SealedChunk {
  readonly buffer: Buffer;
  readonly length: number;
}

/** Gets the messages of a spooled transaction back. */
export interface SpoolReader {
  /** One message, from its kind on, as it came; valid until the promise resolves. */
  message(bytes: Buffer, start: number, end: number, at: Lsn): Promise<void> | undefined;
  /** After each block; false: no more is wanted. */
  blockEnd(): Promise<boolean>;
}

/**
 * The messages of one transaction whose end is not known yet, in the order in which they came: in
 * memory at first, in a file past the memory that all spools share. Calls must not overlap: whoever
 * adds waits for the promise. The file is written behind: a disk that is busy holds nobody up who
 * reads, until too much waits for it.
 *
 * A subtransaction that is rolled back is cut off the end. That is right because its messages and
 * those of its children are the last ones at that moment, and because children have higher xids
 * than their parents: everything from the first message on whose xid is not lower goes.
 */
export class TransactionSpool {
  readonly #path: string;
  readonly #memory: SpoolMemory;
  #file: FileHandle | null = null;
  #fileBytes = 0;
  /** Full chunks behind the file's end, in order. */
  #sealed: SealedChunk[] = [];
  #sealedBytes = 0;
  /** Moves sealed chunks into the file; never rejects. */
  #writing: Promise<void> | null = null;
  #failure: TidemarkError | null = null;
  #chunk: Buffer | null = null;
  #filled = 0;
  /** Where messages of another xid begin than those before: xid and offset. */
  #runXids = new Uint32Array(FIRST_RUNS);
  #runOffsets = new Float64Array(FIRST_RUNS);
  #runs = 0;

  constructor(path: string, memory: SpoolMemory) {
    this.#path = path;
    this.#memory = memory;
  }

  /** Bytes so far, in memory and file. */
  get size(): number {
    return this.#fileBytes + this.#sealedBytes + this.#filled;
  }

  /** True once a part of it stands in the file. */
  get onDisk(): boolean {
    return this.#file !== null;
  }

  /** Keeps the message of `kind` whose body is `bytes[start, end)`. */
  add(
    xid: number,
    at: Lsn,
    kind: number,
    bytes: Buffer,
    start: number,
    end: number,
  ): Promise<void> | undefined {
    this.#noteRun(xid);
    const length = HEADER_BYTES + 1 + end - start;
    if (this.#chunk === null || this.#chunk.length - this.#filled < length) this.#newChunk(length);
    const chunk = this.#chunk as unknown as Buffer;
    let to = chunk.writeUInt32BE(length - LENGTH_BYTES, this.#filled);
    to = chunk.writeBigUInt64BE(at, to);
    to = chunk.writeUInt8(kind, to);
    this.#filled = to + bytes.copy(chunk, to, start, end);
    return this.#sealed.length === 0 ? undefined : this.#writeBehind();
  }

  /** The subtransaction was rolled back. */
  abort(xid: number): Promise<void> | undefined {
    if (this.#writing !== null) return this.#written().then(() => this.abort(xid));
    let cut: number | null = null;
    while (this.#runs > 0 && ((this.#runXids[this.#runs - 1] as number) - xid) >> 0 >= 0) {
      cut = this.#runOffsets[--this.#runs] as number;
    }
    if (cut !== null) this.#truncate(cut);
    return undefined;
  }

  /** Hands everything over, in order. The spool stays as it is. */
  async read(reader: SpoolReader): Promise<void> {
    await this.#written();
    if (!(await this.#readFile(reader))) return;
    const rest = this.#chunk === null ? [] : [{ buffer: this.#chunk, length: this.#filled }];
    for (const { buffer, length } of [...this.#sealed, ...rest]) {
      await handOver(buffer, length, reader);
      if (!(await reader.blockEnd())) return;
    }
  }

  /** Forgets everything; the file is gone when this resolves. */
  async close(): Promise<void> {
    await this.#writing;
    this.#truncate(0);
    this.#dropChunk();
    const file = this.#file;
    this.#file = null;
    if (file === null) return;
    await file.close();
    await rm(this.#path, { force: true });
  }

  #noteRun(xid: number): void {
    const runs = this.#runs;
    if (runs > 0 && this.#runXids[runs - 1] === xid) return;
    if (runs === this.#runXids.length) {
      const xids = new Uint32Array(2 * runs);
      xids.set(this.#runXids);
      this.#runXids = xids;
      const offsets = new Float64Array(2 * runs);
      offsets.set(this.#runOffsets);
      this.#runOffsets = offsets;
    }
    this.#runXids[runs] = xid;
    this.#runOffsets[runs] = this.size;
    this.#runs = runs + 1;
  }

  #newChunk(needed: number): void {
    if (this.#chunk !== null && this.#filled > 0) {
      this.#sealed.push({ buffer: this.#chunk, length: this.#filled });
      this.#sealedBytes += this.#filled;
      this.#chunk = null;
      this.#filled = 0;
    }
    this.#dropChunk();
    this.#chunk = this.#memory.take(needed);
  }

  #dropChunk(): void {
    if (this.#chunk === null) return;
    this.#memory.give(this.#chunk);
    this.#chunk = null;
    this.#filled = 0;
  }

  #forgetSealed(from: number, count?: number): void {
    for (const { buffer, length } of this.#sealed.splice(from, count ?? this.#sealed.length)) {
      this.#memory.give(buffer);
      this.#sealedBytes -= length;
    }
  }

  #truncate(to: number): void {
    const behind = to - this.#fileBytes - this.#sealedBytes;
    if (behind >= 0) {
      this.#filled = behind;
      return;
    }
    this.#filled = 0;
    let start = this.#fileBytes;
    let kept = 0;
    for (const chunk of this.#sealed) {
      if (start + chunk.length > to) break;
      start += chunk.length;
      kept++;
    }
    const partly = this.#sealed[kept];
    const rest = to - start;
    if (partly !== undefined && rest > 0) {
      this.#sealed[kept] = { buffer: partly.buffer, length: rest };
      this.#sealedBytes += rest - partly.length;
      kept++;
    }
    this.#forgetSealed(kept);
    this.#fileBytes = Math.min(this.#fileBytes, to);
  }

  /** Begins to write when memory is short; a promise when too much waits for that. */
  #writeBehind(): Promise<void> | undefined {
    if (this.#failure !== null) throw this.#failure;
    const { usedBytes, limitBytes } = this.#memory;
    if (this.#file === null && this.#writing === null && usedBytes <= limitBytes) return undefined;
    this.#writing ??= this.#writeSealed().finally(() => {
      this.#writing = null;
    });
    return usedBytes <= limitBytes + BEHIND_BYTES ? undefined : this.#written();
  }

  /** Nothing is being written any more; throws what went wrong. */
  async #written(): Promise<void> {
    await this.#writing;
    if (this.#failure !== null) throw this.#failure;
  }

  async #writeSealed(): Promise<void> {
    try {
      this.#file ??= await open(this.#path, 'w+', 0o600);
      for (;;) {
        const chunk = this.#sealed[0];
        if (chunk === undefined) return;
        for (let done = 0; done < chunk.length;) {
          const { bytesWritten } = await this.#file.write(
            chunk.buffer,
            done,
            chunk.length - done,
            this.#fileBytes + done,
          );
          done += bytesWritten;
        }
        this.#fileBytes += chunk.length;
        this.#forgetSealed(0, 1);
      }
    } catch (error) {
      this.#failure = spoolError(this.#path, error);
    }
  }

  async #readFile(reader: SpoolReader): Promise<boolean> {
    const file = this.#file;
    if (file === null) return true;
    let block = Buffer.allocUnsafeSlow(BLOCK_BYTES);
    let rest = 0;
    for (let at = 0; at < this.#fileBytes;) {
      const wanted = Math.min(block.length - rest, this.#fileBytes - at);
      const { bytesRead } = await file.read(block, rest, wanted, at);
      if (bytesRead === 0) throw spoolError(this.#path, 'it ends too early');
      at += bytesRead;
      const filled = rest + bytesRead;
      const used = await handOver(block, filled, reader);
      rest = filled - used;
      if (used === 0 && rest === block.length) {
        const larger = Buffer.allocUnsafeSlow(LENGTH_BYTES + block.readUInt32BE(0) + BLOCK_BYTES);
        block.copy(larger, 0, 0, rest);
        block = larger;
      } else {
        block.copyWithin(0, used, filled);
      }
      if (!(await reader.blockEnd())) return false;
    }
    return true;
  }
}

/** Hands the whole messages of `bytes[0, end)` over; where the first incomplete one begins. */
async function handOver(bytes: Buffer, end: number, reader: SpoolReader): Promise<number> {
  let position = 0;
  while (end - position >= HEADER_BYTES) {
    const next = position + LENGTH_BYTES + bytes.readUInt32BE(position);
    if (next > end) break;
    const at = lsn(bytes.readBigUInt64BE(position + LENGTH_BYTES));
    const wait = reader.message(bytes, position + HEADER_BYTES, next, at);
    position = next;
    if (wait !== undefined) await wait;
  }
  return position;
}

function spoolError(path: string, cause: unknown): TidemarkError {
  const why = cause instanceof Error ? cause.message : String(cause);
  return new TidemarkError('SPOOL_FAILED', `${path}: ${why}`, { cause });
}
