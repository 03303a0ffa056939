import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Device, Point, RegisterRules } from '../../schemas/generated.js'
import { problemText } from '../../schemas/problems.js'
import { durationText, parseAmount, parseDuration, parseRate } from '../../schemas/registry/quantity.js'
import {
  applied,
  changeText,
  checkRegistry,
  currentVersions,
  DEFAULT_RULES,
  diffRegistry,
  exportRegistry,
  PROFILES,
  parseRegistry,
  parseWhen,
  rulesOf,
  versionAt,
  whenText,
  zoneOf
} from '../../schemas/registry.js'

const read = (text: string): Point[] => {
  const parsed = parseRegistry(text, 'points.yaml')
  if ('problems' in parsed) throw new Error(parsed.problems.map(problemText).join('\n'))
  return parsed.points
}
const problems = (text: string): string[] => {
  const parsed = parseRegistry(text, 'points.yaml')
  return 'problems' in parsed ? parsed.problems.map(problemText) : []
}
const rules = (said: Partial<RegisterRules>): RegisterRules => ({ register: '', ...DEFAULT_RULES, ...said })
const row = (said: Partial<Point>): Point => ({
  point: 'flukso/a',
  validFrom: 0,
  knownAt: 0,
  deleted: false,
  name: '',
  zone: '',
  natives: [],
  installations: [],
  devices: [],
  registers: [],
  ...said
})
const device = (said: Partial<Device>): Device => ({ id: '', register: '', from: 0, to: null, opening: null, closing: null, ...said })

test('one clamp', () => {
  const text =
    'points:\n  - point: flukso/a\n    name: Kitchen\n    zone: Europe/Brussels\n    expectedInterval: 8 s\n    ratedPower: 9.2 kW\n'
  expect(read(text)).toEqual([
    row({ name: 'Kitchen', zone: 'Europe/Brussels', registers: [rules({ expectedMs: 8000, ratedPerHour: 9_200_000 })] })
  ])
})

test('everything in one point', () => {
  const [before, after] = read(`
points:
  - point: siemens/17
    zone: Europe/Madrid
    natives: [ siemens/17, ES0021000000000001JN0F ]
    devices:
      - { id: A1, to: 2024-03-01, closing: 12.35 kWh }
      - { id: 0012, register: 1.8.0, from: 2024-03-01T12:00Z, opening: 8120.35 kWh }
    versions:
      - validFrom: 2020-01-01
        registers:
          '*': { profile: emoncms, maxHold: 1 h }
          1.8.0: { factor: 5/3, dial: 10000 kWh, backwardTolerance: 1 kWh, start: 2 Wh }
          flow: { ratedFlow: 2.5 m3/h, hold: 300 s, maxHold: none }
      - validFrom: 2025-06-01T08:30
        name: Feeder
        registers: { 1.8.0: { factor: -1 } }
`)
  expect(before).toEqual(
    row({
      point: 'siemens/17',
      zone: 'Europe/Madrid',
      validFrom: Date.parse('2019-12-31T23:00:00Z'),
      natives: ['siemens/17', 'ES0021000000000001JN'],
      devices: [
        device({ id: 'A1', to: Date.parse('2024-02-29T23:00:00Z'), closing: 12_350_000 }),
        device({ id: '0012', register: '1.8.0', from: Date.parse('2024-03-01T12:00:00Z'), opening: 8_120_350_000 })
      ],
      registers: [
        rules({ profile: 'emoncms', maxHoldMs: 3_600_000 }),
        rules({
          register: '1.8.0',
          profile: 'emoncms',
          maxHoldMs: 3_600_000,
          factor: '5/3',
          dial: 10_000_000_000,
          backwardTolerance: 1_000_000,
          start: 2000
        }),
        rules({ register: 'flow', profile: 'emoncms', ratedPerHour: 2_500_000, holdMs: 300_000 })
      ]
    })
  )
  expect(after).toMatchObject({
    name: 'Feeder',
    validFrom: Date.parse('2025-06-01T06:30:00Z'),
    registers: [rules({ register: '1.8.0', factor: '-1' })]
  })
  expect(after.devices).toEqual(before.devices)
})

test('defaults hold where an entry says nothing else; anchors work; 20 and 22 characters are one point', () => {
  const points = read(`
defaults: { zone: Europe/Madrid, validFrom: 2021-01-01, registers: { '*': { expectedInterval: 1 h } } }
points:
  - &one { point: es0021000000000001jn0f, factor: 40 }
  - { <<: *one, point: ES0021000000000002JS, expectedInterval: 15 min }
`)
  expect(points.map(({ point }) => point)).toEqual(['ES0021000000000001JN', 'ES0021000000000002JS'])
  expect(points.map(({ registers }) => registers)).toEqual([
    [rules({ factor: '40', expectedMs: 3_600_000 })],
    [rules({ factor: '40', expectedMs: 900_000 })]
  ])
  expect(points[0].validFrom).toBe(Date.parse('2020-12-31T23:00:00Z'))
})

