import type { ConnectSchema, Struct } from '../../model/connect-schema.ts';
import type { SinkRecord } from '../../model/sink-record.ts';

/** The columns of a record's place in the log, by the names of the originals. */
export const COORDINATE_FIELDS = [
  '__connect_topic',
  '__connect_partition',
  '__connect_offset',
] as const;

/** What `pk.mode=kafka` takes for the key. */
export const COORDINATES: ConnectSchema = {
  type: 'struct',
  optional: false,
  fields: (['string', 'int32', 'int64'] as const).map((type, i) => ({
    name: COORDINATE_FIELDS[i] as string,
    schema: { type, optional: false },
  })),
};

/**
 * Where a record stands in the log. The topic is the log's own, whatever name a transform of the
 * sink gave it: records of two topics must not have one key.
 */
export function coordinatesOf({ topic, partition, offset }: SinkRecord): Struct {
  return { schema: COORDINATES, values: [topic, partition, BigInt(offset)] };
}
