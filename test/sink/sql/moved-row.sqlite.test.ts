import { sqliteSinkTarget } from '../../support/sink-target.ts';
import { contractOfMovedRows } from './sink-contract-of-moved-rows.ts';

contractOfMovedRows(sqliteSinkTarget);
