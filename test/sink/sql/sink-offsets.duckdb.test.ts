import { duckdbSinkTarget } from '../../support/sink-target.ts';
import { contractOfFileOffsets } from './sink-contract-of-file-offsets.ts';

contractOfFileOffsets({
  scheme: 'duckdb',
  tables: 'SELECT table_name FROM duckdb_tables()',
  open: duckdbSinkTarget,
});
