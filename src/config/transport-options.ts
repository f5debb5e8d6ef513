import type { Option } from './option.ts';
import { refusedOptions } from './option-table.ts';

const KAFKA_LATER = 'the Kafka transport is not built yet; leave it out to use the embedded log';

/** The section `transport`. */
export const TRANSPORT_OPTIONS: readonly Option[] = [
  {
    name: 'type',
    type: { kind: 'enum', values: ['embedded'], refused: { kafka: KAFKA_LATER } },
    default: 'embedded',
    doc: 'Where records and offsets live: in a store inside the daemon.',
  },
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
  ...refusedOptions({
    'bootstrap.servers': KAFKA_LATER,
    'producer.<property>': KAFKA_LATER,
    'consumer.<property>': KAFKA_LATER,
    'admin.<property>': KAFKA_LATER,
    'security.protocol': KAFKA_LATER,
    'sasl.<property>': KAFKA_LATER,
    'ssl.<property>': KAFKA_LATER,
  }),
];
