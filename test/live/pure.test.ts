import { randomBytes } from 'node:crypto'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { waitMs } from '../../api/client/backoff.js'
import type { Row } from '../../api/client/frames.js'
import { Table } from '../../api/client/table.js'
import { Backlog } from '../../api/live/backlog.js'
import { Congestion, Credit, RequestRate } from '../../api/live/credit.js'
import { readCursor, type Signed, writeCursor } from '../../api/live/cursor.js'
import { Entry } from '../../api/live/entry.js'
import { inWindows, newestRow } from '../../api/live/history.js'
import { type Positions, recordsBetween } from '../../api/live/positions.js'
import { Ring } from '../../api/live/ring.js'
import { keyOf, Newest, seriesOf, shaped } from '../../api/live/rows.js'
import { select } from '../../api/live/selection.js'
import { lookAgain, type Who } from '../../api/live/who.js'
import { isOwnOrigin, isOwnPage } from '../../api/origin.js'
import type { Identity } from '../../schemas/access.js'
import { decoding } from '../../schemas/decoding.js'
import { memorySchemaIds, Wire } from '../../schemas/wire.js'

const row = (said: Partial<Row>): Row => ({ k: 'a|1', s: 0, e: 1, v: 1, sc: 3, u: 'Wh', q: 'RAW', rev: 1, op: 'put', ...said })

test('cursors say what was written, and nothing else passes for one', () => {
  const key = randomBytes(32)
  const positions: Positions = { offsets: new Map([['t', [1, 0, 7]]]), into: { topic: 't', partition: 2, rows: 3 } }
  const signed: Signed = { kind: 'cursor', epoch: 'e', who: 'w', selection: 's', positions }
  const text = writeCursor(key, signed)
  expect(readCursor(key, text)).toEqual(signed)
  const page: Signed = { ...signed, kind: 'page', page: { k: 'a|1', at: -5, skip: 2 } }
  expect(readCursor(key, writeCursor(key, page))).toEqual(page)
  expect(readCursor(randomBytes(32), text)).toBeNull()
  for (const other of ['', '.', 'a.b', `${text}.x`, text.slice(1), text.slice(0, -2), text.replace('.', '')])
    expect(readCursor(key, other)).toBeNull()
  fc.assert(fc.property(fc.string(), (anything) => readCursor(key, anything) === null))
})

test('what is no record has no rows, and ends nobody’s subscription', async () => {
  const decode = decoding(await Wire.open(memorySchemaIds()))
  const record = { topic: 't', partition: 0, offset: 7, key: 'p', value: Buffer.from('{"kWh": 1}') }
  for (const measure of ['readings', 'intervals', 'slots'] as const)
    expect((await new Entry('t', 0, measure, record).read(decode)).rows).toEqual([])
})

test('how far a cursor lies behind', () => {
  const ends = new Map([['t', [5, 5]]])
  const behind = (...offsets: number[]) => recordsBetween({ offsets: new Map([['t', offsets]]) }, ends)
  expect([behind(5, 5), behind(1, 5), behind(0, 0), behind(6, 5), behind(5)]).toEqual([0, 4, 10, null, null])
  expect(recordsBetween({ offsets: new Map() }, ends)).toBeNull()
})

test('credit is never overdrawn', () => {
  fc.assert(
    fc.property(fc.nat(1000), fc.array(fc.tuple(fc.boolean(), fc.nat(1000))), (first, steps) => {
      const credit = new Credit(first)
      let granted = first
      let taken = 0
      for (const [grant, rows] of steps) {
        if (grant) {
          credit.grant(rows)
          granted += rows
        } else taken += credit.take(rows)
      }
      return taken <= granted && credit.left === granted - taken
    })
  )
})

test('requests: a burst, then so many a second', () => {
  const rate = new RequestRate(50, 100, 0)
  for (let i = 0; i < 100; i++) expect(rate.take(0)).toBe(0)
  expect(rate.take(0)).toBe(20)
  expect(rate.take(20)).toBe(0)
  expect(rate.take(20)).toBe(20)
  expect(rate.take(10_000)).toBe(0)
})

test('congestion: told after a second, stuck after ten, forgiven as soon as something was read', () => {
  const look = new Congestion({ softBytes: 100, laggingMs: 1000, stuckMs: 10_000 })
  expect(look.look(100, 0)).toBe('clear')
  expect([look.look(101, 10), look.look(101, 1010), look.since]).toEqual(['full', 'lagging', 10])
  expect(look.look(101, 9000)).toBe('lagging')
  expect(look.look(101, 10_010)).toBe('stuck')
  look.clear()
  expect(look.look(101, 10_020)).toBe('full')
})

