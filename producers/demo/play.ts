import { setImmediate as turn, setTimeout as wait } from 'node:timers/promises'
import type { Point, Readings } from '../../schemas/generated.js'
import { type ProducerRooms, publish } from '../run.js'
import { foundOut, registryOfStreet } from './registry.js'
import { demo } from './source.js'
import { DEMO, readingsBetween, streetOf } from './street.js'

/** What the demo needs beside the producers' rooms. */
export interface Stage {
  rooms: ProducerRooms
  registry: { versions(): Promise<Point[]>; apply(rows: readonly Point[]): Promise<unknown> }
  /** Resolves when everything appended so far is in the store. */
  settled(): Promise<void>
  now(): number
}

export interface Street {
  /**
   * Publishes what the meters have sent since the last call, and until now; resolves with the readings stored. One call at a time;
   * what a failed one did not store, the next one does.
   */
  play(): Promise<number>
}

/**
 * Opens the street. At the first start it enters its registry rows; its history, and later whatever was missed, comes with the first
 * `play`. How far each meter got is what the ledger has of it: nothing else could be sure to agree with the readings.
 */
export const openStreet = async ({ rooms, registry, settled, now }: Stage): Promise<Street> => {
  const t0 = await firstStart(rooms, now())
  await enterMissing(registry, t0)
  await settled()
  let foundOutAll = false
  const meters = await Promise.all(
    streetOf(t0).map(async (meter) => {
      const latest = await rooms.store.latest(rooms.resolve(meter.point))
      const newest = latest.find(({ register }) => register === meter.register)
      return { meter, sentTo: newest === undefined ? t0 - meter.historyMs : newest.at + meter.delayMs }
    })
  )
  // History on one topic, oldest first: beside it on the live one, its newest part would be folded before the rest.
  let history = meters.every(({ sentTo }) => sentTo <= t0)
  return {
    play: async () => {
      const until = now()
      if (!foundOutAll) foundOutAll = await enterFound(registry, t0, until)
      const readings: Readings[] = []
      for (const { meter, sentTo } of meters) {
        readings.push(...readingsBetween(meter, sentTo, until))
        // A month of a meter takes some tens of ms to make up: the first page must not wait for seven.
        await turn()
      }
      const rows = await publish(rooms, demo, { readings, rejects: [], rows: 0 }, until, { backfill: history })
      for (const each of meters) each.sentTo = Math.max(each.sentTo, until)
      if (history) await settled()
      history = false
      return rows
    }
  }
}

const SECOND_MS = 1000

/**
 * Plays the street until `signal`, a look at every whole second. What goes wrong is told once, and again when the reason changes; `held`
 * says when nothing may be published for a while.
 */
export const playStreet = async (
  stage: Stage,
  signal: AbortSignal,
  tell: { played(readings: number): void; failed(error: unknown): void; held(): boolean }
): Promise<void> => {
  let street: Street | null = null
  let trouble = ''
  while (!signal.aborted) {
    try {
      if (!tell.held()) {
        street ??= await openStreet(stage)
        tell.played(await street.play())
        trouble = ''
      }
    } catch (error) {
      const { message } = error as Error
      if (message !== trouble) tell.failed(error)
      trouble = message
    }
    await wait(SECOND_MS - (stage.now() % SECOND_MS), undefined, { signal }).catch(() => {})
  }
}

/** When this ledger's street was first played, UTC ms: a whole second. */
const firstStart = async ({ memory }: ProducerRooms, now: number): Promise<number> => {
  const known = memory.get(DEMO) as { t0: number } | undefined
  if (known !== undefined) return known.t0
  const t0 = Math.floor(now / 1000) * 1000
  await memory.put(DEMO, { t0 })
  return t0
}

/** What is found out while the street is played, once: what people entered since stays. True when nothing is left to find out. */
const enterFound = async (registry: Stage['registry'], t0: number, now: number): Promise<boolean> => {
  const found = foundOut(t0, now)
  if (found.length === 0) return false
  const versions = await registry.versions()
  const news = found.filter((row) => versions.filter(({ point }) => point === row.point).length === 1)
  if (news.length > 0) await registry.apply(news)
  return true
}

/** Rows of points that nobody has entered: what people changed stays as they changed it. */
const enterMissing = async (registry: Stage['registry'], t0: number): Promise<void> => {
  const known = new Set((await registry.versions()).map(({ point }) => point))
  const missing = registryOfStreet(t0).filter(({ point }) => !known.has(point))
  if (missing.length > 0) await registry.apply(missing)
}
