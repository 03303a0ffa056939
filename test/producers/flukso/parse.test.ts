import { describe, expect, test } from 'vitest'
import { parseBlock } from '../../../producers/flukso/parse.js'
import { foldReadings, MAX_ROWS, unfoldReadings } from '../../../schemas/blocks.js'
import type { Readings } from '../../../schemas/generated.js'
import { Quality } from '../../../schemas/quality.js'
import { CLAMP, EDGE_ID, edge, encode, FED676, recorded, type Sample, SID } from './blocks.js'

const RECEIVED = Date.UTC(2022, 6, 2)
const parse = (bytes: Buffer, name: string) => {
  const pieces = [...parseBlock(bytes, { name, origin: 'f00d', receivedAt: RECEIVED })]
  return { pieces, readings: pieces.flatMap(({ readings }) => readings), rejects: pieces.flatMap(({ rejects }) => rejects) }
}
const BID = EDGE_ID.bid
const pathOf = (level: number, bid = BID, rid = 0, sid = SID): string => `${sid}/${rid}/${level}/${bid}.gz`
const two: Sample[] = [
  [BID, 1_000_000],
  [BID + 8, 1_002_000]
]
const of = (cfg: Record<string, unknown>, samples = two): Readings =>
  parse(encode({ samples, cfg: { id: SID, rid: 0, ...cfg } }), pathOf(8)).readings[0]

test('A1 parse: the block of the vendor’s clamp', () => {
  const name = `${FED676}/8/1404224512.gz`
  const { readings, rejects, pieces } = parse(recorded(name), name)
  expect(rejects).toEqual([])
  expect(pieces.map(({ rows }) => rows)).toEqual([10])
  const zeros = new Array(10).fill(0)
  expect(readings).toEqual([
    {
      point: 'flukso/fed676021dacaaf6a12a8dda7685be34',
      register: '1.8.0',
      kind: 'COUNTER',
      curve: '',
      unit: 'Wh',
      scale: 3,
      step: 1000,
      words: [],
      device: 'fed676021dacaaf6a12a8dda7685be34/0',
      boot: null,
      source: 'flukso',
      origin: 'f00d',
      attrs: { level: '8', block: '1404224512', file: name },
      revision: 0,
      parserVersion: 1,
      ingestedAt: RECEIVED,
      rows: 10,
      at: [539, 567, 596, 625, 655, 670, 689, 709, 729, 749].map((second) => (1404224000 + second) * 1000),
      value: zeros.map((_, i) => (2510712 + i) * 1000),
      quality: zeros.map(() => Quality.RAW),
      span: zeros,
      code: zeros,
      flags: zeros,
      line: zeros
    }
  ])
})

test('A4 parse: 12232 repaired samples in blocks of at most 4096 rows, marked, and folding loses nothing', () => {
  const name = `${FED676}/16/1404108800.gz`
  const { readings } = parse(recorded(name), name)
  expect(readings.map(({ rows }) => rows)).toEqual([MAX_ROWS, MAX_ROWS, 12232 - 2 * MAX_ROWS])
  expect(readings.at(-1)).toMatchObject({ attrs: { level: '16', block: '1404108800', repaired: 'true' } })
  expect(readings.at(-1)?.at.at(-1)).toBe(1404174314_000)
  expect(readings.at(-1)?.value.at(-1)).toBe(2508951_000)
  for (const block of readings) expect(unfoldReadings(foldReadings(block))).toEqual(block)
})

test('A5 parse: a rejected block is one reject that says why and what to do', () => {
  const name = pathOf(8, BID, 0, '643fe7272fe30fb7c8eb43867a608c58')
  const { readings, rejects } = parse(edge('tail-mismatch'), name)
  expect(readings).toEqual([])
  expect(rejects).toEqual([
    {
      source: 'flukso',
      origin: 'f00d',
      name,
      line: 0,
      field: '',
      reason: 'tail-mismatch',
      expected: 'a last sample equal to h.tail',
      found: 'ends at 1656676376, 100001.5; h.tail is 1656676376, 100009',
      advice: expect.stringContaining('children'),
      ingestedAt: RECEIVED,
      parserVersion: 1
    }
  ])
})

describe('A20 chunk law', () => {
  const levelEight = (i: number): Sample[] => [
    [BID + i * 256, 1_000_000 + i * 10],
    [BID + i * 256 + 248, 1_000_005 + i * 10]
  ]
  const rowsOf = (bytes: Buffer, name: string): string[] =>
    parse(bytes, name).readings.flatMap(({ device, at, value }) => at.map((instant, i) => `${device} ${instant} ${value[i]}`))

  test('A20 a parent repeats its own children’s readings and says nothing of the 16 before it', () => {
    const children = Array.from({ length: 20 }, (_, i) => rowsOf(encode({ samples: levelEight(i) }), pathOf(8, BID + i * 256)))
    const samples = [16, 17, 18, 19].flatMap(levelEight)
    const parent = rowsOf(encode({ samples }), pathOf(12, BID + 4096))
    expect(parent).toEqual(children.slice(16).flat())
    expect(
      children
        .slice(0, 16)
        .flat()
        .filter((row) => parent.includes(row))
    ).toEqual([])
  })

  test('A20 a parent that holds samples of a block outside its span is rejected', () => {
    const samples = [15, 16].flatMap(levelEight)
    expect(parse(encode({ samples }), pathOf(12, BID + 4096)).rejects[0].reason).toBe('out-of-span')
  })
})

