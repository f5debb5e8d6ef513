import { describeMysqlTargets, mysqlSinkTarget } from '../../support/sink-target.ts';
import { contractOfHistories } from './sink-contract-of-histories.ts';

describeMysqlTargets(() => {
  contractOfHistories(mysqlSinkTarget);
});