test('a ring gives all that it says it has, and null for what is older', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.integer({ min: 1, max: 3 }), fc.nat(50)), { minLength: 1, maxLength: 200 }),
      fc.nat(400),
      (steps, from) => {
        const ring = new Ring<{ offset: number; bytes: number }>(0, { records: 20, bytes: 600 })
        const all: { offset: number; bytes: number }[] = []
        let offset = 0
        for (const [gap, bytes] of steps) {
          offset += gap
          all.push({ offset, bytes })
          ring.push({ offset, bytes })
        }
        const given = ring.from(from, 1000)
        expect(ring.end).toBe(offset + 1)
        expect(ring.bytes).toBeLessThanOrEqual(800)
        if (given) expect(given).toEqual(all.filter((each) => each.offset >= from))
      }
    )
  )
})

test('a backlog sends every row once, and its position is always that of the first row left', () => {
  fc.assert(
    fc.property(
      fc.array(fc.nat(6), { maxLength: 12 }),
      fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 60, maxLength: 60 }),
      (sizes, grants) => {
        const backlog = new Backlog()
        const all: number[] = []
        const records = sizes.map((size, offset) => {
          const rows = Array.from({ length: size + 1 }, () => all.push(all.length) - 1)
          return { record: { topic: 't', partition: offset % 2, offset }, rows }
        })
        for (const { record, rows } of records) backlog.add({ record, rows: rows.map((s) => shaped(row({ s }))) })
        const sent: number[] = []
        const credit = new Credit(0)
        for (const grant of grants) {
          credit.grant(grant)
          sent.push(...backlog.next(3, credit).map((each) => each.row.s))
          const position: Positions = { offsets: new Map([['t', [100, 100]]]) }
          backlog.stepBack(position)
          // Who starts again from the position gets exactly what has not been sent.
          const left = records.flatMap(({ record, rows }) => {
            if (record.offset < position.offsets.get('t')![record.partition]) return []
            const isInto = position.into?.partition === record.partition && position.offsets.get('t')![record.partition] === record.offset
            return isInto ? rows.slice(position.into!.rows) : rows
          })
          expect([...sent, ...left].sort((a, b) => a - b)).toEqual(all)
        }
        expect(sent).toEqual(all)
        expect(backlog.empty).toBe(true)
      }
    )
  )
})

test('a table: the higher rev wins, withdrawn removes, in any order', () => {
  const rows = [
    row({ rev: 1, v: 1 }),
    row({ rev: 2, op: 'withdrawn' }),
    row({ rev: 3, v: 3 }),
    row({ s: 5, rev: 1 }),
    row({ s: 5, rev: 4, op: 'withdrawn' })
  ]
  fc.assert(
    fc.property(fc.shuffledSubarray(rows, { minLength: rows.length }), (order) => {
      const table = new Table()
      for (const each of order) table.apply([each])
      return JSON.stringify(table.rows()) === JSON.stringify([rows[2]]) && table.size === 1
    })
  )
})

test('newest keeps one row a series', () => {
  const newest = new Newest()
  newest.add([row({ s: 2 }), row({ s: 1, rev: 9 }), row({ s: 2, rev: 2, v: 7 }), row({ k: 'b|1' })].map(shaped))
  expect(newest.take(5).map(({ row: { k, s, v } }) => [k, s, v])).toEqual([
    ['a|1', 2, 7],
    ['b|1', 0, 1]
  ])
  expect(newest.size).toBe(0)
})

test('series names', () => {
  expect(seriesOf(keyOf('flukso/a|b', '1.8.0/share'))).toEqual({ point: 'flukso/a|b', register: '1.8.0/share' })
  for (const wrong of ['', 'a', '|', 'a|', '|1']) expect(seriesOf(wrong)).toBeNull()
})

