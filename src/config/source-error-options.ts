import type { Option, ResolvedOptions } from './option.ts';
import { acceptedOptions } from './option-table.ts';
import type { OptionRule } from './resolve-options.ts';
import type { ErrorDefaults } from './sink-error-options.ts';
import { DEAD_LETTERS, errorLogOptions, LETTER_REPLICATION } from './sink-error-options.ts';

const TOPIC = `${DEAD_LETTERS}.topic.name`;

/** What a source does with changes of which it cannot make records. */
export const SOURCE_ERROR_OPTIONS: readonly Option[] = [
  {
    name: 'errors.tolerance',
    type: { kind: 'enum', values: ['none', 'all'] },
    default: 'none',
    doc:
      'What a change does that no record can be made of: a value without a form in its schema, a ' +
      'transform or converter that fails, a line that is no record. `none`: the source stops ' +
      'before it. `all`: it goes to the dead letters instead of its topic, and the others go on.',
  },
  ...errorLogOptions(
    'With errors.tolerance `all`: log each such change, not only the first of its kind.',
    'each change in the source',
  ),
  {
    name: TOPIC,
    type: { kind: 'string' },
    doc:
      'With errors.tolerance `all`: the topic of dead letters, which Connect has for sinks only. ' +
      'Absent: `__tidemark.dlq.<name of the pipeline>.source`; under the Java class names none, ' +
      'and such changes are dropped.',
  },
  LETTER_REPLICATION,
  {
    name: `${DEAD_LETTERS}.context.headers.enable`,
    type: {
      kind: 'enum',
      values: ['true'],
      refused: { false: 'nothing else says of which topic a change is that became no record' },
    },
    default: 'true',
    doc: "Dead letters of a source always have Connect's headers `__connect.errors.*`.",
  },
  ...acceptedOptions({
    'errors.retry.timeout': 'what cannot be converted now cannot a moment later',
  }),
];

/** Rules over several of them. */
export const SOURCE_ERROR_RULES: readonly OptionRule[] = [
  {
    properties: [TOPIC, 'errors.tolerance'],
    check: (options) =>
      options.has(TOPIC) && options.string('errors.tolerance') === 'none'
        ? 'means nothing where the source stops: set errors.tolerance to all'
        : undefined,
  },
];

/** Changes that become no record are passed over. */
export function toleratesErrors(source: ResolvedOptions): boolean {
  return source.string('errors.tolerance') === 'all';
}

/** Where dead letters of a source go; null: there are none, or they are dropped. */
export function sourceLetterTopicOf(
  source: ResolvedOptions,
  pipeline: string,
  defaults: ErrorDefaults,
): string | null {
  if (!toleratesErrors(source)) return null;
  const given = source.optionalString(TOPIC) ?? '';
  if (given !== '') return given;
  return defaults === 'connect' ? null : `__tidemark.dlq.${pipeline}.source`;
}

/** Sinks that would take the dead letters of the source for its records. */
export function sourceLetterProblems(
  source: ResolvedOptions,
  sinks: readonly { readonly name: string; readonly options: ResolvedOptions }[],
): readonly string[] {
  const topic = source.optionalString(TOPIC) ?? '';
  if (topic === '') return [];
  return sinks.flatMap(({ name, options }) => {
    const reads =
      options.list('topics').includes(topic) ||
      options.optionalPattern('topics.regex')?.test(topic) === true;
    return reads ? [`sink ${name} reads ${topic}, the dead letters of the source (${TOPIC})`] : [];
  });
}