test('a rating of another name nearer the point stands in its stead', () => {
  const [point] = read(
    'defaults: { ratedPower: 5 kW }\npoints: [ { point: a/b, registers: { flow: { ratedFlow: 1 m3/h }, count: { rated: none } } } ]'
  )
  expect(point.registers.map(({ register, ratedPerHour }) => [register, ratedPerHour])).toEqual([
    ['', 5_000_000],
    ['count', null],
    ['flow', 1_000_000]
  ])
})

const wrong: [when: string, text: string, then: string][] = [
  [
    'a key is misspelt',
    'points:\n  - point: a/b\n    dail: 3',
    'points.yaml:3: points[0].dail: nobody knows this key here. Did you mean "dial"?'
  ],
  [
    'a register key is misspelt',
    'points:\n  - point: a/b\n    registers:\n      1.8.0:\n        faktor: 3',
    'points.yaml:5: points[0].registers.1.8.0.faktor: nobody knows this key here. Did you mean "factor"?'
  ],
  [
    'a point has no name',
    'points:\n  - zone: Europe/Madrid',
    'points.yaml:2: points[0].point: is missing; expected the name of a metering point.'
  ],
  [
    'a CUPS lost a digit',
    'points:\n  - point: ES002100000000001JN',
    'points.yaml:2: points[0].point: "ES002100000000001JN" is not a metering point.'
  ],
  [
    'a quantity has no unit',
    'points:\n  - point: a/b\n    dial: 10000',
    'points.yaml:3: points[0].dial: "10000" has no unit. Write a number, a space and a unit'
  ],
  [
    'a comma is a decimal point',
    'points:\n  - { point: a/b, dial: "10,5 kWh" }',
    'points.yaml:2: points[0].dial: expected a quantity such as 10000 kWh, found "10,5 kWh".'
  ],
  ['a quantity is too fine', 'points: [ { point: a/b, start: 0.0000001 kWh } ]', '"0.0000001 kWh" is not exact in thousandths of Wh'],
  [
    'gallons do not come out',
    'points: [ { point: a/b, dial: 1 gal } ]',
    '"1 gal" is not exact in thousandths of L. The nearest below is 3.785 L'
  ],
  ['a quantity is too large', 'points: [ { point: a/b, dial: 99999999999 kWh } ]', 'more than the ledger can count'],
  ['the unit is of something else', 'points: [ { point: a/b, registers: { 1.8.0: { dial: 10 m3 } } } ]', 'register 1.8.0 counts Wh, not L'],
  ['energy stands for power', 'points: [ { point: a/b, ratedPower: 9.2 kWh } ]', '"kWh" is not a unit of this'],
  ['a factor is a word', 'points: [ { point: a/b, factor: twice } ]', '"twice" is not a factor'],
  ['a profile is misspelt', 'points: [ { point: a/b, profile: strickt } ]', 'Did you mean "strict"?'],
  [
    'a zone is unknown',
    'points:\n  - point: a/b\n    zone: Europe/Barcelona',
    'points.yaml:3: points[0].zone: "Europe/Barcelona" is not a time zone.'
  ],
  ['a bare date without zone', 'points: [ { point: a/b, validFrom: 2024-01-01 } ]', 'is local time, and the point has no zone'],
  ['a date does not exist', 'points: [ { point: a/b, zone: UTC, validFrom: 2024-02-30 } ]', 'expected a date or an instant'],
  [
    'an hour happens twice',
    'points: [ { point: a/b, zone: Europe/Madrid, validFrom: 2024-10-27T02:30 } ]',
    'shows 2024-10-27T02:30 twice. Write the offset too'
  ],
  ['an hour never happens', 'points: [ { point: a/b, zone: Europe/Madrid, validFrom: 2024-03-31T02:30 } ]', 'never'],
  [
    'two versions of one instant',
    'points:\n  - point: a/b\n  - point: c/d\n  - point: a/b\n',
    'points.yaml:4: points[2]: a/b has another version of the same validFrom in line 2.'
  ],
  ['two ratings', 'points: [ { point: a/b, ratedPower: 1 kW, rated: 2 units/h } ]', 'one rating'],
  ['a removed point says more', 'points: [ { point: a/b, removed: true, name: x } ]', 'a removed point has no settings'],
  [
    'validFrom beside versions',
    'points: [ { point: a/b, validFrom: 2024-01-01T00:00Z, versions: [ {} ] } ]',
    'Move validFrom into the versions.'
  ],
  ['a dial of nothing', 'points: [ { point: a/b, dial: 0 kWh } ]', 'expected more than 0'],
  [
    'devices is no list',
    'points:\n  - point: a/b\n    devices: 123',
    'points.yaml:3: points[0].devices: expected a list of devices, found "123". Write devices: [ { id'
  ],
  [
    'settings are empty',
    'points:\n  - point: a/b\n    registers:\n      1.8.0:',
    'points.yaml:4: points[0].registers.1.8.0: expected keys with values, found nothing'
  ]
]
for (const [when, text, then] of wrong)
  test(`named with line, key and mend: ${when}`, () => expect(problems(text).join('\n')).toContain(then))

