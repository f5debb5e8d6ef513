import { type Command, Option } from 'commander';
import { loadPipelineFile } from '../config/pipeline-file.ts';
import { columnText, shapeChanges } from '../evolution/shape-difference.ts';
import type { ShapeChange } from '../evolution/shape-difference.ts';
import type { ShapeFormat, ShapePart } from '../runtime/shape-history.ts';
import {
  exportedShape,
  SHAPE_FORMATS,
  SHAPE_PARTS,
  shapedTables,
  shapeHistory,
  versionAt,
} from '../runtime/shape-history.ts';
import type { ShapeVersion } from '../runtime/stored-shapes.ts';
import type { CliContext } from './cli-context.ts';
import { addHolds } from './held-command.ts';

interface SchemaFlags {
  readonly at?: string;
  readonly json?: boolean;
}

interface ExportFlags extends SchemaFlags {
  readonly format: ShapeFormat;
  readonly part: ShapePart;
}

/** Adds `tidemark schema`: which shapes a table has had, and what they make of its records. */
export function addSchema(program: Command, context: CliContext): void {
  const schema = program.command('schema').description('shapes that tables have, and have had');
  const add = (name: string, description: string, example: string): Command =>
    schema
      .command(name)
      .description(description)
      .argument('<file>', 'pipeline file')
      .option('--json', 'print JSON for programs')
      .addHelpText('after', `\nExamples:\n  tidemark schema ${name} shop.yaml${example}\n`);
  const at = (command: Command, what = 'as of then'): Command =>
    command.option('--at <when>', `${what}: a version, a position of the source or a time`);
  add('list', 'tables that have a history', '').action((file: string, flags: SchemaFlags) =>
    listCommand(file, flags, context),
  );
  const of = (command: Command): Command => command.argument('<table>', 'schema.table');
  of(add('history', 'what became of a table, with the statements', ' public.orders')).action(
    (file: string, table: string, flags: SchemaFlags) =>
      historyCommand(file, table, flags, context),
  );
  at(of(add('show', 'columns, key and identity of a table', ' public.orders --at 2'))).action(
    (file: string, table: string, flags: SchemaFlags) => showCommand(file, table, flags, context),
  );
  of(add('diff', 'what differs between two shapes of a table', ' public.orders 1 16/B374D848'))
    .argument('<from>', 'a version, a position of the source or a time')
    .argument('[to]', 'the same; by default the newest')
    .action(
      (file: string, table: string, from: string, to: string | undefined, flags: SchemaFlags) =>
        diffCommand(file, table, { from, to: to ?? null }, flags, context),
    );
  at(of(add('export', 'the schema of its records', ' public.orders --format typescript')))
    .addOption(
      new Option('--format <name>', 'in which language').choices(SHAPE_FORMATS).default('avro'),
    )
    .addOption(new Option('--part <name>', 'of what').choices(SHAPE_PARTS).default('row'))
    .action((file: string, table: string, flags: ExportFlags) =>
      exportCommand(file, table, flags, context),
    );
  addHolds(add, context);
}

async function listCommand(file: string, { json }: SchemaFlags, context: CliContext) {
  const { output, clock, environment } = context;
  const tables = await shapedTables(loadPipelineFile(file, environment), clock);
  if (json === true) output.json(tables);
  else if (tables.length === 0) output.line('No table has a history yet.');
  else for (const table of tables) output.line(table);
}

async function historyCommand(
  file: string,
  table: string,
  { json }: SchemaFlags,
  context: CliContext,
): Promise<void> {
  const { output } = context;
  const versions = await versionsOf(file, table, context);
  const told = versions.map((version, i) => ({
    version: version.version,
    at: new Date(version.atMs).toISOString(),
    position: version.position,
    ddl: version.ddl,
    changes: i === 0 ? [] : between(versions[i - 1], version),
  }));
  if (json === true) {
    output.json(told);
    return;
  }
  const rows = told.map(({ version, at, position, ddl, changes }) => [
    String(version),
    at,
    position ?? '',
    changes.length === 0 ? 'first seen' : changes.map(changeText).join('; '),
    ddl ?? '',
  ]);
  output.table([['version', 'at', 'position', 'changes', 'statement'], ...rows]);
}

async function showCommand(
  file: string,
  table: string,
  { at, json }: SchemaFlags,
  context: CliContext,
): Promise<void> {
  const { output } = context;
  const { version, position, shape } = versionAt(
    await versionsOf(file, table, context),
    at ?? null,
  );
  if (json === true) {
    output.json({ version, position, shape });
    return;
  }
  output.line(
    output.style('bold', `${table}, version ${version}, from ${position ?? 'the start'} on`),
  );
  if (shape === null) {
    output.line('  there was no such table');
    return;
  }
  output.table(shape.columns.map((column) => [`  ${column.name}`, columnText(column)]));
  output.line(`  key (${shape.key.join(', ')})`);
  if (shape.replicaIdentity !== null) output.line(`  replica identity ${shape.replicaIdentity}`);
}

async function diffCommand(
  file: string,
  table: string,
  { from, to }: { readonly from: string; readonly to: string | null },
  { json }: SchemaFlags,
  context: CliContext,
): Promise<void> {
  const { output } = context;
  const versions = await versionsOf(file, table, context);
  const changes = between(versionAt(versions, from), versionAt(versions, to));
  if (json === true) output.json(changes);
  else if (changes.length === 0) output.line('They are the same.');
  else for (const change of changes) output.line(changeText(change));
}

async function exportCommand(
  file: string,
  table: string,
  { at, format, part }: ExportFlags,
  context: CliContext,
): Promise<void> {
  const version = versionAt(await versionsOf(file, table, context), at ?? null);
  const config = loadPipelineFile(file, context.environment);
  context.output.line(exportedShape(config, version, format, part));
}

function versionsOf(file: string, table: string, { clock, environment }: CliContext) {
  return shapeHistory(loadPipelineFile(file, environment), table, clock);
}

function between(from: ShapeVersion | undefined, to: ShapeVersion): readonly ShapeChange[] {
  const shaped = (version: ShapeVersion | undefined) => {
    const shape = version?.shape ?? null;
    return shape === null ? null : { shape, schema: null };
  };
  const place = { key: '', position: to.position, atMs: to.atMs, ddl: to.ddl };
  return shapeChanges({ ...place, before: shaped(from), after: shaped(to) });
}

function changeText({ class: kind, column, old, now }: ShapeChange): string {
  const name = column === null ? kind : `${kind} ${column}`;
  return `${name}: ${old ?? '–'} → ${now ?? '–'}`;
}
