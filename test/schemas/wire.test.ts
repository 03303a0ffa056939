import { beforeAll, describe, expect, test } from 'vitest'
import { decoding } from '../../schemas/decoding.js'
import { type Reject, SCHEMAS } from '../../schemas/generated.js'
import { typeOf } from '../../schemas/longs.js'
import { memorySchemaIds, NotARecord, type SchemaIds, UnknownSchema, Wire } from '../../schemas/wire.js'
import { HOUR, hours, intervals, MAY, readings } from './blocks-at-random.js'

const reject: Reject = {
  source: 'infoenergia',
  origin: 'f'.repeat(64),
  name: 'F5D_0291_0762_20240201.0',
  line: 2,
  field: 'cups',
  reason: 'control-letters',
  expected: 'ES…DN',
  found: 'ES…DX',
  advice: 'Ask the distributor for the right code.',
  ingestedAt: MAY,
  parserVersion: 1
}

let ids: SchemaIds
let wire: Wire
beforeAll(async () => {
  ids = memorySchemaIds()
  wire = await Wire.open(ids)
})

test('a record is a zero byte, the schema id in 4 bytes, big-endian, and the Avro body', async () => {
  const bytes = wire.encode('Reject', reject)
  expect(bytes[0]).toBe(0)
  expect(await ids.lookup(bytes.readUInt32BE(1))).toEqual({ name: 'Reject', schema: SCHEMAS.Reject })
  expect(bytes.subarray(5)).toEqual(typeOf(SCHEMAS.Reject).toBuffer(reject))
  expect(wire.decode('Reject', bytes)).toEqual(reject)
})

test('a record larger than the scratch memory is written whole, and what was written before stays as it was', () => {
  const small = wire.encode('Reject', reject)
  const copy = Buffer.from(small)
  const large = { ...reject, found: 'x'.repeat(1_000_000) }
  expect(wire.decode('Reject', wire.encode('Reject', large))).toEqual(large)
  expect(small).toEqual(copy)
})

const bytesOf = (id: number, body: Buffer): Buffer => {
  const head = Buffer.alloc(5)
  head.writeUInt32BE(id, 1)
  return Buffer.concat([head, body])
}

describe('bytes that are no such record', () => {
  const block = () => wire.encode('Readings', readings(hours(3, (i) => ({ value: i })).map(({ end, value }) => ({ at: end, value }))))
  const cases: { when: string; bytes: () => Buffer }[] = [
    { when: 'nothing', bytes: () => Buffer.alloc(0) },
    { when: 'less than a head', bytes: () => Buffer.from([0, 0, 0, 0]) },
    { when: 'JSON', bytes: () => Buffer.from('{"at": 1}') },
    { when: 'another record', bytes: () => wire.encode('Reject', reject) },
    { when: 'another record of columns', bytes: () => wire.encode('Intervals', intervals(hours(2, () => ({})))) },
    { when: 'a record and something after it', bytes: () => Buffer.concat([block(), Buffer.from([0])]) }
  ]
  for (const { when, bytes } of cases) test(when, () => expect(() => wire.decode('Readings', bytes())).toThrow(NotARecord))

  test('a block that claims to be rows without end, or fewer than none', () => {
    for (const rows of [2_000_000_000, -1]) {
      const claims = { ...readings([{ at: 1, value: 1 }]), rows }
      expect(() => wire.decode('Readings', wire.encode('Readings', claims))).toThrow(NotARecord)
    }
  })

  test('a record that was cut anywhere', () => {
    const whole = block()
    for (let end = 0; end < whole.length; end++)
      expect(() => wire.decode('Readings', whole.subarray(0, end)), `${end} bytes`).toThrow(NotARecord)
  })
})

/** What an earlier program knew: the same record without some fields. */
const older = (name: keyof typeof SCHEMAS, ...without: string[]): string => {
  const schema = JSON.parse(SCHEMAS[name])
  return JSON.stringify({ ...schema, fields: schema.fields.filter((field: { name: string }) => !without.includes(field.name)) })
}

describe('a record another version wrote', () => {
  test('is an UnknownSchema with its id, until it is learnt; what was missing takes its default', async () => {
    const schema = older('Reject', 'advice', 'line')
    const id = await ids.register('Reject', schema)
    const bytes = bytesOf(id, typeOf(schema).toBuffer(reject))
    expect(() => wire.decode('Reject', bytes)).toThrow(expect.objectContaining({ id, constructor: UnknownSchema }))
    await wire.learn(id)
    expect(wire.decode('Reject', bytes)).toEqual({ ...reject, advice: '', line: 0 })
  })

  test('a column it did not have unfolds to its default in every row', async () => {
    const schema = older('Intervals', 'travel', 'factor', 'quality')
    const id = await ids.register('Intervals', schema)
    const block = intervals(hours(3, (i) => ({ milli: i, quality: 0 })))
    const framed = wire.encode('Intervals', block)
    const folded = typeOf(SCHEMAS.Intervals).fromBuffer(framed.subarray(5))
    const decode = decoding(wire)
    expect(await decode('Intervals', bytesOf(id, typeOf(schema).toBuffer(folded)))).toEqual({ ...block, quality: [4, 4, 4] })
  })

  test('a program of before reads what this one writes', async () => {
    const schema = JSON.parse(SCHEMAS.Reject)
    const later = JSON.stringify({ ...schema, fields: [...schema.fields, { name: 'ticket', type: 'string', default: '' }] })
    const id = await ids.register('Reject', later)
    const decode = decoding(wire)
    expect(await decode('Reject', bytesOf(id, typeOf(later).toBuffer({ ...reject, ticket: '17' })))).toEqual(reject)
  })

  test('two programs of one registry agree on ids, in whatever order they start', async () => {
    const other = await Wire.open(ids)
    expect(other.encode('Reject', reject)).toEqual(wire.encode('Reject', reject))
  })

  test('an id nobody knows says so; an id of a record that this program lacks is not taken for another', async () => {
    await expect(wire.learn(9999)).rejects.toThrow('9999')
    const id = await ids.register('Weather' as 'Reject', SCHEMAS.Reject)
    await expect(wire.learn(id)).rejects.toThrow(NotARecord)
    await expect(decoding(wire)('Reject', bytesOf(id, Buffer.alloc(3)))).rejects.toThrow(NotARecord)
  })
})

test('one garbage reading near 2^53 changes no row after it', () => {
  const block = readings([5, 2 ** 53 - 3, 6, 7].map((value, i) => ({ at: MAY + i * HOUR, value })))
  expect(wire.decode('Readings', wire.encode('Readings', block)).value).toEqual([5, 2 ** 53 - 3, 6, 7])
})
