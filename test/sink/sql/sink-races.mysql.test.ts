import { describeMysqlTargets, mysqlSinkTarget } from '../../support/sink-target.ts';
import { contractOfRaces } from './sink-contract-of-races.ts';

describeMysqlTargets(() => {
  contractOfRaces(
    mysqlSinkTarget,
    async (target) => {
      const rows = await target.query<{ name: string; type: string }>(
        `SELECT COLUMN_NAME AS name, CONCAT(COLUMN_TYPE, IF(IS_NULLABLE = 'NO', ' !', '')) AS type
         FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = '${target.schema}'
           AND TABLE_NAME = 'raced' AND COLUMN_NAME <> 'id'`,
      );
      const bare = (type: string): string => type.replace('bigint(20)', 'bigint');
      return Object.fromEntries(rows.map(({ name, type }) => [name, bare(type)]));
    },
    { n: 'bigint', word: 'longtext', amount: 'decimal(12,4)', more: 'bigint' },
  );
});
