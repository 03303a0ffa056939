import { expect, test } from 'vitest'
import { Quality } from '../../../schemas/quality.js'
import { alertLine, canBeTags, FIELDS, gaugeLines, placeOf, slotLines, slotTags } from '../../../sinks/influx/lines.js'
import { powerLines } from '../../../sinks/influx/power.js'
import { HOUR, MAY, readings, slots } from '../../schemas/blocks-at-random.js'
import { alert } from './samples.js'

const head = { point: 'flukso/a b', grid: 'PT1H', register: '1.8.0' }

test('a slot is one line: thousandths as an integer, kWh to the last one, quality a number, completeness a share', () => {
  const block = slots(
    [{ start: MAY, end: MAY + HOUR, amount: 1_234_567, quality: Quality.PARTIAL, coveredMs: HOUR / 4, expected: -1 }],
    head
  )
  expect(slotLines(block)).toEqual([
    `energy,grid=PT1H,point=flukso/a\\ b,register=1.8.0 milli=1234567i,kwh=1.234567,quality=7i,completeness=0.25 ${MAY}`
  ])
})

test('where an interval is registered, completeness counts readings', () => {
  const block = slots([{ start: MAY, end: MAY + HOUR, amount: 0, coveredMs: HOUR, expected: 60, received: 45 }], head)
  expect(slotLines(block)[0]).toContain('completeness=0.75 ')
})

test('kwh stands only where the unit is Wh; the others have a field of their own name', () => {
  const one = (unit: string) => {
    const [line] = slotLines(slots([{ start: MAY, end: MAY + HOUR, amount: 2_500_000, coveredMs: HOUR }], { ...head, unit }))
    return /milli=2500000i,(.*)quality/.exec(line)![1]
  }
  expect(['Wh', 'varh', 'VAh', 'L', 'g', 's', 'count', 'unheard-of'].map(one)).toEqual([
    'kwh=2.5,',
    'kvarh=2.5,',
    'kvah=2.5,',
    'm3=2.5,',
    'kg=2.5,',
    's=2500,',
    'count=2500,',
    ''
  ])
})

test('negative amounts, none at all, and the largest that is exact', () => {
  const amounts = [-1, 0, Number.MAX_SAFE_INTEGER]
  const block = slots(
    amounts.map((amount, i) => ({ start: MAY + i * HOUR, end: MAY + (i + 1) * HOUR, amount, coveredMs: HOUR })),
    head
  )
  const told = slotLines(block).map((line) => /milli=(\S+?)i,kwh=(\S+?),/.exec(line)!.slice(1))
  expect(told).toEqual([
    ['-1', '-0.000001'],
    ['0', '0'],
    ['9007199254740991', '9007199254.740992']
  ])
})

test('amounts in millionths become thousandths', () => {
  const block = slots([{ start: MAY, end: MAY + 8000, amount: 1_234_567, coveredMs: 8000 }], { ...head, grid: 'PT8S', scale: 6 })
  expect(slotLines(block)[0]).toContain(' milli=1235i,kwh=0.001234567,')
})

test('a gauge says what was read, with its unit; a row without a value says nothing', () => {
  const rows = [
    { at: MAY, value: 2305, quality: Quality.RAW },
    { at: MAY + 1000, value: 0, quality: Quality.NO_DATA },
    { at: MAY + 2000, value: -12, quality: Quality.QUESTIONABLE }
  ]
  const block = readings(rows, { point: 'p', register: 'vrms', kind: 'GAUGE', unit: 'V', scale: 1 })
  expect(gaugeLines(block)).toEqual([
    `gauge,point=p,register=vrms,unit=V value=230.5,quality=4i ${MAY}`,
    `gauge,point=p,register=vrms,unit=V value=-1.2,quality=6i ${MAY + 2000}`
  ])
})

test('an alert is one line at the start of its condition; what has no value stands nowhere', () => {
  const line = alertLine(alert({ text: 'It says "no".', register: '', value: null, threshold: 3, until: null }))
  expect(line).toBe(
    `alert,rule=silent,subject=p state="firing",severity="warning",text="It says \\"no\\".",at_ms=${MAY + 60_000}i,threshold=3,unit="ms",occurrences=1i,notify=true,acked_by="",rev=7i ${MAY}`
  )
})

