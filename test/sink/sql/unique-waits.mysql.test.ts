import { describeMysqlTargets, mysqlSinkTarget } from '../../support/sink-target.ts';
import { contractOfUniqueWaits } from './sink-contract-of-unique-waits.ts';

describeMysqlTargets(() => {
  contractOfUniqueWaits(mysqlSinkTarget);
});
