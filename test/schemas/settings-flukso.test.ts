import { expect, test } from 'vitest'
import { problemText } from '../../schemas/problems.js'
import { loadSettings } from '../../schemas/settings.js'

const SID = 'fed676021dacaaf6a12a8dda7685be34'
const settings = (text: string) => {
  const loaded = loadSettings(text, 'w.yaml')
  return 'problems' in loaded ? loaded.problems.map(problemText) : loaded.settings
}

test('nobody is asked or heard unless the settings say so', () => {
  expect(settings('')).not.toHaveProperty('flukso')
  expect(settings('')).not.toHaveProperty('rtu')
  expect(settings('flukso: {}')).toMatchObject({ flukso: { mqtt: [] } })
})

test('one line is enough for each', () => {
  expect(
    settings("flukso: { http: {}, mqtt: [{ url: 'mqtt://192.168.1.20:1883' }] }\nrtu: [{ url: 'http://192.168.1.30' }]")
  ).toMatchObject({
    flukso: {
      http: { url: 'https://api.flukso.net', everyMinutes: 5, parallel: 8, sensors: [] },
      mqtt: [{ url: 'mqtt://192.168.1.20:1883' }]
    },
    rtu: [{ url: 'http://192.168.1.30', zone: 'Europe/Brussels', everyMinutes: 5 }]
  })
})

const cases: [when: string, text: string, then: RegExp][] = [
  [
    'a token stands in the file',
    `flukso: { http: { sensors: [{ sensor: ${SID}, token: ${SID} }] } }`,
    /token: expected \{ env: NAME \} or \{ file: PATH \}/
  ],
  [
    'a sensor is no id',
    'flukso: { http: { sensors: [{ sensor: clamp, token: { env: T } }] } }',
    /expected the id of a sensor: 32 hex digits, found "clamp"/
  ],
  ['an address holds a token', `flukso: { http: { url: 'https://api.flukso.net?token=${SID}' } }`, /tokens are named apart/],
  ['a broker’s address holds a password', "flukso: { mqtt: [{ url: 'mqtt://u:p@h' }] }", /named under login/],
  ['a broker is no broker', "flukso: { mqtt: [{ url: 'http://h' }] }", /expected an address such as mqtt:/],
  ['somebody asks all the time', 'flukso: { http: { everyMinutes: 0 } }', /expected minutes, such as 5, found 0/],
  ['an RTU has a path', "rtu: [{ url: 'http://h/rtui/index.html' }]", /an address holds no path/],
  ['an RTU lives nowhere', "rtu: [{ url: 'http://h', zone: Mars }]", /time zone such as Europe\/Brussels/]
]
for (const [when, text, then] of cases)
  test(`${when}: a sentence that does not repeat a secret`, () => {
    const [said] = settings(text) as string[]
    expect(said).toMatch(then)
    if (when.includes('token')) expect(said).not.toContain(SID)
  })
