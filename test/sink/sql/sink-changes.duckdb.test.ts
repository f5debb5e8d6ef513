import { duckdbSinkTarget } from '../../support/sink-target.ts';
import { contractOfChanges } from './sink-contract-of-changes.ts';

contractOfChanges(duckdbSinkTarget);
