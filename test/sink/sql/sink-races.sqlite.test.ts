import { sqliteSinkTarget } from '../../support/sink-target.ts';
import { contractOfRaces } from './sink-contract-of-races.ts';

contractOfRaces(
  sqliteSinkTarget,
  async (target) => {
    const rows = await target.query<{ name: string; type: string }>(
      `SELECT name, type || CASE WHEN "notnull" THEN ' !' ELSE '' END AS type
       FROM pragma_table_info('raced') WHERE name <> 'id'`,
    );
    return Object.fromEntries(rows.map(({ name, type }) => [name, type]));
  },
  { n: 'INTEGER', word: 'TEXT', amount: 'TEXT', more: 'INTEGER' },
);
