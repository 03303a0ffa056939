import { expect, test } from 'vitest'
import type { Row } from '../../api/client/frames.js'
import { connect } from '../../api/client/node.js'
import { Follower } from './follower.js'
import { cups, HOUR, openSite, type Site, START, until } from './platform.js'
import { CuttingProxy } from './proxy.js'

const KILLS = 1000
const CLIENTS = 40
const POINTS = [1, 2, 3, 4]

/** What the store shows over HTTP: another way to the same rows. */
const storedRows = async (site: Site, point: string, register: string, grid: string): Promise<string[]> => {
  const range = `from=${new Date(START).toISOString()}&to=${new Date(START + 5000 * HOUR).toISOString()}`
  const url = `${site.http}/v1/series?point=${point}&register=${register}&grid=${grid}&${range}`
  const answer = await fetch(url, { headers: { authorization: `Bearer ${site.platform.token}` } })
  const { rows } = (await answer.json()) as { rows: { start: string; end: string; milli: number; quality: string }[] }
  return rows.map(({ start, end, milli, quality }) => `${Date.parse(start)} ${Date.parse(end)} ${milli} ${quality}`)
}
const textOf = ({ s, e, v, q }: Row): string => `${s} ${e} ${v} ${q}`

test('1 000 connections cut at any byte, while readings come and are revised: no row lost, none twice', async () => {
  const site = await openSite()
  for (const point of POINTS) await site.send([{ point, from: 0, hours: 60, wh: () => 1 }])
  await site.platform.settle()
  let started = 0
  let cutting = true
  const proxy = await CuttingProxy.open(site.port, () => {
    if (!cutting || started++ >= KILLS * 1.05) return null
    return Math.random() < 0.5 ? { afterMs: Math.random() * 300 } : { afterBytes: Math.floor(Math.random() ** 2 * 60_000), afterMs: 400 }
  })
  const sent = { readings: 0 }
  const kinds = [
    { select: { points: POINTS.map(cups), registers: ['1.8.0'], measure: 'intervals' as const } },
    { select: { points: POINTS.map(cups), registers: ['1.8.0'], measure: 'slots' as const }, grid: 'PT1H' },
    { select: { points: '*' as const, registers: ['1.8.0'], measure: 'slots' as const }, grid: 'P1D' },
    { select: { points: POINTS.map(cups), registers: ['1.8.0'], measure: 'readings' as const } },
    { select: { points: '*' as const, registers: ['1.8.0'], measure: 'intervals' as const }, credit: 60 }
  ]
  const clients = Array.from({ length: CLIENTS }, () => connect({ url: proxy.url, token: site.platform.token }))
  const followers = clients.map((client, i) => ({ kind: kinds[i % kinds.length], follower: new Follower(client, kinds[i % kinds.length]) }))

  const begun = Date.now()
  let end = 60
  let files = 0
  while (proxy.kills < KILLS && Date.now() - begun < 90_000) {
    // New hours at the end, and now and then older ones again with other figures.
    const from = files % 3 === 0 ? Math.floor(Math.random() * end) : end
    const hours = files % 3 === 0 ? Math.min(5, end - from) : 2
    await site.send(POINTS.map((point) => ({ point, from, hours, wh: () => 1 + Math.floor(Math.random() * 500) })))
    sent.readings += hours * POINTS.length
    end = Math.max(end, from + hours)
    files++
    await new Promise((resolve) => setTimeout(resolve, 30))
  }
  cutting = false
  const { kills } = proxy
  expect(kills).toBeGreaterThanOrEqual(KILLS)
  await site.platform.settle()
  const wanted = new Map<string, string[]>()
  for (const grid of ['intervals', 'PT1H', 'P1D']) {
    for (const point of POINTS) wanted.set(`${grid} ${cups(point)}`, await storedRows(site, cups(point), '1.8.0', grid))
  }
  expect(wanted.get(`intervals ${cups(1)}`)!.length).toBe(end)

  const readings = 60 * POINTS.length + sent.readings
  for (const { kind, follower } of followers) {
    const { measure } = kind.select
    if (measure === 'readings') {
      await until(() => follower.seen.size >= readings, 20_000)
      expect(follower.seen.size).toBe(readings)
    } else {
      const grid = measure === 'intervals' ? 'intervals' : kind.grid!
      for (const point of POINTS) {
        const rows = wanted.get(`${grid} ${cups(point)}`)!
        const shown = () => follower.table.rows(`${cups(point)}|1.8.0`).map(textOf)
        await until(() => JSON.stringify(shown()) === JSON.stringify(rows), 20_000).catch(() => {})
        expect(shown(), `${measure} ${grid} ${point}`).toEqual(rows)
      }
    }
    expect(follower.doubled).toEqual([])
    expect(follower.errors).toEqual([])
    // A cursor was always good: every snapshot after the first was one that had been cut before its end.
    expect(follower.resets.every((reason) => reason === undefined)).toBe(true)
  }
  const lives = followers.reduce((sum, { follower }) => sum + follower.lives, 0)
  const resets = followers.reduce((sum, { follower }) => sum + follower.resets.length, 0)
  // Most of them are resumes.
  expect(lives).toBeGreaterThan(2 * CLIENTS)
  console.log(
    `kills ${kills}, files ${files}, readings sent ${readings}, resumed or begun ${lives}, snapshots ${resets}, ${Date.now() - begun} ms`
  )
  for (const client of clients) client.close()
  proxy.close()
  await site.close()
}, 120_000)
