import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { request as httpRequest, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parquetReadObjects } from 'hyparquet'
import Papa from 'papaparse'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Op, Quality } from '../../schemas/quality.js'
import { HOUR, intervals, type Ledger, openLedger, pointRow, readings, START, slots, TOPIC, writeDay } from './ledger.js'

const DAY = 24 * HOUR
/** A name that a spreadsheet would run. */
const FORMULA = '=HYPERLINK("http://x","y")'

let ledger: Ledger
let headers: { authorization: string }
beforeAll(async () => {
  ledger = await openLedger()
  headers = ledger.as('admin')
  await writeDay(ledger.store, 'flukso/a')
  await writeDay(ledger.store, 'flukso/b', 12)
  await ledger.store.write({
    readings: [
      {
        block: readings('flukso/a', { at: [START + 30 * 60_000], value: [10_001], device: FORMULA, quality: [Quality.NO_DATA] }),
        position: { topic: TOPIC, partition: 0, offset: 8 }
      }
    ]
  })
})
afterAll(() => ledger.close())

type Row = Record<string, string>
const ask = (query: string, as = headers, of = ledger) => of.app.inject({ url: `/v1/export?${query}`, headers: as })
const got = async (query: string, as = headers): Promise<Buffer> => {
  const answer = await ask(query, as)
  expect(answer.statusCode, answer.body.slice(0, 300)).toBe(200)
  return answer.rawPayload
}
/** Rows of a CSV, its last line checked and taken off. */
const csvRows = (body: Buffer): Row[] => {
  const { data, errors } = Papa.parse<Row>(body.toString(), { header: true, skipEmptyLines: true })
  expect(errors).toEqual([])
  const end = data.pop()!
  expect([end.point, Number(end.register)]).toEqual(['#end', data.length])
  return data
}
const jsonRows = (body: Buffer): Record<string, unknown>[] => {
  const lines = body
    .toString()
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))
  expect(lines.pop()).toEqual({ end: { rows: lines.length } })
  return lines
}
const parquetRows = (body: Buffer): Promise<Record<string, unknown>[]> =>
  parquetReadObjects({ file: body.buffer.slice(body.byteOffset, body.byteOffset + body.length) as ArrayBuffer })
const MARCH = 'from=2024-03-01&to=2024-03-02'

