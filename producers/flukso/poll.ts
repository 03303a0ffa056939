import { setTimeout as wait } from 'node:timers/promises'
import type { FluksoHttp } from '../../schemas/settings-flukso.js'
import type { Parsed } from '../contract.js'
import type { Ingested, IngestOptions, ProducerMemory, Report } from '../run.js'
import type { TmpoServer, Trouble } from './http.js'
import { SOURCE } from './parse.js'
import { admitsAgain, refusedToken } from './refused.js'
import type { Position } from './sync.js'
import { START, syncSensor } from './sync-sensor.js'

/** How a sensor is doing: what a person is told who asks. */
export interface SensorHealth {
  sid: string
  state: 'fine' | 'new' | Trouble
  /** What was answered, when it is not fine. Never a token. */
  detail: string
  /** Since when it is so, and when it was asked last, UTC ms. */
  since: number
  askedAt: number
}

export interface PollRooms {
  server: TmpoServer
  memory: ProducerMemory
  /** Token by sensor, as of now. */
  tokens(): ReadonlyMap<string, string>
  /** Keeps a block and reads it. */
  take(bytes: Buffer, name: string, options: IngestOptions): Promise<Ingested>
  /** The point a native id stands for, by the registry. */
  resolve(native: string): string
  /** What is said of a sensor beside its blocks. */
  publish(parsed: Parsed): Promise<unknown>
  now(): number
  /** From 0 up to 1. */
  chance(): number
  signal: AbortSignal
}

interface Sensor extends SensorHealth {
  /** It is not asked before. */
  dueAt: number
  failures: number
  /** What was refused: another one is tried at once. */
  token: string
}

const MINUTE = 60_000
const LONGEST_MS = 60 * MINUTE
/** Even a service that is wrong about a token is not for ever. */
const REFUSED_MS = 24 * 60 * MINUTE

const positionKey = (sid: string): string => `flukso sync ${sid}`

/** Asks for the blocks of all sensors, again and again. What goes wrong with one is its own affair. */
export class FluksoPoll {
  readonly #sensors = new Map<string, Sensor>()
  #said = ''

  constructor(
    private readonly rooms: PollRooms,
    private readonly settings: Pick<FluksoHttp, 'everyMinutes' | 'parallel'>
  ) {}

  /** Every sensor whose token is known now. */
  health(): SensorHealth[] {
    return [...this.#sensors.values()].map(({ sid, state, detail, since, askedAt }) => ({ sid, state, detail, since, askedAt }))
  }

  /** Until the signal of the rooms. */
  async run(report: Report): Promise<void> {
    const { signal, chance } = this.rooms
    while (!signal.aborted) {
      await this.round(report).catch((error: unknown) => report({ name: SOURCE, error }))
      await wait(this.settings.everyMinutes * MINUTE * (0.9 + 0.2 * chance()), undefined, { signal }).catch(() => {})
    }
  }

  /** Asks for every sensor that is due, a few at a time. Resolves with the blocks read. */
  async round(report: Report): Promise<number> {
    const due = this.#due()
    let blocks = 0
    const worker = async () => {
      for (let sensor = due.pop(); sensor && !this.rooms.signal.aborted; sensor = due.pop()) {
        const read = await this.#ask(sensor, report)
        blocks += read
      }
    }
    await Promise.all(Array.from({ length: this.settings.parallel }, worker))
    this.#tell(report)
    return blocks
  }

  #due(): Sensor[] {
    const tokens = this.rooms.tokens()
    const now = this.rooms.now()
    for (const sid of this.#sensors.keys()) if (!tokens.has(sid)) this.#sensors.delete(sid)
    for (const [sid, token] of tokens) {
      const known = this.#sensors.get(sid)
      if (known?.token === token) continue
      this.#sensors.set(sid, { sid, token, state: 'new', detail: '', since: now, askedAt: 0, dueAt: 0, failures: 0 })
    }
    return [...this.#sensors.values()].filter(({ dueAt }) => dueAt <= now)
  }

  async #ask(sensor: Sensor, report: Report): Promise<number> {
    const { server, memory, take, signal, now } = this.rooms
    const { sid, token } = sensor
    try {
      const from = (memory.get(positionKey(sid)) as Position | undefined) ?? START
      const keep = (position: Position) => memory.put(positionKey(sid), position)
      const read = async (name: string, bytes: Buffer, history: boolean) => {
        const taken = await take(bytes, name, { backfill: history, passing: true })
        if (taken.rejects.length > 0) report(taken)
      }
      const { blocks, trouble } = await syncSensor(server, { sid, token, from, take: read, keep, signal }, now() / 1000)
      if (!signal.aborted) await this.#note(sensor, trouble)
      return blocks
    } catch (error) {
      // Ours, not the service's: a full disk, a log that is away. It is tried again from where it was.
      if (!signal.aborted) {
        this.#backOff(sensor)
        report({ name: `flukso/${sid}`, error })
      }
      return 0
    }
  }

  async #note(sensor: Sensor, trouble: { trouble: Trouble; detail: string } | null): Promise<void> {
    const { now, publish, resolve } = this.rooms
    const point = resolve(`${SOURCE}/${sensor.sid}`)
    const state = trouble?.trouble ?? 'fine'
    const before = sensor.state
    sensor.askedAt = now()
    sensor.detail = trouble?.detail ?? ''
    if (state !== before) Object.assign(sensor, { state, since: sensor.askedAt })
    if (state === 'fine' || state === 'gone') Object.assign(sensor, { failures: 0, dueAt: 0 })
    else if (state === 'refused') sensor.dueAt = sensor.askedAt + REFUSED_MS
    else this.#backOff(sensor)
    const key = `flukso refused ${sensor.sid}`
    const isTold = this.rooms.memory.get(key) === true
    if (state === 'refused' && !isTold) {
      await publish({ readings: [], rejects: [refusedToken(sensor.sid, point, sensor.askedAt)], rows: 0 })
      await this.rooms.memory.put(key, true)
    } else if (state === 'fine' && isTold) {
      await publish({ readings: [], rejects: [admitsAgain(sensor.sid, point, sensor.askedAt)], rows: 0 })
      await this.rooms.memory.put(key, null)
    }
  }

  #backOff(sensor: Sensor): void {
    const { now, chance } = this.rooms
    sensor.failures++
    const pause = Math.min(LONGEST_MS, this.settings.everyMinutes * MINUTE * 2 ** Math.min(sensor.failures - 1, 20))
    // A little less than the pause, or the round that ends it would be just too early.
    sensor.dueAt = now() + pause * (0.7 + 0.2 * chance())
  }

  /** One line when it is otherwise than it was: not one a sensor and round. */
  #tell(report: Report): void {
    const all = [...this.#sensors.values()]
    if (all.length === 0 || this.rooms.signal.aborted) return
    const groups = new Map<string, Sensor[]>()
    for (const sensor of all.filter(({ state }) => state !== 'fine' && state !== 'new')) {
      const why = `${sensor.state} (${sensor.detail})`
      groups.set(why, [...(groups.get(why) ?? []), sensor])
    }
    const troubles = [...groups].map(
      ([why, list]) =>
        `${list.length} ${why}: ${list
          .slice(0, 3)
          .map(({ sid }) => sid)
          .join(', ')}${list.length > 3 ? ', …' : ''}`
    )
    const said = [`${all.filter(({ state }) => state === 'fine').length} of ${all.length} sensors are up to date`, ...troubles].join('; ')
    if (said !== this.#said) report({ name: SOURCE, said: `${said}.` })
    this.#said = said
  }
}
