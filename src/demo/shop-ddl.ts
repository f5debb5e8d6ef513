import type { ClientBase } from 'pg';

/** A change of the shop's schema and a statement that uses it at once. */
export interface ShopDdl {
  readonly statement: string;
  readonly use: string;
}

interface NewColumn {
  readonly table: string;
  readonly column: string;
  readonly definition: string;
  readonly value: string;
  /** Narrows the UPDATE to a few rows. */
  readonly where: string;
}

/**
 * In turn with a constant default, which rows stored before get without any row event, and without.
 * Finite, so that a demo that runs for days keeps readable tables.
 */
const NEW_COLUMNS: readonly NewColumn[] = [
  {
    table: 'customers',
    column: 'loyalty_points',
    definition: 'integer NOT NULL DEFAULT 100',
    value: 'loyalty_points + 5',
    where: 'id % 997 = 1',
  },
  {
    table: 'orders',
    column: 'gift_message',
    definition: 'text',
    value: `'for you'`,
    where: 'id % 2003 = 2',
  },
  {
    table: 'products',
    column: 'warehouse_zone',
    definition: `varchar(8) DEFAULT 'A-1'`,
    value: `'B-2'`,
    where: 'stock % 199 = 3',
  },
  {
    table: 'payments',
    column: 'fee',
    definition: 'numeric(8,3)',
    value: '0.125',
    where: 'order_id % 1999 = 4',
  },
  {
    table: 'orders',
    column: 'express',
    definition: 'boolean NOT NULL DEFAULT false',
    value: 'true',
    where: 'id % 2011 = 5',
  },
  {
    table: 'customers',
    column: 'last_seen',
    definition: 'timestamptz',
    value: `timestamptz '2026-01-01 12:00:00Z'`,
    where: 'id % 1009 = 6',
  },
];

/** The next column that the shop does not have yet; undefined when it has all. */
export async function nextShopDdl(client: ClientBase): Promise<ShopDdl | undefined> {
  const { rows } = await client.query<{ name: string }>(
    `SELECT c.relname || '.' || a.attname AS name
       FROM pg_attribute AS a JOIN pg_class AS c ON c.oid = a.attrelid
      WHERE c.relnamespace = 'public'::regnamespace AND a.attnum > 0 AND NOT a.attisdropped`,
  );
  const present = new Set(rows.map(({ name }) => name));
  const next = NEW_COLUMNS.find(({ table, column }) => !present.has(`${table}.${column}`));
  if (next === undefined) return undefined;
  const { table, column, definition, value, where } = next;
  return {
    statement: `ALTER TABLE ${table} ADD COLUMN ${column} ${definition}`,
    use: `UPDATE ${table} SET ${column} = ${value} WHERE ${where}`,
  };
}
