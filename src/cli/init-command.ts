import { writeFileSync } from 'node:fs';
import { TidemarkError } from '../foundation/errors.ts';
import { inspectSource, type SourceInspection } from '../runtime/inspect-source.ts';
import type { CliContext } from './cli-context.ts';

/** Flags of `init`. */
export interface InitCommandOptions {
  /** --output; undefined prints. */
  readonly file: string | undefined;
  readonly json: boolean;
}

/** `tidemark init`: inspects a database and writes a commented pipeline file. */
export async function initCommand(
  url: string,
  options: InitCommandOptions,
  context: CliContext,
): Promise<void> {
  const { output } = context;
  const inspection = await inspectSource(url, context.signal, context.clock);
  const text = renderPipelineFile(inspection);
  if (options.file !== undefined) writeNew(options.file, text);
  if (options.json) {
    const { walLevel, mayReplicate, versionText, schemas } = inspection;
    const file = options.file ?? null;
    output.json({ file, text, versionText, walLevel, mayReplicate, schemas });
    return;
  }
  if (options.file === undefined) {
    output.write(text);
    return;
  }
  output.line(`Wrote ${options.file}. Next:`);
  output.line(`  export ${passwordVariable(inspection)}=…`);
  output.line(`  tidemark check ${options.file}`);
}

/** Never writes over a file: it may hold a night's work. */
function writeNew(file: string, text: string): void {
  try {
    writeFileSync(file, text, { flag: 'wx' });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const reason =
      code === 'EEXIST' ? 'exists already' : `cannot be written (${code ?? 'unknown'})`;
    throw new TidemarkError('USAGE', `${file} ${reason}`, {
      cure: 'Choose another name with --output.',
      cause: error,
    });
  }
}

/** The file for a database. The password is a reference, whatever the URL had. */
export function renderPipelineFile(inspection: SourceInspection): string {
  const { connection } = inspection;
  const name = nameOf(connection.database);
  const schemas = inspection.schemas.map((schema) => schema.name);
  const include = schemas.map((schema) => `${escapePattern(schema)}\\..*`).join(',');
  return [
    `# Pipeline for ${connection.database} on PostgreSQL ${inspection.versionText}`,
    ...remarks(inspection).map((remark) => `# ATTENTION: ${remark}`),
    '',
    '# Names the pipeline in logs, metrics and offsets.',
    `name: ${name}`,
    '',
    '# Records and offsets live in a store inside the daemon, in this folder.',
    'transport:',
    '  type: embedded',
    `  path: ./${name}-data`,
    '',
    'source:',
    '  connector.class: postgres',
    `  database.hostname: ${quote(connection.host)}`,
    `  database.port: ${connection.port}`,
    `  database.dbname: ${quote(connection.database)}`,
    `  database.user: ${quote(connection.user)}`,
    '  # Taken from the environment, so that it stands in no file.',
    `  database.password: \${env:${passwordVariable(inspection)}}`,
    '  # First part of every topic name. Never change it afterwards.',
    `  topic.prefix: ${name}`,
    '  # Regular expressions over schema.table, separated by commas.',
    `  table.include.list: ${quote(include === '' ? 'public\\..*' : include)}`,
    ...inspection.schemas.flatMap(describeSchema),
    '',
    '# Where the rows go. Remove the hash signs and fill in the target.',
    'sinks: []',
    '#  - name: warehouse',
    '#    connector.class: jdbc',
    '#    connection.url: postgres://localhost:5432/warehouse',
    '#    connection.user: tidemark',
    '#    connection.password: ${env:WAREHOUSE_PASSWORD}',
    '',
    '# Health, metrics, status and the schema registry.',
    'http:',
    '  listen: 127.0.0.1:8083',
    '',
  ].join('\n');
}

function remarks(inspection: SourceInspection): readonly string[] {
  const found: string[] = [];
  if (inspection.walLevel !== 'logical') {
    found.push(
      `wal_level is ${inspection.walLevel}. Run ALTER SYSTEM SET wal_level = 'logical'; and ` +
        'restart the server.',
    );
  }
  if (!inspection.mayReplicate) {
    const user = inspection.connection.user.replaceAll('"', '""');
    found.push(`the role may not replicate. Run ALTER ROLE "${user}" REPLICATION;`);
  }
  return found;
}

function describeSchema(schema: SourceInspection['schemas'][number]): string[] {
  const names = schema.tables.slice(0, 30).map((table) => {
    const rows = table.estimatedRows < 0 ? '' : `, about ${Math.round(table.estimatedRows)} rows`;
    return `  #   ${schema.name}.${table.name}${rows}${table.hasKey ? '' : ', no primary key'}`;
  });
  const more = schema.tables.length - names.length;
  return more > 0 ? [...names, `  #   and ${more} more in ${schema.name}`] : names;
}

function nameOf(database: string): string {
  const name = database.replaceAll(/[^A-Za-z0-9._-]/g, '-').replace(/^[._-]+/, '');
  return name === '' ? 'pipeline' : name;
}

function passwordVariable(inspection: SourceInspection): string {
  const name = inspection.connection.database.toUpperCase().replaceAll(/[^A-Z0-9]/g, '_');
  return `${/^[0-9]/.test(name) ? '_' : ''}${name}_PASSWORD`;
}

function escapePattern(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\,]/g, '\\$&');
}

/** Single quotes: backslashes of patterns stay as they are. */
function quote(text: string): string {
  return /^[A-Za-z_][\w.-]*$/.test(text) ? text : `'${text.replaceAll("'", "''")}'`;
}