describe('which register, unit and step', () => {
  const clamp = { type: 'electricity', subtype: 'pplus', data_type: 'counter' }
  const cases: { when: string; given: Record<string, unknown>; gives: [string, string, string, number] }[] = [
    { when: 'FLM03 import', given: clamp, gives: ['COUNTER', '1.8.0', 'Wh', 1] },
    { when: 'FLM03 export', given: { ...clamp, subtype: 'pminus', unit: 'Wh' }, gives: ['COUNTER', '2.8.0', 'Wh', 1] },
    { when: 'FLM03 reactive', given: { ...clamp, subtype: 'q1', unit: 'VARh' }, gives: ['COUNTER', '5.8.0', 'varh', 1] },
    { when: 'FLM03 reactive, quadrant 4', given: { ...clamp, subtype: 'q4' }, gives: ['COUNTER', '8.8.0', 'varh', 1] },
    { when: 'FLM02 clamp', given: { type: 'electricity', class: 'analog' }, gives: ['COUNTER', '1.8.0', 'Wh', 1000] },
    { when: 'FLM02 pulse', given: { type: 'electricity', class: 'pulse' }, gives: ['COUNTER', '1.8.0', 'Wh', 1000] },
    {
      when: 'a smart meter’s port without direction',
      given: { type: 'electricity', class: 'uart' },
      gives: ['COUNTER', 'electricity', 'Wh', 1000]
    },
    { when: 'water', given: { type: 'water', class: 'pulse', unit: 'L' }, gives: ['COUNTER', 'water', 'L', 1000] },
    { when: 'gas', given: { type: 'gas' }, gives: ['COUNTER', 'gas', 'L', 1000] },
    { when: 'fuel', given: { type: 'fuel' }, gives: ['COUNTER', 'fuel', 'L', 1000] },
    { when: 'heat', given: { type: 'heat', unit: 'kWh' }, gives: ['COUNTER', 'heat', 'kWh', 1000] },
    { when: 'pellets', given: { type: 'pellet' }, gives: ['COUNTER', 'pellet', 'g', 1000] },
    { when: 'running time', given: { type: 'time' }, gives: ['COUNTER', 'time', 's', 1000] },
    { when: 'other pulses', given: { type: 'other', unit: 'none' }, gives: ['COUNTER', 'other', 'count', 1000] },
    { when: 'kube movement', given: { type: 'movement', class: 'kube' }, gives: ['COUNTER', 'movement', 'count', 1000] },
    { when: 'power', given: { ...clamp, data_type: 'gauge', unit: 'W' }, gives: ['GAUGE', '1.7.0', 'W', 1] },
    { when: 'reactive power', given: { ...clamp, subtype: 'q2', data_type: 'gauge', unit: 'VAR' }, gives: ['GAUGE', '6.7.0', 'var', 1] },
    { when: 'voltage', given: { ...clamp, subtype: 'vrms', data_type: 'gauge' }, gives: ['GAUGE', 'vrms', 'V', 1] },
    { when: 'power factor', given: { ...clamp, subtype: 'pf', data_type: 'gauge', unit: '' }, gives: ['GAUGE', 'pf', 'none', 1] },
    { when: 'FLM02 water flow', given: { type: 'water', data_type: 'gauge' }, gives: ['GAUGE', 'water', 'L/day', 1] },
    { when: 'FLM03 water flow', given: { type: 'water', data_type: 'gauge', unit: 'L/s' }, gives: ['GAUGE', 'water', 'L/s', 1] },
    { when: 'temperature', given: { type: 'temperature', data_type: 'gauge' }, gives: ['GAUGE', 'temperature', '°C', 1] }
  ]
  for (const { when, given, gives } of cases) {
    test(when, () => {
      const { kind, register, unit, step } = of(given)
      expect([kind, register, unit, step]).toEqual(gives)
    })
  }

  test('half litres make the step a thousandth', () => {
    const name = 'synthetic/tmpo/d9e10432c8ed17f60822208170da10a0/0/8/1656676352.gz'
    expect(parse(recorded(name), name).readings[0]).toMatchObject({
      register: 'water',
      unit: 'L',
      scale: 3,
      step: 1,
      value: [1200_000, 1200_500, 1201_000, 1201_500]
    })
  })

  const gauges: { given: number[]; gives: [number, number[]] }[] = [
    { given: [450_000, 451_000], gives: [0, [450, 451]] },
    { given: [450_000, -12_500], gives: [1, [4500, -125]] },
    { given: [63, 1_000], gives: [3, [63, 1000]] }
  ]
  for (const { given, gives } of gauges) {
    test(`a gauge of ${given.map((milli) => milli / 1000)} has scale ${gives[0]}`, () => {
      const { scale, value } = of(
        { ...clamp, data_type: 'gauge' },
        given.map((milli, i) => [BID + i * 8, milli])
      )
      expect([scale, value]).toEqual(gives)
    })
  }
})

