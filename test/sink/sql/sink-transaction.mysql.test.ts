import { mysqlSinkTarget, describeMysqlTargets } from '../../support/sink-target.ts';
import { contractOfOffsets } from './sink-contract-of-offsets.ts';
import { contractOfServers } from './sink-contract-of-servers.ts';
import { contractOfWholePuts } from './sink-contract-of-whole-puts.ts';

describeMysqlTargets(() => {
  contractOfOffsets(mysqlSinkTarget);
  contractOfWholePuts(mysqlSinkTarget);
  contractOfServers(mysqlSinkTarget);
});