test('quantities are exact', () => {
  expect(parseAmount('10 000 kWh')).toEqual({ milli: 10_000_000_000, unit: 'Wh' })
  expect(parseAmount('0.000001 kWh')).toEqual({ milli: 1, unit: 'Wh' })
  expect(parseAmount('1000 gal')).toMatchObject({ wrong: expect.stringContaining('exact') })
  expect(parseAmount('1000000 gal')).toEqual({ milli: 3_785_411_784, unit: 'L' })
  expect(parseAmount('65536 units')).toEqual({ milli: 65_536_000, unit: '' })
  expect(parseRate('9.2 kW')).toEqual({ milli: 9_200_000, unit: 'Wh' })
  expect(parseRate('2.5 m3/h')).toEqual({ milli: 2_500_000, unit: 'L' })
  expect(parseRate('10 L/min')).toEqual({ milli: 600_000, unit: 'L' })
  expect(parseRate('24 m3/d')).toEqual({ milli: 1_000_000, unit: 'L' })
  expect([parseDuration('8 s'), parseDuration('1.5 h'), parseDuration('24 h'), parseDuration('0 s')]).toEqual([
    8000, 5_400_000, 86_400_000, 0
  ])
  expect(parseDuration('0.0001 s')).toHaveProperty('wrong')
  fc.assert(fc.property(fc.nat(1e12), (ms) => parseDuration(durationText(ms)) === ms))
})

const zones = fc.constantFrom('', 'Europe/Madrid', 'America/Chicago', 'UTC', 'America/Sao_Paulo')
// Minutes of this century, and often local midnights.
const instants = fc.oneof(
  fc.integer({ min: 0, max: 60 * 24 * 365 * 90 }).map((minutes) => minutes * 60_000),
  fc.integer({ min: 0, max: 365 * 90 }).map((day) => day * 86_400_000 - 3_600_000),
  fc.integer({ min: 1, max: 4e12 })
)
const amounts = fc.oneof(
  fc.nat(5000),
  fc.maxSafeNat(),
  fc.nat(1e6).map((kwh) => kwh * 1e6)
)
const maybe = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: null })
const registerRules = (register: string): fc.Arbitrary<RegisterRules> =>
  fc.record({
    register: fc.constant(register),
    factor: fc.constantFrom('1', '-1', '40', '0.45', '5/3', '1.0'),
    dial: maybe(amounts.filter((milli) => milli > 0)),
    ratedPerHour: maybe(amounts.filter((milli) => milli > 0)),
    expectedMs: maybe(fc.integer({ min: 1, max: 1e9 })),
    backwardTolerance: amounts,
    maxHoldMs: fc.nat(1e9),
    holdMs: fc.nat(1e9),
    start: amounts,
    profile: fc.constantFrom(...PROFILES)
  })
const registerSets = fc
  .subarray(['', '1.8.0', '2.8.0/share', '5.8.0', '7', 'flow', 'regime-1'])
  .chain((names) => fc.tuple(...names.sort().map(registerRules))) as fc.Arbitrary<RegisterRules[]>
