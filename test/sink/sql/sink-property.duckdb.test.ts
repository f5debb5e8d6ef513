import { duckdbSinkTarget } from '../../support/sink-target.ts';
import { contractOfHistories } from './sink-contract-of-histories.ts';

contractOfHistories(duckdbSinkTarget);
