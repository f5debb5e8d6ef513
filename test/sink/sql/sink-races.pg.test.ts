import { postgresSinkTarget } from '../../support/sink-target.ts';
import { contractOfRaces } from './sink-contract-of-races.ts';

contractOfRaces(
  postgresSinkTarget,
  async (target) => {
    const rows = await target.query<{ name: string; type: string }>(
      `SELECT attname AS name, format_type(atttypid, atttypmod) || CASE WHEN attnotnull THEN ' !'
         ELSE '' END AS type
       FROM pg_attribute WHERE attrelid = 'raced'::regclass AND attnum > 0 AND attname <> 'id'`,
    );
    return Object.fromEntries(rows.map(({ name, type }) => [name, type]));
  },
  { n: 'bigint', word: 'text', amount: 'numeric(12,4)', more: 'bigint' },
);
