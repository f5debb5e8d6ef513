import { duckdbSinkTarget } from '../../support/sink-target.ts';
import { contractOfOffsets } from './sink-contract-of-offsets.ts';

contractOfOffsets(duckdbSinkTarget);
