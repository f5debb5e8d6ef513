import type { FaultPoint } from '../../src/foundation/fault-points.ts';
import { FAULT_POINTS } from '../../src/foundation/fault-points.ts';

/**
 * They have tests of their own: dead letters, replaced indices, alerts, tables that wait,
 * slots that are given up.
 */
const NOT_PASSED = /^(?:sink\.letters-sent$|search\.|alert\.|gate\.|gap\.)/;

/** Those that every pipeline passes. */
export const PASSED_FAULT_POINTS: readonly FaultPoint[] = FAULT_POINTS.filter(
  (point) => !NOT_PASSED.test(point),
);
