import { expect, test } from 'vitest'
import { z } from 'zod'
import { checkYaml, openYaml, problemText, suggestion } from '../../schemas/problems.js'
import { Secret } from '../../schemas/secret.js'
import { loadSettings } from '../../schemas/settings.js'

const problems = (text: string): string[] => {
  const loaded = loadSettings(text, 'w.yaml')
  return 'problems' in loaded ? loaded.problems.map(problemText) : []
}

test('everything has a default', () => {
  for (const text of ['', '# nothing yet\n', '{}', 'http: {}\nlog: {}\n']) {
    expect(loadSettings(text, 'w.yaml'), text).toEqual({
      settings: {
        data: './data',
        http: { listen: [{ host: '127.0.0.1', port: 8080 }] },
        folders: [],
        log: { partitions: 4, segmentAfterDays: 35 },
        archive: { raw: true },
        limits: { upload: 2 * 1024 ** 3, body: 16 * 1024 ** 2 }
      }
    })
  }
})

test('what is written is read', () => {
  const loaded = loadSettings(
    "data: /srv/w\nhttp: { listen: ['0.0.0.0:80', '[::1]:8081'] }\nfolders:\n  - path: in\n    source: flukso\nlimits: { upload: 500 MB }",
    'w.yaml'
  )
  expect(loaded).toMatchObject({
    settings: {
      data: '/srv/w',
      http: {
        listen: [
          { host: '0.0.0.0', port: 80 },
          { host: '::1', port: 8081 }
        ]
      },
      folders: [{ path: 'in', source: 'flukso' }],
      limits: { upload: 5e8 }
    }
  })
})

const cases: [when: string, text: string, then: string][] = [
  [
    'a key is misspelt',
    'data: x\nlog:\n  partitons: 3\n',
    'w.yaml:3: log.partitons: nobody knows this key here. Did you mean "partitions"?'
  ],
  [
    'a key is unknown',
    'mqtt: x\n',
    'w.yaml:1: mqtt: nobody knows this key here. Known here: data, http, folders, log, archive, limits, flukso, rtu, influx, mail, webhooks, sftp, kafka, cassandra, schemaRegistry.'
  ],
  ['a number is none', 'log:\n  partitions: many\n', 'w.yaml:2: log.partitions: expected a whole number from 1 to 1024, found "many".'],
  ['a number is too small', '\n\nlog: { partitions: 0 }', 'w.yaml:3: log.partitions: expected a whole number from 1 to 1024, found 0.'],
  [
    'an address has no port',
    "http:\n  listen:\n    - '127.0.0.1:80'\n    - localhost",
    `w.yaml:4: http.listen[1]: expected an address and port such as 127.0.0.1:8080, found "localhost". Write 'address:port'; for every network of this machine, '0.0.0.0:8080'.`
  ],
  [
    'a port is too high',
    "http: { listen: ['a:70000'] }",
    `w.yaml:1: http.listen[0]: a port is a number up to 65535. Write 'address:port'; for every network of this machine, '0.0.0.0:8080'.`
  ],
  ['a folder has no path', 'folders:\n  - source: flukso', 'w.yaml:2: folders[0].path: is missing; expected a folder.'],
  [
    'folders is one text',
    'folders: ./in',
    'w.yaml:1: folders: expected a list of folders, found "./in". Write one line per folder: "- path: ./inbox".'
  ],
  [
    'a size is vague',
    'limits: { upload: big }',
    'w.yaml:1: limits.upload: expected a size such as 2 GiB, found "big". Write a whole number and B, kB, MB, GB, KiB, MiB, GiB or TiB.'
  ],
  ['a key stands twice', 'data: a\nlog: {}\ndata: b', 'w.yaml:3: a key stands here twice. Keep one of the two.'],
  ['it is not YAML', 'data: [', 'w.yaml:1: this is not YAML'],
  ['it is a list', '- a', 'w.yaml:1: expected keys with values, found a list.']
]
for (const [when, text, then] of cases) test(`named with line, key and mend: ${when}`, () => expect(problems(text)[0]).toContain(then))

