import { sqliteSinkTarget } from '../../support/sink-target.ts';
import { contractOfOffsets } from './sink-contract-of-offsets.ts';
import { contractOfWholePuts } from './sink-contract-of-whole-puts.ts';

contractOfOffsets(sqliteSinkTarget);
contractOfWholePuts(sqliteSinkTarget);
