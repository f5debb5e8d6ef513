import { describeMysqlTargets, mysqlSinkTarget } from '../../support/sink-target.ts';
import { contractOfShadows } from './sink-contract-of-shadows.ts';

describeMysqlTargets(() => {
  contractOfShadows(mysqlSinkTarget);
});