test('a field has one type for ever', () => {
  const looks = { integer: /^-?\d+i$/, float: /^-?\d+(\.\d+)?(e[+-]\d+)?$/, string: /^".*"$/, boolean: /^(true|false)$/ } as const
  const amounts = [0, -5, 7, 1e15, 123_456]
  const units = ['Wh', 'varh', 'VAh', 'L', 'g', 's', 'count', '?']
  const lines = [
    ...units.flatMap((unit) => [
      ...slotLines(
        slots(
          amounts.map((amount, i) => ({ start: MAY + i * HOUR, end: MAY + (i + 1) * HOUR, amount, coveredMs: HOUR / 3 })),
          { ...head, unit }
        )
      )
    ]),
    ...gaugeLines(
      readings(
        amounts.map((value, i) => ({ at: MAY + i, value })),
        { kind: 'GAUGE', unit: 'W', scale: 9 }
      )
    ),
    ...powerLines(
      slots(
        amounts.map((amount, i) => ({ start: MAY + i * 8000, end: MAY + (i + 1) * 8000, amount, coveredMs: i < 4 ? 8000 : 0 })),
        { ...head, point: 'installation/HOME 01', grid: 'PT8S', scale: 6 }
      )
    ),
    ...[null, 0, -1.5, 1e-9, 1e30].map((value) => alertLine(alert({ value, threshold: value, until: value === null ? null : MAY })))
  ]
  for (const line of lines) {
    const [, measurement, fields] = /^(\w+),(?:\\ |[^ ])* (.*) \d+$/.exec(line)!
    for (const [, name, value] of fields.matchAll(/(\w+)=("(?:[^"\\]|\\.)*"|[^,]+)/g)) {
      const type = (FIELDS as Record<string, Record<string, keyof typeof looks>>)[measurement][name]
      expect(`${name}=${value} ${looks[type]?.test(value)}`).toBe(`${name}=${value} true`)
    }
  }
})

test('power is W of slots that are wholly covered; the others say that they are not', () => {
  const rows = [
    { start: MAY, end: MAY + 8000, amount: -1_000 },
    { start: MAY + 8000, end: MAY + 16_000, amount: 0, coveredMs: 0, quality: Quality.PARTIAL }
  ]
  const home = { point: 'installation/HOME 01', register: 'p_tot', grid: 'PT8S', scale: 6 }
  expect(powerLines(slots(rows, home))).toEqual([
    `power,grid=PT8S,installation=HOME\\ 01,register=p_tot w=-0.45,quality=4i,completeness=1 ${MAY}`,
    `power,grid=PT8S,installation=HOME\\ 01,register=p_tot quality=7i,completeness=0 ${MAY + 8000}`
  ])
  const quarters = slots(
    [{ amount: 25_000_001 }, { amount: 1, coveredMs: 896_000 }].map((row, i) => ({
      start: MAY + i * 900_000,
      end: MAY + (i + 1) * 900_000,
      ...row
    })),
    { ...home, grid: 'PT15M' }
  )
  expect(powerLines(quarters).map((line) => line.replace(/^.*p_tot (.*) \d+$/, '$1'))).toEqual([
    'w=100.000004,quality=4i,completeness=1',
    'quality=4i,completeness=0.995556'
  ])
})

test('what line protocol cannot say in a tag is no tag', () => {
  const can = (point: string) => canBeTags(slotTags({ ...head, point }))
  expect([can('a b,c=d "ü"'), can('a\\'), can('a\nb'), can('a\\,b')]).toEqual([true, false, false, false])
})

test('a line is known by its measurement, tags and instant', () => {
  const [line] = slotLines(slots([{ start: MAY, end: MAY + HOUR, coveredMs: HOUR }], head))
  expect(placeOf(line)).toBe(`energy,grid=PT1H,point=flukso/a\\ b,register=1.8.0 ${MAY}`)
})