describe('three formats, the same rows', () => {
  test('an hour, column by column', async () => {
    const [, row] = csvRows(await got(`point=flukso/a&${MARCH}`))
    expect(row).toEqual({
      point: 'flukso/a',
      register: '1.8.0',
      unit: 'Wh',
      grid: 'PT1H',
      zone: 'Europe/Madrid',
      start_utc: '2024-03-01T00:00:00.000Z',
      end_utc: '2024-03-01T01:00:00.000Z',
      start_local: '2024-03-01T01:00:00+01:00',
      kwh: '1.000000',
      amount_milli: '1000000',
      quality: 'RAW',
      completeness: '1',
      covered_ms: String(HOUR),
      estimated_ms: '0',
      expected_readings: '',
      received_readings: '1'
    })
  })

  for (const grid of ['PT1H', 'PT5M', 'P1D', 'intervals', 'readings']) {
    test(`${grid}: CSV, JSON lines and Parquet say the same`, async () => {
      const query = `${MARCH}&grid=${grid}`
      const json = jsonRows(await got(`${query}&format=jsonl`))
      const csv = csvRows(await got(`${query}&format=csv`))
      expect(json.length).toBeGreaterThan(0)
      expect(json.map((row) => Object.values(row).map((cell) => (cell === null ? '' : String(cell).replace(/^=/, "'="))))).toEqual(
        csv.map((row) => Object.values(row))
      )
      const typed = await parquetRows(await got(`${query}&format=parquet`))
      const decimals = ['kwh', 'value']
      const plain = (cell: unknown) => (cell instanceof Date ? cell.toISOString() : typeof cell === 'bigint' ? Number(cell) : cell)
      expect(typed.map((row) => Object.fromEntries(Object.entries(row).map(([name, cell]) => [name, plain(cell)])))).toEqual(
        json.map((row) => Object.fromEntries(Object.entries(row).filter(([name]) => !decimals.includes(name))))
      )
    })
  }

  test('the format by what the client accepts; a parameter wins', async () => {
    const type = async (accept: string, more = '') =>
      (await ask(`${MARCH}${more}`, { ...headers, accept } as typeof headers)).headers['content-type']
    expect(await type('*/*')).toBe('text/csv; charset=utf-8')
    expect(await type('text/html, application/x-ndjson;q=0.9')).toBe('application/x-ndjson')
    expect(await type('application/vnd.apache.parquet')).toBe('application/vnd.apache.parquet')
    expect(await type('application/x-ndjson', '&format=parquet')).toBe('application/vnd.apache.parquet')
  })

  test('nothing in the range: heads and ends', async () => {
    const query = 'from=2020-01-01&to=2020-02-01'
    expect(csvRows(await got(query))).toEqual([])
    expect(jsonRows(await got(`${query}&format=jsonl`))).toEqual([])
    expect(await parquetRows(await got(`${query}&format=parquet`))).toEqual([])
  })

  test('a text that a spreadsheet would run is led by an apostrophe, in CSV only; what has no value has none', async () => {
    const rows = csvRows(await got(`point=flukso/a&${MARCH}&grid=readings`))
    const strange = rows.find(({ quality }) => quality === 'NO_DATA')!
    expect([strange.device, strange.value, strange.value_scaled]).toEqual([`'${FORMULA}`, '', ''])
    expect(rows[0]).toMatchObject({ source_unit: 'Wh', value: '1000.0', value_scaled: '10000', scale: '1', file: 'march.csv', line: '2' })
    const json = jsonRows(await got(`point=flukso/a&${MARCH}&grid=readings&format=jsonl`))
    expect(json.map(({ device }) => device)).toContain(FORMULA)
  })
})

describe('which rows', () => {
  const sums = (rows: Row[]) => {
    const found: Record<string, number> = {}
    for (const { point, amount_milli } of rows) found[point] = (found[point] ?? 0) + Number(amount_milli)
    return found
  }
  test('all points by name, or those that are named', async () => {
    expect(sums(csvRows(await got(MARCH)))).toEqual({ 'flukso/a': 24_000_000, 'flukso/b': 12_000_000 })
    expect(sums(csvRows(await got(`point=flukso/b&${MARCH}`)))).toEqual({ 'flukso/b': 12_000_000 })
    expect(sums(csvRows(await got(`point=flukso/b&point=flukso/a&register=1.8.0&${MARCH}`)))).toEqual({
      'flukso/a': 24_000_000,
      'flukso/b': 12_000_000
    })
  })

  test('grants: named strangers are not found, unnamed ones not there, and days are cut where the grant is', async () => {
    const reader = ledger.as('reader', [{ point: 'flukso/a', from: START + 2 * HOUR, to: START + 4 * HOUR }])
    expect(sums(csvRows(await got(MARCH, reader)))).toEqual({ 'flukso/a': 2_000_000 })
    expect(csvRows(await got(`${MARCH}&grid=P1D`, reader))).toEqual([])
    expect(csvRows(await got(`${MARCH}&grid=readings`, reader)).length).toBe(2)
    expect(csvRows(await got(`${MARCH}&grid=intervals`, reader)).length).toBe(2)
    expect((await ask(`point=flukso/b&${MARCH}`, reader)).statusCode).toBe(404)
    expect((await ask(MARCH, ledger.as('device'))).statusCode).toBe(403)
    expect((await ledger.app.inject({ url: `/v1/export?${MARCH}` })).statusCode).toBe(401)
  })

  test('as it was known', async () => {
    const point = 'flukso/revised'
    const first = intervals(point, [START, START + HOUR], [1000])
    const second = intervals(point, [START, START + HOUR], [2000], { rev: [2], knownAt: [START + 5 * DAY] })
    const latest = {
      point,
      register: '1.8.0',
      source: 'flukso',
      kind: 'COUNTER',
      unit: 'Wh',
      scale: 3,
      device: '',
      at: START,
      value: 1,
      quality: Quality.RAW,
      firstAt: START
    }
    await ledger.store.write({ intervals: [first, second], points: [pointRow(point)], latest: [latest] })
    const amount = async (more: string) => sums(csvRows(await got(`point=${point}&${MARCH}${more}`)))[point]
    expect(await amount('')).toBe(2000)
    expect(await amount('&asKnownAt=2024-03-02')).toBe(1000)
    expect(await amount('&asKnownAt=2024-03-02&grid=intervals')).toBe(1000)
  })

  test('mistakes are told before anything is sent', async () => {
    for (const [query, said] of [
      ['', 'from'],
      ['from=yesterday', 'is no instant'],
      ['from=2024-03-02&to=2024-03-01', 'ends before it begins'],
      [`${MARCH}&grid=PT7M`, 'PT7M'],
      [`${MARCH}&format=xlsx`, 'format'],
      [`${MARCH}&asKnownAt=never`, 'asKnownAt'],
      [`${MARCH}&zone=Mars/Olympus`, 'zone']
    ])
      expect([query, (await ask(query)).statusCode, (await ask(query)).json().error.message]).toEqual([
        query,
        400,
        expect.stringContaining(said)
      ])
    expect((await ask(`${MARCH}&register=9.9.9`)).json().error.message).toMatch(/register 9\.9\.9/)
  })
})

