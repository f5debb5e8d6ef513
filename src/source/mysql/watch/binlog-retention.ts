import type { AgeLimit, RetentionLook, SizeLimit } from '../../../model/server-look.ts';
import type { BinlogFile } from '../wire/mysql-server-facts.ts';

/** A place in the binlog that a restart would go on from. */
export interface RetainedPlace {
  readonly file: string;
  readonly pos: number;
}

/** By what a server removes its files; each null: it does not. */
export interface PurgeSettings {
  readonly expire: { readonly setting: string; readonly ms: number } | null;
  readonly total: { readonly setting: string; readonly bytes: number } | null;
}

/**
 * What a server still has of its binlog, over many looks. It tells neither how much it has written
 * in all nor when a file was closed, which is when its age begins to count: both are what was seen
 * from one look to the next.
 */
export class BinlogRetention {
  /** Sizes as of the last look. */
  readonly #sizes = new Map<string, number>();
  /**
   * When a file was seen closed: of the look before, so that it is rather too early. Null: it was
   * before the first look.
   */
  readonly #closedAtMs = new Map<string, number | null>();
  #written = 0;
  #lastLookMs: number | null = null;
  #first: { readonly atMs: number; readonly written: number } | null = null;

  look(
    files: readonly BinlogFile[],
    place: RetainedPlace | null,
    settings: PurgeSettings,
    nowMs: number,
  ): RetentionLook {
    this.#count(files, nowMs);
    const at = place === null ? -1 : files.findIndex(({ name }) => name === place.file);
    const behind = files.slice(Math.max(0, at)).reduce((sum, { bytes }) => sum + bytes, 0);
    const isKept = place !== null && at >= 0;
    return {
      floor: place === null ? null : `${place.file}:${place.pos}`,
      heldBytes: isKept ? Math.max(0, behind - place.pos) : null,
      endBytes: this.#written,
      size: isKept ? sizeLimit(settings, behind) : null,
      age: isKept ? this.#ageLimit(files, at, settings, nowMs) : null,
      state: null,
      isLost: place !== null && at < 0 && files.length > 0,
      isHeldByTransaction: false,
    };
  }

  #count(files: readonly BinlogFile[], nowMs: number): void {
    for (const { name, bytes } of files) {
      this.#written += Math.max(0, bytes - (this.#sizes.get(name) ?? 0));
    }
    this.#first ??= { atMs: nowMs, written: this.#written };
    for (const { name } of files.slice(0, -1)) {
      // Closed before the first look: nobody saw when.
      if (!this.#closedAtMs.has(name)) this.#closedAtMs.set(name, this.#lastLookMs);
    }
    this.#sizes.clear();
    for (const { name, bytes } of files) this.#sizes.set(name, bytes);
    for (const name of this.#closedAtMs.keys()) {
      if (!this.#sizes.has(name)) this.#closedAtMs.delete(name);
    }
    this.#lastLookMs = nowMs;
  }

  #ageLimit(
    files: readonly BinlogFile[],
    at: number,
    { expire }: PurgeSettings,
    nowMs: number,
  ): AgeLimit | null {
    if (expire === null) return null;
    const { setting, ms: limitMs } = expire;
    // The file that is written is never removed; its age begins when the next one does.
    if (at === files.length - 1) return { setting, limitMs, leftMs: limitMs, isEstimate: false };
    const seen = this.#closedAtMs.get(files[at]?.name ?? '') ?? null;
    const closedAtMs = seen ?? this.#reckonedClose(files, at, nowMs);
    if (closedAtMs === null) return null;
    const leftMs = Math.max(0, closedAtMs + limitMs - nowMs);
    return { setting, limitMs, leftMs, isEstimate: seen === null };
  }

  /** At the pace of writing since the first look; null: nothing was written since. */
  #reckonedClose(files: readonly BinlogFile[], at: number, nowMs: number): number | null {
    const first = this.#first;
    const grown = this.#written - (first?.written ?? 0);
    if (first === null || grown <= 0 || nowMs <= first.atMs) return null;
    const since = files.slice(at + 1).reduce((sum, { bytes }) => sum + bytes, 0);
    return nowMs - (since * (nowMs - first.atMs)) / grown;
  }
}

/** Files go as a whole, the oldest first: ours goes when all from it on are too much. */
function sizeLimit({ total }: PurgeSettings, bytesFromFile: number): SizeLimit | null {
  if (total === null) return null;
  const leftBytes = Math.max(0, total.bytes - bytesFromFile);
  return { setting: total.setting, limitBytes: total.bytes, leftBytes };
}
