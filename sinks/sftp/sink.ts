import { createHash } from 'node:crypto'
import { Unavailable } from '../../infra/errors.js'
import type { Commit, Log, LogRecord, Task } from '../../infra/log.js'
import type { Store } from '../../infra/store.js'
import { whileAway } from '../../infra/while-away.js'
import { decoding } from '../../schemas/decoding.js'
import type { Installation, Slots } from '../../schemas/generated.js'
import { type Cut, HALF_DAY_REGISTERS, type HalfDay, halfDayAt, halfDayName, halfDayOf, storedHalfDay } from '../../schemas/half-days.js'
import { versionsByName } from '../../schemas/installations/versions.js'
import { installationOf, POWER_GRID, zoneOfInstallation } from '../../schemas/installations.js'
import type { Sftp } from '../../schemas/settings-outlets.js'
import { Topics } from '../../schemas/topics.js'
import { NotARecord, type Wire } from '../../schemas/wire.js'
import { nextPause, type Pace } from '../outbox/pace.js'
import type { Outlet } from '../outbox/run.js'
import { matchesAny } from '../patterns.js'
import { STORE_AWAY } from '../run.js'
import type { Drop } from './drop.js'

/** The sink's name. */
export const SFTP = 'sftp'

const PACE: Pace = { firstMs: 10_000, longestMs: 10 * 60_000 }
/** Files sent before what was sent is committed. */
const AT_ONCE = 20
const MINUTE = 60_000

export interface SftpRooms {
  log: Log
  wire: Wire
  store: Store
  /** The store has everything that is on power.installations now. */
  stored(): Promise<boolean>
  open(): Promise<Drop>
  /** UTC ms. */
  now(): number
  pace?: Pace
}

/** What is kept of one half-day of one installation. */
interface Mark {
  /** When something of it last changed since it was sent, UTC ms; null: nothing did. */
  changedAt: number | null
  /** SHA-256 of what was sent; empty: nothing was. */
  sent: string
}

/** What is kept of a task. */
interface Kept {
  /** By key. */
  marks: Map<string, Mark>
  /** Keys of those that changed. */
  waiting: Set<string>
}

/** The consumer group. Another server, folder or cut is another group: it gets everything. */
export const sftpGroup = ({ host, port, user, folder, cut }: Sftp): string =>
  `${SFTP}-${createHash('sha256')
    .update(JSON.stringify([host, port, user, folder, cut]))
    .digest('hex')
    .slice(0, 8)}`

/** `2022-07-01 AM HOME01`: what comes first has no spaces, so no two installations share a key. */
const keyOf = ({ day, half }: Pick<HalfDay, 'day' | 'half'>, installation: string): string => `${day} ${half} ${installation}`

const partsOf = (key: string): Pick<HalfDay, 'day' | 'half'> & { installation: string } => {
  const [day, half, ...installation] = key.split(' ')
  return { day, half: half as HalfDay['half'], installation: installation.join(' ') }
}

/**
 * Sends the half-days of installations once they are over, and again when they changed. What was sent is the group's state, by
 * installation and half-day: a crash between sending and noting it sends a file once more, under the same name.
 */