describe('over years', () => {
  const point = 'flukso/long'
  const QUARTER = HOUR / 4
  const DAYS = 800
  beforeAll(async () => {
    await ledger.store.write({ points: [pointRow(point)] })
    for (let day = 0; day < DAYS; day++) {
      const at = Array.from({ length: 97 }, (_, i) => START - DAYS * DAY + day * DAY + i * QUARTER)
      const milli = at.slice(1).map((_, i) => 1000 + ((day * 31 + i * 7) % 500))
      const block = intervals(point, at, milli)
      await ledger.store.write({
        intervals: [block],
        latest: [
          {
            point,
            register: '1.8.0',
            source: 'flukso',
            kind: 'COUNTER',
            unit: 'Wh',
            scale: 3,
            device: '',
            at: at[96],
            value: 1,
            quality: Quality.RAW,
            firstAt: at[0]
          }
        ]
      })
    }
  })

  test('every grid adds up to the same, and slots are those of the load curve', async () => {
    const range = 'from=2021-01-01&to=2025-01-01'
    const expected = (await ledger.app.inject({ url: `/v1/series?point=${point}&${range}&grid=P1D`, headers })).json()
    for (const grid of ['intervals', 'PT30M', 'PT6H', 'P1D', 'P1W', 'P1M', 'P1Y']) {
      const rows = csvRows(await got(`point=${point}&${range}&grid=${grid}`))
      expect([grid, rows.reduce((sum, { amount_milli }) => sum + Number(amount_milli), 0)]).toEqual([grid, expected.summary.milli])
      expect(new Set(rows.map(({ start_utc }) => start_utc)).size).toBe(rows.length)
      if (grid === 'P1D' || grid === 'P1Y') {
        const series = (await ledger.app.inject({ url: `/v1/series?point=${point}&${range}&grid=${grid}`, headers })).json()
        const shown = ({ start, kwh, quality, coveredMs, received }: Record<string, unknown>) =>
          [start, kwh, quality, coveredMs, received].map(String)
        expect(
          rows.map(({ start_utc, kwh, quality, covered_ms, received_readings }) => [start_utc, kwh, quality, covered_ms, received_readings])
        ).toEqual(series.rows.map(shown))
      }
    }
  })

  describe('over a socket', () => {
    let port: number
    beforeAll(async () => {
      await ledger.app.listen({ host: '127.0.0.1', port: 0 })
      port = (ledger.app.server.address() as AddressInfo).port
    })
    const open = (query: string): Promise<IncomingMessage> =>
      new Promise((resolve, reject) => {
        httpRequest({ host: '127.0.0.1', port, path: `/v1/export?${query}`, headers }, resolve)
          .on('error', reject)
          .end()
      })

    test('what breaks off in the middle is told from what ended: the answer is incomplete, and no end line is in it', async () => {
      const store = ledger.deps.store
      const whole = store.intervals.bind(store)
      let reads = 0
      store.intervals = async (...asked) => {
        if (++reads > 30) throw new Error('the disk is gone')
        return whole(...asked)
      }
      try {
        const response = await open(`point=${point}&from=2021-01-01&grid=intervals`)
        let body = ''
        const broke = (async () => {
          for await (const chunk of response) body += chunk
        })()
        await expect(broke).rejects.toThrow('aborted')
        expect(response.complete).toBe(false)
        expect(body.split('\r\n').length).toBeGreaterThan(100)
        expect(body).not.toContain('#end')
      } finally {
        store.intervals = whole
      }
    })

    test('a slow client holds back the reading; one that takes nothing is let go, and its place is free again', async () => {
      const store = ledger.deps.store
      const whole = store.intervals.bind(store)
      let reads = 0
      store.intervals = (...asked) => {
        reads++
        return whole(...asked)
      }
      ledger.deps.limits.idleMs = 1500
      try {
        const query = `point=${point}&from=2021-01-01&grid=PT1S&format=jsonl`
        const responses = await Promise.all([1, 2, 3, 4].map(() => open(query)))
        await sleep(500)
        const before = reads
        await sleep(500)
        // At the pace of whoever takes it: nothing is taken, nothing is read.
        expect(reads).toBe(before)
        const busy = await open(MARCH)
        expect(busy.statusCode).toBe(503)
        busy.resume()
        await sleep(2000)
        const free = await open(MARCH)
        expect(free.statusCode).toBe(200)
        free.resume()
        for (const response of responses) response.destroy()
      } finally {
        store.intervals = whole
        ledger.deps.limits.idleMs = undefined
      }
    })
  })
})

