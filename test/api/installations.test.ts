import { readFileSync } from 'node:fs'
import pino from 'pino'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { readTabs, writeTabs } from '../../infra/workbook.js'
import type { Alert } from '../../schemas/generated.js'
import type { Tab } from '../../schemas/installations/tabs.js'
import { added, changed, SAMPLE, sampleTabs } from '../schemas/installations/sample.js'
import { HOUR, intervals, type Ledger, openLedger, START, slots, writeDay } from './ledger.js'

let ledger: Ledger
let admin: Record<string, string>
let lines: string[]
beforeEach(async () => {
  lines = []
  ledger = await openLedger({ logger: pino({ level: 'trace' }, { write: (line: string) => void lines.push(line) }) })
  admin = ledger.as('admin')
})
afterEach(() => ledger.close())

type Json = ReturnType<typeof JSON.parse>
const ask = async (method: 'GET' | 'PUT' | 'DELETE', url: string, payload?: object, headers = admin): Promise<Json> => {
  const answer = await ledger.app.inject({ method, url, headers, payload })
  return { code: answer.statusCode, ...answer.json() }
}
const bring = async (workbook: Tab[] | Buffer, query = '', name = 'Configuration01_20220701.xlsx'): Promise<Json> => {
  const payload = Buffer.isBuffer(workbook) ? workbook : await writeTabs(workbook)
  const headers = { ...admin, 'content-type': 'application/octet-stream' }
  const answer = await ledger.app.inject({ method: 'POST', url: `/v1/installations/workbook?name=${name}${query}`, headers, payload })
  return { code: answer.statusCode, ...answer.json() }
}
const texts = ({ changes }: Json): string[] => changes.map(({ text }: { text: string }) => text)
const said = ({ findings }: Json): string[] => findings.map(({ message }: { message: string }) => message)
const bearer = (secret: string) => ({ authorization: `Bearer ${secret}` })
const SID = 'b4524c86c05674eddf39c121532749e3'
const NEIGHBOUR = 'dd21a7a68c1627b8c4bd3122c331ef59'

test('a workbook: differences first, then entered, then nothing left to do', async () => {
  const dry = await bring(readFileSync(SAMPLE), '&dryRun=true')
  expect(dry).toMatchObject({ code: 200, applied: false, knownAt: null, validFrom: '2022-06-30T22:00:00.000Z', tokens: 12, findings: [] })
  expect(dry.people.map(({ name, isNew, installations, secret }: Json) => [name, isNew, installations, secret])).toEqual([
    ['HOME01', true, ['HOME01', 'GRPA01'], undefined],
    ['HOME02', true, ['HOME02', 'GRPA01'], undefined],
    ['HOME03', true, ['HOME03'], undefined],
    ['GRPA01', true, ['GRPA01'], undefined]
  ])
  expect([ledger.installationRows, ledger.registryRows, ledger.tokens.size]).toEqual([[], [], 0])
  const done = await bring(readFileSync(SAMPLE))
  expect(done).toMatchObject({ code: 200, applied: true, changes: dry.changes, tokens: 12 })
  expect(ledger.installationRows.map(({ installation, members }) => [installation, members.length])).toEqual([
    ['GRPA01', 10],
    ['HOME01', 4],
    ['HOME02', 6],
    ['HOME03', 2]
  ])
  expect(ledger.registryRows).toHaveLength(12)
  expect(ledger.registryRows.find(({ point }) => point === `flukso/${SID}`)!.installations).toEqual(['GRPA01', 'HOME01'])
  expect(ledger.tokens.get(SID)).toBe('da21a1695b81e77e1c8a9dde59046594')
  const again = await bring(readFileSync(SAMPLE))
  expect(again).toMatchObject({ applied: false, knownAt: null, changes: [], tokens: 0, people: [] })
  expect(ledger.registryRows).toHaveLength(12)
})

test('what people say of points as YAML takes no membership from them', async () => {
  await bring(sampleTabs('v1'))
  const headers = { ...admin, 'content-type': 'application/yaml' }
  const payload = `points: [{ point: 'flukso/${SID}', name: Kitchen }]`
  const entered = await ledger.app.inject({ method: 'POST', url: '/v1/registry', headers, payload })
  expect(texts(entered.json())).toEqual([`flukso/${SID}: changed: name "Kitchen"`])
  const rows = ledger.registryRows.length
  expect((await bring(sampleTabs('v2'))).changes).toHaveLength(2)
  expect(ledger.registryRows).toHaveLength(rows)
  const more = changed(sampleTabs('v2'), 'Export_InstallationSensors', 14, { InstallationId: 'GRPB01' })
  await bring(more)
  expect(ledger.registryRows.slice(rows)).toMatchObject([
    { point: `flukso/${SID}`, name: 'Kitchen', installations: ['GRPA01', 'GRPB01', 'HOME01'] }
  ])
})