const names = fc.string({ maxLength: 12, unit: 'grapheme' }).map((name) => name.replace(/\p{C}/gu, '').trim())
const devices = fc.array(
  fc.record({
    id: names,
    register: fc.constantFrom('', '1.8.0', 'flow'),
    from: fc.oneof(fc.constant(0), instants),
    to: maybe(instants),
    opening: maybe(amounts),
    closing: maybe(amounts)
  }),
  { maxLength: 3 }
)
const natives = fc.subarray(['flukso/a', 'flukso/A', 'x-1/9:8', 'ES0021000000000001JN'])
const versions = (point: string): fc.Arbitrary<Point[]> =>
  fc.record({ zone: zones, name: names, natives, devices, registers: registerSets }).chain((common) =>
    fc.uniqueArray(
      fc.record(
        {
          point: fc.constant(point),
          validFrom: fc.oneof(fc.constant(0), instants),
          knownAt: fc.constant(0),
          deleted: fc.constant(false),
          name: fc.oneof(fc.constant(common.name), names),
          zone: fc.oneof(fc.constant(common.zone), zones),
          natives: fc.oneof(fc.constant(common.natives), natives),
          devices: fc.oneof(fc.constant(common.devices), devices),
          registers: fc.oneof(fc.constant(common.registers), registerSets),
          installations: fc.constant([])
        },
        { noNullPrototype: true }
      ),
      { minLength: 1, maxLength: 3, selector: ({ validFrom }) => validFrom }
    )
  )
const registries = fc
  .subarray(['ES0021000000000001JN', 'flukso/a', 'flukso/B', 'x/1:2'], { minLength: 0 })
  .chain((points) => fc.tuple(...points.map(versions)))
  .map((sets) => currentVersions(sets.flat()))

test('an export parses back to the same rows', () => {
  fc.assert(
    fc.property(registries, (points) => {
      expect(read(exportRegistry(points))).toEqual(points)
      expect(read(exportRegistry(points, () => ''))).toEqual(points)
    }),
    { numRuns: 200 }
  )
})

test('an export reads well', () => {
  const points = [
    row({ name: 'Kitchen', zone: 'Europe/Madrid', registers: [rules({ expectedMs: 8000 })] }),
    row({
      point: 'flukso/b',
      zone: 'Europe/Madrid',
      registers: [rules({ register: '1.8.0', factor: '40', dial: 1e10, ratedPerHour: 9_200_000 })]
    }),
    row({
      point: 'flukso/b',
      zone: 'Europe/Madrid',
      validFrom: Date.parse('2024-02-29T23:00:00Z'),
      registers: [rules({ register: '1.8.0', factor: '60' })]
    })
  ]
  expect(exportRegistry(points)).toBe(`points:
  - point: flukso/a
    name: Kitchen
    zone: Europe/Madrid
    expectedInterval: 8 s
  - point: flukso/b
    zone: Europe/Madrid
    versions:
      - registers:
          1.8.0:
            factor: 40
            dial: 10000 kWh
            ratedPower: 9.2 kW
      - validFrom: 2024-03-01
        registers:
          1.8.0:
            factor: 60
`)
})

test('differences: nothing from itself, everything named otherwise, and applying them gives what was wanted', () => {
  fc.assert(
    fc.property(registries, registries, (current, wanted) => {
      expect(diffRegistry(current, wanted).filter(({ row: { point } }) => !wanted.some((row) => row.point === point))).toEqual([])
      expect(diffRegistry(wanted, wanted)).toEqual([])
      const unmentioned = current.filter(({ point }) => !wanted.some((row) => row.point === point))
      const natives = (row: Point) => ({ ...row, knownAt: 0, natives: [...row.natives].sort() })
      expect(applied(current, diffRegistry(current, wanted)).map(natives)).toEqual(
        currentVersions([...unmentioned, ...wanted]).map(natives)
      )
    }),
    { numRuns: 200 }
  )
})

test('differences in words', () => {
  const current = read(
    'points:\n  - { point: a/b, name: Old, zone: Europe/Madrid, registers: { 1.8.0: { factor: 40 } } }\n  - { point: a/b, zone: Europe/Madrid, validFrom: 2024-01-01 }\n  - point: gone/x\n  - point: stays/x\n'
  )
  const wanted = read(
    'points:\n  - { point: a/b, name: New, zone: Europe/Madrid, registers: { 1.8.0: { factor: 60, dial: 100 kWh } } }\n  - { point: gone/x, removed: true }\n  - { point: new/x, name: Shed, devices: [ { id: 7 } ], registers: { flow: {} } }\n'
  )
  expect(diffRegistry(current, wanted).map(changeText)).toEqual([
    'a/b: changed: name "Old" → "New"; 1.8.0 factor 40 → 60; 1.8.0 dial none → 100 kWh',
    'a/b, from 2024-01-01 on: removed',
    'gone/x: removed',
    'new/x: added: name "Shed"; device 7 ever since; flow the defaults'
  ])
})

