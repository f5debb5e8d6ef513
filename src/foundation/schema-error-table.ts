import { type ErrorPolicy, policy } from './error-policy.ts';

/** What stops or holds a table whose shape has changed. */
export const SCHEMA_CHANGE_ERRORS = {
  SCHEMA_INCOMPATIBLE: policy(
    'stop',
    1,
    409,
    'The registry refuses the new schema of a table: its records are held, other tables go on.',
    'Change the compatibility level of the subject, or undo the change that the message names.',
  ),
  SCHEMA_HELD: policy(
    'stop',
    1,
    409,
    'A table waits before a change of its shape: its records are held, other tables go on.',
    'Look at it with `tidemark schema held`, then `tidemark schema approve` or `reject` its id.',
  ),
  SCHEMA_STOPPED: policy(
    'stop',
    1,
    409,
    'A table changed its shape, and the policy of the section schema is to stop before that.',
    'Undo the change, or choose another policy for it; the start goes on before the change.',
  ),
  SCHEMA_HOLD_EXPIRED: policy(
    'stop',
    1,
    409,
    'A table waits before a change of its shape for longer, or with more, than it may.',
    'Say what becomes of it with `tidemark schema approve` or `reject`, or raise hold.deadline ' +
      'or hold.max.bytes; nothing is lost.',
  ),
  HOLD_UNKNOWN: policy(
    'stop',
    1,
    404,
    'No such table waits, or it cannot do what was asked.',
    '`tidemark schema held` lists what waits.',
  ),
} satisfies Readonly<Record<string, ErrorPolicy>>;
