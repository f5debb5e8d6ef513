import { sqliteSinkTarget } from '../../support/sink-target.ts';
import { contractOfPartialPositions } from './sink-contract-of-partial-positions.ts';

contractOfPartialPositions(sqliteSinkTarget);