test('with an error nothing is entered, and every error says where', async () => {
  const wrong = changed(changed(sampleTabs(), 'Export_InstallationSensors', 2, { Network: '2' }), 'Export_InstallationSensors', 9, {
    SensorId: 'x'
  })
  const dry = await bring(wrong, '&dryRun=true')
  expect(dry.findings.filter(({ level }: Json) => level === 'error').map(({ tab, row, column }: Json) => [tab, row, column])).toEqual([
    ['Export_InstallationSensors', 2, 'Network'],
    ['Export_InstallationSensors', 9, 'SensorId']
  ])
  const refused = await bring(wrong)
  expect([refused.code, refused.error.code, refused.error.issues.map(({ path }: Json) => path)]).toEqual([
    400,
    'bad_request',
    ['Export_InstallationSensors, row 2, Network', 'Export_InstallationSensors, row 9, SensorId']
  ])
  expect([ledger.installationRows, ledger.tokens.size, (await ask('GET', '/v1/access')).access.length]).toEqual([[], 0, 1])
  expect((await bring(Buffer.from('no'))).error.message).toMatch('This is not a workbook')
  expect((await bring(sampleTabs(), '', 'mine.xlsx')).error.message).toMatch('validFrom: say from when on it holds')
  expect(await bring(sampleTabs(), '&validFrom=2022-08-01&dryRun=true', 'mine.xlsx')).toMatchObject({
    validFrom: '2022-07-31T22:00:00.000Z'
  })
})

test('a new version holds from its day on, back to it when it lies in the past; later ones are told', async () => {
  await bring(sampleTabs('v1'))
  const v2 = await bring(sampleTabs('v2'), '', 'Configuration02_20220801.xlsx')
  expect(v2.changes.map(({ installation, validFrom, what }: Json) => [installation, validFrom, what])).toEqual([
    ['GRPA01', '2022-07-31T22:00:00.000Z', 'changed'],
    ['HOME01', '2022-07-31T22:00:00.000Z', 'changed']
  ])
  const back = await bring(sampleTabs('v2'))
  expect(texts(back)).toHaveLength(2)
  expect(said(back)).toEqual(['GRPA01', 'HOME01'].map((id) => `${id} has another version from 2022-08-01 on, which stays as it is`))
  const body = { validFrom: '2022-07-15', members: [] }
  expect(said(await ask('PUT', '/v1/installations/HOME01?dryRun=true', body))).toEqual([
    'HOME01 has another version from 2022-08-01 on, which stays as it is'
  ])
  const { installations } = await ask('GET', '/v1/installations')
  expect(
    installations.find(({ id }: Json) => id === 'HOME01').versions.map(({ validFrom, members }: Json) => [validFrom, members[2].prod])
  ).toEqual([
    ['2022-06-30T22:00:00.000Z', -1],
    ['2022-07-31T22:00:00.000Z', -1]
  ])
})

test('the export is the workbook again, without tokens', async () => {
  await bring(sampleTabs())
  const answer = await ledger.app.inject({ url: '/v1/installations/workbook', headers: admin })
  expect(answer.headers['content-type']).toBe('application/vnd.openxmlformats-officedocument.spreadsheetml.sheet')
  const [sensors, access, captions] = await readTabs(answer.rawPayload)
  const withoutTokens = sampleTabs()[0].rows.map((row, i) => (i === 0 ? row : [...row.slice(0, -1), '']))
  const sorted = (rows: Tab['rows']) => rows.map((row) => row.join()).sort()
  expect(sorted(sensors.rows.map((row) => [...row, ...Array(10 - row.length).fill('')]))).toEqual(sorted(withoutTokens))
  expect([sorted(access.rows), captions]).toEqual([sorted(sampleTabs()[1].rows), sampleTabs()[2]])
  expect(await bring(answer.rawPayload)).toMatchObject({ applied: false, changes: [], tokens: 0, people: [], findings: [] })
})

