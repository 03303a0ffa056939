import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { generate } from '../../schemas/generate.js'
import { SCHEMAS } from '../../schemas/generated.js'

test('generated.ts is what the .avsc files say (else: npm run generate)', () => {
  expect(readFileSync('schemas/generated.ts', 'utf8')).toBe(generate('schemas'))
})

interface Field {
  name: string
  type: unknown
  doc?: string
}

/** Every field of a schema, also those of records inside, by their path. */
const fieldsOf = (schema: unknown, path: string): { path: string; field: Field }[] => {
  if (Array.isArray(schema)) return schema.flatMap((branch) => fieldsOf(branch, path))
  if (typeof schema !== 'object' || schema === null) return []
  const { fields = [], type, items, values } = schema as { fields?: Field[]; type?: unknown; items?: unknown; values?: unknown }
  const own = fields.flatMap((field) => [{ path: `${path}.${field.name}`, field }, ...fieldsOf(field.type, `${path}.${field.name}`)])
  return [...own, ...[type, items, values].flatMap((part) => fieldsOf(part, path))]
}
const all = Object.entries(SCHEMAS).flatMap(([name, text]) => fieldsOf(JSON.parse(text), name))

// The .avsc files are all that someone with another client has: a field they can't look up is a field they will guess.
test.each(all)('$path says what it is', ({ field }) => {
  expect(field.doc?.trim()).toMatch(/^\S.*[.)]$/)
})

test('fields of records inside records are looked at too', () => {
  expect(all.map(({ path }) => path)).toEqual(
    expect.arrayContaining(['Point.devices.opening', 'Installation.members.tot', 'Readings.kind'])
  )
})

test('every column says how it is written', () => {
  const columns = all.filter(
    ({ field, path }) => JSON.stringify(field.type) === '{"type":"array","items":"long"}' && !path.startsWith('Alert')
  )
  expect(columns.length).toBe(7 + 20 + 11)
  for (const { field, path } of columns) expect(field.doc, path).toMatch(/^Column\. .*([Ww]ritten as|plain)/)
})
