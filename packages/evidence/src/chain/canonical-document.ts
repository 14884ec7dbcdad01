/** A document as one text, whatever the order of its fields, and whatever a store makes of its times. */

import { holdsBigint } from '../json.ts';

/** A document with its fields in the order of their names; those without a value are left out. */
export function canonicalDocument(document: object): string {
  return fieldsText(document as Fields);
}

type Fields = Readonly<Record<string, unknown>>;

function fieldsText(fields: Fields): string {
  let result = '{';
  for (const name of Object.keys(fields).sort()) {
    const value = fields[name];
    if (value !== undefined) result += `${name.length}:${name}${valueText(value, holdsBigint(name))}`;
  }
  return `${result}}`;
}

const decimal = /^-?\d+$/;

/** @param isTime a text of digits is a time there: stores that keep JSON give a bigint for it. */
function valueText(value: unknown, isTime: boolean): string {
  switch (typeof value) {
    case 'string':
      return isTime && decimal.test(value) ? `b${BigInt(value)};` : `s${value.length}:${value}`;
    case 'bigint':
      return `b${value};`;
    case 'number':
      return Number.isFinite(value) ? `n${value};` : 'z';
    case 'boolean':
      return value ? 't' : 'f';
    case 'object':
      if (value === null) return 'z';
      if (!Array.isArray(value)) return fieldsText(value as Fields);
      return `[${value.map((item) => valueText(item, false)).join('')}]`;
    default:
      return 'z';
  }
}
