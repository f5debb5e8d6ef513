import { duckdbSinkTarget } from '../support/sink-target.ts';
import { contractOfComparison } from './target-contract.ts';

contractOfComparison(duckdbSinkTarget);
