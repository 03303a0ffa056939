import { describe, expect, test } from 'vitest'
import { admit, EARLIEST } from '../../producers/admission.js'
import type { Readings } from '../../schemas/generated.js'
import { Quality } from '../../schemas/quality.js'
import { counterBlock, HOUR } from '../processors/series.js'

const RECEIVED = Date.UTC(2024, 5, 1)

const blockOf = (at: number[], value: number[], said: Partial<Readings> = {}): Readings => {
  const column = (figure: number) => at.map(() => figure)
  const columns = {
    at,
    value,
    span: column(HOUR),
    quality: column(Quality.RAW),
    code: column(0),
    flags: column(0),
    line: at.map((_, i) => i + 1)
  }
  return { ...counterBlock([], 0), kind: 'INTERVAL', unit: 'Wh', scale: 0, ingestedAt: RECEIVED, rows: at.length, ...columns, ...said }
}
const hours = (count: number) => Array.from({ length: count }, (_, i) => RECEIVED - (count - i) * HOUR)

describe('admission', () => {
  test('a block of nothing but true rows goes through untouched', () => {
    const block = blockOf(hours(3), [1, 2, 3])
    const { blocks, rejects } = admit(block, HOUR, 'a.csv')
    expect(blocks[0]).toBe(block)
    expect(rejects).toEqual([])
  })

  test('rows that cannot be true go aside with line and reason; the others stay, in order', () => {
    const at = [EARLIEST - 1, ...hours(2), RECEIVED + HOUR, RECEIVED + HOUR + 1]
    const { blocks, rejects } = admit(blockOf(at, [1, 2, 3, 4, 5]), HOUR, 'a.csv')
    expect(blocks.map(({ rows, value, line }) => [rows, value, line])).toEqual([[3, [2, 3, 4], [2, 3, 4]]])
    expect(rejects).toMatchObject([
      { reason: 'before-2000', line: 1, field: 'time', name: 'a.csv' },
      { reason: 'in-the-future', line: 5, field: 'time', expected: 'no later than 2024-06-01T01:00:00.000Z' }
    ])
  })

  const largest = [
    { when: 'a month of hours adds up exactly', kind: 'INTERVAL', unit: 'Wh', scale: 0, most: 1_501_199_875 },
    { when: 'kWh are a thousand times as large', kind: 'INTERVAL', unit: 'kWh', scale: 3, most: 1_501_199_875 },
    { when: 'a register has the whole of it', kind: 'COUNTER', unit: 'Wh', scale: 3, most: 2 ** 52 },
    { when: 'a register of whole units', kind: 'COUNTER', unit: 'Wh', scale: 0, most: Math.floor(2 ** 52 / 1000) },
    { when: 'what makes no energy only has to be written', kind: 'GAUGE', unit: 'W', scale: 1, most: 2 ** 52 }
  ] as const
  for (const { when, kind, unit, scale, most } of largest)
    test(`${when}: ${kind} in ${unit}`, () => {
      const { blocks, rejects } = admit(blockOf(hours(4), [most, most + 1, -most, -most - 1], { kind, unit, scale }), HOUR, 'a.csv')
      expect(blocks.flatMap(({ value }) => value)).toEqual([most, -most])
      expect(rejects.map(({ reason, line, field }) => [reason, line, field])).toEqual([
        ['too-large', 2, '1.8.0'],
        ['too-large', 4, '1.8.0']
      ])
    })

  test('of a payload without lines the row is named; beyond fifty, one reject stands for the rest', () => {
    const at = Array.from({ length: 80 }, (_, i) => RECEIVED + 2 * HOUR + i)
    const { blocks, rejects } = admit(
      blockOf(
        at,
        at.map(() => 1),
        { line: at.map(() => 0) }
      ),
      HOUR,
      'a.gz'
    )
    expect([blocks.length, rejects.length]).toEqual([0, 51])
    expect(rejects[4]).toMatchObject({ line: 0, field: 'time of row 5' })
    expect(rejects[50]).toMatchObject({ field: 'time of row 51', found: expect.stringMatching(/30 rows are like it/) })
    expect(new Set(rejects.map(({ field }) => field)).size).toBe(51)
  })
})
