import { postgresSinkTarget } from '../../support/sink-target.ts';
import { contractOfPositions } from './sink-contract-of-positions.ts';

contractOfPositions(postgresSinkTarget);
