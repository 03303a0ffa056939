import { effect, type Signal, signal } from '@preact/signals'
import { connect, type Handlers, type LiveClient, type SubscriptionOptions } from '../client/client.js'
import type { Row } from '../client/frames.js'
import { isEnergy } from './format.js'

/** What the socket says: one connection for the whole page, one signal a series, so that a reading redraws what shows it. */

export type Connection = { state: 'connecting' | 'live' | 'refused' } | { state: 'lost'; retryAt: number }
export const connection = signal<Connection>({ state: 'connecting' })

/** The server's clock, every second: a visitor's clock may be wrong, and ages must not be. */
export const now = signal(Date.now())

/** The newest interval of a series. */
export interface Newest {
  start: number
  end: number
  /** Mean W over the interval; null where the energy is unknown, or no energy. */
  watts: number | null
  quality: string
}

const HISTORY_MS = 15 * 60_000
const HISTORY_ROWS = 120
/** Beyond this many meters nobody looks at little curves, and their rows are not worth sending. */
const HISTORY_METERS = 200

const series = new Map<string, Signal<Newest | null>>()
const histories = new Map<string, Signal<readonly Row[]>>()
const listeners = new Set<(rows: readonly Row[]) => void>()

export const keyOf = (point: string, register: string): string => `${point}|${register}`

export const newestOf = (key: string): Signal<Newest | null> => entry(series, key, null)
/** How long a mean power still says something about now: a few of its own spans. */
const FRESH_SPANS = 4
const FRESH_MS = 60_000

/** Mean W of the newest interval while it still says something about now; otherwise null. */
export const wattsNow = (key: string): number | null => {
  const newest = newestOf(key).value
  if (newest === null) return null
  return now.value - newest.end > FRESH_SPANS * (newest.end - newest.start) + FRESH_MS ? null : newest.watts
}

/** Rows of about the last 15 minutes, by start. */
export const historyOf = (key: string): Signal<readonly Row[]> => entry(histories, key, [])

const entry = <Value>(map: Map<string, Signal<Value>>, key: string, initial: Value): Signal<Value> => {
  let found = map.get(key)
  if (!found) {
    found = signal(initial)
    map.set(key, found)
  }
  return found
}

/** Called with every batch of interval rows of any series, revisions of old rows too. Returns how to stop. */
export const onRows = (listener: (rows: readonly Row[]) => void): (() => void) => {
  listeners.add(listener)
  return () => void listeners.delete(listener)
}

export const wattsOf = ({ v, sc, u, s, e, op }: Row): number | null =>
  v === null || op !== 'put' || e <= s || !isEnergy(u) ? null : (v * 10 ** -sc * 3_600_000) / (e - s)

const remember = (row: Row): void => {
  const history = historyOf(row.k)
  const others = history.value.filter(({ s }) => s !== row.s)
  const kept = row.op === 'withdrawn' ? others : [...others, row].sort((a, b) => a.s - b.s)
  history.value = kept.slice(-HISTORY_ROWS)
}

const take = (rows: readonly Row[]): void => {
  for (const row of rows) {
    if (row.op === 'withdrawn') continue
    const newest = newestOf(row.k)
    if (newest.value !== null && row.s < newest.value.start) continue
    newest.value = { start: row.s, end: row.e, watts: wattsOf(row), quality: row.q }
  }
}

const socket = signal<LiveClient | null>(null)

/** A subscription of a part of the page, on the connection of all. Returns how to stop. */
export const subscribed = (options: SubscriptionOptions, handlers: Handlers): (() => void) => {
  let stop = () => {}
  const leave = effect(() => {
    stop()
    const subscription = socket.value?.subscribe(options, handlers)
    stop = () => subscription?.close()
  })
  return () => {
    leave()
    stop()
  }
}

const addressOf = (): string => `${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}/v1/live`

/** With more meters than this, those on the screen are followed, not all. */
const FOLLOWED_METERS = 2000
const WATCH_MS = 300

/** The meters on the screen. */
const watched = signal<readonly string[]>([])
export const watch = (points: readonly string[]): void => {
  if (JSON.stringify(points) !== JSON.stringify(watched.peek())) watched.value = points
}

/** Follows what is open to the visitor, or of very many meters those that are watched. */
export const follow = (meters: number): LiveClient => {
  let aheadMs = 0
  const client = connect({
    url: addressOf(),
    client: 'page',
    onWelcome: ({ serverTime }) => {
      aheadMs = serverTime - Date.now()
      now.value = serverTime
      connection.value = { state: 'live' }
    },
    onDisconnect: (_code, retryMs) => {
      connection.value = { state: 'lost', retryAt: Date.now() + aheadMs + retryMs }
    },
    onGiveUp: () => {
      connection.value = { state: 'refused' }
    }
  })
  socket.value = client
  setInterval(() => {
    now.value = Date.now() + aheadMs
  }, 1000)
  if (meters <= FOLLOWED_METERS) subscribe(client, '*', meters <= HISTORY_METERS)
  else followWatched(client)
  return client
}

/** Rows of some points as they come, and those of the last minutes once. Returns how to stop. */
const subscribe = (client: LiveClient, points: '*' | readonly string[], withPast: boolean): (() => void) => {
  const select = { points, measure: 'intervals' } as const
  const live = client.subscribe(
    { select, from: 'latest', policy: 'latest' },
    {
      rows: (rows) => {
        take(rows)
        for (const row of rows) remember(row)
        for (const listener of listeners) listener(rows)
      }
    }
  )
  if (!withPast) return () => live.close()
  const past = client.subscribe(
    { select, from: { at: now.peek() - HISTORY_MS } },
    {
      rows: (rows) => {
        for (const row of rows) remember(row)
      },
      live: () => past.close()
    }
  )
  return () => {
    live.close()
    past.close()
  }
}

const followWatched = (client: LiveClient): void => {
  let stop = () => {}
  let timer: ReturnType<typeof setTimeout> | undefined
  effect(() => {
    const points = watched.value
    clearTimeout(timer)
    // Whoever types changes what is on the screen with every letter.
    timer = setTimeout(() => {
      stop()
      if (points.length > 0) stop = subscribe(client, points, points.length <= HISTORY_METERS)
    }, WATCH_MS)
  })
}
