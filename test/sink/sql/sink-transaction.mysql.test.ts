import { mysqlSinkTarget, describeMysqlTargets } from '../../support/sink-target.ts';
import { contractOfOffsets } from './sink-contract-of-offsets.ts';
import { contractOfServers } from './sink-contract-of-servers.ts';

describeMysqlTargets(() => {
  contractOfOffsets(mysqlSinkTarget);
  contractOfServers(mysqlSinkTarget);
});
