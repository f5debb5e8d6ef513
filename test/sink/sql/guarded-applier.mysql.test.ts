import { describeMysqlTargets, mysqlSinkTarget } from '../../support/sink-target.ts';
import { contractOfPositions } from './sink-contract-of-positions.ts';

describeMysqlTargets(() => {
  contractOfPositions(mysqlSinkTarget);
});
