import type { PipelineConfig } from '../config/pipeline-config.ts';
import { registrySettings } from '../config/registry-options.ts';
import type { ConverterSide } from '../config/registry-options.ts';
import type { SchemaRegistry } from '../converter/converter.ts';
import { ConfluentRegistry } from '../converter/registry/confluent-registry.ts';
import type { TableRecordSchemas } from '../envelope/envelope-options.ts';
import { tableRecordSchemas } from '../envelope/table-record-schemas.ts';
import { TidemarkError } from '../foundation/errors.ts';
import type { TableSchema } from '../model/table-schema.ts';
import type { CheckFindings } from './check-findings.ts';
import { convertersOf } from './converters.ts';
import { envelopeOptionsOf } from './source-options.ts';

/** Where no registry is named, nothing can be asked. */
const ANYTHING_GOES: SchemaRegistry = {
  register: () => Promise.resolve(0),
  schemaById: () => Promise.reject(new TidemarkError('SCHEMA_UNKNOWN', 'nothing is stored')),
};

/**
 * Reaches the registries of schema.registry.url and asks what would become of the schemas of these
 * tables; registers nothing.
 */
export async function checkRegistry(
  config: PipelineConfig,
  tables: readonly TableSchema[],
): Promise<CheckFindings> {
  const sides = await Promise.all([checkSide(config, 'key'), checkSide(config, 'value')]);
  const problems = sides.flatMap((side) => side.problems);
  const warnings = sides.flatMap((side) => side.warnings);
  // Which topics and schemas come out of transforms only the rows tell.
  if (problems.length > 0 || config.source.options.list('transforms').length > 0) {
    return { problems: distinct(problems), warnings };
  }
  const envelope = envelopeOptionsOf(config.source);
  const schemas = tables.map((table) => tableRecordSchemas(table, envelope));
  const refusals = await refusalsOf(config, schemas, (text) => warnings.push(text));
  return { problems: refusals, warnings };
}

async function checkSide({ source }: PipelineConfig, side: ConverterSide): Promise<CheckFindings> {
  const settings = registrySettings(source.options, side);
  if (settings === null) return { problems: [], warnings: [] };
  const name = `source: ${side}.converter`;
  const warnings: string[] = [];
  if (settings.autoRegister && settings.useLatest) {
    warnings.push(
      `${name}.use.latest.version has no effect while ${side}.converter.auto.register.schemas ` +
        'is true',
    );
  }
  try {
    const registry = new ConfluentRegistry(settings);
    const level = await registry.compatibility();
    if (settings.autoRegister && level === 'NONE') {
      warnings.push(
        `${name}: the registry ${registry.address} has compatibility level NONE: it takes ` +
          'changes of tables that readers cannot follow; set BACKWARD there (PUT /config)',
      );
    }
    return { problems: [], warnings };
  } catch (error) {
    if (!(error instanceof TidemarkError)) throw error;
    return { problems: [error], warnings };
  }
}

/** What the registry would say to each table's schemas, once for each refusal. */
async function refusalsOf(
  { source }: PipelineConfig,
  tables: readonly TableRecordSchemas[],
  warn: (text: string) => void,
): Promise<readonly TidemarkError[]> {
  const { key, value } = convertersOf(source.options, ANYTHING_GOES, (settings) => {
    const registry = new ConfluentRegistry(settings, (subject, { grade, text }) => {
      if (grade === 'warning') warn(`source: the schema of subject ${subject} changes: ${text}`);
    });
    return {
      ...ANYTHING_GOES,
      register: async (subject, schema, type) => {
        await registry.preview(subject, schema, type);
        return 0;
      },
    };
  });
  const problems: TidemarkError[] = [];
  for (const { topic, key: keySchema, envelope } of tables) {
    try {
      if (keySchema !== null) await key.converter.prepare(topic, keySchema);
      await value.converter.prepare(topic, envelope);
    } catch (error) {
      if (!(error instanceof TidemarkError)) throw error;
      problems.push(error);
    }
  }
  return distinct(problems);
}

/** Both sides most often ask one registry. */
function distinct(problems: readonly TidemarkError[]): readonly TidemarkError[] {
  return problems.filter(
    ({ message }, at) => problems.findIndex((other) => other.message === message) === at,
  );
}
