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

/** What all spools together keep in memory; past `limitBytes` they write to their files. */
export class SpoolMemory {
  readonly limitBytes: number;
  usedBytes = 0;

  constructor(limitBytes: number) {
    this.limitBytes = limitBytes;
  }
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
 * adds waits for the promise.
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
  #sealed: Buffer[] = [];
  #sealedBytes = 0;
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
    if (this.#sealed.length === 0) return undefined;
    const full = this.#file !== null || this.#memory.usedBytes > this.#memory.limitBytes;
    return full ? this.#flush() : undefined;
  }

  /** The subtransaction was rolled back. */
  abort(xid: number): void {
    let cut: number | null = null;
    while (this.#runs > 0 && ((this.#runXids[this.#runs - 1] as number) - xid) >> 0 >= 0) {
      cut = this.#runOffsets[--this.#runs] as number;
    }
    if (cut !== null) this.#truncate(cut);
  }

  /** Hands everything over, in order. The spool stays as it is. */
  async read(reader: SpoolReader): Promise<void> {
    if (!(await this.#readFile(reader))) return;
    const rest = this.#chunk === null ? [] : [this.#chunk.subarray(0, this.#filled)];
    for (const chunk of [...this.#sealed, ...rest]) {
      await handOver(chunk, chunk.length, reader);
      if (!(await reader.blockEnd())) return;
    }
  }

  /** Forgets everything; the file is gone when this resolves. */
  async close(): Promise<void> {
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
      this.#sealed.push(this.#chunk.subarray(0, this.#filled));
      this.#sealedBytes += this.#filled;
      this.#chunk = null;
      this.#filled = 0;
    }
    this.#dropChunk();
    this.#chunk = Buffer.allocUnsafeSlow(Math.max(CHUNK_BYTES, needed));
    this.#memory.usedBytes += this.#chunk.length;
  }

  #dropChunk(): void {
    if (this.#chunk === null) return;
    this.#memory.usedBytes -= this.#chunk.length;
    this.#chunk = null;
    this.#filled = 0;
  }

  /** Sealed chunks are views: what they hold is counted by the buffer behind them. */
  #forgetSealed(from: number): void {
    for (const chunk of this.#sealed.splice(from)) {
      this.#memory.usedBytes -= chunk.buffer.byteLength;
      this.#sealedBytes -= chunk.length;
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
      this.#sealed[kept] = partly.subarray(0, rest);
      this.#sealedBytes += rest - partly.length;
      kept++;
    }
    this.#forgetSealed(kept);
    this.#fileBytes = Math.min(this.#fileBytes, to);
  }

  async #flush(): Promise<void> {
    try {
      this.#file ??= await open(this.#path, 'w+', 0o600);
      let at = this.#fileBytes;
      for (const chunk of this.#sealed) {
        for (let done = 0; done < chunk.length;) {
          const { bytesWritten } = await this.#file.write(
            chunk,
            done,
            chunk.length - done,
            at + done,
          );
          done += bytesWritten;
        }
        at += chunk.length;
      }
      this.#forgetSealed(0);
      this.#fileBytes = at;
    } catch (error) {
      throw spoolError(this.#path, error);
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
