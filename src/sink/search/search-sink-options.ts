import type { Nest } from '../../config/document-nest.ts';
import type { ParkMode } from '../../model/dead-letter.ts';
import type { MetadataColumn } from '../change-metadata.ts';

/** Where an index takes its records' order from. */
export type VersionSource = 'position' | 'offset' | 'header';

/** What becomes of a document that the server refuses for what it is. */
export type MalformedBehavior = 'fail' | 'warn' | 'ignore';

/** From where the text comes that chooses a document's shard. */
export type RoutingSource =
  { readonly kind: 'key' } | { readonly kind: 'value'; readonly path: readonly string[] };

/** What a data stream needs beside its name: where the time of a document is. */
export interface DataStreamOptions {
  /** The first of these fields that has a value is `@timestamp`; none: the record's time. */
  readonly timestampFields: readonly string[];
}

/** What a search sink is told, but for how it connects. */
export interface SearchSinkOptions {
  readonly name: string;
  /** `${topic}` and `${source.<field>}` are filled in. */
  readonly indexFormat: string;
  /** Topics that go to an index, alias or data stream of another name. */
  readonly indexOfTopic: ReadonlyMap<string, string>;
  /** `index`: the whole document. `update`: its fields into the one that is there. */
  readonly writeMethod: 'index' | 'update';
  /** Topics whose records are documents of their own, whatever their key; true: all of them. */
  readonly keyIgnored: ReadonlySet<string> | true;
  /** Ids of such documents: where the record stood in the log, or the server's own. */
  readonly keylessIds: 'offset' | 'server';
  readonly versions: VersionSource;
  /** With versions `header`: its name. */
  readonly versionHeader: string | null;
  readonly deleteEnabled: boolean;
  readonly deleteMode: 'hard' | 'soft';
  /** What documents tell of their changes, in fields `_cdc_<name>`. */
  readonly metadataColumns: readonly MetadataColumn[];
  readonly truncateEnabled: boolean;
  readonly onNull: 'ignore' | 'delete' | 'fail';
  readonly onMalformed: MalformedBehavior;
  /** Records of which no document can be made are passed over. */
  readonly dropInvalid: boolean;
  readonly createIndices: boolean;
  readonly evolve: boolean;
  /**
   * A mapping that does not fit: hold goes on by itself once somebody has changed it, reindex makes
   * another index behind an alias.
   */
  readonly policy: 'alert' | 'hold' | 'reindex';
  /** With reindex: indices that were replaced stay. */
  readonly keepsReplaced: boolean;
  /** Topics whose mapping is left to the server; true: all of them. */
  readonly schemaIgnored: ReadonlySet<string> | true;
  /** Maps as objects, not as lists of `{key, value}`. */
  readonly compactMaps: boolean;
  readonly routing: RoutingSource | null;
  readonly pipeline: string | null;
  readonly refresh: 'false' | 'true' | 'wait_for';
  readonly dataStream: DataStreamOptions | null;
  /** Rows that stand in documents of others. */
  readonly nests: readonly Nest[];
  /** Of a field of one document. */
  readonly nestMax: number;
  /** How long deleted documents keep their version in an index that the sink makes. */
  readonly gcDeletesMs: number;
  /** Of indices that the sink makes; null: the server's default. */
  readonly shards: number | null;
  readonly replicas: number | null;
  readonly bulkActions: number;
  readonly bulkBytes: number;
  readonly inFlight: number;
  readonly maxRetries: number;
  readonly retryBackoffMs: number;
  readonly park: ParkMode;
  /** `errors.park.keys.max`: of one topic; past it the topic waits. */
  readonly parkedKeysMax: number;
}

/** What an option is where nobody says; those of our own class. */
export const SEARCH_SINK_DEFAULTS: Omit<SearchSinkOptions, 'name'> = {
  indexFormat: '${topic}',
  indexOfTopic: new Map(),
  writeMethod: 'index',
  keyIgnored: new Set(),
  keylessIds: 'offset',
  versions: 'position',
  versionHeader: null,
  deleteEnabled: true,
  deleteMode: 'hard',
  metadataColumns: [],
  truncateEnabled: true,
  onNull: 'delete',
  onMalformed: 'fail',
  dropInvalid: false,
  createIndices: true,
  evolve: true,
  policy: 'alert',
  keepsReplaced: false,
  schemaIgnored: new Set(),
  compactMaps: true,
  routing: null,
  pipeline: null,
  refresh: 'false',
  dataStream: null,
  nests: [],
  nestMax: 10_000,
  gcDeletesMs: 3_600_000,
  shards: null,
  replicas: null,
  bulkActions: 2000,
  bulkBytes: 5 * 1024 * 1024,
  inFlight: 2,
  maxRetries: 5,
  retryBackoffMs: 100,
  park: 'table',
  parkedKeysMax: 1_000,
};

/** Whether TRUNCATE of the source empties an index; documents that are only ever added stay. */
export function emptiesIndices({
  truncateEnabled,
  dataStream,
  keyIgnored,
}: Pick<SearchSinkOptions, 'truncateEnabled' | 'dataStream' | 'keyIgnored'>): boolean {
  return truncateEnabled && dataStream === null && keyIgnored !== true;
}

/** Whether a list of topics, or all of them, has this one. */
export function coversTopic(topics: ReadonlySet<string> | true, topic: string): boolean {
  return topics === true || topics.has(topic);
}
