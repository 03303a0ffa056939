import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import avro from 'avsc'
import { describe, expect, test } from 'vitest'
import { type RecordName, SCHEMAS } from '../../schemas/generated.js'

/**
 * schemas/published/<Record>/v<n>.avsc: every schema that records in somebody's ledger may be written with, kept for ever. Readers of any
 * version read what any other wrote, so a ledger is upgraded, and rolled back, without rewriting it.
 *
 * Compared is the whole JSON, docs included, and only layout is free. A registry takes docs as part of the text, so another doc is
 * another id; and a doc carries what no resolver sees: "thousandths of the unit" instead of "units" resolves, and is another figure.
 */
const FOLDER = 'schemas/published'
const names = Object.keys(SCHEMAS) as RecordName[]
const number = (file: string): number => Number(/^v(\d+)\.avsc$/.exec(file)?.[1])
const versionsOf = (name: string): unknown[] =>
  readdirSync(join(FOLDER, name))
    .sort((a, b) => number(a) - number(b))
    .map((file) => JSON.parse(readFileSync(join(FOLDER, name, file), 'utf8')))

type Fields = Record<string, unknown>
const typeOf = (schema: unknown): avro.Type => avro.Type.forSchema(schema as avro.Schema, { wrapUnions: false })
const fieldNames = (schema: unknown): string[] => (schema as { fields: { name: string }[] }).fields.map((field) => field.name)

/** What of a value the other knows as well: records inside of lists gain fields too. */
const common = (value: unknown, other: unknown): unknown => {
  if (Array.isArray(value) && Array.isArray(other)) return value.map((each, i) => common(each, other[i]))
  if (value === null || other === null || typeof value !== 'object' || typeof other !== 'object' || Buffer.isBuffer(value)) return value
  const known = Object.entries(value).filter(([key]) => key in other)
  return Object.fromEntries(known.map(([key, each]) => [key, common(each, (other as Fields)[key])]))
}

/** Throws when one can't read the other; otherwise random data comes through with every field that both know unchanged. */
const exchange = (writer: unknown, reader: unknown): void => {
  const [from, to] = [typeOf(writer), typeOf(reader)]
  const resolver = to.createResolver(from)
  const shared = fieldNames(reader).filter((name) => fieldNames(writer).includes(name))
  for (let i = 0; i < 100; i++) {
    const written = from.random() as unknown as Fields
    const read = to.fromBuffer(from.toBuffer(written), resolver) as Fields
    // A symbol that only the writer knows reads as OTHER.
    for (const name of shared)
      if (read[name] !== 'OTHER') expect(common(read[name], written[name]), name).toEqual(common(written[name], read[name]))
    expect(to.isValid(read)).toBe(true)
  }
}

const bothWays = (a: unknown, b: unknown): void => {
  exchange(a, b)
  exchange(b, a)
}

test('every record is published, and nothing else', () => {
  expect(readdirSync(FOLDER).sort()).toEqual([...names].sort())
})

describe.each(names)('%s', (name) => {
  const versions = versionsOf(name)

  test('versions are v1, v2 ... without a gap', () => {
    const files = readdirSync(join(FOLDER, name))
    expect(files.map(number).sort((a, b) => a - b)).toEqual(files.map((_, i) => i + 1))
  })

  test(`the newest is the schema in use (else: add it to ${FOLDER}/${name} as the next version, and leave the others alone)`, () => {
    expect(versions.at(-1)).toEqual(JSON.parse(SCHEMAS[name]))
  })

  test('every version reads every other', () => {
    for (const a of versions) for (const b of versions) exchange(a, b)
  })
})

type Schema = { fields: { name: string; type: unknown; default?: unknown; doc?: string }[] }
const changed = (change: (schema: Schema) => void): Schema => {
  const schema = JSON.parse(SCHEMAS.Readings) as Schema
  change(schema)
  return schema
}
const field = (schema: Schema, name: string) => schema.fields.find((one) => one.name === name)!
const now = JSON.parse(SCHEMAS.Readings)

const refused = [
  { when: 'a field without a default is added', change: (s: Schema) => s.fields.push({ name: 'tariff', type: 'string' }) },
  { when: 'a field without a default is removed', change: (s: Schema) => s.fields.splice(s.fields.indexOf(field(s, 'unit')), 1) },
  { when: 'a field is renamed', change: (s: Schema) => Object.assign(field(s, 'unit'), { name: 'measure' }) },
  {
    when: 'a column becomes a list of texts',
    change: (s: Schema) => Object.assign(field(s, 'code'), { type: { type: 'array', items: 'string' } })
  },
  { when: 'a long becomes an int, which old figures may not fit', change: (s: Schema) => Object.assign(field(s, 'step'), { type: 'int' }) },
  {
    when: 'a field becomes nullable, which old readers cannot take',
    change: (s: Schema) => Object.assign(field(s, 'unit'), { type: ['null', 'string'] })
  }
]
for (const { when, change } of refused) {
  test(`refused: ${when}`, () => expect(() => bothWays(now, changed(change))).toThrow())
}

const allowed = [
  { when: 'a field with a default is added', change: (s: Schema) => s.fields.push({ name: 'tariff', type: 'string', default: '' }) },
  { when: 'a field with a default is removed', change: (s: Schema) => s.fields.splice(s.fields.indexOf(field(s, 'boot')), 1) },
  { when: 'fields change places', change: (s: Schema) => s.fields.reverse() },
  { when: 'a kind is added', change: (s: Schema) => (field(s, 'kind').type as { symbols: string[] }).symbols.push('EVENT') }
]
for (const { when, change } of allowed) test(`allowed: ${when}`, () => bothWays(now, changed(change)))

test('a kind that came later reads as OTHER in a program that does not know it', () => {
  const later = typeOf(changed((s) => (field(s, 'kind').type as { symbols: string[] }).symbols.push('EVENT')))
  const written = { ...(later.random() as unknown as Fields), kind: 'EVENT' }
  const known = typeOf(now)
  expect(known.fromBuffer(later.toBuffer(written), known.createResolver(later))).toMatchObject({ kind: 'OTHER' })
})

test('another doc is another version', () => {
  expect(changed((s) => Object.assign(field(s, 'value'), { doc: 'Column. Written as differences, in units.' }))).not.toEqual(now)
})