describe('which block it is', () => {
  const bytes = encode({ samples: two })
  const reason = (cfg: Record<string, unknown>, name: string): string =>
    parse(encode({ samples: two, cfg }), name).rejects[0]?.reason ?? 'ok'
  const OTHER = 'f'.repeat(32)

  test('a path without suffix, below other folders', () => {
    expect(parse(bytes, `in/2022/${SID}/0/12/${1656672256 + 4096}`).readings[0].attrs).toMatchObject({ level: '12', block: '1656676352' })
  })
  test('no path: the header’s sensor, and the smallest block that holds the samples', () => {
    const [block] = parse(bytes, 'x.gz').readings
    expect(block).toMatchObject({ point: `flukso/${SID}`, device: `${SID}/0`, attrs: { level: '8', block: String(BID), file: 'x.gz' } })
    const wide = encode({
      samples: [
        [BID, 0],
        [BID + 5000, 1000]
      ]
    })
    expect(parse(wide, 'x.gz').readings[0].attrs).toMatchObject({ level: '16', block: String(BID - (BID % 65536)) })
  })
  test('no path, and samples wider than any block', () => {
    expect(
      parse(
        encode({
          samples: [
            [BID, 0],
            [BID + 2 ** 21, 1000]
          ]
        }),
        'x.gz'
      ).rejects[0].reason
    ).toBe('out-of-span')
  })
  test('another sensor in path and header', () => expect(reason(CLAMP, pathOf(8, BID, 0, OTHER))).toBe('id-mismatch'))
  test('another recycle id in the header: the path’s counts, the header’s is noted', () => {
    const [block] = parse(encode({ samples: two, cfg: { ...CLAMP, rid: 4 } }), pathOf(8, BID, 3)).readings
    expect(block).toMatchObject({ device: `${SID}/3`, attrs: { headerRid: '4' } })
  })
  test('a header without id and rid needs a path', () => {
    const nameless = { type: 'electricity', subtype: 'pplus' }
    expect([reason(nameless, pathOf(8)), reason(nameless, 'x.gz')]).toEqual(['ok', 'header-invalid'])
  })
  test('a level that is none', () => expect(reason(CLAMP, pathOf(9))).toBe('id-invalid'))
  test('a block that is no multiple of its span', () => expect(reason(CLAMP, pathOf(12, BID + 256))).toBe('id-invalid'))

  const headers: { when: string; given: Record<string, unknown>; gives: string }[] = [
    { when: 'the type is missing', given: { id: SID, rid: 0 }, gives: 'header-invalid' },
    { when: 'the sid is not 32 hex digits', given: { ...CLAMP, id: 'x' }, gives: 'header-invalid' },
    { when: 'the rid is negative', given: { ...CLAMP, rid: -1 }, gives: 'header-invalid' },
    { when: 'the subtype would break a key', given: { ...CLAMP, subtype: 'a|b' }, gives: 'header-invalid' },
    { when: 'the data type is unknown', given: { ...CLAMP, data_type: 'event' }, gives: 'header-invalid' },
    { when: 'a counter counts furlongs', given: { ...CLAMP, unit: 'furlong' }, gives: 'unknown-unit' },
    { when: 'a counter’s type is unknown and so is its unit', given: { id: SID, rid: 0, type: 'constructor' }, gives: 'unknown-unit' },
    { when: 'the unit is a word of the language', given: { ...CLAMP, unit: 'constructor' }, gives: 'unknown-unit' }
  ]
  for (const { when, given, gives } of headers) test(when, () => expect(reason(given, pathOf(8))).toBe(gives))

  test('a sensor that was recycled is two devices of one point', () => {
    const sid = '2dff3d54a32548fdef18586967ae4084'
    const [before, after] = [`${sid}/0/8/1656676352.gz`, `${sid}/1/8/1656676608.gz`].map(
      (path) => parse(recorded(`synthetic/tmpo/${path}`), path).readings[0]
    )
    expect([before.point, before.device, after.point, after.device]).toEqual([`flukso/${sid}`, `${sid}/0`, `flukso/${sid}`, `${sid}/1`])
    expect([before.at.at(-1), after.at[0], after.value[0]]).toEqual([1656676600_000, 1656676608_000, 0])
  })
})
