import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { runCli } from '../../api/cli/program.js'
import type { Installation } from '../../schemas/generated.js'
import { slotAt, storedGrid } from '../../schemas/grid.js'
import { POWER_SCALE } from '../../schemas/installations.js'
import { Op, Quality } from '../../schemas/quality.js'
import { type Ledger, openLedger } from './ledger.js'

const ZONE = 'Europe/Brussels'
const SLOT_MS = 8_000
const { sign, missing } = JSON.parse(readFileSync('test/recorded/flukso/expected/alerts.json', 'utf8'))

let ledger: Ledger
let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'wattledger-checks-'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))
beforeEach(async () => {
  ledger = await openLedger({ now: Date.parse('2023-01-15T12:00:00Z') })
  return () => ledger.close()
})

const made = (installation: string, said: Partial<Installation> = {}): Installation => ({
  installation,
  validFrom: 0,
  knownAt: 1,
  deleted: false,
  name: '',
  zone: ZONE,
  latitude: null,
  longitude: null,
  members: [{ point: 'flukso/a', register: '1.8.0', tot: 1, prod: 0, ve: 0, cons: 1, label: '', device: '', startDate: '' }],
  ...said
})

const dayOf = (date: string) => slotAt(storedGrid('P1D'), ZONE, Date.parse(`${date}T12:00:00Z`))

/** Slots of the day that have a value, and its extremes in W, as the fold of installations stores them. */
interface Told {
  received: number
  low?: number
  high?: number
  night?: number
  /** Millionths of Wh. */
  cons?: number
  ve?: number
}

const store = async (installation: string, date: string, { received, low, high, night, cons, ve }: Told, rev = 1): Promise<void> => {
  const { start, end } = dayOf(date)
  const row = (register: string, amount: number) => ({
    point: `installation/${installation}`,
    register,
    unit: 'Wh',
    source: 'flukso',
    grid: 'P1D',
    scale: POWER_SCALE,
    beat: 0,
    rows: 1,
    start: [start],
    end: [end],
    amount: [amount],
    op: [Op.PUT],
    quality: [Quality.PARTIAL],
    coveredMs: [received * SLOT_MS],
    estimatedMs: [0],
    expected: [(end - start) / SLOT_MS],
    received: [received],
    rev: [rev],
    knownAt: [end]
  })
  /** W in a slot, in millionths of Wh. */
  const extreme = (register: string, watt: number | undefined) =>
    watt === undefined ? [] : [row(register, Math.trunc((watt * SLOT_MS) / 3.6))]
  const energy = (register: string, amount: number | undefined) => (amount === undefined ? [] : [row(register, amount)])
  await ledger.store.write({
    slots: [
      row('p_tot', 0),
      ...energy('p_cons', cons),
      ...energy('p_ve', ve),
      ...extreme('p_cons.low', low),
      ...extreme('p_prod.high', high),
      ...extreme('p_prod.night', night)
    ]
  })
}

type Json = ReturnType<typeof JSON.parse>
const ask = async (query: string, headers = ledger.as('admin')): Promise<Json> => {
  const answer = await ledger.app.inject({ url: `/v1/installations/checks?${query}`, headers })
  return { code: answer.statusCode, ...answer.json() }
}
const found = async (query: string, headers = ledger.as('admin')): Promise<[string, string, string, number][]> =>
  (await ask(query, headers)).checks.map(({ installation, day, rule, value }: Json) => [installation, day, rule, value])
const only = (date: string): string => `from=${date}&to=${new Date(Date.parse(date) + 86_400_000).toISOString().slice(0, 10)}`

describe('A13: signs', () => {
  for (const { name, rows, required } of sign.filter((each: { rows?: unknown }) => each.rows !== undefined))
    test(name, async () => {
      ledger.installationRows.push(made('HOME'))
      const prods = rows.map((row: { p_prod: number }) => row.p_prod)
      const nights = rows.filter((row: { night: boolean }) => row.night).map((row: { p_prod: number }) => row.p_prod)
      await store('HOME', '2022-07-02', {
        received: 10_800,
        low: Math.min(...rows.map((row: { p_cons: number }) => row.p_cons)),
        high: Math.max(...prods),
        night: nights.length === 0 ? undefined : nights.reduce((a: number, b: number) => (Math.abs(b) > Math.abs(a) ? b : a))
      })
      const rules = (await found(`rule=sign&${only('2022-07-02')}`)).map(([, , rule]) => rule)
      expect({
        cons_neg: rules.includes('sign-consumption'),
        prod_pos: rules.includes('sign-production'),
        pv_night: rules.includes('production-at-night'),
        alert: rules.length > 0
      }).toEqual(required)
    })
})

