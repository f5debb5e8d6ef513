import { mysqlSinkTarget, describeMysqlTargets } from '../../support/sink-target.ts';
import { contractOfRows } from './sink-contract-of-rows.ts';

describeMysqlTargets(() => {
  contractOfRows(mysqlSinkTarget);
});
