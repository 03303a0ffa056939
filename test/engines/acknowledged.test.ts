import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { cupsOf, f5d, hours, utc } from '../whole/files.js'
import type { Given } from '../whole/platform.js'
import { readPublished } from './published-reader.js'
import { answering, openSite, type Site } from './site.js'
import type { Supervised } from './supervised.js'

/** A file that was answered with 2xx is in the ledger, once, whatever happens to one broker of three at a time. */
const FROM = '2024-01-14T23:00:00.000Z'
const TO = '2024-01-15T23:00:00.000Z'
const WRITERS = 2
const PATIENCE_MS = 180_000

let site: Site
let rooms: Supervised[]
beforeAll(async () => {
  site = await openSite(4)
  rooms = ['processors', 'sinks', 'api'].map((room) => site.room(room))
  await Promise.all(rooms.map(answering))
})
afterAll(() => site.close())

const figure = (home: number, hour: number): number => 10 * home + hour
const fileOf = (home: number): Given =>
  f5d(
    `F5D_${cupsOf(home).slice(6, 18)}_20240201.0`,
    cupsOf(home),
    hours(utc(FROM), utc(TO), (_start, hour) => figure(home, hour))
  )

let homes = 0
for (const how of ['stop', 'kill'] as const)
  test(`every acknowledged file is in the ledger once after each broker in turn met ${how} and came back`, async () => {
    const acknowledged: number[] = []
    let [bringing, refused] = [true, 0]
    const write = async () => {
      while (bringing) {
        const home = ++homes
        refused += await site.bring(rooms[2], fileOf(home))
        acknowledged.push(home)
      }
    }
    const more = async (files: number) => {
      const wanted = acknowledged.length + files
      await expect.poll(() => acknowledged.length, { timeout: PATIENCE_MS }).toBeGreaterThanOrEqual(wanted)
    }
    const writers = Array.from({ length: WRITERS }, write)
    for (let node = 0; node < 3; node++) {
      await more(1)
      await site.kafka[how](node)
      await sleep(2000)
      await site.kafka.start(node)
      await more(WRITERS + 1)
    }
    bringing = false
    await Promise.all(writers)
    console.log(
      `${how}: ${acknowledged.length} files acknowledged, ${refused} refused; by itself: ${rooms.flatMap((room) => room.byItself).join('; ')}`
    )
    for (const home of acknowledged) {
      const asked = { point: cupsOf(home), from: FROM, to: TO }
      const rows = await readPublished(site.cassandra, { what: 'intervals', ...asked })
      expect(rows.map(({ milli }) => milli / 1000)).toEqual(Array.from({ length: 24 }, (_, hour) => figure(home, hour)))
      const [day, ...others] = await readPublished(site.cassandra, { what: 'P1D', ...asked })
      expect([day.amount, day.received, others]).toEqual([(240 * home + 276) * 1000, 24, []])
    }
  }, 900_000)
