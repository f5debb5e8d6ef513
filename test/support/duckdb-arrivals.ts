import { DuckDBInstance } from '@duckdb/node-api';
import type { FamilyTarget } from './family-pipeline.ts';
import type { ValueKind } from './value-texts.ts';

type Rows = readonly (readonly (string | null)[])[];

/** A DuckDB file as the target of a pipeline. */
export function duckdbFamily(file: string): FamilyTarget {
  return {
    family: 'duckdb',
    sink: {
      'connector.class': 'duckdb',
      'connection.url': `jdbc:duckdb:${file}`,
      'table.name.format': '${source.table}',
      'errors.retry.delay.initial.ms': 100,
      'errors.retry.delay.max.ms': 1000,
    },
  };
}

/** Asks a file that no daemon has open. */
export async function askDuckdb<T>(
  file: string,
  work: (rows: (sql: string) => Promise<Rows>) => Promise<T>,
): Promise<T> {
  const instance = await DuckDBInstance.create(file);
  const connection = await instance.connect();
  try {
    await connection.run("SET TimeZone = 'UTC'");
    return await work(async (sql) => {
      const found = (await connection.runAndReadAll(sql)).getRowsJson();
      return found.map((row) =>
        row.map((value) => (typeof value === 'number' ? String(value) : (value as string | null))),
      );
    });
  } finally {
    connection.disconnectSync();
    instance.closeSync();
  }
}

/** How a value of such a type is asked for, as `value-texts` compares it. */
export function selectedOfDuckdb(kind: ValueKind, column: string, type: string): string {
  const numbers = (text: string): string =>
    `replace(replace(${text}, 'nan', 'NaN'), 'inf', 'Infinity')`;
  if (type === 'BLOB') return kind === 'geometry' ? `'\\x' || hex(${column})` : `hex(${column})`;
  if (type.startsWith('STRUCT')) return numbers(`'(' || ${column}.x || ',' || ${column}.y || ')'`);
  if (type.startsWith('MAP')) return `to_json(${column})::VARCHAR`;
  if (type === 'INTERVAL' && kind === 'interval') return isoInterval(column);
  if (!type.endsWith('[]')) return `${column}::VARCHAR`;
  const element = type === 'INTERVAL[]' ? isoInterval('x') : 'x::VARCHAR';
  const shown = type === 'BLOB[]' ? 'to_base64(x)' : element;
  const list = `list_transform(${column}, lambda x: ${shown})`;
  const text = `to_json(${list})::VARCHAR`;
  return kind === 'vector' ? `replace(${text}, '"', '')` : text;
}

function isoInterval(value: string): string {
  const part = (name: string): string => `datepart('${name}', ${value})`;
  const seconds = `(${part('us')}::DECIMAL(12,0) * 0.000001)`;
  return (
    `'P' || ${part('year')} || 'Y' || ${part('month')} || 'M' || ${part('day')} || 'DT' || ` +
    `${part('hour')} || 'H' || ${part('minute')} || 'M' || ${seconds} || 'S'`
  );
}
