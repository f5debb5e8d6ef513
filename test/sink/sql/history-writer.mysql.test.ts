import { describeMysqlTargets, mysqlSinkTarget } from '../../support/sink-target.ts';
import { contractOfHistoryRows } from './sink-contract-of-history-rows.ts';

describeMysqlTargets(() => {
  contractOfHistoryRows(mysqlSinkTarget);
});