test('a secret in place is refused and not repeated', () => {
  const schema = z.strictObject({ token: Secret })
  for (const text of ['token: hunter2', 'token: { value: hunter2 }', 'token: { hunter2: x }', 'token: [hunter2]']) {
    const checked = checkYaml(openYaml(text, 'w.yaml', 'core'), schema)
    const said = 'problems' in checked ? checked.problems.map(problemText).join('\n') : ''
    expect(said, text).toContain('environment variable')
    expect(said, text).not.toContain('hunter2')
  }
  expect(checkYaml(openYaml('token: { env: W_TOKEN }', 'w.yaml', 'core'), schema)).toEqual({ value: { token: { env: 'W_TOKEN' } } })
  expect(checkYaml(openYaml('token: { file: /run/t }', 'w.yaml', 'core'), schema)).toEqual({ value: { token: { file: '/run/t' } } })
})

test('suggestions', () => {
  expect(suggestion('ratedpower', ['ratedPower', 'dial'])).toBe('Did you mean "ratedPower"?')
  expect(suggestion('dail', ['ratedPower', 'dial'])).toBe('Did you mean "dial"?')
  expect(suggestion('colour', ['ratedPower', 'dial'])).toBe('Known here: ratedPower, dial.')
})

test('cluster mode is named whole, with its secrets elsewhere', () => {
  const loaded = loadSettings(
    "kafka: { brokers: ['k:9092'], login: { user: w, password: { env: KAFKA } }, tls: {} }\ncassandra: { nodes: ['c:9042'] }",
    'w.yaml'
  )
  expect(loaded).toMatchObject({
    settings: {
      kafka: { brokers: ['k:9092'], partitions: 24, replicas: 1, tls: {}, login: { mechanism: 'SCRAM-SHA-512' } },
      cassandra: { nodes: ['c:9042'], dataCenter: 'datacenter1', keyspace: 'wattledger', replicas: 1 }
    }
  })
  expect(problems("kafka: { brokers: ['k:9092'] }")[0]).toContain('cluster mode needs a cassandra block too')
  expect(problems("cassandra: { nodes: ['c:9042'] }")[0]).toContain('cluster mode needs a kafka block too')
  expect(problems("schemaRegistry: { url: 'http://r:8081' }")[0]).toContain('in cluster mode only')
  expect(problems("kafka: { brokers: ['k'] }\ncassandra: { nodes: ['c:9042'] }")[0]).toContain('expected a host and port')
  const told = problems("kafka: { brokers: ['k:9092'], login: { user: w, password: hunter2 } }\ncassandra: { nodes: ['c:9042'] }")
  expect(told.join()).not.toContain('hunter2')
})

test('a copy for analysts: hours and days of all points, unless it says otherwise; never the token itself', () => {
  const where = "url: 'http://i:8086', org: home, bucket: b"
  expect(loadSettings(`influx: { ${where}, token: { env: INFLUX } }`, 'w.yaml')).toMatchObject({
    settings: { influx: { grids: ['PT1H', 'P1D'], finer: [], gauges: true, batchRows: 5000, token: { env: 'INFLUX' } } }
  })
  expect(problems(`influx: { ${where}, token: hunter2 }`).join()).not.toContain('hunter2')
  const told = (more: string) => problems(`influx: { org: home, bucket: b, token: { env: I }, ${more} }`)[0]
  const url = "url: 'http://i:8086'"
  expect(told('gauges: true')).toContain('influx.url')
  expect(told("url: 'http://me:hunter2@i:8086'")).toContain('holds no user')
  expect(told("url: 'http://i:8086/?token=hunter2'")).toContain('holds no user')
  expect(told(`${url}, grids: [PT5M]`)).toContain('PT15M, PT1H, P1D, P1M')
  expect(told(`${url}, points: ['a*b']`)).toContain("Write it as 'flukso/*' or in full")
  expect(told(`${url}, batchRows: 0`)).toContain('expected a whole number from 1 to 50000')
})
