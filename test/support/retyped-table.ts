import { column, SinkTopic } from './sink-records.ts';

export const id = column('id', 'integer', { type: 'int32', optional: false });
const ofMysql = (type: string) => ({ '__tidemark.source.mysql.type': type });

/** A column of the source before and after somebody gave it a type that nothing widens to. */
export const asNumber = column('v', 'integer', {
  type: 'int32',
  optional: false,
  parameters: ofMysql('int'),
});
export const asBytes = column('v', 'bytea', {
  type: 'bytes',
  parameters: ofMysql('blob'),
});

/** A table whose column `v` is a number; `alter` makes it bytes. */
export function retypedTopic(): SinkTopic {
  return new SinkTopic({ table: 't', columns: [id, asNumber], key: ['id'] });
}
