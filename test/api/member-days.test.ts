import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Installation, Member } from '../../schemas/generated.js'
import { expectedMembers } from '../../schemas/installations/expected.js'
import { versionsByName } from '../../schemas/installations/versions.js'
import { HOUR, intervals, type Ledger, openLedger, pointRow, START, slots } from './ledger.js'

/** Days are local days of Madrid from 1 March 2024 on; it is 4 March, 12:00. */
const DAY = 24 * HOUR
const NOW = START + 3 * DAY + 12 * HOUR
const SPAN = { from: '2024-03-01', to: '2024-03-06' }

const member = (point: string, said: Partial<Member> = {}): Member => ({
  ...{ point, register: '1.8.0', tot: 1, prod: 0, ve: 0, cons: 0, label: `Of ${point}`, device: 'FL1', startDate: '' },
  ...said
})
const version = (installation: string, validFrom: number, members: Member[]): Installation => ({
  ...{ installation, validFrom, knownAt: 1, deleted: false, name: '', zone: 'Europe/Madrid', latitude: null, longitude: null },
  members
})

let ledger: Ledger
beforeAll(async () => {
  ledger = await openLedger({ now: NOW })
  /** Read every hour from and to so many hours after START. */
  const write = async (point: string, from: number, to: number) => {
    const at = Array.from({ length: to - from + 1 }, (_, i) => START + (from + i) * HOUR)
    const block = intervals(point, at, at.slice(1).fill(1000))
    const latest = { point, register: '1.8.0', source: 'flukso', kind: 'COUNTER', unit: 'Wh', scale: 1, device: 'M1', value: 1, quality: 4 }
    await ledger.store.write({
      points: [pointRow(point)],
      intervals: [block],
      slots: slots([block]),
      latest: [{ ...latest, at: at[at.length - 1], firstAt: at[0] }]
    })
  }
  await write('flukso/full', 0, 84)
  await write('flukso/late', 30, 84)
  await write('flukso/silent', -30, -6)
  await write('flukso/alone', 0, 20)
  ledger.installationRows.push(
    version('HOME01', START - 10 * DAY, [member('flukso/full'), member('flukso/never'), member('flukso/late')]),
    version('HOME01', START + DAY, [member('flukso/full'), member('flukso/never'), member('flukso/late', { label: 'Renamed' })]),
    version('HOME02', 0, [member('flukso/silent')]),
    version(
      'GRPA01',
      0,
      ['full', 'never', 'late', 'silent'].map((name) => member(`flukso/${name}`, { label: 'Of the group' }))
    )
  )
})
afterAll(() => ledger.close())

// biome-ignore lint/suspicious/noExplicitAny: an answer, looked at as it came
const ask = async (query: Record<string, string> = {}, headers = ledger.as('admin')): Promise<any> =>
  (await ledger.app.inject({ url: `/v1/installations/completeness?${new URLSearchParams({ ...SPAN, ...query })}`, headers })).json()

test('worst first, also who is silent or never spoke; who is no member is not told', async () => {
  const answer = await ask()
  expect(answer.members.map((row: Record<string, unknown>) => [row.point, row.label, row.installations, row.last, row.days])).toEqual([
    ['flukso/never', 'Of flukso/never', ['HOME01', 'GRPA01'], null, [0, 0, 0, 0, null]],
    ['flukso/silent', 'Of flukso/silent', ['HOME02', 'GRPA01'], '2024-02-29T17:00:00.000Z', [0, 0, 0, 0, null]],
    // From its first reading on, at six in the morning of the second day.
    ['flukso/full', 'Of flukso/full', ['HOME01', 'GRPA01'], '2024-03-04T11:00:00.000Z', [1, 1, 1, 1, null]],
    ['flukso/late', 'Renamed', ['HOME01', 'GRPA01'], '2024-03-04T11:00:00.000Z', [null, 1, 1, 1, null]]
  ])
  expect(answer.totals).toEqual({ members: 4, complete: 2, missing: 2, missingMs: 2 * 84 * HOUR })
  expect([answer.days.length, answer.more]).toEqual([5, false])
  expect(await ask({ limit: '1' })).toMatchObject({ members: [{ point: 'flukso/never' }], more: true, totals: { members: 4 } })
})

test('one installation: its members for as long as they are; a StartDate says from when on something is expected', async () => {
  expect((await ask({ installation: 'HOME02' })).members.map(({ point }: { point: string }) => point)).toEqual(['flukso/silent'])
  ledger.installationRows.push(
    version('HOME03', 0, [
      member('flukso/late', { startDate: '2024-03-01' }),
      member('flukso/full', { startDate: '2024-03-03' }),
      member('flukso/none', { startDate: '2024-03-04' })
    ]),
    version('HOME03', START + 3 * DAY, [member('flukso/late', { startDate: '2024-03-01' })])
  )
  const { members } = await ask({ installation: 'HOME03' })
  expect(members.map(({ point, days, missingMs }: Record<string, unknown>) => [point, days, missingMs])).toEqual([
    ['flukso/late', [0, 0.75, 1, 1, null], 30 * HOUR],
    ['flukso/full', [null, null, 1, null, null], 0]
  ])
  expect(await ask({ installation: 'HOME99' })).toMatchObject({ error: { code: 'not_found' } })
})

test('nobody but an administrator, and no more than 400 days', async () => {
  const everything = ledger.as('reader', [{ point: '*', from: null, to: null }])
  expect(await ask({}, everything)).toMatchObject({ error: { code: 'forbidden' } })
  expect(await ask({ from: '2022-01-01' })).toMatchObject({ error: { code: 'bad_request' } })
})

test('members by the smallest installation that has them, in spans that are joined where they touch', () => {
  const rows = [
    version('BIG', 0, [member('a', { label: 'big' }), member('b')]),
    version('SMALL', 0, [member('a', { label: 'one' })]),
    version('SMALL', 10, [member('a', { label: 'two' })]),
    version('SMALL', 20, [])
  ]
  const [a] = expectedMembers(versionsByName(rows))
  expect(a).toMatchObject({ point: 'a', label: 'two', installations: ['SMALL', 'BIG'], spans: [{ from: 0, to: Number.POSITIVE_INFINITY }] })
  const [only] = expectedMembers(versionsByName(rows.slice(1)))
  expect(only).toMatchObject({ label: 'two', spans: [{ from: 0, to: 20 }], isDated: false })
})
