import { readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { openPlatform } from '../../main.js'
import { type Ended, run } from './child.js'
import { type Json, settingsFor, temporary } from './platform.js'

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 })

/** Half-days by command: a home of one sensor, in summer, silent for some minutes of the second day and all of the third. */
const SENSOR = 'a'.repeat(32)
const folder = temporary()
const data = join(folder, 'data')
const answers = new Map<string, string>()
let asked: (readonly [status: number, said: string])[] = []

const rowsBetween = (from: string, to: string): string[] => {
  const rows: string[] = []
  for (let ts = Date.parse(from); ts < Date.parse(to); ts += 8000) rows.push(`${SENSOR},d,${new Date(ts).toISOString()},${ts % 977}`)
  return rows
}

beforeAll(async () => {
  const platform = await openPlatform(settingsFor(data))
  const headers = { authorization: `Bearer ${platform.token}` }
  const members = [{ point: `flukso/${SENSOR}`, register: 'raw', tot: 1 }]
  for (const id of ['HOME01', 'EMPTY'])
    await platform.app.inject({
      ...{ method: 'PUT', url: `/v1/installations/${id}?dryRun=false`, headers },
      payload: { validFrom: '2022-01-01', zone: 'Europe/Brussels', members: id === 'EMPTY' ? [] : members }
    })
  const said = [
    ...rowsBetween('2022-06-30T21:00:00Z', '2022-07-02T12:00:00Z'),
    ...rowsBetween('2022-07-02T12:10:00Z', '2022-07-02T22:00:00Z')
  ]
  await platform.app.inject({
    ...{ method: 'POST', url: '/v1/files?name=raw.csv', headers: { ...headers, 'content-type': 'application/octet-stream' } },
    payload: `sensor_id,day,ts,power\n${said.join('\n')}\n`
  })
  for (const [day, half] of [
    ['2022-07-01', 'AM'],
    ['2022-07-02', 'PM']
  ]) {
    const { payload, headers: told } = await platform.app.inject({ url: `/v1/installations/HOME01/half-days/${day}/${half}`, headers })
    answers.set(`HOME01_${day}_${half}.csv`, payload)
    expect(told['content-disposition']).toBe(`attachment; filename="HOME01_${day}_${half}.csv"`)
  }
  let people = 0
  const ask = async (point: string, path: string, from: string | null = null) => {
    const { payload } = await platform.app.inject({
      ...{ method: 'POST', url: '/v1/access', headers },
      payload: { name: `person-${people++}`, role: 'reader', grants: [{ point, from, to: null }] }
    })
    const authorization = `Bearer ${JSON.parse(payload).token}`
    const answer = await platform.app.inject({ url: `/v1/installations/${path}`, headers: { authorization } })
    return [answer.statusCode, answer.statusCode === 200 ? '' : answer.payload] as const
  }
  asked = await Promise.all([
    ask('installation/HOME01', 'HOME01/half-days/2022-07-01/AM'),
    ask('installation/HOME01', 'HOME01/half-days/2022-07-01/AM', '2022-07-01T00:00:00Z'),
    ask('installation/HOME01', 'HOME01/half-days/2022-07-02/PM', '2022-07-01T00:00:00Z'),
    ask('installation/EMPTY', 'HOME01/half-days/2022-07-01/AM'),
    ask('installation/EMPTY', 'NOBODY/half-days/2022-07-01/AM')
  ])
  await platform.close()
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const halfDays = (...args: string[]): Promise<Ended> => run(['half-days', '--data', data, ...args])
const filesIn = (out: string): string[] => readdirSync(join(folder, out)).sort()

test('writes what is known, a file a half-day, and says what is missing', async () => {
  const out = join(folder, 'out', 'new')
  const ended = await halfDays('--from', '2022-07-01', '--to', '2022-07-04', '--out', out, '--json')
  expect([ended.code, ended.stderr]).toEqual([0, expect.stringContaining('4 files in')])
  const told = ended.stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Json)
  expect(told.filter(({ installation }) => installation === 'EMPTY').every(({ file, known }) => file === null && known === 0)).toBe(true)
  expect(told.filter(({ installation }) => installation === 'HOME01').map(({ file, figures, known }) => [file, figures - known])).toEqual([
    ['HOME01_2022-07-01_AM.csv', 0],
    ['HOME01_2022-07-01_PM.csv', 0],
    ['HOME01_2022-07-02_AM.csv', 0],
    ['HOME01_2022-07-02_PM.csv', 3 * 75],
    [null, 3 * 5401],
    [null, 3 * 5399]
  ])
  expect(filesIn('out/new')).toEqual(told.flatMap(({ file }) => file ?? []))
  for (const [name, content] of answers) expect(readFileSync(join(out, name), 'utf8')).toBe(content)
  const lines = readFileSync(join(out, 'HOME01_2022-07-02_PM.csv'), 'utf8').split('\n')
  expect([lines.length, lines.filter((line) => line.endsWith(',,,')).length]).toEqual([5399 + 2, 75])
})

test('a household gets its own, and of others not even that they are there', () => {
  const refused = asked[4][1]
  expect(refused).toContain('not_found')
  expect(asked).toEqual([
    [200, ''],
    [404, refused],
    [200, ''],
    [404, refused],
    [404, refused]
  ])
})

test('only those that are asked for, cut where it is said', async () => {
  const out = join(folder, 'noon')
  const ended = await halfDays('--from', '2022-07-01', '--to', '2022-07-02', '--installations', 'HOME01', '--cut', 'noon', '--out', out)
  expect([ended.code, ended.stdout]).toEqual([0, 'HOME01_2022-07-01_AM.csv  whole\nHOME01_2022-07-01_PM.csv  whole\n'])
  expect(filesIn('noon').map((name) => readFileSync(join(out, name), 'utf8').split('\n').length - 2)).toEqual([5401, 5399])
  expect(readFileSync(join(out, 'HOME01_2022-07-01_AM.csv'), 'utf8')).toContain(',2022-07-01T10:00:00Z,')
})

test.each([
  [['--from', '2022-07-01', '--to', '2022-07-01'], /--to is the day after the last one/],
  [['--from', '1 July', '--to', '2022-07-01'], /are days, such as 2022-07-01/],
  [['--from', '2022-07-01', '--to', '2022-07-02', '--installations', 'HOME1'], /no installation "HOME1"\. There are: EMPTY, HOME01/],
  [['--from', '2022-07-01', '--to', '2022-07-02', '--cut', '11:00'], /10:00Z, noon/]
])('%j says what is wrong', async (args, said) => {
  const ended = await halfDays(...args, '--out', join(folder, 'none'))
  expect([ended.code, ended.stdout]).toEqual([1, ''])
  expect(ended.stderr).toMatch(said)
})
