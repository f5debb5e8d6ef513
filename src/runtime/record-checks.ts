import type { PipelineConfig } from '../config/pipeline-config.ts';
import { avroSchemaText } from '../converter/avro-schema.ts';
import type { EnvelopeOptions } from '../envelope/envelope-options.ts';
import { tableRecordSchemas } from '../envelope/table-record-schemas.ts';
import { checkTopicCollisions } from '../envelope/topic-naming.ts';
import { TidemarkError } from '../foundation/errors.ts';
import { type TableSchema, tableName } from '../model/table-schema.ts';
import { envelopeOptionsOf } from './source-options.ts';

/**
 * Why records of these tables could not be written: two tables of one topic, columns of one field,
 * names that the format does not take. All of it would otherwise come to light at the first row.
 */
export function recordProblems(
  config: PipelineConfig,
  tables: readonly TableSchema[],
): readonly TidemarkError[] {
  const envelope = envelopeOptionsOf(config.source);
  const isAvro = (side: string): boolean =>
    config.source.options.string(`${side}.converter`) === 'avro';
  const formats = { key: isAvro('key'), value: isAvro('value') };
  const collision = problemOf(() =>
    checkTopicCollisions(
      envelope.topicPrefix,
      tables,
      envelope.naming,
      envelope.skipTruncates !== true,
    ),
  );
  const schemas = tables.map((table) => schemaProblem(table, envelope, formats));
  return [collision, ...schemas].filter((problem) => problem !== null);
}

function schemaProblem(
  table: TableSchema,
  envelope: EnvelopeOptions,
  avro: { readonly key: boolean; readonly value: boolean },
): TidemarkError | null {
  const problem = problemOf(() => {
    const schemas = tableRecordSchemas(table, envelope);
    if (avro.key && schemas.key !== null) avroSchemaText(schemas.key);
    if (avro.value) avroSchemaText(schemas.envelope);
  });
  if (problem === null) return null;
  const { code, message, cure, cause } = problem;
  return new TidemarkError(code, `${tableName(table.id)}: ${message}`, { cure, cause });
}

function problemOf(check: () => void): TidemarkError | null {
  try {
    check();
    return null;
  } catch (error) {
    if (error instanceof TidemarkError) return error;
    throw error;
  }
}
