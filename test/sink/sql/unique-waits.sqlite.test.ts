import { sqliteSinkTarget } from '../../support/sink-target.ts';
import { contractOfUniqueWaits } from './sink-contract-of-unique-waits.ts';

contractOfUniqueWaits(sqliteSinkTarget);
