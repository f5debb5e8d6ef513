import type { MysqlInspection } from '../runtime/inspect-mysql.ts';
import type { InspectedSchema, PostgresInspection } from '../runtime/inspect-postgres.ts';
import type { SourceInspection } from '../runtime/inspect-source.ts';

/** The file for a source. The password is a reference, whatever the URL had. */
export function renderPipelineFile(inspection: SourceInspection): string {
  const name = nameOfSource(inspection);
  const { head, source } =
    inspection.kind === 'postgres' ? postgresParts(inspection) : mysqlParts(inspection);
  const { connection } = inspection;
  return [
    ...head,
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
    `  connector.class: ${inspection.kind}`,
    `  database.hostname: ${quote(connection.host)}`,
    `  database.port: ${connection.port}`,
    ...(inspection.kind === 'postgres'
      ? [`  database.dbname: ${quote(inspection.connection.database)}`]
      : []),
    `  database.user: ${quote(connection.user)}`,
    '  # Taken from the environment, so that it stands in no file.',
    `  database.password: \${env:${passwordVariable(name)}}`,
    '  # First part of every topic name. Never change it afterwards.',
    `  topic.prefix: ${name}`,
    ...source,
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

interface TemplateParts {
  readonly head: readonly string[];
  /** Properties that only the family has. */
  readonly source: readonly string[];
}

function postgresParts(inspection: PostgresInspection): TemplateParts {
  const { connection, versionText, schemas } = inspection;
  const include = schemas.map(({ name }) => `${escapePattern(name)}\\..*`).join(',');
  return {
    head: [
      `# Pipeline for ${connection.database} on PostgreSQL ${versionText}`,
      ...remarks(inspection).map((remark) => `# ATTENTION: ${remark}`),
    ],
    source: [
      '  # Regular expressions over schema.table, separated by commas.',
      `  table.include.list: ${quote(include === '' ? 'public\\..*' : include)}`,
    ],
  };
}

function remarks({ walLevel, mayReplicate, connection }: PostgresInspection): readonly string[] {
  const found: string[] = [];
  if (walLevel !== 'logical') {
    found.push(
      `wal_level is ${walLevel}. Run ALTER SYSTEM SET wal_level = 'logical'; and ` +
        'restart the server.',
    );
  }
  if (!mayReplicate) {
    const user = connection.user.replaceAll('"', '""');
    found.push(`the role may not replicate. Run ALTER ROLE "${user}" REPLICATION;`);
  }
  return found;
}

/** What is missing, and what only deserves a word, each with the SQL that cures it. */
function mysqlParts(inspection: MysqlInspection): TemplateParts {
  const { kind, versionText, database, schemas, findings } = inspection;
  const server = `${kind === 'mariadb' ? 'MariaDB' : 'MySQL'} ${versionText}`;
  const names = schemas.map(({ name }) => name);
  const wanted = database === null ? names : [database];
  const remark = ({ message, cure }: { message: string; cure: string }): string =>
    oneLine(cure === '' ? message : `${message}. ${cure}`);
  return {
    head: [
      `# Pipeline for ${database ?? 'all databases'} on ${server}`,
      ...findings.problems.map((problem) => `# ATTENTION: ${remark(problem)}`),
      ...findings.warnings.map((warning) => `# NOTE: ${remark(warning)}`),
    ],
    source:
      wanted.length === 0
        ? []
        : [
            '  # Regular expressions over names of databases, separated by commas; tables can be',
            '  # chosen by table.include.list, over database.table.',
            `  database.include.list: ${quote(wanted.map(escapePattern).join(','))}`,
          ],
  };
}

function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, ' ');
}

function describeSchema(schema: InspectedSchema): string[] {
  const names = schema.tables.slice(0, 30).map((table) => {
    const rows = table.estimatedRows < 0 ? '' : `, about ${Math.round(table.estimatedRows)} rows`;
    return `  #   ${schema.name}.${table.name}${rows}${table.hasKey ? '' : ', no primary key'}`;
  });
  const more = schema.tables.length - names.length;
  return more > 0 ? [...names, `  #   and ${more} more in ${schema.name}`] : names;
}

/** The pipeline's name: that of its database. */
export function nameOfSource(inspection: SourceInspection): string {
  const database =
    inspection.kind === 'postgres' ? inspection.connection.database : inspection.database;
  const name = (database ?? '').replaceAll(/[^A-Za-z0-9._-]/g, '-').replace(/^[._-]+/, '');
  return name === '' ? 'pipeline' : name;
}

/** The variable of the environment that the file refers to. */
export function passwordVariable(name: string): string {
  const upper = name.toUpperCase().replaceAll(/[^A-Z0-9]/g, '_');
  return `${/^[0-9]/.test(upper) ? '_' : ''}${upper}_PASSWORD`;
}

function escapePattern(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\,]/g, '\\$&');
}

/** Single quotes: backslashes of patterns stay as they are. */
function quote(text: string): string {
  return /^[A-Za-z_][\w.-]*$/.test(text) ? text : `'${text.replaceAll("'", "''")}'`;
}
