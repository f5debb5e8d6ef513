import { gapOf } from '../model/source-gap.ts';
import type { PipelineSource } from './pipeline-source.ts';
import type { RetentionView } from './retention-forecast.ts';

/** When a slot is given up. */
export interface LastStageLimits {
  /** Below so many percent of the budget, */
  readonly percent: number;
  /** for so long. */
  readonly afterMs: number;
}

/** A single look may be wrong, and what it decides cannot be taken back. */
const LOOKS_MIN = 2;

/**
 * The last stage of the WAL guard: has the slot given up, before the server's disk is full. Only of
 * looks that were answered, one after the other, and only where that frees what the server keeps:
 * while an open transaction holds it, a new slot would wait for the same.
 */
export class LastStage {
  readonly #limits: LastStageLimits | null;
  #sinceMs = 0;
  #looks = 0;

  constructor(limits: LastStageLimits | null) {
    this.#limits = limits;
  }

  /** `retention`: of a look that was just answered; null: it was not. */
  look(
    retention: RetentionView | null,
    source: Pick<PipelineSource, 'storedOffset' | 'giveUpSlot'>,
    nowMs: number,
  ): void {
    const limits = this.#limits;
    if (limits === null) return;
    const budget = retention?.budget ?? null;
    const frees = retention?.isLost === false && !retention.isHeldByTransaction;
    const isLow = frees && budget !== null && budget.leftPercent < limits.percent;
    if (!isLow || !maySurrender(source)) {
      this.#looks = 0;
      return;
    }
    if (this.#looks === 0) this.#sinceMs = nowMs;
    this.#looks++;
    if (this.#looks < LOOKS_MIN || nowMs - this.#sinceMs < limits.afterMs) return;
    this.#looks = 0;
    source.giveUpSlot?.(
      `${budget.leftPercent} % are left of ${budget.setting}, ` +
        `${retention?.heldBytes ?? 0} bytes are kept (retention.budget.exceeded: drop_and_heal)`,
    );
  }
}

/** A first snapshot begins anew by itself, and a slot that is being made is not given up again. */
function maySurrender({ storedOffset }: Pick<PipelineSource, 'storedOffset'>): boolean {
  if (storedOffset === null || storedOffset.offset['tidemark.snapshot'] === 'running') return false;
  const gap = gapOf(storedOffset);
  return gap === null || gap.to !== null;
}