test('unknown energy has bounds, and a register of another unit no kWh', async () => {
  const point = 'flukso/water'
  const block = intervals(point, [START, START + HOUR], [7], { unit: 'L', op: [Op.UNKNOWN], high: [-1] })
  const latest = {
    ...{ point, register: '1.8.0', source: 'flukso', kind: 'COUNTER', unit: 'm3', scale: 3, device: '' },
    at: START,
    value: 1
  }
  await ledger.store.write({
    intervals: [block],
    slots: slots([block]),
    points: [pointRow(point)],
    latest: [{ ...latest, quality: Quality.RAW, firstAt: START }]
  })
  expect(csvRows(await got(`point=${point}&${MARCH}&grid=intervals`))).toMatchObject([
    { unit: 'L', kwh: '', amount_milli: '7', op: 'unknown', low_milli: '7', high_milli: '' }
  ])
  expect(csvRows(await got(`point=${point}&${MARCH}`))).toMatchObject([{ unit: 'L', kwh: '', amount_milli: '7', completeness: '0' }])
})

test('the notebook of docs/exports.md finds the ledger’s sums in a file', async () => {
  const text = readFileSync(new URL('../../docs/exports.md', import.meta.url), 'utf8')
  const [, snippet] = /```python\n(.*?)```/s.exec(text)!
  const folder = mkdtempSync(join(tmpdir(), 'wattledger-notebook-'))
  try {
    const query = 'point=flukso/a&point=flukso/b&from=2024-03-01&to=2024-04-01'
    writeFileSync(join(folder, 'march.csv'), await got(query))
    writeFileSync(join(folder, 'notebook.py'), snippet)
    const run = () => execFileSync('python3', ['notebook.py'], { cwd: folder, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
    const said = run()
    for (const point of ['flukso/a', 'flukso/b']) {
      const { summary } = (await ledger.app.inject({ url: `/v1/series?point=${point}&from=2024-03-01&to=2024-04-01`, headers })).json()
      expect(said).toContain(`${point} 1.8.0 ${summary.kwh} kWh`)
    }
    // A file that was cut is refused.
    writeFileSync(join(folder, 'march.csv'), (await got(query)).subarray(0, 3000))
    expect(run).toThrow(/not whole/)
  } finally {
    rmSync(folder, { recursive: true })
  }
})