test('tokens and secrets are in no log and no other answer', async () => {
  const { people } = await bring(sampleTabs())
  const dumps = await Promise.all(
    ['/v1/installations', '/v1/registry', '/v1/access', '/v1/points'].map(
      async (url) => (await ledger.app.inject({ url, headers: admin })).body
    )
  )
  const everything = [...lines, ...dumps, JSON.stringify([ledger.installationRows, ledger.registryRows])].join('\n')
  expect(lines.length).toBeGreaterThan(0)
  for (const secret of [...people.map(({ secret }: Json) => secret), ...ledger.tokens.values()]) expect(everything).not.toContain(secret)
  expect(people.map(({ secret }: Json) => secret.length)).toEqual([46, 46, 46, 46])
})

test('people: who is new gets a secret that signs browsers in, who is known more grants; nobody loses any', async () => {
  const first = await bring(sampleTabs())
  const { secret } = first.people.find(({ name }: Json) => name === 'HOME03')
  const signIn = (code: string) => ledger.app.inject({ method: 'POST', url: '/v1/session', payload: { code } })
  for (const browser of ['phone', 'desk']) {
    const signedIn = await signIn(secret)
    expect([signedIn.statusCode, signedIn.json().name], browser).toEqual([200, 'HOME03'])
    const cookie = signedIn.cookies.map(({ name, value }) => `${name}=${value}`).join()
    const mine = await ledger.app.inject({ url: '/v1/installations', headers: { cookie } })
    expect(mine.json().installations.map(({ id }: Json) => id)).toEqual(['HOME03'])
    // What a browser holds signs no other browser in.
    expect((await signIn(signedIn.cookies[0].value)).statusCode).toBe(401)
  }
  const more = await bring(added(sampleTabs(), 'Export_Access', { Login: 'HOME03', InstallationId: 'GRPA01' }))
  expect(more.people).toEqual([{ name: 'HOME03', isNew: false, installations: ['GRPA01'] }])
  expect((await ask('GET', '/v1/installations', undefined, bearer(secret))).installations.map(({ id }: Json) => id)).toEqual([
    'GRPA01',
    'HOME03'
  ])
  const less = await bring(sampleTabs())
  expect([less.applied, said(less)]).toEqual([false, ['HOME03 may see GRPA01, which the tab does not say']])
  expect((await ask('GET', '/v1/installations', undefined, bearer(secret))).installations).toHaveLength(2)
  expect((await ask('DELETE', '/v1/access/HOME03')).revoked).toBe('HOME03')
  expect((await signIn(secret)).statusCode).toBe(401)
  expect((await ask('GET', '/v1/installations', undefined, bearer(secret))).code).toBe(401)
  const anew = await bring(sampleTabs())
  expect(anew.people.map(({ name, isNew }: Json) => [name, isNew])).toEqual([['HOME03', true]])
  expect(anew.people[0].secret).not.toBe(secret)
})

test('the owner of a name with another role gets no grants', async () => {
  const name = (await ask('GET', '/v1/access')).access[0].name
  const done = await bring(added(sampleTabs(), 'Export_Access', { Login: name, InstallationId: 'HOME01' }))
  expect([said(done), done.people.some((each: Json) => each.name === name)]).toEqual([
    [`${name} has the role admin here and gets no grants`],
    false
  ])
})

const registerOf = (point: string): string => (point.startsWith('installation/') ? 'p_tot' : '1.8.0')

const writePower = async (point: string): Promise<void> => {
  const hours = Array.from({ length: 25 }, (_, i) => START + i * HOUR)
  const power = intervals(
    point,
    hours,
    hours.slice(1).map(() => 1_000_000),
    { register: 'p_tot' }
  )
  await ledger.store.write({ slots: slots([power]).map((block) => ({ ...block, scale: 6 })) })
}

test('alerts of an installation are for who may see it', async () => {
  const { people } = await bring(sampleTabs())
  await ledger.store.write({ alerts: ['HOME01', 'HOME02', 'GRPA01', 'HOME99'].map((id) => alert(`installation/${id}`, START)) })
  const subjects = async (name: string) => {
    const { secret } = people.find((each: Json) => each.name === name)
    return (await ask('GET', '/v1/alerts', undefined, bearer(secret))).alerts.map(({ subject }: Json) => subject).sort()
  }
  expect([await subjects('HOME01'), await subjects('HOME02'), await subjects('HOME03'), await subjects('GRPA01')]).toEqual([
    ['installation/GRPA01', 'installation/HOME01'],
    ['installation/GRPA01', 'installation/HOME02'],
    [],
    ['installation/GRPA01']
  ])
})

