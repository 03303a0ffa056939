import { setTimeout as wait } from 'node:timers/promises'
import { connect, type IPublishPacket, type MqttClient } from 'mqtt'
import { readCa } from '../../infra/ca.js'
import { Refused } from '../../infra/errors.js'
import { readSecret } from '../../infra/secret.js'
import type { Store } from '../../infra/store.js'
import type { Readings } from '../../schemas/generated.js'
import type { FluksoBroker } from '../../schemas/settings-flukso.js'
import { EARLIEST } from '../admission.js'
import type { Parsed } from '../contract.js'
import { type Known, type Message, messageOf, readingOf } from './message.js'
import { SOURCE } from './parse.js'
import type { Config } from './register.js'
import { flukso } from './source.js'

export interface ListenRooms {
  /** Resolves when the readings are stored. */
  publish(parsed: Parsed): Promise<unknown>
  store: Pick<Store, 'latest'>
  resolve(native: string): string
  /** One message more of this kind; those left out have kinds of their own. */
  count(what: string): void
  report(result: { name: string; error: unknown } | { name: string; said: string }): void
  now(): number
  signal: AbortSignal
}

type Sampled = Extract<Message, { what: 'counter' | 'gauge' }>

const CONFIGS = '/device/+/config/sensor'
const SAMPLES = ['/sensor/+/counter', '/sensor/+/gauge']

const FIRST_PAUSE_MS = 1_000
const LONGEST_PAUSE_MS = 300_000
const CONNECT_MS = 15_000
/** Messages that wait to be stored; with more, the broker waits. */
const MOST_WAITING = 5_000
/** Sensors of one broker. What is beyond is no home's. */
const MOST_SENSORS = 10_000
/** Each kind of message that is left out is told for so many topics; all are counted. */
const MOST_TOLD = 20
const AGAIN_MS = 1_000

/** Listens to one broker until the signal, and publishes what it hears. */
export class FluksoListener {
  readonly name: string
  readonly #configs = new Map<string, Config>()
  readonly #known = new Map<string, Promise<Known | undefined>>()
  /** Newest sample of each sensor and kind: `<seconds> <milli>`. */
  readonly #newest = new Map<string, { seconds: number; milli: number }>()
  readonly #told = new Map<string, Set<string>>()
  #waiting: Sampled[] = []
  #storing: Promise<void> | null = null
  #resume: (() => void) | null = null
  #trouble = ''

  constructor(
    private readonly broker: FluksoBroker,
    private readonly rooms: ListenRooms
  ) {
    this.name = broker.name ?? new URL(broker.url).host
  }

  /** Resolves when it has been told to stop, and what it heard is stored. */
  async run(): Promise<void> {
    const { signal } = this.rooms
    const client = connect(this.broker.url, { ...this.#options(), reconnectPeriod: FIRST_PAUSE_MS })
    client.handleMessage = (packet, done) => this.#hear(packet, () => done())
    client.on('connect', () => void this.#subscribe(client))
    client.on('error', (error) => this.#say(said(error)))
    client.on('close', () => {
      if (!signal.aborted) this.#say('')
      const { options } = client
      options.reconnectPeriod = Math.min(LONGEST_PAUSE_MS, 2 * (options.reconnectPeriod ?? FIRST_PAUSE_MS))
    })
    await new Promise<void>((resolve) => {
      if (signal.aborted) resolve()
      signal.addEventListener('abort', () => resolve(), { once: true })
    })
    await client.endAsync(true)
    await this.#storing
  }

  #options() {
    const { login, ca } = this.broker
    return {
      connectTimeout: CONNECT_MS,
      reconnectOnConnackError: true,
      clean: true,
      resubscribe: false,
      ...(login && { username: login.user, password: readSecret(login.password, `flukso.mqtt ${this.name}: login.password`) }),
      ca: readCa(ca, `flukso.mqtt ${this.name}: ca`)
    }
  }

  /** What sensors measure first, so that it is known when their counters come: a broker sends what is retained in this order. */
  async #subscribe(client: MqttClient): Promise<void> {
    try {
      await client.subscribeAsync(CONFIGS, { qos: 1 })
      const granted = await client.subscribeAsync(SAMPLES, { qos: 1 })
      if (granted.some(({ qos }) => qos > 2)) throw new Refused(`The broker does not let us read ${SAMPLES.join(' and ')}.`)
      client.options.reconnectPeriod = FIRST_PAUSE_MS
      this.#trouble = ''
      this.rooms.report({ name: this.name, said: 'Connected; sensors are heard.' })
    } catch (error) {
      if (this.rooms.signal.aborted) return
      this.#say(said(error as Error))
      // A connection on which nothing is heard is none: it is made anew, with the same pauses.
      client.stream.destroy()
    }
  }

  /** An outage is told once, and again when its reason is another. */
  #say(reason: string): void {
    const what = reason === '' && this.#trouble === '' ? 'The connection is gone' : reason
    if (what === '' || what === this.#trouble) return
    this.#trouble = what
    this.rooms.report({ name: this.name, said: `${what}; trying again, with pauses of up to ${LONGEST_PAUSE_MS / 60_000} min.` })
  }

  #hear({ topic, payload, retain }: IPublishPacket, done: () => void): void {
    const message = messageOf(topic, Buffer.from(payload))
    if (message.what === 'config') for (const config of message.sensors) this.#learn(config)
    if (message.what !== 'counter' && message.what !== 'gauge') {
      if (message.what === 'config') this.rooms.count('config')
      else this.#leaveOut(message.what, topic)
      return done()
    }
    if (this.#isAstray(message)) {
      this.#leaveOut('wrong-clock', topic)
      return done()
    }
    const repeated = this.#isOld(message, retain)
    if (repeated !== null) {
      this.rooms.count(repeated)
      return done()
    }
    this.#waiting.push(message)
    this.#storing ??= this.#store().finally(() => {
      this.#storing = null
    })
    if (this.#waiting.length < MOST_WAITING) done()
    else this.#resume = done
  }

