import { sqliteSinkTarget } from '../../support/sink-target.ts';
import { contractOfFileTables } from './sink-contract-of-file-tables.ts';

contractOfFileTables(sqliteSinkTarget);
