import type { FaultPoint } from '../../src/foundation/fault-points.ts';
import { FAULT_POINTS } from '../../src/foundation/fault-points.ts';

/** Those that every pipeline passes; dead letters have a test of their own (dead-letters.e2e). */
export const PASSED_FAULT_POINTS: readonly FaultPoint[] = FAULT_POINTS.filter(
  (point) => point !== 'sink.letters-sent',
);
