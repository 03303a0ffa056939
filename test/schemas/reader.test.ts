import { readFileSync } from 'node:fs'
import avro from 'avsc'
import fc from 'fast-check'
import { beforeAll, describe, expect, test } from 'vitest'
import { SCHEMAS } from '../../schemas/generated.js'
import { typeOf } from '../../schemas/longs.js'
import { memorySchemaIds, Wire } from '../../schemas/wire.js'
import { anyIntervals, anyReadings, anySlots, intervals } from './blocks-at-random.js'

/**
 * A reader by somebody who has docs/columns.md and an Avro library, and nothing of this program: it takes its rules from the tables
 * there. If it comes to other figures, the document is wrong.
 */
const DOC = readFileSync('docs/columns.md', 'utf8')
type Name = 'Readings' | 'Intervals' | 'Slots'
type Row = Record<string, number>
type Block = Record<string, number[]> & { rows: number; native: number }

/** The cells of the table under a heading, without head and rule. */
const tableOf = (heading: string): string[][] => {
  const section = DOC.split(/^## /m).find((text) => text.startsWith(`${heading}\n`))!
  const lines = section.split('\n').filter((line) => line.startsWith('|'))
  return lines.slice(2).map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim().replaceAll('`', ''))
  )
}

const plus = (rule: string, row: Row, before: Row): number =>
  rule.split(/ (?=[+-])/).reduce((sum, term) => {
    const [, sign, from, name] = /^([+-]?) ?(before\.)?(\w*)$/.exec(term)!
    return sum + (sign === '-' ? -1 : 1) * ((from ? before : row)[name] ?? 0)
  }, 0)

const rowsOf = (name: Name, block: Block): Row[] => {
  const rows: Row[] = []
  for (let i = 0; i < block.rows; i++) {
    const row: Row = {}
    for (const [column, said, empty] of tableOf(name)) {
      const [rule, unless] = said.split('; ')
      const written = block[column]
      const entry = written.length === 0 ? Number(empty) : written[Math.min(i, written.length - 1)]
      const alone = (unless === 'an entry of -1 is -1' && entry === -1) || (unless === 'nothing if native > 0' && block.native > 0)
      row[column] = alone ? entry : entry + plus(rule, row, rows[i - 1] ?? {})
    }
    rows.push(row)
  }
  return rows
}

const columnsOf = (name: Name): string[] => {
  const fields = (JSON.parse(SCHEMAS[name]) as { fields: { name: string }[] }).fields.map((field) => field.name)
  return fields.slice(fields.indexOf('rows') + 1)
}
const plainly = (name: Name, bytes: Buffer): Block => avro.Type.forSchema(JSON.parse(SCHEMAS[name])).fromBuffer(bytes.subarray(5)) as Block

/** Entries below -2^52, which plain avsc misreads (schemas/longs.ts); longs.test.ts has those. */
const beyondAvsc = (name: Name, bytes: Buffer): boolean =>
  columnsOf(name).some((column) =>
    (typeOf(SCHEMAS[name]).fromBuffer(bytes.subarray(5)) as Block)[column].some((entry) => entry < -(2 ** 52))
  )

let wire: Wire
beforeAll(async () => {
  wire = await Wire.open(memorySchemaIds())
})

describe.each(['Readings', 'Intervals', 'Slots'] as const)('%s', (name) => {
  test('the document has every column, in the order of the schema', () => {
    expect(tableOf(name).map(([column]) => column)).toEqual(columnsOf(name))
  })

  test('reads as the document says', () => {
    const blocks = { Readings: anyReadings, Intervals: anyIntervals, Slots: anySlots }[name] as fc.Arbitrary<never>
    fc.assert(
      fc.property(blocks, (block: Block) => {
        const bytes = wire.encode(name, block as never)
        fc.pre(!beyondAvsc(name, bytes))
        const rows = rowsOf(name, plainly(name, bytes))
        expect(rows).toHaveLength(block.rows)
        for (const column of columnsOf(name))
          expect(
            rows.map((row) => row[column]),
            column
          ).toEqual(block[column])
      })
    )
  })
})

test('the example is what the program writes and reads', () => {
  const table = tableOf('An example')
  const column = (cell: 1 | 2) => Object.fromEntries(table.map((cells) => [cells[0], JSON.parse(cells[cell])]))
  const head = { native: 0, rows: 4, words: ['', 'counter', 'replacement', 'readings.pulse'] }
  const read = { ...intervals([], head), ...column(2) }
  const bytes = wire.encode('Intervals', read)
  expect(plainly('Intervals', bytes)).toMatchObject(column(1))
  expect(wire.decode('Intervals', bytes)).toEqual(read)
  expect(table.map(([name]) => name)).toEqual(columnsOf('Intervals'))
})