  #learn(config: Config): void {
    if (config.id !== undefined && (this.#configs.has(config.id) || this.#configs.size < MOST_SENSORS)) this.#configs.set(config.id, config)
  }

  /** A device whose clock is wrong says so with every message: as rejects, they would fill a topic. */
  #isAstray({ seconds }: Sampled): boolean {
    return seconds * 1000 > this.rooms.now() + flukso.aheadMs || seconds * 1000 < EARLIEST
  }

  /** What a broker retains comes again at every connection, and what it is not sure to have delivered as well. */
  #isOld({ what, sid, seconds, milli }: Sampled, retained: boolean): 'retained' | 'repeated' | 'too-many' | null {
    const key = `${sid} ${what}`
    const newest = this.#newest.get(key)
    if (newest !== undefined && retained && seconds <= newest.seconds) return 'retained'
    if (newest !== undefined && seconds === newest.seconds && milli === newest.milli) return 'repeated'
    if (newest === undefined && this.#newest.size >= 2 * MOST_SENSORS) return 'too-many'
    if (newest === undefined || seconds >= newest.seconds) this.#newest.set(key, { seconds, milli })
    return null
  }

  #leaveOut(what: string, topic: string): void {
    this.rooms.count(what)
    const told = this.#told.get(what) ?? new Set()
    this.#told.set(what, told)
    if (told.has(topic) || told.size >= MOST_TOLD) return
    told.add(topic)
    this.rooms.report({
      name: this.name,
      said: `A message on ${printable(topic)} is left out: ${what}. Others like it are counted in /metrics.`
    })
  }

  /** One batch after the other, so that a sensor's readings stay in order. */
  async #store(): Promise<void> {
    while (this.#waiting.length > 0) {
      const batch = this.#waiting
      this.#waiting = []
      this.#resume?.()
      this.#resume = null
      const readings: Readings[] = []
      for (const sample of batch) {
        const block = readingOf(sample, this.#configs.get(sample.sid), await this.#knownOf(sample))
        if (block !== null) readings.push(block)
        this.rooms.count(block === null ? 'unknown-unit' : sample.what)
      }
      await this.#publish(readings)
    }
  }

  async #publish(readings: Readings[]): Promise<void> {
    for (let told = false; ; told = true) {
      try {
        await this.rooms.publish({ readings, rejects: [], rows: readings.length })
        return
      } catch (error) {
        if (!told) this.rooms.report({ name: this.name, error })
        // The log is away: the broker waits. What is lost when we are stopped meanwhile, blocks say again.
        if (this.rooms.signal.aborted) return
        await wait(AGAIN_MS, undefined, { signal: this.rooms.signal }).catch(() => {})
      }
    }
  }

  /** Of a sensor whose device has not said what it measures, what the ledger has of it: from blocks, say. */
  #knownOf({ sid, what, unit }: Sampled): Promise<Known | undefined> | undefined {
    if (this.#configs.has(sid)) return undefined
    const key = `${sid} ${what}`
    let known = this.#known.get(key)
    if (known === undefined) {
      known = this.#lookUp(sid, what, unit).catch(() => undefined)
      this.#known.set(key, known)
    }
    return known
  }

  async #lookUp(sid: string, what: 'counter' | 'gauge', unit: string): Promise<Known | undefined> {
    const latest = await this.rooms.store.latest(this.rooms.resolve(`${SOURCE}/${sid}`))
    const alike = latest.filter((each) => each.kind === what.toUpperCase() && each.unit.toLowerCase() === unit.toLowerCase())
    return alike.length === 1 ? { register: alike[0].register, device: alike[0].device } : undefined
  }
}

const said = (error: Error & { code?: unknown }): string => {
  const reason = error.message || String(error.code ?? error.name)
  return /not authorized|bad user/i.test(reason) ? `The broker refuses the user or the password (${reason})` : reason
}

const printable = (topic: string): string => topic.slice(0, 100).replace(/[^\x20-\x7e]/g, '?')
