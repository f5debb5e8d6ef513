import type { ConnectSchema, ConnectValue } from '../../model/connect-schema.ts';
import type { SinkRecord } from '../../model/sink-record.ts';
import { sourceFields } from '../change-metadata.ts';
import { structOrNull } from '../record-change.ts';

/** Where a change stands in its source: texts of one source compare as its changes do. */
export interface RecordPosition {
  /** `source.name` of the record; empty where it does not say. */
  readonly source: string;
  readonly text: string;
  /**
   * From the header of our sources: no other event has it. A snapshot's rows share one, and so do
   * the rows that one COPY wrote where the position is read of a source block.
   */
  readonly isOfHeader: boolean;
}

/** Null: the record does not say where it stands. */
export type PositionReader = (record: SinkRecord) => RecordPosition | null;

/** Before everything that carries a position of ours: those begin with epoch 1. */
const NO_EPOCH = '00000000';

type Values = readonly ConnectValue[];

/**
 * How records whose value has this schema say where they stand; found once per schema. It is their
 * header, or else what Debezium's source block tells:
 *
 * - PostgreSQL: `sequence`, the commit before the transaction and the change's own LSN, each as 64
 *   bits. Transactions that ran at once are told apart by the former. Without it the LSN alone,
 *   which orders the changes of a row (its lock keeps them apart), not those of different rows.
 * - MySQL and MariaDB: number of the file (32 bits), place of the event (48), its row (32).
 */
export function positionReader(value: ConnectSchema | null): PositionReader {
  const fields = value === null ? null : sourceFields(value);
  if (fields === null) {
    return ({ position }) =>
      position === undefined ? null : { source: '', text: position, isOfHeader: true };
  }
  const name = fields.at('name');
  const read = blockReader(fields.at);
  return ({ position, value: envelope }) => {
    const block = structOrNull(envelope?.values[fields.source]);
    const told = block?.values[name];
    const source = typeof told === 'string' ? told : '';
    if (position !== undefined) return { source, text: position, isOfHeader: true };
    const text = block === null ? null : read(block.values);
    return text === null ? null : { source, text, isOfHeader: false };
  };
}

function blockReader(at: (name: string) => number): (block: Values) => string | null {
  const [lsn, sequence] = [at('lsn'), at('sequence')];
  const [file, pos, row] = [at('file'), at('pos'), at('row')];
  return (block) => {
    const log = block[file];
    if (typeof log === 'string') return binlogPosition(log, block[pos], block[row]);
    const own = block[lsn];
    return typeof own === 'bigint' ? walPosition(own, block[sequence]) : null;
  };
}

function walPosition(lsn: bigint, sequence: ConnectValue | undefined): string {
  const earlier = typeof sequence === 'string' ? commitBefore(sequence) : 0n;
  return `${NO_EPOCH}-${hex(earlier, 16)}-${hex(lsn, 16)}`;
}

/** Of `["24023128","24023192"]` the first; null stands there until a commit was seen. */
function commitBefore(sequence: string): bigint {
  const found = /^\[\s*"(\d+)"/.exec(sequence);
  return found?.[1] === undefined ? 0n : BigInt(found[1]);
}

function binlogPosition(
  file: string,
  pos: ConnectValue | undefined,
  row: ConnectValue | undefined,
): string | null {
  const number = /\.(\d+)$/.exec(file)?.[1];
  if (number === undefined || (typeof pos !== 'bigint' && typeof pos !== 'number')) return null;
  const place = hex(BigInt(number), 8) + hex(BigInt(pos), 12);
  return `${NO_EPOCH}-${place}-${hex(typeof row === 'number' ? BigInt(row) : 0n, 8)}`;
}

/**
 * The place of a record in its topic as a position, for records that do not say where they stand in
 * their source. It orders records of one partition.
 */
export function logPosition({
  topic,
  partition,
  offset,
  generation,
}: Pick<SinkRecord, 'topic' | 'partition' | 'offset' | 'generation'>): RecordPosition {
  const begin = `${hex(BigInt(generation), 8)}-${hex(BigInt(offset), 16)}`;
  return { source: topic, text: `${begin}-${hex(BigInt(partition), 8)}`, isOfHeader: true };
}

function hex(value: bigint, digits: number): string {
  return value.toString(16).padStart(digits, '0');
}
