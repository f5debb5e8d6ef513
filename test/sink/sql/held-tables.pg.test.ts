import { postgresSinkTarget } from '../../support/sink-target.ts';
import { contractOfHeldTables } from './sink-contract-of-held-tables.ts';

contractOfHeldTables(postgresSinkTarget);
