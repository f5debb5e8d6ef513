import type { Option } from './option.ts';
import type { OptionRule } from './resolve-options.ts';
import { type ErrorDefaults, parkModeOf } from './sink-error-options.ts';
import { keepsTransactions } from './sink-transaction-options.ts';

const NAME = 'schema.evolution.policy';

/** What becomes of records that their table cannot take, for their shape. */
export const EVOLUTION_POLICY: Option = {
  name: NAME,
  type: { kind: 'enum', values: ['alert', 'hold', 'shadow', 'dead_letter'] },
  default: 'alert',
  doc:
    'A shape that a table can neither take nor be widened to, such as another type. alert: the ' +
    'table is parked, with the statement that helps, until a start. hold: the same, but the ' +
    'table goes on by itself once somebody has changed it. shadow: values go to ' +
    '`<column>__v2` (then `__v3`, …), the old column keeps its own and takes null; keys, and ' +
    'rows without one, are parked. dead_letter (needs errors.park key): records of that shape ' +
    'go to the dead letters until the table takes them, with all later ones of their keys.',
};

/** Rules over several properties. */
export function evolutionRules(defaults: ErrorDefaults): readonly OptionRule[] {
  return [
    {
      properties: [NAME, 'transaction.mode'],
      check: (options) => {
        const policy = options.string(NAME);
        if (policy !== 'hold' && policy !== 'dead_letter') return undefined;
        return keepsTransactions(options)
          ? `${policy} lets the other tables go on, and transaction.mode source writes all of a ` +
              'transaction at once: use alert or shadow'
          : undefined;
      },
    },
    {
      properties: [NAME, 'errors.park'],
      check: (options) =>
        options.string(NAME) === 'hold' && parkModeOf(options, defaults) === 'task'
          ? 'hold lets the other tables go on, and errors.park task stops them: choose one'
          : undefined,
    },
    {
      properties: [NAME, 'errors.park', 'errors.tolerance'],
      check: (options) =>
        options.string(NAME) === 'dead_letter' && parkModeOf(options, defaults) !== 'key'
          ? 'dead_letter needs errors.park key: later records of a key must wait behind those ' +
            'that went to the dead letters'
          : undefined,
    },
  ];
}
