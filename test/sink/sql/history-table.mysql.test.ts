import { describeMysqlTargets, mysqlSinkTarget } from '../../support/sink-target.ts';
import { contractOfChangeHistory } from './sink-contract-of-change-history.ts';

describeMysqlTargets(() => {
  contractOfChangeHistory(mysqlSinkTarget);
});
