import { postgresSinkTarget } from '../../support/sink-target.ts';
import { contractOfMovedRows } from './sink-contract-of-moved-rows.ts';

contractOfMovedRows(postgresSinkTarget);
