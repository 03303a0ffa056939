import type { NewRecord } from '../../infra/log.js'
import { unusable } from '../../infra/unusable.js'
import type { Wire } from '../../schemas/wire.js'
import { counterBlock, MINUTE } from '../processors/series.js'
import { SOURCE } from './readings.js'

const UNKNOWN_ID = 999_999

/** A point of its own, so that a fold which let anything of it in would show it. */
const block = (wire: Wire, ...shown: number[]): Buffer => {
  const readings = counterBlock(
    shown.map((_, i) => [Date.UTC(2024, 4, 7) / MINUTE + i, 0]),
    0,
    { point: 'test/99', source: SOURCE }
  )
  return wire.encode('Readings', { ...readings, value: shown })
}

const withId = (bytes: Buffer, id: number): Buffer => {
  const other = Buffer.from(bytes)
  other.writeUInt32BE(id, 1)
  return other
}

/** Records that are none: of other programs, damaged, of another topic. */
export const notRecords = (wire: Wire): NewRecord[] => {
  const good = block(wire, 1)
  const where = { topic: 'elsewhere', partition: 0, offset: 0, key: '', value: null }
  const reject = wire.encode('Reject', unusable(where, new Error('of another topic'), 0))
  return [Buffer.from('{"kWh": 1}'), Buffer.alloc(0), good.subarray(0, 20), reject, withId(good, UNKNOWN_ID)].map((value) => ({
    key: 'test/01',
    value
  }))
}

/** A block that reads well and whose energy is beyond all integers. No producer lets one pass. */
export const notFoldable = (wire: Wire): NewRecord => ({ key: 'test/01', value: block(wire, 0, 9e15) })
