import { duckdbSinkTarget } from '../../support/sink-target.ts';
import { contractOfReplay } from './sink-contract-of-replay.ts';

contractOfReplay(duckdbSinkTarget);
