import * as fc from 'fast-check';
import pg from 'pg';
import { expect, test } from 'vitest';
import {
  quoteIdentifier,
  quoteLiteral,
  quoteQualified,
} from '../../../dialects/postgres/postgres-identifiers.ts';
import { freshDatabase } from '../../support/postgres.ts';

/** What a PostgreSQL name or text may hold: anything but NUL and lone surrogates. */
const text = fc
  .string({ unit: fc.constantFrom('a', 'B', '"', "'", '\\', '.', ' ', ';', '$', '\n', 'ä', '😀') })
  .filter((value) => Buffer.byteLength(value) < 60);

test('the server reads back the names and texts that were quoted', async () => {
  await using database = await freshDatabase();
  await fc.assert(
    fc.asyncProperty(
      text.filter((name) => name !== ''),
      text,
      async (name, value) => {
        const [row] = await database.query(
          `SELECT ${quoteLiteral(value)} AS ${quoteIdentifier(name)}`,
        );
        expect(row).toEqual({ [name]: value });
        const qualified = quoteQualified(name, `${name}.x`);
        const [parts] = await database.query('SELECT parse_ident($1) AS parts', [qualified]);
        expect(parts).toEqual({ parts: [name, `${name}.x`] });
      },
    ),
    { numRuns: 60 },
  );
});

test('a backslash is safe with standard_conforming_strings off, too', async () => {
  await using database = await freshDatabase();
  // One connection: the setting belongs to the session.
  const client = new pg.Client({ connectionString: database.url });
  await client.connect();
  try {
    await client.query('SET standard_conforming_strings = off');
    const tricky = "\\'; DROP TABLE t; --";
    const { rows } = await client.query(`SELECT ${quoteLiteral(tricky)} AS value`);
    expect(rows).toEqual([{ value: tricky }]);
  } finally {
    await client.end();
  }
});
