import { describe, expect, test } from 'vitest'
import { messageOf, readingOf } from '../../../producers/flukso/message.js'
import type { Config } from '../../../producers/flukso/register.js'
import { recorded, SID } from './blocks.js'

interface Line {
  topic: string
  payload: string
}
const LINES = recorded('synthetic/mqtt/messages.ndjson')
  .toString()
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line) as Line)
const said = (topic: string, payload: string) => messageOf(topic, Buffer.from(payload))
const CLAMP = 'b4524c86c05674eddf39c121532749e3'
const WATER = 'd9e10432c8ed17f60822208170da10a0'
const COUNTER = `/sensor/${SID}/counter`

describe('A19 the recorded messages', () => {
  const all = LINES.map(({ topic, payload }) => said(topic, payload))

  test('A19 nine: one of settings, three counters, three gauges, two left out, each with its reason', () => {
    expect(all.map(({ what }) => what)).toEqual([
      'config',
      'counter',
      'counter',
      'gauge',
      'gauge',
      'counter',
      'gauge',
      'no-value',
      'not-json'
    ])
  })

  test('A19 their figures, exact, in the registers that the settings and the units say', () => {
    const [config] = all
    const configs = new Map(config.what === 'config' ? config.sensors.map((sensor) => [sensor.id, sensor]) : [])
    expect([...configs.keys()]).toEqual([CLAMP])
    const readings = all.flatMap((message) => {
      if (message.what !== 'counter' && message.what !== 'gauge') return []
      const block = readingOf(message, configs.get(message.sid), undefined)
      return block ? [[block.point, block.kind, block.register, block.unit, block.at[0] / 1000, block.value[0], block.scale]] : []
    })
    expect(readings).toEqual([
      [`flukso/${CLAMP}`, 'COUNTER', '1.8.0', 'Wh', 1656676352, 5_210_044_118, 3],
      [`flukso/${CLAMP}`, 'COUNTER', '1.8.0', 'Wh', 1656676360, 5_210_045_000, 3],
      [`flukso/${CLAMP}`, 'GAUGE', '1.7.0', 'W', 1656676352, 450, 0],
      [`flukso/${CLAMP}`, 'GAUGE', '1.7.0', 'W', 1656676353, -125, 1],
      [`flukso/${WATER}`, 'COUNTER', 'volume', 'L', 1656676355, 1_200_500, 3],
      [`flukso/${WATER}`, 'GAUGE', 'flow', 'L/s', 1656676355, 63, 3]
    ])
  })
})

describe('what is left out', () => {
  const cases = [
    { when: 'no JSON', payload: '[1656676352, 1,', gives: 'not-json' },
    { when: 'null', payload: '[1656676352, null, "Wh"]', gives: 'no-value' },
    { when: 'no list', payload: '{"ts": 1656676352}', gives: 'no-sample' },
    { when: 'a time with a fraction', payload: '[1656676352.5, 1, "Wh"]', gives: 'no-sample' },
    { when: 'a time before all times', payload: '[-8, 1, "Wh"]', gives: 'no-sample' },
    { when: 'a value in quotes', payload: '[1656676352, "1", "Wh"]', gives: 'no-sample' },
    { when: 'a value whose thousandths are not exact', payload: '[1656676352, 1e16, "Wh"]', gives: 'no-sample' },
    { when: 'a unit that is none', payload: '[1656676352, 1, 5]', gives: 'no-sample' },
    { when: 'a kilobyte', payload: `[1656676352, 1${' '.repeat(1024)}]`, gives: 'too-large' }
  ]
  for (const { when, payload, gives } of cases) test(`${when}: ${gives}`, () => expect(said(COUNTER, payload)).toEqual({ what: gives }))

  const topics = ['/sensor/abc/counter', `/sensor/${SID}/tmpo`, `sensor/${SID}/counter`, '/device/x/config/sensor', '']
  for (const topic of topics)
    test(`topic '${topic}'`, () => expect(said(topic, '[1656676352, 1, "Wh"]')).toEqual({ what: 'unknown-topic' }))

  test('settings that are no object, or of ports that are not in use, tell of no sensor', () => {
    const topic = `/device/${SID}/config/sensor`
    expect(said(topic, '[1]')).toEqual({ what: 'no-sample' })
    expect(said(topic, JSON.stringify({ 1: { id: SID, enable: 0 }, 2: null, 3: { type: 'electricity' } }))).toEqual({
      what: 'config',
      sensors: []
    })
  })

  test('a counter in a unit the ledger does not know', () => {
    const message = said(COUNTER, '[1656676352, 1, "furlong"]')
    expect(message.what === 'counter' && readingOf(message, undefined, undefined)).toBe(null)
  })
})

