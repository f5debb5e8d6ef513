import { describeMysqlTargets, mysqlSinkTarget } from '../../support/sink-target.ts';
import { contractOfChanges } from './sink-contract-of-changes.ts';

describeMysqlTargets(() => {
  contractOfChanges(mysqlSinkTarget);
});
