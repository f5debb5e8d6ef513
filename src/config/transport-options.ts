import { KAFKA_TRANSPORT_OPTIONS, KAFKA_TRANSPORT_RULES } from './kafka-transport-options.ts';
import type { Option } from './option.ts';
import { refusedOptions } from './option-table.ts';
import type { OptionRule } from './resolve-options.ts';

const OF_KAFKA = 'it is of Kafka: set type: kafka, or leave it out to use the embedded log';

export type TransportType = 'embedded' | 'kafka';

const TYPE: Option = {
  name: 'type',
  type: { kind: 'enum', values: ['embedded', 'kafka'] },
  default: 'embedded',
  doc: 'Where records and offsets live: in a store inside the daemon, or in Kafka.',
};

/** The section `transport` of the embedded log. */
export const EMBEDDED_TRANSPORT_OPTIONS: readonly Option[] = [
  TYPE,
  {
    name: 'path',
    type: { kind: 'string' },
    doc: 'Folder of the store, on a local disk, relative to the file. Absent: `<name>-data`.',
  },
  {
    name: 'max.bytes',
    type: { kind: 'bytes', min: 16 * 1024 * 1024, max: 16 * 1024 ** 4 },
    default: '16gb',
    doc: 'Largest size of the store. When it is full the source waits; nothing is lost.',
  },
  {
    name: 'partitions',
    type: { kind: 'int', min: 1, max: 256 },
    default: '1',
    doc: 'Partitions of topics that are created.',
  },
  {
    name: 'retention.ms',
    type: { kind: 'duration', min: 1000 },
    default: '7d',
    doc: 'Age after which records may go; those that a sink has not applied stay.',
  },
  {
    name: 'retention.bytes',
    type: { kind: 'bytes', min: 1024 },
    doc: 'Bytes per partition above which the oldest records may go.',
  },
  {
    name: 'cleanup.policy',
    type: {
      kind: 'enum',
      values: ['delete'],
      refused: { compact: 'compaction of data topics is not supported yet' },
    },
    default: 'delete',
    doc: 'How old records go.',
  },
  ...refusedOptions(
    Object.fromEntries([
      ...KAFKA_TRANSPORT_OPTIONS.filter(
        ({ name, status = 'supported', listedAs }) =>
          status === 'supported' && listedAs === undefined && name !== 'path',
      ).map(({ name }) => [name, OF_KAFKA] as const),
      ...['producer', 'consumer', 'admin', 'sasl', 'ssl'].map(
        (prefix) => [`${prefix}.<property>`, OF_KAFKA] as const,
      ),
    ]),
  ),
];

/** The section `transport` of Kafka. */
const KAFKA_SECTION: readonly Option[] = [TYPE, ...KAFKA_TRANSPORT_OPTIONS];

/** Options and rules of the section `transport`, by its `type`. */
export function transportTable(type: TransportType): {
  readonly options: readonly Option[];
  readonly rules: readonly OptionRule[];
} {
  return type === 'kafka'
    ? { options: KAFKA_SECTION, rules: KAFKA_TRANSPORT_RULES }
    : { options: EMBEDDED_TRANSPORT_OPTIONS, rules: [] };
}

/** A connector's table as the transport has it: what it lacks is a note there. */
export function connectorTable(
  options: readonly Option[],
  transport: TransportType,
): readonly Option[] {
  if (transport === 'kafka') return options;
  return options.map((option) =>
    option.onEmbedded === undefined ? option : withoutEffect(option, option.onEmbedded),
  );
}

function withoutEffect(option: Option, reason: string): Option {
  const { default: _default, required: _required, ...rest } = option;
  return { ...rest, status: 'accepted', reason };
}
