import type { Option } from './option.ts';
import type { OptionRule } from './resolve-options.ts';

/** The section `runtime`: how the daemon itself behaves. */
export const RUNTIME_OPTIONS: readonly Option[] = [
  {
    name: 'task.shutdown.graceful.timeout.ms',
    type: { kind: 'duration', min: 100 },
    default: '10s',
    doc: 'How long a clean stop may take before the process goes; state is safe either way.',
  },
  {
    name: 'errors.max.retries',
    type: { kind: 'int', min: -1 },
    default: '-1',
    doc: 'Restarts of a task after an error that may pass by itself: -1 for ever, 0 never.',
  },
  {
    name: 'errors.retry.delay.initial.ms',
    type: { kind: 'duration', min: 1 },
    default: '300',
    doc: 'Wait before the first restart; it doubles with each one.',
  },
  {
    name: 'errors.retry.delay.max.ms',
    type: { kind: 'duration', min: 1 },
    default: '10s',
    doc: 'Longest wait before a restart.',
  },
  {
    name: 'log.level',
    type: { kind: 'enum', values: ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] },
    default: 'info',
    doc: 'Least severe message that is logged.',
  },
  {
    name: 'log.format',
    type: { kind: 'enum', values: ['auto', 'json', 'pretty'] },
    default: 'auto',
    doc: 'JSON lines, pretty, or pretty only on a terminal. The log goes to standard error.',
  },
];

/** Rules over several properties. */
export const RUNTIME_RULES: readonly OptionRule[] = [
  {
    properties: ['errors.retry.delay.initial.ms', 'errors.retry.delay.max.ms'],
    check: (options) =>
      options.number('errors.retry.delay.initial.ms') <= options.number('errors.retry.delay.max.ms')
        ? undefined
        : 'must not be greater than errors.retry.delay.max.ms',
  },
];
