import { expect, test } from 'vitest'
import { superseded } from '../../infra/lmdb/supersede.js'
import { emptyReadings } from '../../schemas/blocks.js'
import type { Readings } from '../../schemas/generated.js'
import { memorySchemaIds, Wire } from '../../schemas/wire.js'

const HOUR = 3_600_000

const block = (over: Partial<Readings>): Readings => ({ ...emptyReadings(), kind: 'COUNTER', unit: 'Wh', source: 'flukso', ...over })

test('of heartbeats the last of an hour stays, of compacted topics the last of a key, of all else everything', async () => {
  const wire = await Wire.open(memorySchemaIds())
  const nameOf = superseded(wire)
  const record = (topic: string, value: Buffer | null, key = 'k') => ({ topic, partition: 0, offset: 0, key, value })
  const beat = (at: number, source = 'flukso') => record('readings.flukso', wire.encode('Readings', block({ at: [at], source })))
  expect(nameOf(beat(5 * HOUR))).toBe(nameOf(beat(6 * HOUR - 1)))
  expect(nameOf(beat(5 * HOUR))).not.toBe(nameOf(beat(6 * HOUR)))
  expect(nameOf(beat(5 * HOUR))).not.toBe(nameOf(beat(5 * HOUR, 'other')))
  const reading = block({
    point: 'p',
    register: 'r',
    rows: 1,
    at: [5],
    span: [0],
    value: [1],
    quality: [4],
    code: [0],
    flags: [0],
    line: [0]
  })
  expect(nameOf(record('readings.flukso', wire.encode('Readings', reading)))).toBeNull()
  expect(nameOf(record('backfill.flukso', wire.encode('Readings', reading)))).toBeNull()
  expect(nameOf(record('readings.flukso', Buffer.from('no record')))).toBeNull()
  expect(nameOf(record('readings.rejected', Buffer.from('x')))).toBeNull()
  expect(nameOf(record('registry.points', Buffer.from('x')))).toBeNull()
  expect(nameOf(record('producers.state', Buffer.from('x'), 'cursor'))).toBe('cursor')
  expect(nameOf(record('producers.state', null, 'cursor'))).toBe('cursor')
})
