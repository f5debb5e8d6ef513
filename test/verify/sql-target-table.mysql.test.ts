import { describeMysqlTargets, mysqlSinkTarget } from '../support/sink-target.ts';
import { contractOfComparison } from './target-contract.ts';

describeMysqlTargets(() => {
  contractOfComparison(mysqlSinkTarget);
});
