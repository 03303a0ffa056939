import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Compared } from '../../api/page/answers.js'
import type { Explanation } from '../../api/page/explain/answer.js'
import { sentencesOf } from '../../api/page/explain/bills.js'
import { caveatsOf, headlineOf, linesOf, originsOf, revisionsOf, rulesOf, suspectsOf, suspectText } from '../../api/page/explain/told.js'
import { Op, Quality } from '../../schemas/quality.js'
import { HOUR, intervals, type Ledger, openLedger, START, slots, TOPIC, WORDS, writeDay, ZONE } from '../api/ledger.js'

/** Answers of the real API, as a visitor reads them. */
let ledger: Ledger
let headers: { authorization: string }
const point = 'flukso/x'
const later = START + 50 * HOUR
const now = START + 1000 * HOUR

beforeAll(async () => {
  ledger = await openLedger()
  headers = ledger.as('admin')
  await writeDay(ledger.store, point)
  const revised = intervals(point, [START + 11 * HOUR, START + 12 * HOUR], [700_000], {
    words: [...WORDS, 'counter+glitch'],
    rule: [6],
    rev: [2],
    knownAt: [later]
  })
  const unknown = intervals(point, [START + 30 * HOUR, START + 31 * HOUR], [200_000], {
    op: [Op.UNKNOWN],
    high: [9_000_000],
    quality: [Quality.QUESTIONABLE]
  })
  await ledger.store.write({
    intervals: [revised, unknown],
    slots: slots([unknown]),
    suspects: [
      {
        point,
        register: '1.8.0',
        source: 'flukso',
        device: 'M1',
        at: START + 11.5 * HOUR,
        until: START + 11.5 * HOUR,
        count: 1,
        value: 0,
        unit: 'Wh',
        reason: 'glitch',
        detail: '',
        topic: TOPIC,
        partition: 0,
        offset: 9,
        line: 44,
        op: Op.PUT,
        rev: 2,
        knownAt: later,
        ruleVersion: 1
      }
    ]
  })
})
afterAll(() => ledger.close())

const explained = async (query: string): Promise<Explanation> =>
  (await ledger.app.inject({ url: `/v1/explain?point=${point}&${query}`, headers })).json()
const bare = (text: string): string => text.replaceAll(',', '')

test('a quarter of an hour reading: its part, and the whole it is a part of', async () => {
  const answer = await explained('at=2024-03-01T05:30&grid=PT15M')
  expect(bare(headlineOf(answer))).toBe('Between 05:30 and 05:45 on Fri 1 Mar 2024 this meter counted 0.250 kWh.')
  expect(linesOf(answer).map(({ value, adds, whole }) => [value, adds, whole])).toEqual([
    ['6,000', null, null],
    ['7,000', 250_000, 1_000_000]
  ])
  expect(originsOf(answer)).toMatchObject([{ file: 'march.csv', firstLine: 7, lastLine: 8, sha256: 'f00d', source: 'flukso' }])
})

test('a day: readings follow one another, each once; rules are told once', async () => {
  const answer = await explained('at=2024-03-01&grid=P1D&limit=20')
  expect(bare(headlineOf(answer))).toBe('On Fri 1 Mar 2024 this meter counted 23.700 kWh.')
  const lines = linesOf(answer)
  expect(lines).toHaveLength(21)
  expect(lines.filter(({ adds }) => adds === null)).toHaveLength(1)
  expect(rulesOf(answer).map(({ rule, times }) => [rule, times])).toEqual([
    ['glitch', 1],
    ['counter', 20]
  ])
})

test('what was set aside and what it was before', async () => {
  const answer = await explained('at=2024-03-01T11:30&grid=PT1H')
  expect(suspectsOf(answer).map((suspect) => bare(suspectText(suspect, ZONE)))).toEqual([
    '0 Wh at Fri 1 Mar 2024 11:30:00: not believable the next readings took it back.'
  ])
  expect(revisionsOf(answer).map(({ text }) => bare(text))).toEqual([
    'Until Sun 3 Mar 2024 02:00:00 it was 1.000 kWh (as the meter said it).'
  ])
  expect(revisionsOf(await explained('at=2024-03-01T05:30&grid=PT1H'))).toEqual([])
})

test('unknown energy is at least something, and at most what the rated power allows', async () => {
  const answer = await explained('at=2024-03-02T06:30&grid=PT1H')
  expect(bare(headlineOf(answer))).toBe('Between 06:00 and 07:00 on Sat 2 Mar 2024 this meter counted at least 0.200 kWh.')
  expect(caveatsOf(answer, now)).toContain('Part of the energy is unknown: it may be up to 9.000 kWh.')
})

test('a day that is half covered says so; while it runs, that it runs', async () => {
  const answer = await explained('at=2024-03-02&grid=P1D')
  expect(caveatsOf(answer, now)[0]).toMatch(/^Readings cover .* of 24 h\./)
  expect(caveatsOf(answer, START + 31 * HOUR)[0]).toMatch(/^This time is still running/)
  expect(caveatsOf(await explained('at=2024-03-01T05:30&grid=PT1H'), now)).toEqual([])
})

test('those who would bill the same are named together, those who agree not at all', () => {
  const compared: Compared = {
    point,
    register: '1.8.0',
    unit: 'Wh',
    from: '',
    to: '',
    readings: 4,
    ours: { milli: 19_000, kwh: '0.019000', tail: false, rules: ['glitch'] },
    others: [
      { name: 'Home Assistant', milli: 3_756_000, kwh: '3.756000' },
      { name: 'emonCMS', milli: 3_756_000, kwh: '3.756000' },
      { name: 'OED', milli: 19_000, kwh: '0.019000' }
    ],
    dips: []
  }
  expect(sentencesOf(compared)).toEqual(['Home Assistant and emonCMS would bill 3.756 kWh here.'])
})
