import { duckdbSinkTarget } from '../../support/sink-target.ts';
import { contractOfChangeHistory } from './sink-contract-of-change-history.ts';

contractOfChangeHistory(duckdbSinkTarget);