test('of equal (point, validFrom) the highest knownAt counts, and what was taken back vanishes', () => {
  const points = [
    row({ knownAt: 2, name: 'second' }),
    row({ knownAt: 1, name: 'first' }),
    row({ validFrom: 5, knownAt: 1 }),
    row({ validFrom: 5, knownAt: 3, deleted: true }),
    row({ validFrom: 9, knownAt: 1, zone: 'Europe/Madrid', registers: [rules({ factor: '2' }), rules({ register: 'x', factor: '3' })] })
  ]
  const current = currentVersions(points)
  expect(current.map(({ name, validFrom }) => [name, validFrom])).toEqual([
    ['second', 0],
    ['', 9]
  ])
  expect([versionAt(current, -1), versionAt(current, 8)?.name, versionAt(current, 9)?.validFrom]).toEqual([null, 'second', 9])
  expect([zoneOf(current, 8), zoneOf(current, 9)]).toEqual(['', 'Europe/Madrid'])
  expect([rulesOf(current[1], 'x').factor, rulesOf(current[1], 'y').factor, rulesOf(null, 'y').factor]).toEqual(['3', '2', '1'])
})

test('findings', () => {
  const points = read(`
points:
  - point: a/b
    zone: UTC
    natives: [ x/1 ]
    devices:
      - { id: A, to: 2024-03-02, opening: 5 kWh, closing: 4 kWh }
      - { id: B, from: 2024-03-01, to: 2024-02-01 }
      - { id: C, register: 1.8.0, from: 2025-01-01, opening: 2000 kWh }
      - { id: D, register: 2.8.0, from: 2025-01-01 }
    registers: { 1.8.0: { factor: 0, dial: 1000 kWh, start: 1000 kWh }, flow: {} }
  - { point: c/d, zone: UTC, natives: [ x/1 ], versions: [ {}, { validFrom: 2024-01-01, natives: [] } ] }
  - { point: e/f, zone: UTC, validFrom: 2024-01-01, natives: [ x/2 ] }
  - { point: g/h, zone: UTC, natives: [ x/2 ], versions: [ {}, { validFrom: 2024-01-01, natives: [] } ] }
`)
  const found = checkRegistry(points, [{ point: 'a/b', register: '1.8.0', milli: 1_000_000_000 }])
  expect(found.map(({ level, point, key, message }) => `${level} ${point} ${key}: ${message}`)).toEqual([
    'error a/b devices: device A closes below its opening',
    'error a/b devices: device A and device B are built in at the same time',
    'error a/b devices: device B is taken out before it is built in',
    'error a/b devices: the opening of device C is not below its dial',
    'warning a/b 1.8.0 factor: a factor of 0 makes all energy 0',
    'error a/b 1.8.0 start: the register starts past the end of its dial',
    'error a/b 1.8.0 dial: register 1.8.0 already shows 1000 kWh, past a dial of 1000 kWh',
    'warning a/b flow settings: no reading of this register has come yet',
    'error c/d natives: x/1 stands for a/b and for c/d at the same time'
  ])
  expect(checkRegistry([row({ zone: 'Nowhere' })])[0]).toMatchObject({ level: 'error', key: 'zone' })
})

test('instants', () => {
  expect(parseWhen('2024-03-31', 'Europe/Madrid')).toEqual({ at: Date.parse('2024-03-30T23:00:00Z'), doubt: null, local: true })
  expect(parseWhen('2024-10-27T02:30', 'Europe/Madrid')).toMatchObject({ at: Date.parse('2024-10-27T00:30:00Z'), doubt: 'twice' })
  expect(parseWhen('2024-03-31T02:30:00', 'Europe/Madrid')).toMatchObject({ at: Date.parse('2024-03-31T01:00:00Z'), doubt: 'skipped' })
  expect(parseWhen('2024-06-01T12:00:00.5-03:30', '')?.at).toBe(Date.parse('2024-06-01T15:30:00.500Z'))
  for (const text of ['2024-13-01', '2024-02-30', '2024-01-01T24:00', 'yesterday', '2024-1-1', '2024-01-01T10'])
    expect(parseWhen(text, 'UTC'), text).toBeNull()
  fc.assert(fc.property(instants, zones, (at, zone) => parseWhen(whenText(at, zone), zone)?.at === at))
})

test('ten thousand meters', () => {
  const text = `defaults: { zone: Europe/Madrid, registers: { '*': { expectedInterval: 1 h } } }\npoints:\n${Array.from({ length: 10_000 }, (_, i) => `  - { point: src/${i}, name: Meter ${i}, factor: 40, devices: [ { id: ${i}, from: 2020-01-01 } ] }\n`).join('')}`
  const points = read(text)
  expect(points.length).toBe(10_000)
  expect(read(exportRegistry(points))).toEqual(points)
})