test('nobody reads another’s installation: door by door', async () => {
  await writeDay(ledger.store, `flukso/${SID}`)
  await writeDay(ledger.store, `flukso/${NEIGHBOUR}`)
  for (const id of ['HOME01', 'HOME02', 'GRPA01']) await writePower(`installation/${id}`)
  const { people } = await bring(sampleTabs())
  await ledger.store.write({ installations: ledger.installationRows })
  const as = (name: string) => bearer(people.find((each: Json) => each.name === name).secret)
  const day = 'from=2024-03-01&to=2024-03-02'
  const doors = (point: string, register: string) => [
    `/v1/series?point=${point}&register=${register}&${day}`,
    `/v1/series?point=${point}&register=${register}&${day}&format=csv`,
    `/v1/latest?point=${point}`,
    `/v1/series?point=${point}&register=${register}&${day}&grid=intervals`,
    `/v1/export?point=${point}&${day}`,
    `/v1/explain?point=${point}&register=${register}&at=2024-03-01T10:00`,
    `/v1/explain?point=${point}&register=${register}&at=2024-03-01T10:00&grid=PT1H`,
    `/v1/compare?point=${point}&register=${register}&${day}`,
    `/v1/suspects?point=${point}&register=${register}`
  ]
  /** Power has fewer ways out than what a register counts. */
  const ways = (point: string) => (point.startsWith('installation/') ? 3 : 9)
  const open: Record<string, string[]> = {
    HOME01: ['installation/HOME01', 'installation/GRPA01', `flukso/${SID}`],
    HOME02: ['installation/HOME02', 'installation/GRPA01', `flukso/${NEIGHBOUR}`],
    HOME03: [],
    GRPA01: ['installation/GRPA01']
  }
  const points = ['installation/HOME01', 'installation/HOME02', 'installation/GRPA01', `flukso/${SID}`, `flukso/${NEIGHBOUR}`]
  for (const [name, theirs] of Object.entries(open)) {
    for (const point of points)
      for (const [i, url] of doors(point, registerOf(point)).entries()) {
        const answer = await ledger.app.inject({ url, headers: as(name) })
        if (theirs.includes(point) && i < ways(point)) expect(answer.statusCode, `${name} ${url}: ${answer.body}`).toBe(200)
        else if (!theirs.includes(point)) {
          const unknown = await ledger.app.inject({ url: doors('flukso/none', registerOf(point))[i], headers: as(name) })
          expect([answer.statusCode, answer.body.replaceAll(point, 'X')], `${name} ${url}`).toEqual([
            404,
            unknown.body.replaceAll('flukso/none', 'X')
          ])
        }
      }
    for (const url of ['/v1/points', `/v1/export?${day}`, '/v1/changes', '/v1/completeness', '/v1/alerts']) {
      const { body } = await ledger.app.inject({ url, headers: as(name) })
      for (const point of points) if (!theirs.includes(point)) expect(body, `${name} ${url}`).not.toContain(point)
    }
    for (const point of theirs.filter((each) => each.startsWith('installation/'))) {
      const answer = await ledger.app.inject({ url: doors(point, 'p_tot')[6], headers: as(name) })
      expect([answer.statusCode, answer.json().made.length], answer.body).toEqual([200, 1])
      // Through a group nobody learns what a neighbour's clamp counted, nor which it is.
      expect(answer.json().made[0].others === null, name).toBe(point !== 'installation/GRPA01')
      for (const sid of [SID, NEIGHBOUR]) if (!theirs.includes(`flukso/${sid}`)) expect(answer.body).not.toContain(sid)
    }
    const mine = (await ask('GET', '/v1/installations', undefined, as(name))).installations
    expect(mine.map(({ point }: Json) => point).sort()).toEqual(
      [...theirs.filter((point) => point.startsWith('inst')), ...(name === 'HOME03' ? ['installation/HOME03'] : [])].sort()
    )
    expect(JSON.stringify(mine)).not.toMatch(/members|versions|FL0000/)
  }
})

const alert = (subject: string, since: number): Alert => ({
  rule: 'missing',
  subject,
  register: '',
  source: 'flukso',
  state: 'firing',
  severity: 'warning',
  since,
  at: since,
  until: null,
  value: 12,
  threshold: 10,
  unit: '%',
  text: 'A tenth of the day is missing.',
  rows: [],
  occurrences: 1,
  reminders: 0,
  notify: true,
  expires: null,
  ackedBy: '',
  note: '',
  rev: 1,
  ruleVersion: 1,
  knownAt: since
})