describe('§1.5: what each kind of sensor counts and shows', () => {
  const rows: [
    type: string,
    subtype: string | undefined,
    counter: [string, string, string] | null,
    gauge: [string, string, string] | null
  ][] = [
    ['electricity', 'pplus', ['Wh', '1.8.0', 'Wh'], ['W', '1.7.0', 'W']],
    ['electricity', 'pminus', ['Wh', '2.8.0', 'Wh'], ['W', '2.7.0', 'W']],
    ['electricity', undefined, ['Wh', '1.8.0', 'Wh'], ['W', '1.7.0', 'W']],
    ['electricity', 'q1', ['VARh', '5.8.0', 'varh'], ['VAR', '5.7.0', 'var']],
    ['electricity', 'q2', ['VARh', '6.8.0', 'varh'], ['VAR', '6.7.0', 'var']],
    ['electricity', 'q3', ['VARh', '7.8.0', 'varh'], ['VAR', '7.7.0', 'var']],
    ['electricity', 'q4', ['VARh', '8.8.0', 'varh'], ['VAR', '8.7.0', 'var']],
    ['electricity', 'vrms', null, ['V', 'vrms', 'V']],
    ['electricity', 'irms', null, ['A', 'irms', 'A']],
    ['electricity', 'pf', null, ['', 'pf', 'none']],
    ['electricity', 'vthd', null, ['', 'vthd', 'none']],
    ['electricity', 'ithd', null, ['', 'ithd', 'none']],
    ['electricity', 'alpha', null, ['°', 'alpha', '°']],
    ['heat', undefined, ['Wh', 'heat', 'Wh'], ['W', 'heat', 'W']],
    ['water', undefined, ['L', 'water', 'L'], ['L/s', 'water', 'L/s']],
    ['gas', undefined, ['L', 'gas', 'L'], ['L/day', 'gas', 'L/day']],
    ['fuel', undefined, ['L', 'fuel', 'L'], ['L/s', 'fuel', 'L/s']],
    ['pellet', undefined, ['g', 'pellet', 'g'], ['g/s', 'pellet', 'g/s']],
    ['time', undefined, ['s', 'time', 's'], ['', 'time', 'none']],
    ['other', undefined, ['', 'other', 'count'], ['1/s', 'other', '1/s']],
    ['temperature', undefined, null, ['°C', 'temperature', '°C']],
    ['humidity', undefined, null, ['%', 'humidity', '%']],
    ['battery', undefined, null, ['V', 'battery', 'V']],
    ['light', undefined, null, ['lx', 'light', 'lx']],
    ['pressure', undefined, null, ['Pa', 'pressure', 'Pa']],
    ['error', undefined, null, ['', 'error', 'none']],
    ['movement', undefined, ['', 'movement', 'count'], ['', 'movement', 'none']],
    ['vibration', undefined, ['', 'vibration', 'count'], ['', 'vibration', 'none']],
    ['proximity', undefined, ['', 'proximity', 'count'], ['', 'proximity', 'none']]
  ]
  for (const [type, subtype, counter, gauge] of rows)
    for (const [what, wanted] of Object.entries({ counter, gauge }))
      if (wanted !== null)
        test(`${type} ${subtype ?? ''} ${what} in '${wanted[0]}' -> ${wanted[1]} in ${wanted[2]}`, () => {
          const config: Config = { id: SID, rid: 3, type, subtype, data_type: 'counter' }
          for (const unit of new Set([wanted[0], wanted[0] === '' ? 'none' : wanted[0]])) {
            const message = said(`/sensor/${SID}/${what}`, JSON.stringify([1656676352, 1.25, unit]))
            const block = message.what === 'counter' || message.what === 'gauge' ? readingOf(message, config, undefined) : null
            const value = (block?.value[0] ?? 0) / 10 ** (block?.scale ?? 0)
            expect([block?.kind, block?.register, block?.unit, value, block?.device]).toEqual([
              what.toUpperCase(),
              wanted[1],
              wanted[2],
              1.25,
              `${SID}/3`
            ])
          }
        })

  test('a sensor whose device says nothing goes on in the register and counter that the ledger has of it', () => {
    const message = said(COUNTER, '[1656676352,5210045,"Wh"]')
    const block = message.what === 'counter' ? readingOf(message, undefined, { register: '2.8.0', device: `${SID}/7` }) : null
    expect([block?.register, block?.device, block?.step]).toEqual(['2.8.0', `${SID}/7`, 1000])
  })
})
