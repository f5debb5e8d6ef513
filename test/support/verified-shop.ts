import { expect } from 'vitest';
import { runProgram } from './cli-process.ts';
import type { Daemon } from './daemon.ts';
import { randomFrom } from './ledger-load.ts';
import type { TestDatabase } from './postgres.ts';

/** Two tables of 1000 rows, for whoever compares them with a target. */
export const VERIFIED_SCHEMA = `
  CREATE TABLE orders (id bigint PRIMARY KEY, amount numeric(12,4), exact numeric, at timestamptz,
    doc jsonb, body bytea, note text);
  CREATE TABLE lines (day date, line text, v int, PRIMARY KEY (day, line));
  INSERT INTO orders SELECT g, g / 7.0, g / 3.0, '2026-01-01'::timestamptz + g * interval '1.01 s',
    jsonb_build_object('b', g, 'a', 1.10), decode(md5(g::text), 'hex'), repeat('n', g % 50)
    FROM generate_series(1, 1000) g;
  INSERT INTO lines SELECT '2026-01-01'::date + g / 10, 'l-' || g % 10, g
    FROM generate_series(1, 1000) g;`;

/** Waits until a sink has all rows of the snapshot. */
export async function untilCopied(daemon: Daemon): Promise<void> {
  await daemon.until(({ source: { phase }, sinks: [sink] }) => {
    return phase === 'streaming' && (sink?.applied ?? 0) >= 2000;
  });
}

/** Changes rows all the time, but for those whose number ends in 7. */
export class RowLoad implements AsyncDisposable {
  statements = 0;
  #stopped = false;
  readonly #done: Promise<void>;

  constructor(database: TestDatabase, seed: number) {
    this.#done = this.#run(database, seed);
  }

  async #run(database: TestDatabase, seed: number): Promise<void> {
    const random = randomFrom(seed);
    const below = (count: number): number => Math.floor(random() * count);
    while (!this.#stopped) {
      const [id, v] = [below(150) * 10 + below(7), below(1000)];
      const line = `day = '2026-01-01'::date + ${below(150)} AND line = 'l-${below(7)}'`;
      const statements = [
        `UPDATE orders SET amount = ${v} / 7.0, note = 'u${v}' WHERE id = ${id}`,
        // Away and back, and a key that moves.
        `DELETE FROM orders WHERE id = ${id}; INSERT INTO orders (id, note) VALUES (${id}, 'i')
          ON CONFLICT DO NOTHING`,
        `DELETE FROM orders WHERE id = ${id}`,
        `INSERT INTO orders (id, note) VALUES (${id}, 'back') ON CONFLICT DO NOTHING`,
        `UPDATE lines SET v = ${v} WHERE ${line}`,
        `UPDATE lines SET line = line || '-' || ${this.statements} WHERE ${line}`,
        `INSERT INTO lines VALUES ('2026-01-01'::date + ${id}, 'l-0', 1) ON CONFLICT DO NOTHING`,
        `DELETE FROM lines WHERE day = '2026-01-01'::date + ${id} AND line = 'l-0'`,
      ];
      // The pipeline needs the machine, too.
      await database.query(`${statements[below(statements.length)]}; SELECT pg_sleep(0.004)`);
      this.statements++;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopped = true;
    await this.#done;
  }
}

interface VerifyJson {
  readonly tables: readonly {
    readonly source: string;
    readonly differences: readonly {
      readonly kind: string;
      readonly key: Readonly<Record<string, string>>;
      readonly columns: readonly { readonly name: string }[];
      readonly repaired: boolean | null;
    }[];
    readonly problem: { readonly code: string; readonly cure: string } | null;
  }[];
}

/** What `tidemark verify` says of a pipeline; tables that were not compared have a line, too. */
export async function verifiedLines(
  file: string,
  ...args: readonly string[]
): Promise<{ readonly code: number | null; readonly lines: readonly string[] }> {
  const { code, stdout, stderr } = await runProgram(['verify', file, ...args, '--json']);
  // A daemon that ended just before had not yet noted that such a table was read again.
  const told = stderr.split('\n').filter((line) => !line.includes('DDL changed stored rows of'));
  expect(told.join('\n')).toBe('');
  const { tables } = JSON.parse(stdout) as VerifyJson;
  const lines = tables.flatMap(({ source, differences, problem }) => {
    if (problem !== null) return [`${source} ${problem.code} ${problem.cure}`];
    return differences.map(({ kind, key, columns, repaired }) => {
      const names = columns.map(({ name }) => name);
      const said = [source, Object.values(key).join('/'), kind, ...names];
      return [...said, ...(repaired === true ? ['repaired'] : [])].join(' ');
    });
  });
  return { code, lines: lines.toSorted() };
}
