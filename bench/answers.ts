import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { openEmbedded } from '../infra/lmdb/open.js'
import type { StoreBatch } from '../infra/store.js'
import { openPlatform, type Platform } from '../main.js'
import { sources } from '../producers/index.js'
import type { Readings, Slots } from '../schemas/generated.js'
import { Settings } from '../schemas/settings.js'
import { counterBlocks } from './blocks.js'
import { type Figure, median } from './figure.js'
import { cupsOf, YEAR } from './made-up.js'

/** What a page asks for: a year of quarter-hours, and what changed. */

const QUARTER = 900_000
const DAY = 86_400_000
const ROWS = 366 * 96
const TIMES = 15

const timed = async ({ app, token }: Platform, url: string, check: (body: string) => void): Promise<number> => {
  const times: number[] = []
  for (let i = 0; i < TIMES; i++) {
    const began = performance.now()
    const { statusCode, body } = await app.inject({ url, headers: { authorization: `Bearer ${token}`, host: '127.0.0.1' } })
    times.push(performance.now() - began)
    if (statusCode !== 200) throw new Error(`${url} was answered with ${statusCode}: ${body}`)
    check(body)
  }
  return median(times.slice(TIMES / 3))
}

/** A counter read every quarter of an hour of 2024, Brussels time. */
const yearOfQuarters = (): Readings[] =>
  counterBlocks(Math.ceil((ROWS + 8) / 4096), 4096).map((block, i) => ({
    ...block,
    at: block.at.map((_, row) => YEAR - DAY + (i * 4096 + row) * QUARTER)
  }))

const expectRows = (rows: number, found: number): void => {
  if (found !== rows) throw new Error(`The answer should have ${rows} rows, and has ${found}.`)
}

/** A platform whose one point has that year. */
export const openYear = async (data: string): Promise<{ platform: Platform; point: string; register: string }> => {
  mkdirSync(data, { recursive: true })
  const platform = await openPlatform(Settings.parse({ data }))
  const readings = yearOfQuarters()
  const [{ source: name, point, register }] = readings
  await platform.publish(sources.find((source) => source.name === name)!, { readings, rejects: [], rows: 0 }, { backfill: true })
  await platform.settle()
  return { platform, point, register }
}

const year = async (folder: string): Promise<Figure[]> => {
  const { platform, point } = await openYear(join(folder, 'year'))
  const url = `/v1/series?${new URLSearchParams({ point, grid: 'PT15M', from: '2024-01-01', to: '2025-01-01' })}`
  const json = await timed(platform, url, (body) => expectRows(ROWS, JSON.parse(body).rows.length))
  const columns = await timed(platform, `${url}&format=columns`, (body) => expectRows(ROWS, JSON.parse(body).columns.start.length))
  const floor = await timed(platform, '/healthz', () => {})
  await platform.close()
  const figure = { part: 'A year of quarter-hours', unit: 'ms', peer: { name: 'the shortest answer (/healthz)', value: floor } }
  return [
    { ...figure, what: `${ROWS} rows as objects (format=json)`, value: json },
    { ...figure, what: `${ROWS} rows as columns (format=columns)`, value: columns, aim: { most: 80 } }
  ]
}

const POINTS = 10_000
const CHANGED = 50

/** A daily figure of a point, known at an instant. */
const day = (point: string, n: number, amount: number, rev: number, knownAt: number): Slots => ({
  point,
  register: '1.8.0',
  unit: 'Wh',
  source: 'infoenergia',
  grid: 'P1D',
  scale: 3,
  beat: 0,
  rows: 1,
  start: [YEAR + n * DAY],
  end: [YEAR + (n + 1) * DAY],
  amount: [amount],
  op: [0],
  quality: [0],
  coveredMs: [DAY],
  estimatedMs: [0],
  expected: [-1],
  received: [24],
  rev: [rev],
  knownAt: [knownAt]
})

const changes = async (folder: string): Promise<Figure> => {
  const data = join(folder, 'changes')
  const now = Date.now()
  const { store, close } = await openEmbedded(data)
  for (let from = 0; from < POINTS; from += 500) {
    const slots: NonNullable<StoreBatch['slots']>[number][] = []
    for (let i = from; i < from + 500; i++) {
      // Ninety days told long ago; one more came today.
      const before = Array.from({ length: 90 }, (_, n) => day(cupsOf(i), n, 1_000_000, 1, now - 30 * DAY))
      slots.push(joined(before), day(cupsOf(i), 90, 1_000_000, 2, now - 3_600_000))
      if (i % (POINTS / CHANGED) === 0) slots.push(day(cupsOf(i), 17, 2_000_000, 3, now - 3_600_000))
    }
    await store.write({ slots })
  }
  await close()
  const platform = await openPlatform(Settings.parse({ data }))
  const value = await timed(platform, '/v1/changes', (body) => expectRows(CHANGED, JSON.parse(body).changes.length))
  await platform.close()
  return {
    part: 'What changed since yesterday',
    what: `${POINTS} points with a new day each, ${CHANGED} of them with a corrected one`,
    value,
    unit: 'ms'
  }
}

const joined = (days: readonly Slots[]): Slots => {
  const block: Slots = { ...days[0], rows: days.length }
  for (const [name, column] of Object.entries(block)) {
    if (Array.isArray(column)) Object.assign(block, { [name]: days.flatMap((each) => each[name as 'start']) })
  }
  return block
}

export const answers = async (folder: string): Promise<Figure[]> => [...(await year(folder)), await changes(folder)]
