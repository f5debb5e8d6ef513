import { duckdbSinkTarget } from '../../support/sink-target.ts';
import { contractOfHistoryRows } from './sink-contract-of-history-rows.ts';

contractOfHistoryRows(duckdbSinkTarget);