const PV = { point: `flukso/${SID}`, register: '1.8.0', prod: 1, label: 'PV' }

test('one installation by hand, with the same checks', async () => {
  const put = (body: object, query = '') =>
    ask('PUT', `/v1/installations/HOME07${query}`, { validFrom: '2024-03-01', name: 'Chez nous', ...body })
  const dry = await put({ members: [PV] }, '?dryRun=true')
  expect(dry).toMatchObject({ code: 200, applied: false, changes: [{ installation: 'HOME07', what: 'added' }] })
  expect(said(dry)).toEqual(['"PV" of HOME07 has no partner "PV-" on the same device'])
  expect(await put({ members: [PV], latitude: 50.8, longitude: 4.3 })).toMatchObject({ applied: true })
  expect(ledger.installationRows).toEqual([
    expect.objectContaining({
      installation: 'HOME07',
      validFrom: Date.parse('2024-02-29T23:00:00Z'),
      zone: 'Europe/Brussels',
      latitude: 50.8
    })
  ])
  expect(ledger.registryRows[0]).toMatchObject({ point: `flukso/${SID}`, installations: ['HOME07'] })
  expect(await put({ members: [PV], latitude: 50.8, longitude: 4.3 })).toMatchObject({ applied: false, changes: [] })
  const wrong: [body: object, then: string][] = [
    [{ members: [PV, PV] }, 'has b4524c86c05674eddf39c121532749e3 in row 1 already'],
    [{ members: [{ ...PV, prod: 2 }] }, 'members.0.prod'],
    [{ members: [{ ...PV, point: 'flukso/kitchen' }] }, '32 hexadecimal digits'],
    [{ members: [{ ...PV, point: 'kitchen' }] }, 'members, row 1, point'],
    [{ members: [], zone: 'Mars/Crater' }, 'not a time zone'],
    [{ members: [], latitude: 50 }, 'say both, or neither'],
    [{ members: [], validFrom: 'soon' }, 'is no instant']
  ]
  for (const [body, then] of wrong) {
    const answer = await put(body)
    expect([answer.code, JSON.stringify(answer.error)], then).toEqual([400, expect.stringContaining(then)])
  }
  expect((await ask('PUT', '/v1/installations/a%2Fb', { validFrom: '2024-03-01', members: [] })).code).toBe(400)
  expect(ledger.installationRows).toHaveLength(1)
})

test('an installation ends, or a version of it is taken back', async () => {
  await bring(sampleTabs('v1'))
  await bring(sampleTabs('v2'), '', 'Configuration02_20220801.xlsx')
  const prod = async (at: string) => {
    const { rawPayload } = await ledger.app.inject({ url: `/v1/installations/workbook?at=${at}`, headers: admin })
    return (await readTabs(rawPayload))[0].rows.filter(([id]) => id === 'HOME01').map((row) => row[5])
  }
  expect([await prod('2022-07-15'), await prod('2022-08-15')]).toEqual([
    ['', '', '1', '-1'],
    ['', '', '-1', '1']
  ])
  expect(texts(await ask('DELETE', '/v1/installations/HOME01?version=2022-08-01'))).toEqual([
    expect.stringContaining('HOME01, from 2022-08-01 on: changed')
  ])
  expect(await prod('2022-08-15')).toEqual(['', '', '1', '-1'])
  expect(texts(await ask('DELETE', '/v1/installations/HOME01?from=2022-09-01'))).toEqual([
    'HOME01, from 2022-09-01 on: removed: no members any more; what was before stays'
  ])
  expect([await prod('2022-08-15'), await prod('2022-09-15')]).toEqual([['', '', '1', '-1'], []])
  for (const [query, code] of [
    ['HOME01?version=2022-08-01', 404],
    ['HOME01?from=2020-01-01', 404],
    ['HOME99?from=2022-01-01', 404],
    ['HOME01', 400],
    ['HOME01?from=2022-01-01&version=2022-07-01', 400]
  ] as const)
    expect((await ask('DELETE', `/v1/installations/${query}`)).code, query).toBe(code)
})

test('a sensor that the ledger knows by another register is told', async () => {
  await writeDay(ledger.store, `flukso/794b365d2cb1b7ddc9f26dd21c952d77`)
  const dry = await bring(sampleTabs(), '&dryRun=true')
  expect(said(dry)).toEqual(
    Array(2).fill('it is taken for register 2.8.0, and the ledger has 1.8.0 of flukso/794b365d2cb1b7ddc9f26dd21c952d77')
  )
})
