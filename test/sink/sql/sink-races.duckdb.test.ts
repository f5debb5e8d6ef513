import { duckdbSinkTarget } from '../../support/sink-target.ts';
import { contractOfRaces } from './sink-contract-of-races.ts';

contractOfRaces(
  duckdbSinkTarget,
  async (target) => {
    const rows = await target.query<{ name: string; type: string }>(
      `SELECT column_name AS name,
         data_type || CASE WHEN is_nullable = 'NO' THEN ' !' ELSE '' END AS type
       FROM information_schema.columns WHERE table_name = 'raced' AND column_name <> 'id'`,
    );
    return Object.fromEntries(rows.map(({ name, type }) => [name, type]));
  },
  { n: 'BIGINT', word: 'VARCHAR', amount: 'DECIMAL(12,4)', more: 'BIGINT' },
);
