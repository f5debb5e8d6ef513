import { documentId } from '../../../dialects/search/document-id.ts';
import { documentVersion } from '../../../dialects/search/document-version.ts';
import type { Nest } from '../../config/document-nest.ts';
import { TidemarkError } from '../../foundation/errors.ts';
import type { ConnectSchema, ConnectValue, Struct } from '../../model/connect-schema.ts';
import { isDecimal, isStruct } from '../../model/connect-schema.ts';
import type { SinkRecord } from '../../model/sink-record.ts';
import { changeOf, isUpdate, shapeOf } from '../record-change.ts';
import type { VersionKind } from './index-meta.ts';
import { coversTopic, type SearchSinkOptions } from './search-sink-options.ts';

/** What is to become of one document. */
export interface DocumentChange {
  readonly topic: string;
  readonly index: string;
  /** The index that has what this one lacks, as long as this one is filled; null: none has. */
  readonly former: string | null;
  /** Null: the server makes one. */
  readonly id: string | null;
  readonly routing: string | null;
  /** Null: whatever is there is replaced. */
  readonly version: string | null;
  /**
   * `mark`: it stays, and says that its row is deleted. `move`: it becomes what the one at `base`
   * is; the values that its row has beside those come with a later record.
   */
  readonly effect: 'write' | 'delete' | 'mark' | 'move';
  /** The row to write; of a `mark` the key, for where there is no document. */
  readonly row: Struct | null;
  /** What rows of its table are now; null: the record does not say. */
  readonly rowSchema: ConnectSchema | null;
  /** Fields of `row` that are to stay as they are. */
  readonly absent: readonly string[];
  /** Id of the document that has those values; null: its own. */
  readonly base: string | null;
  /**
   * Version of the change that took them: a newer document at `base` has another row, and this
   * change was applied before. Null: without a base, and without versions.
   */
  readonly baseUntil: string | null;
  /** It needs values of a row that was deleted before it. */
  readonly isOrphan: boolean;
  /** The record that it comes from; of `records` others may stand behind that, and be older. */
  readonly origin: SinkRecord;
  /** Where its last record stands. */
  readonly partition: number;
  readonly offset: number;
  readonly timestampMs: number;
  /** What it is made of, in the order of the log. */
  readonly records: readonly SinkRecord[];
  /** Its row stands in another document of the index; absent: it is a document of its own. */
  readonly nest?: Nest;
}

/**
 * Each generation has offsets of its own: those of a later one are newer. 2^40 offsets are 10^12
 * records of a partition.
 */
const OFFSETS_OF_A_GENERATION = 2 ** 40;

/** What a record wants done with documents of an index; empty: nothing. Throws SINK_RECORD. */
export function documentChanges(
  record: SinkRecord,
  index: string,
  options: SearchSinkOptions,
): readonly DocumentChange[] {
  const change = changeOf(record);
  if (change.kind === 'skip' || change.kind === 'truncate') return [];
  const { key } = record;
  const isKeyless = coversTopic(options.keyIgnored, record.topic) || options.dataStream !== null;
  if (change.kind === 'write') {
    if (key === null && !isKeyless && isUpdate(record)) throw withoutKey(record, 'an update');
    const isAppended = isKeyless || key === null;
    const effect = { effect: 'write', row: change.after, absent: record.absent } as const;
    const id = isAppended ? appendedId(record, options) : documentId(key);
    return [make(record, index, id, options, effect)];
  }
  if (isKeyless || !deletes(record, options)) return [];
  if (key === null) throw withoutKey(record, 'a delete');
  const gone = options.deleteMode === 'soft' ? 'mark' : 'delete';
  const deleted = make(record, index, documentId(key), options, { effect: gone, row: key });
  if (record.movedTo === undefined) return [deleted];
  const moved = { effect: 'move', base: deleted.id, baseUntil: deleted.version } as const;
  return [make(record, index, documentId(record.movedTo), options, moved), deleted];
}

type Effect = Pick<DocumentChange, 'effect'> &
  Partial<Pick<DocumentChange, 'row' | 'absent' | 'base' | 'baseUntil'>>;

function make(
  record: SinkRecord,
  index: string,
  id: string | null,
  options: SearchSinkOptions,
  { effect, row = null, absent = [], base = null, baseUntil = null }: Effect,
): DocumentChange {
  const { topic, partition, offset, timestampMs } = record;
  return {
    topic,
    index,
    former: null,
    id,
    routing: routingOf(record, id, row, options),
    version: versionOf(record, id, options),
    effect,
    row,
    rowSchema: rowSchemaOf(record),
    absent,
    base,
    baseUntil,
    isOrphan: false,
    origin: record,
    partition,
    offset,
    timestampMs,
    records: [record],
  };
}

