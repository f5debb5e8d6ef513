import { JsonConverter } from '../../src/converter/json-converter.ts';
import { RecordWriter } from '../../src/runtime/record-writer.ts';
import type { Transport } from '../../src/transport/transport.ts';

/** A writer whose transform puts `x.` before each topic; opened topics go into the list. */
export function renamingWriter(opened: string[]): RecordWriter {
  const transport: Pick<Transport, 'openTopic'> = {
    openTopic: (name) => Promise.resolve(opened.push(name)),
  };
  const converter = new JsonConverter({ schemasEnable: false });
  return new RecordWriter({
    transport: transport as Transport,
    key: converter,
    value: converter,
    topicOptions: {},
    apply: (record) => ({ ...record, topic: `x.${record.topic}` }),
  });
}
