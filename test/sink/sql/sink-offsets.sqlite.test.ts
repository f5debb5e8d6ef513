import { sqliteSinkTarget } from '../../support/sink-target.ts';
import { contractOfFileOffsets } from './sink-contract-of-file-offsets.ts';

contractOfFileOffsets({
  scheme: 'sqlite',
  tables: 'SELECT name FROM sqlite_schema',
  open: sqliteSinkTarget,
});
