import type { Option } from './option.ts';

const OFF = { type: { kind: 'boolean' }, default: 'false' } as const;
const ON = { type: { kind: 'boolean' }, default: 'true' } as const;

/** Which indices there are, how they are made, and what becomes of a mapping that does not fit. */
export const SEARCH_INDEX_OPTIONS: readonly Option[] = [
  {
    name: 'index.name.format',
    type: { kind: 'string' },
    default: '${topic}',
    doc:
      'Name of the index or alias of a record: `${topic}`, `${source.db}`, `${source.schema}`, ' +
      '`${source.table}`; of documents that are only added also `${timestamp.yyyy-MM-dd}`. ' +
      'Letters are made small.',
  },
  {
    name: 'topic.index.map',
    type: { kind: 'list' },
    doc: 'Topics with another index, as `topic:index`.',
  },
  {
    name: 'external.resource.usage',
    type: {
      kind: 'enum',
      values: ['DISABLED', 'INDEX', 'DATASTREAM', 'ALIAS_INDEX', 'ALIAS_DATASTREAM'],
    },
    default: 'DISABLED',
    doc: 'What the names of topic.to.external.resource.mapping are; none of them is made.',
  },
  {
    name: 'topic.to.external.resource.mapping',
    type: { kind: 'list' },
    doc: 'With external.resource.usage: where each topic goes, as `topic:name`.',
  },
  {
    name: 'create.indices',
    ...ON,
    doc: 'Indices and data streams that are missing are made, with a mapping from the schema.',
  },
  {
    name: 'evolve.mappings',
    ...ON,
    doc: 'New fields are added to the mapping before the documents that have them.',
  },
  {
    name: 'schema.evolution.policy',
    type: { kind: 'enum', values: ['alert', 'hold', 'reindex'] },
    default: 'alert',
    doc:
      'A mapping that the rows do not fit any more. alert: the topic is parked until a start. ' +
      'hold: it goes on by itself once its index or alias fits. reindex: indices are made as ' +
      '`<name>-000001` behind an alias `<name>`; another one is made, filled by reading the ' +
      'table again, and the alias is moved; where that cannot be, as hold.',
  },
  {
    name: 'reindex.keep.replaced',
    ...OFF,
    doc: 'With schema.evolution.policy reindex: an index that was replaced stays, without alias.',
  },
  {
    name: 'index.gc.deletes.ms',
    type: { kind: 'duration', min: 0 },
    default: '1h',
    doc:
      'Of indices that are made: how long a deleted document keeps its version ' +
      '(index.gc_deletes), so that an older change which comes late does not bring it back.',
  },
  {
    name: 'index.shards',
    type: { kind: 'int', min: 1, max: 1024 },
    doc: 'Shards of indices that are made; absent: what the server does.',
  },
  {
    name: 'index.replicas',
    type: { kind: 'int', min: 0, max: 100 },
    doc: 'Replicas of indices that are made; absent: what the server does.',
  },
  {
    name: 'schema.ignore',
    ...OFF,
    doc: 'The mapping is left to the server, which guesses it from the first document.',
  },
  { name: 'topic.schema.ignore', type: { kind: 'list' }, doc: 'Topics with schema.ignore.' },
];
