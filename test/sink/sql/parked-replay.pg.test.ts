import { postgresSinkTarget } from '../../support/sink-target.ts';
import { contractOfReplay } from './sink-contract-of-replay.ts';

contractOfReplay(postgresSinkTarget);