test('selections are clipped by grants, and hash what they hold', () => {
  const ana: Identity = { name: 'ana', role: 'reader', grants: [{ who: 'ana', point: 'p', from: 10, to: 20 }] }
  const asked = { points: ['p'], registers: ['1'], measure: 'slots' }
  const mine = select(asked, { grid: 'PT1H' }, ana, [])
  expect([mine.has('p', '1'), mine.has('p', '2'), mine.has('q', '1')]).toEqual([true, false, false])
  expect([mine.shows('p', 10, 20), mine.shows('p', 9, 12), mine.shows('p', 12, 21), mine.shows('q', 12, 13)]).toEqual([
    true,
    false,
    false,
    false
  ])
  expect(() => select({ ...asked, points: ['p', 'q'] }, { grid: null }, ana, [])).toThrow('No such point')
  const members = [
    { point: 'p', register: '2', tot: 1, prod: 0, ve: 0, cons: 0, label: '', device: '', startDate: '' },
    { point: 'q', register: '1', tot: 1, prod: 0, ve: 0, cons: 0, label: '', device: '', startDate: '' }
  ]
  const house = {
    installation: 'house',
    validFrom: 0,
    knownAt: 0,
    deleted: false,
    name: '',
    zone: 'UTC',
    latitude: null,
    longitude: null,
    members
  }
  const owner = { ...ana, grants: [...ana.grants, { who: 'ana', point: 'installation/house', from: null, to: null }] }
  const group = select({ group: 'house', measure: 'intervals' }, { grid: null }, owner, [house])
  expect([group.has('p', '2'), group.has('p', '1'), group.has('q', '1')]).toEqual([true, false, false])
  // A clamp of theirs in somebody else's house does not tell that there is such a house.
  for (const measure of ['slots', 'power'])
    for (const who of [ana, { ...ana, grants: [] }])
      for (const name of ['none', 'house'])
        expect(() => select({ installations: [name], measure }, { grid: 'PT1H' }, who, [house])).toThrow(
          `No such installation, or it is not open to you: ${name}.`
        )
  const closed = { ...owner, grants: owner.grants.slice(1) }
  expect(() => select({ group: 'house', measure: 'slots' }, { grid: 'PT1H' }, closed, [house])).toThrow('no member that is open')
  const hashes = [
    mine,
    group,
    select(asked, { grid: 'P1D' }, ana, []),
    select({ ...asked, registers: undefined }, { grid: 'PT1H' }, ana, []),
    select(asked, { grid: 'PT1H' }, { ...ana, grants: [{ ...ana.grants[0], to: 21 }] }, [])
  ].map(({ hash }) => hash)
  expect(new Set(hashes).size).toBe(hashes.length)
  expect(select(asked, { grid: 'PT1H' }, { ...ana, grants: [...ana.grants] }, []).hash).toBe(mine.hash)
})

test('windows give every row once, whatever their density', async () => {
  for (const step of [1000, 60_000, 3_600_000, 86_400_000 * 30]) {
    const count = Math.min(20_000, Math.floor((86_400_000 * 900) / step))
    const window = async (from: number, to: number) => {
      const rows: Row[] = []
      for (let i = Math.max(0, Math.ceil(from / step)); i < count && i * step < to; i++) rows.push(row({ s: i * step }))
      return rows
    }
    const found: number[] = []
    for await (const rows of inWindows(window, -86_400_000 * 400, 86_400_000 * 1300, 86_400_000)) found.push(...rows.map(({ s }) => s))
    expect(found).toEqual(Array.from({ length: count }, (_, i) => i * step))
    const span = { from: -86_400_000 * 400, to: 86_400_000 * 1300 }
    for (const around of [count * step, 0, Number.POSITIVE_INFINITY])
      expect((await newestRow(window, span, around, 86_400_000))?.s).toBe((count - 1) * step)
    expect(await newestRow(async () => [], span, 0, 1000)).toBeNull()
  }
})

test('origins', () => {
  const own = (origin?: string, others?: string[]) => isOwnOrigin({ origin, host: 'h:1' }, others)
  expect([own(), own('http://h:1'), own('https://H:1')]).toEqual([true, true, true])
  expect([own('http://h:2'), own('null'), own('x'), own('http://h:1.evil')]).toEqual([false, false, false, false])
  expect(own('https://page', ['https://page'])).toBe(true)
})

test('a page of ours is vouched for by the browser, or it is none', () => {
  const vouched = (origin?: string, site?: string) => isOwnPage({ origin, host: 'h:1', 'sec-fetch-site': site })
  expect([vouched('http://h:1'), vouched('http://h:1', 'same-origin'), vouched(undefined, 'same-origin')]).toEqual([true, true, true])
  expect([vouched(), vouched('http://h:2'), vouched('null', 'cross-site'), vouched(undefined, 'same-site')]).toEqual([
    false,
    false,
    false,
    false
  ])
})

test('who may stay', () => {
  const entry = { name: 'a', role: 'admin' as const, tokenHash: 'aa', grants: [], createdAt: 0 }
  const known = (expiresAt: number | null) => ({ entry, tokenHash: 'aa', session: null, expiresAt })
  const who: Who = { identity: entry, tokenHash: 'aa', header: { authorization: '' }, expiresAt: null }
  expect(lookAgain(who, known(null), 5, 30)).toEqual({ who, refused: null, warn: null })
  expect(lookAgain(who, undefined, 5, 30).refused).toContain('taken back')
  expect(lookAgain(who, known(100), 5, 30)).toMatchObject({ refused: null, warn: null, who: { expiresAt: 100 } })
  expect(lookAgain(who, known(100), 70, 30)).toMatchObject({ refused: null, warn: 100 })
  expect(lookAgain(who, known(100), 100, 30).refused).toContain('expired')
})

test('full jitter between nothing and a bound that doubles up to 30 s', () => {
  expect([0, 1, 5, 7, 50].map((attempt) => waitMs(attempt, () => 1))).toEqual([250, 500, 8000, 30_000, 30_000])
  expect(waitMs(3, () => 0)).toBe(0)
})
