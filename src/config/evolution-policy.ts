import type { Option } from './option.ts';

/** What becomes of a column whose type the target's column cannot take. */
export const EVOLUTION_POLICY: Option = {
  name: 'schema.evolution.policy',
  type: {
    kind: 'enum',
    values: ['alert', 'shadow'],
    refused: {
      hold: 'not built yet; alert parks the table, and the next start tries again',
      dead_letter: 'not built yet; alert parks the table, and the next start tries again',
    },
  },
  default: 'alert',
  doc:
    'A type that a column can neither take nor be widened to. alert: its table is parked, with ' +
    'the statement that helps. shadow: values go to `<column>__v2` (then `__v3`, …), the old ' +
    'column keeps its own and takes null. Keys, and rows without one, are parked with both.',
};
