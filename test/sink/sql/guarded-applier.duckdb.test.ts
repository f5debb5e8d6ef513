import { duckdbSinkTarget } from '../../support/sink-target.ts';
import { contractOfPositions } from './sink-contract-of-positions.ts';

contractOfPositions(duckdbSinkTarget);