export const runSftpSink = (settings: Sftp, rooms: SftpRooms): Outlet => {
  const { log, wire, store, now, pace = PACE } = rooms
  const { cut, since = '', installations: wanted, graceMinutes } = settings
  const decode = decoding(wire)
  const tasks = new Map<number, Kept>()
  const counts = { delivered: 0, setAside: 0 }
  let failing: { nextAt: number; pauseMs: number; message: string } | null = null
  let versions = new Map<string, Installation[]>()
  const zoneOf = (installation: string): string => zoneOfInstallation(versions.get(installation) ?? [])

  const learnVersions = async () => {
    versions = versionsByName(await whileAway(() => store.installations(), STORE_AWAY))
  }

  /** Some of those that are to be sent now: of years that wait, not all are looked at for each few that go. */
  const dueOf = ({ marks, waiting }: Kept): string[] => {
    const due: string[] = []
    for (const key of waiting) {
      const settledAt = Math.max(halfOf(key).last, marks.get(key)!.changedAt ?? 0)
      if (now() >= settledAt + graceMinutes * MINUTE && due.push(key) === AT_ONCE) break
    }
    return due
  }

  const assign = ({ partition }: Task, states: Iterable<readonly [string, Buffer]>): void => {
    const marks = new Map<string, Mark>()
    for (const [key, value] of states) marks.set(key, JSON.parse(value.toString()))
    const waiting = new Set([...marks].filter(([, { changedAt }]) => changedAt !== null).map(([key]) => key))
    tasks.set(partition, { marks, waiting })
  }

  const batch = async ({ partition }: Task, records: readonly LogRecord[]): Promise<Commit> => {
    const { marks, waiting } = tasks.get(partition)!
    const states = new Map<string, Buffer | null>()
    await learnVersions()
    for (const record of records) {
      for (const key of await touched(record)) {
        const mark = { changedAt: now(), sent: marks.get(key)?.sent ?? '' }
        marks.set(key, mark)
        waiting.add(key)
        states.set(key, Buffer.from(JSON.stringify(mark)))
      }
    }
    return { outputs: [], states }
  }

  /** Keys of the half-days that a record has rows of. */
  const touched = async ({ value }: LogRecord): Promise<Set<string>> => {
    const keys = new Set<string>()
    if (value === null) return keys
    try {
      const block = await decode('Slots', value)
      const installation = installationOf(block.point)
      if (block.grid !== POWER_GRID || installation === null || !matchesAny(wanted, installation)) return keys
      if (!HALF_DAY_REGISTERS.some((register) => register === block.register)) return keys
      for (const half of halvesOf(block, zoneOf(installation), cut)) if (half.day >= since) keys.add(keyOf(half, installation))
    } catch (error) {
      // The store sets such a record aside, for all.
      if (!(error instanceof NotARecord)) throw error
    }
    return keys
  }

  const halfOf = (key: string): HalfDay & { installation: string } => {
    const { day, half, installation } = partsOf(key)
    return { ...halfDayOf(day, half, zoneOf(installation), cut), installation }
  }

  const between = async ({ partition }: Task): Promise<Commit | null> => {
    const kept = tasks.get(partition)!
    const { marks, waiting } = kept
    if (waiting.size === 0 || (failing !== null && failing.nextAt > now())) return null
    await learnVersions()
    const due = dueOf(kept)
    if (due.length === 0 || !(await rooms.stored())) return null
    const states = new Map<string, Buffer | null>()
    const settle = (key: string, sent: string) => {
      const mark = { changedAt: null, sent }
      marks.set(key, mark)
      waiting.delete(key)
      states.set(key, Buffer.from(JSON.stringify(mark)))
    }
    let drop: Drop | null = null
    try {
      for (const key of due) {
        const { sent } = marks.get(key)!
        const half = halfOf(key)
        const { content, known } = await storedHalfDay(store, half.installation, half)
        // Of what was never sent, nothing is no file; what was sent and is empty now is told.
        const hash = known === 0 && sent === '' ? '' : createHash('sha256').update(content).digest('hex')
        if (hash !== sent) {
          drop ??= await rooms.open()
          await drop.put(halfDayName(half.installation, half), content)
          counts.delivered++
        }
        settle(key, hash)
      }
      failing = null
    } catch (error) {
      if (!(error instanceof Unavailable)) throw error
      const pauseMs = nextPause(pace, failing?.pauseMs)
      failing = { pauseMs, nextAt: now() + pauseMs, message: error.message }
    } finally {
      await drop?.close()
    }
    return states.size === 0 ? null : { outputs: [], states }
  }

  const group = sftpGroup(settings)
  const revoke = ({ partition }: Task): void => {
    tasks.delete(partition)
    // Whoever has it next says so.
    failing = null
  }
  return {
    name: SFTP,
    processings: [log.process(group, [Topics.power], { elsewhere: true, assign, revoke, batch, between })],
    groups: [{ group, name: SFTP, topics: [Topics.power] }],
    counts,
    trouble: () => failing?.message ?? null
  }
}

/** The half-days that a block has rows of: few, as its rows lie side by side. */
const halvesOf = (block: Slots, zone: string, cut: Cut): HalfDay[] => {
  const halves: HalfDay[] = []
  let half: HalfDay | null = null
  for (let i = 0; i < block.rows; i++) {
    const ts = block.end[i]
    if (half !== null && ts >= half.first && ts <= half.last) continue
    half = halfDayAt(ts, zone, cut)
    halves.push(half)
  }
  return halves
}
