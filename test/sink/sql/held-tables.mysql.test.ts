import { describeMysqlTargets, mysqlSinkTarget } from '../../support/sink-target.ts';
import { contractOfHeldTables } from './sink-contract-of-held-tables.ts';

describeMysqlTargets(() => {
  contractOfHeldTables(mysqlSinkTarget);
});
