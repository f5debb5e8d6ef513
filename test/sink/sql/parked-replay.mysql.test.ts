import { describeMysqlTargets, mysqlSinkTarget } from '../../support/sink-target.ts';
import { contractOfReplay } from './sink-contract-of-replay.ts';

describeMysqlTargets(() => {
  contractOfReplay(mysqlSinkTarget);
});
