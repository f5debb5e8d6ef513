import { mysqlSinkTarget, describeMysqlTargets } from '../../support/sink-target.ts';
import { contractOfOffsets } from './sink-contract-of-offsets.ts';

describeMysqlTargets(() => {
  contractOfOffsets(mysqlSinkTarget);
});
