import type { PipelineConfig } from '../config/pipeline-config.ts';
import { avroSchemaText } from '../converter/avro-schema.ts';
import { jsonSchemaText } from '../converter/json-schema-text.ts';
import { typescriptText } from '../converter/typescript-types.ts';
import { tableRecordSchemas } from '../envelope/table-record-schemas.ts';
import type { Clock } from '../foundation/clock.ts';
import { TidemarkError } from '../foundation/errors.ts';
import type { ConnectSchema } from '../model/connect-schema.ts';
import { parseLsn } from '../model/lsn.ts';
import { openForReading } from './open-transport.ts';
import { envelopeOptionsOf } from './source-options.ts';
import type { ShapeVersion } from './stored-shapes.ts';
import { schemaOfVersion, StoredShapes } from './stored-shapes.ts';

/** What `schema export` writes. */
export const SHAPE_FORMATS = ['avro', 'json-schema', 'typescript'] as const;
export type ShapeFormat = (typeof SHAPE_FORMATS)[number];

/** Which part of a record: its row, the key, or the whole value. */
export const SHAPE_PARTS = ['row', 'key', 'envelope'] as const;
export type ShapePart = (typeof SHAPE_PARTS)[number];

/** Names of all tables that have a history. Throws STORE_OPEN, KAFKA_*. */
export async function shapedTables(
  config: PipelineConfig,
  clock: Clock,
): Promise<readonly string[]> {
  await using transport = await openForReading({ config }, clock);
  return new StoredShapes(transport.documents, config.name).tables();
}

/** All kept shapes of a table, oldest first. Throws SCHEMA_UNKNOWN where there is none. */
export async function shapeHistory(
  config: PipelineConfig,
  table: string,
  clock: Clock,
): Promise<readonly ShapeVersion[]> {
  await using transport = await openForReading({ config }, clock);
  const shapes = new StoredShapes(transport.documents, config.name);
  const versions = shapes.versions(table);
  if (versions.length > 0) return versions;
  const tables = shapes.tables();
  const known = tables.length === 0 ? 'no table has one yet' : `there are ${tables.join(', ')}`;
  throw new TidemarkError('SCHEMA_UNKNOWN', `${table} has no history of shapes: ${known}`);
}

/**
 * The shape that held there: `at` is a version (`3`), a position of the source (`16/B374D848`,
 * `binlog.000003:1234`) or a time. Null: the newest. Throws USAGE, SCHEMA_UNKNOWN.
 */
export function versionAt(versions: readonly ShapeVersion[], at: string | null): ShapeVersion {
  const isBefore = at === null ? () => true : comparison(at);
  const found = versions.findLast(isBefore);
  if (found !== undefined) return found;
  const first = versions[0];
  throw new TidemarkError(
    'SCHEMA_UNKNOWN',
    `nothing is known of ${first?.table ?? 'the table'} at ${String(at)}: the first shape that ` +
      `is kept is version ${first?.version ?? 0} of ${first?.position ?? 'no position'}`,
  );
}

function comparison(at: string): (version: ShapeVersion) => boolean {
  if (/^\d+$/.test(at)) return ({ version }) => version <= Number(at);
  if (/^[0-9A-F]{1,8}\/[0-9A-F]{1,8}$/i.test(at)) {
    const wanted = parseLsn(at);
    return ({ position }) => position !== null && isLsn(position) && parseLsn(position) <= wanted;
  }
  const place = binlogPlace(at);
  if (place !== null) {
    return ({ position }) => {
      const own = position === null ? null : binlogPlace(position);
      if (own === null) return false;
      return own.number === place.number ? own.pos <= place.pos : own.number < place.number;
    };
  }
  const timeMs = Date.parse(at);
  if (Number.isNaN(timeMs)) {
    throw new TidemarkError('USAGE', `${at} is no version, no position and no time`, {
      cure: 'For example --at 3, --at 16/B374D848, --at binlog.000003:1234, --at 2026-11-23T04:00Z',
    });
  }
  return ({ atMs }) => atMs <= timeMs;
}

function isLsn(text: string): boolean {
  return /^[0-9A-F]+\/[0-9A-F]+$/i.test(text);
}

/** Files of one server are counted; a position may have its GTID in front. */
function binlogPlace(text: string): { readonly number: number; readonly pos: number } | null {
  const match = /\.(\d+):(\d+)\)?$/.exec(text);
  return match === null ? null : { number: Number(match[1]), pos: Number(match[2]) };
}

/** The schema of records of a version. Throws SCHEMA_UNKNOWN where the table had none. */
export function exportedShape(
  config: PipelineConfig,
  version: ShapeVersion,
  format: ShapeFormat,
  part: ShapePart,
): string {
  const table = schemaOfVersion(version);
  const schemas = table && tableRecordSchemas(table, envelopeOptionsOf(config.source));
  const schema = schemas?.[part] ?? null;
  if (schema === null) {
    const what = `version ${version.version} of ${version.table} has no ${part}`;
    throw new TidemarkError('SCHEMA_UNKNOWN', what);
  }
  return textOf(schema, format, `${version.table}.${part}`);
}

function textOf(schema: ConnectSchema, format: ShapeFormat, name: string): string {
  // The row of an envelope may be null, a row by itself is there.
  const required = { ...schema, optional: false };
  switch (format) {
    case 'avro':
      return indented(avroSchemaText(required));
    case 'json-schema': {
      const options = { decimalFormat: 'BASE64', replaceNullWithDefault: false } as const;
      return indented(jsonSchemaText(required, { ...options, mapEntries: 'objects' }));
    }
    case 'typescript':
      return typescriptText(schema.name ?? name, required).trimEnd();
  }
}

/** Members keep their order; numbers of any size their digits. */
function indented(json: string): string {
  const text = JSON.stringify(JSON.parse(json), null, 2);
  return JSON.stringify(JSON.parse(text)) === json ? text : json;
}