function rowSchemaOf({ value }: SinkRecord): ConnectSchema | null {
  const shape = value === null ? null : shapeOf(value.schema);
  return shape === null || shape.kind === 'other' ? null : shape.row;
}

/** A tombstone, or the delete of an envelope: the former is told by itself what to do. */
function deletes(record: SinkRecord, { onNull, deleteEnabled }: SearchSinkOptions): boolean {
  if (record.value !== null) return deleteEnabled;
  if (onNull === 'fail') {
    throw new TidemarkError('SINK_RECORD', `${record.topic}: a record without value`, {
      cure: 'behavior.on.null.values is fail: set it to delete or ignore.',
    });
  }
  return onNull === 'delete';
}

function withoutKey({ topic }: SinkRecord, what: string): TidemarkError {
  return new TidemarkError('SINK_RECORD', `${topic}: ${what} of a row without key`, {
    cure:
      'No document can be found without one: give the table a key (message.key.columns of the ' +
      'source), or set key.ignore, with which every change is a document of its own.',
  });
}

/** As Confluent's sink makes it, so that a record that comes again is the same document. */
function appendedId(
  { topic, partition, offset }: SinkRecord,
  { keylessIds }: SearchSinkOptions,
): string | null {
  return keylessIds === 'server' ? null : `${topic}+${partition}+${offset}`;
}

function versionOf(
  record: SinkRecord,
  id: string | null,
  options: SearchSinkOptions,
): string | null {
  // The server's own update counts by itself, and a data stream takes no versions.
  if (id === null || options.dataStream !== null || options.writeMethod === 'update') return null;
  return recordVersion(record, options);
}

/** The version of the place where a record stands. Throws SINK_RECORD. */
export function recordVersion(record: SinkRecord, options: SearchSinkOptions): string {
  if (options.versionHeader !== null) return headerVersion(record, options.versionHeader);
  const { position, generation } = record;
  if (options.versions === 'position' && position !== undefined) {
    return documentVersion({ position, offset: record.offset });
  }
  const earlier = Math.max(0, generation - 1) * OFFSETS_OF_A_GENERATION;
  return documentVersion({ offset: earlier + record.offset });
}

function headerVersion(record: SinkRecord, header: string): string {
  const text = record.whole?.headers.find(({ name }) => name === header)?.text ?? '';
  if (/^\d{1,19}$/.test(text) && BigInt(text) < 2n ** 63n) return BigInt(text).toString();
  throw new TidemarkError(
    'SINK_RECORD',
    `${record.topic}: the header ${header} is no version, a number from 0 to 2^63 - 1`,
    { cure: 'Correct external.version.header, or leave it out.' },
  );
}

function routingOf(
  record: SinkRecord,
  id: string | null,
  row: Struct | null,
  { routing }: SearchSinkOptions,
): string | null {
  if (routing === null) return null;
  if (routing.kind === 'key') return record.key === null ? null : id;
  const change = changeOf(record);
  const before = change.kind === 'delete' ? change.before : null;
  const text = routingText(before ?? row, routing.path);
  if (text !== null) return text;
  throw new TidemarkError(
    'SINK_RECORD',
    `${record.topic}: the record has no value at ${routing.path.join('.')}, which routes it`,
    {
      cure:
        'routing.record.value.path must name a field that every row has and that never changes; ' +
        'of deletes the source must tell it (in PostgreSQL by REPLICA IDENTITY FULL).',
    },
  );
}

function routingText(row: Struct | null, path: readonly string[]): string | null {
  let value: ConnectValue | undefined = row;
  for (const name of path) {
    if (value === undefined || value === null || !isStruct(value)) return null;
    value = value.values[value.schema.fields?.findIndex((field) => field.name === name) ?? -1];
  }
  if (value === undefined || value === null || isDecimal(value)) return null;
  return typeof value === 'object' ? null : String(value);
}

/** What the version of a document is taken from; null: it has none that others could be told by. */
export function versionKind(
  { version, records }: DocumentChange,
  { versionHeader, versions }: Pick<SearchSinkOptions, 'versionHeader' | 'versions'>,
): VersionKind | null {
  if (version === null || versionHeader !== null) return null;
  // A tombstone behind its delete does not say where it stands, and has not made the version.
  const isPlaced =
    versions === 'position' && records.some(({ position }) => position !== undefined);
  return isPlaced ? 'position' : 'offset';
}
