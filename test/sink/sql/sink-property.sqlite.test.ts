import { sqliteSinkTarget } from '../../support/sink-target.ts';
import { contractOfHistories } from './sink-contract-of-histories.ts';

contractOfHistories(sqliteSinkTarget);
