import { describeMysqlTargets, mysqlSinkTarget } from '../../support/sink-target.ts';
import { contractOfMovedRows } from './sink-contract-of-moved-rows.ts';

describeMysqlTargets(() => {
  contractOfMovedRows(mysqlSinkTarget);
});
