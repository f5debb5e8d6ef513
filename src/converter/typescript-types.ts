import type { ConnectSchema } from '../model/connect-schema.ts';

/**
 * Types of TypeScript for values of a schema as JsonConverter writes them: bytes and decimals are
 * base64, a map without string keys is a list of pairs. An interface of that name.
 */
export function typescriptText(name: string, schema: ConnectSchema): string {
  const fields = (schema.fields ?? []).map((field) => memberText(field.name, field.schema, 1));
  return `export interface ${interfaceName(name)} {\n${fields.join('')}}\n`;
}

function memberText(name: string, schema: ConnectSchema, depth: number): string {
  const indent = '  '.repeat(depth);
  const told = [schema.name, schema.doc].filter((part) => part !== undefined).map(commentText);
  const comment = told.length === 0 ? '' : `${indent}/** ${told.join(': ')} */\n`;
  const member = /^[A-Za-z_$][\w$]*$/.test(name) ? name : JSON.stringify(name);
  return `${comment}${indent}readonly ${member}: ${typeText(schema, depth)};\n`;
}

function commentText(text: string): string {
  return text.replaceAll('*/', '*\\/').replaceAll(/\s+/g, ' ');
}

function typeText(schema: ConnectSchema, depth: number): string {
  const plain = plainType(schema, depth);
  return schema.optional ? `${plain} | null` : plain;
}

function plainType(schema: ConnectSchema, depth: number): string {
  switch (schema.type) {
    case 'boolean':
      return 'boolean';
    case 'string':
    case 'bytes':
      return 'string';
    case 'array':
      return `readonly ${grouped(schema.valueSchema, depth)}[]`;
    case 'map': {
      const value = elementType(schema.valueSchema, depth);
      if (schema.keySchema?.type === 'string') return `Readonly<Record<string, ${value}>>`;
      return `readonly (readonly [${elementType(schema.keySchema, depth)}, ${value}])[]`;
    }
    case 'struct': {
      const fields = schema.fields ?? [];
      const members = fields.map((field) => memberText(field.name, field.schema, depth + 1));
      return `{\n${members.join('')}${'  '.repeat(depth)}}`;
    }
    default:
      return 'number';
  }
}

function elementType(schema: ConnectSchema | undefined, depth: number): string {
  return schema === undefined ? 'unknown' : typeText(schema, depth);
}

function grouped(schema: ConnectSchema | undefined, depth: number): string {
  const type = elementType(schema, depth);
  return /^(?:readonly |.* \| null$)/s.test(type) ? `(${type})` : type;
}

/** `shop.public.order_items.Value` → `ShopPublicOrderItemsValue`. */
function interfaceName(name: string): string {
  const words = name.split(/[^\p{L}\p{N}]+/u).filter((word) => word !== '');
  const joined = words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join('');
  return /^\p{N}/u.test(joined) || joined === '' ? `T${joined}` : joined;
}
