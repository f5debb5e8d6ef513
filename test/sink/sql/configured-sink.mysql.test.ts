import { describeMysqlTargets, mysqlSinkTarget } from '../../support/sink-target.ts';
import { contractOfOptions } from './sink-contract-of-options.ts';

describeMysqlTargets(() => {
  contractOfOptions(mysqlSinkTarget);
});
