import { describeMysqlTargets, mysqlSinkTarget } from '../../support/sink-target.ts';
import { contractOfParking } from './sink-contract-of-parking.ts';

describeMysqlTargets(() => {
  contractOfParking(mysqlSinkTarget);
});