describe('A14: missing', () => {
  for (const { name, day, valid_slots, required } of missing)
    test(name, async () => {
      ledger.installationRows.push(made('HOME'))
      if (valid_slots > 0) await store('HOME', day, { received: valid_slots })
      expect(await found(`rule=missing&${only(day)}`)).toEqual(required.alert ? [['HOME', day, 'missing', required.percent]] : [])
    })
})

test('V14: more in vehicles than in all', async () => {
  ledger.installationRows.push(made('HOME'))
  const [whole, wattHours] = [10_800, 1_000_000]
  await store('HOME', '2022-07-01', { received: whole, cons: 10_000 * wattHours, ve: 11_000 * wattHours })
  await store('HOME', '2022-07-02', { received: whole, cons: 10_000 * wattHours, ve: 9000 * wattHours })
  expect(await found('rule=conservation&from=2022-07-01&to=2022-07-03')).toEqual([['HOME', '2022-07-01', 'conservation', 11]])
})

describe('which days, and whose', () => {
  beforeEach(async () => {
    ledger.installationRows.push(made('HOME01'), made('HOME02', { validFrom: dayOf('2022-07-02').start }), made('EMPTY', { members: [] }))
    await store('HOME01', '2022-07-01', { received: 10_800, low: -3150, high: 1800 })
    await store('HOME01', '2022-07-03', { received: 5400 })
    await store('HOME02', '2022-07-02', { received: 10_800 })
  })
  const days = 'from=2022-07-01&to=2022-07-04'

  test('silent days miss everything; before it has members nothing is missing', async () => {
    expect(await found(`rule=missing&${days}`)).toEqual([
      ['HOME01', '2022-07-02', 'missing', 100],
      ['HOME01', '2022-07-03', 'missing', 50],
      ['HOME02', '2022-07-03', 'missing', 100]
    ])
  })

  test('A11: a swapped clamp shows in both, with its threshold and words', async () => {
    expect((await ask(`rule=sign&${days}`)).checks).toEqual([
      {
        installation: 'HOME01',
        day: '2022-07-01',
        rule: 'sign-consumption',
        value: -3150,
        threshold: -15,
        unit: 'W',
        text: 'Consumption was down to -3150 W: a sign is wrong in the installation.'
      },
      expect.objectContaining({ rule: 'sign-production', value: 1800, threshold: 15 })
    ])
    expect((await found(days)).length).toBe(5)
  })

  test('the newest revision of a day counts, and today is not over', async () => {
    await store('HOME01', '2022-07-03', { received: 10_800 }, 2)
    expect(await found(`rule=missing&installation=HOME01&${days}`)).toEqual([['HOME01', '2022-07-02', 'missing', 100]])
    expect(await found('rule=missing&installation=HOME01&from=2023-01-14&to=2023-01-20')).toEqual([
      ['HOME01', '2023-01-14', 'missing', 100]
    ])
  })

  test('a household sees its own, and only days that are open to it as a whole', async () => {
    const point = 'installation/HOME01'
    const home = ledger.as('reader', [{ point, from: null, to: null }])
    expect(new Set((await found(days, home)).map(([id]) => id))).toEqual(new Set(['HOME01']))
    expect((await found(`installation=HOME01&installation=HOME01&${days}`, home)).length).toBe(4)
    const answers = await Promise.all(
      ['HOME02', 'NOBODY', 'HOME01&installation=HOME02'].map((id) => ask(`installation=${id}&${days}`, home))
    )
    for (const answer of answers) expect([answer.code, answer.error]).toEqual([404, answers[0].error])
    const part = ledger.as('reader', [{ point, from: dayOf('2022-07-02').start + 1, to: null }])
    expect(await found(days, part)).toEqual([['HOME01', '2022-07-03', 'missing', 50]])
    expect(await found(days, ledger.as('reader'))).toEqual([])
  })

  test('wrong requests say what is wrong', async () => {
    const wrong: [query: string, then: string][] = [
      ['rule=silent&from=2022-07-01&to=2022-07-02', 'rule'],
      ['from=2022-07-01', 'to'],
      ['from=yesterday&to=2022-07-02', 'write a day'],
      ['from=2022-07-02&to=2022-07-02', 'ends before it begins'],
      ['from=2020-07-02&to=2022-07-02', 'ask for at most 400'],
      ['from=2022-07-01&to=2022-07-02&installation=a/b', 'letters, digits']
    ]
    for (const [query, then] of wrong) {
      const answer = await ask(query)
      expect([answer.code, JSON.stringify(answer.error)], query).toEqual([400, expect.stringContaining(then)])
    }
  })

  describe('wattledger alerts', () => {
    let url: string
    beforeEach(async () => {
      await ledger.app.listen({ host: '127.0.0.1', port: 0 })
      url = `http://127.0.0.1:${(ledger.app.server.address() as AddressInfo).port}`
    })
    /** A command against the ledger as another process's, with what it says. */
    const run = async (...args: string[]): Promise<{ code: number; out: string; err: string }> => {
      const [said, wrong] = [process.stdout, process.stderr].map((stream) => vi.spyOn(stream, 'write').mockReturnValue(true))
      const token = ledger.as('admin').authorization.replace('Bearer ', '')
      const never = () => {
        throw new Error('Nobody asks for this.')
      }
      try {
        const workshop = { open: async () => ({ url, token }), start: never, rules: never, files: never }
        const code = await runCli(['node', 'wattledger', 'alerts', ...args, '--data', folder], workshop)
        const text = (spy: typeof said) => spy.mock.calls.map(([each]) => String(each)).join('')
        return { code, out: text(said), err: text(wrong) }
      } finally {
        said.mockRestore()
        wrong.mockRestore()
      }
    }
    const range = ['--from', '2022-07-01', '--to', '2022-07-04']

    test('a table for people, and a line an object for programs', async () => {
      const { code, out } = await run('--rule', 'missing', ...range, '--installations', 'HOME01,HOME02')
      expect([code, out.split('\n').map((line) => line.trim().split(/ {2,}/).slice(0, 6))]).toEqual([
        0,
        [
          ['installation', 'day', 'rule', 'value', 'threshold', 'unit'],
          expect.anything(),
          ['HOME01', '2022-07-02', 'missing', '100', '10', '%'],
          ['HOME01', '2022-07-03', 'missing', '50', '10', '%'],
          ['HOME02', '2022-07-03', 'missing', '100', '10', '%'],
          ['']
        ]
      ])
      const lines = (await run('--rule', 'sign', ...range, '--json')).out.trim().split('\n')
      expect(lines.map((line) => JSON.parse(line).value)).toEqual([-3150, 1800])
      expect((await run('--rule', 'sign', ...range, '--installations', 'HOME02')).out).toBe('Nothing is wrong with those days.\n')
    })

    test('what was told is asked for as before', async () => {
      expect((await run('--rule', 'missing')).out).toBe('No such alerts.\n')
      expect((await run('--rule', 'missing', ...range, '--active')).out).toBe('No such alerts.\n')
    })

    test('what cannot be meant says what to write', async () => {
      for (const [args, then] of [
        [['--rule', 'sign'], 'say --from DAY and --to DAY'],
        [['--rule', 'missing', '--installations', 'HOME01', '--from', '2022-07-01'], 'say --from DAY and --to DAY'],
        [['--rule', 'jump', ...range, '--installations', 'HOME01'], '--rule missing, --rule sign or --rule conservation'],
        [['--rule', 'sign', ...range, '--active'], 'leave out --point, --active'],
        [['--rule', 'sign', ...range, '--installations', 'NOBODY'], 'No such installation']
      ] as const) {
        const { code, out, err } = await run(...args)
        expect([code, out, err], args.join(' ')).toEqual([1, '', expect.stringContaining(then)])
      }
    })
  })
})
