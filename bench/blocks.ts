import { emptyReadings } from '../schemas/blocks.js'
import type { Readings } from '../schemas/generated.js'
import { Quality } from '../schemas/quality.js'
import { noise, YEAR } from './made-up.js'

const filled = (rows: number, figure: number): number[] => new Array<number>(rows).fill(figure)

/** Blocks of a counter read every 8 s, thousandths of a Wh, one after the other. */
export const counterBlocks = (blocks: number, rows: number): Readings[] => {
  const random = noise(7)
  let at = YEAR
  let value = 1_000_000
  return Array.from({ length: blocks }, () => {
    const block: Readings = {
      ...HEAD,
      rows,
      at: [],
      span: filled(rows, 0),
      value: [],
      quality: filled(rows, Quality.RAW),
      code: filled(rows, 0),
      flags: filled(rows, 0),
      line: filled(rows, 0)
    }
    for (let i = 0; i < rows; i++) {
      at += 8000
      value += Math.floor(4000 * random())
      block.at.push(at)
      block.value.push(value)
    }
    return block
  })
}

const HEAD: Readings = {
  ...emptyReadings(),
  point: 'flukso/0123456789abcdef0123456789abcdef',
  register: '1.8.0',
  kind: 'COUNTER',
  unit: 'Wh',
  scale: 3,
  step: 1,
  device: '0123456789abcdef0123456789abcdef/0',
  source: 'flukso',
  origin: 'ab'.repeat(32),
  attrs: { level: '16', block: '1704067072' },
  ingestedAt: Date.UTC(2025, 1, 1)
}
