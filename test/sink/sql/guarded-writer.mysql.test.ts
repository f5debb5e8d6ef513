import { describeMysqlTargets, mysqlSinkTarget } from '../../support/sink-target.ts';
import { contractOfPartialPositions } from './sink-contract-of-partial-positions.ts';

describeMysqlTargets(() => {
  contractOfPartialPositions(mysqlSinkTarget);
});
