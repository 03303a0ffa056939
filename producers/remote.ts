import { Readable } from 'node:stream'
import { readCa } from '../infra/ca.js'
import { Refused } from '../infra/errors.js'
import { readSecret } from '../infra/secret.js'
import { openSensorTokens } from '../infra/sensor-tokens.js'
import { SENSOR_HEX } from '../schemas/sensor.js'
import type { Settings } from '../schemas/settings.js'
import type { FluksoBroker, FluksoHttp } from '../schemas/settings-flukso.js'
import type { Rtu } from '../schemas/settings-rtu.js'
import type { Parsed, Source } from './contract.js'
import type { SensorHealth } from './flukso/poll.js'
import { flukso } from './flukso/source.js'
import { type Ingested, type IngestOptions, ingest, type ProducerRooms, publish, type Report } from './run.js'

/** Sources that are asked or heard over the network, as the settings name them. */
export interface Remote {
  /** How each sensor is doing that is asked for over HTTP. */
  sensors(): SensorHealth[]
  /** Sources that send by themselves: their silence is soon told. */
  pushed: readonly Source[]
  /** Resolves when all of them have ended, after the signal. */
  ended: Promise<void>
}

export interface RemoteRooms {
  producers: ProducerRooms
  /** The data folder, where sensors' tokens lie. */
  folder: string
  report: Report
  /** Readings that were stored. */
  counted(source: string, readings: number): void
  /** A message that was heard, by what it was. */
  heard(what: string): void
  now(): number
  chance(): number
  signal: AbortSignal
}

/** Starts them; nothing of a source that the settings do not name is loaded. */
export const startRemote = (settings: Pick<Settings, 'flukso' | 'rtu'>, rooms: RemoteRooms): Remote => {
  const { producers, report, counted, now, signal } = rooms
  const take = async (bytes: Buffer, name: string, options: IngestOptions, receivedAt = now()): Promise<Ingested> => {
    const taken = await ingest(producers, Readable.from([bytes]), name, receivedAt, { ...options, signal })
    if (taken.source !== '') counted(taken.source, taken.readings)
    return taken
  }
  let sensors: Remote['sensors'] = () => []
  const askFluksometers = async (http: FluksoHttp) => {
    const { openServer } = await import('./flukso/http.js')
    const { FluksoPoll } = await import('./flukso/poll.js')
    const server = openServer({ url: http.url, ca: readCa(http.ca, 'flukso.http.ca'), parallel: http.parallel, signal })
    const tokens = tokensOf(http, rooms)
    const say = (parsed: Parsed) => publish(producers, flukso, parsed, now())
    const poll = new FluksoPoll({ ...rooms, ...producers, server, tokens, take, publish: say }, http)
    sensors = () => poll.health()
    await poll.run(report)
    await server.close()
  }
  const listen = async (broker: FluksoBroker) => {
    const { FluksoListener } = await import('./flukso/mqtt.js')
    const send = async (parsed: Parsed) => counted(flukso.name, await publish(producers, flukso, parsed, now()))
    await new FluksoListener(broker, { ...producers, publish: send, count: rooms.heard, report, now, signal }).run()
  }
  const askRtu = async (rtu: Rtu) => {
    const { pollRtu } = await import('./rtu/poll.js')
    await pollRtu(rtu, { take, report, now, signal })
  }
  const { http, mqtt = [] } = settings.flukso ?? {}
  const rtus = settings.rtu ?? []
  const started = [
    ...(http ? [{ name: 'flukso.http', ends: askFluksometers(http) }] : []),
    ...mqtt.map((broker) => ({ name: `flukso.mqtt ${broker.name ?? broker.url}`, ends: listen(broker) })),
    ...rtus.map((each) => ({ name: `rtu ${each.name ?? each.url}`, ends: askRtu(each) }))
  ]
  // One whose settings name what is not there does not keep the others from working.
  const ended = Promise.all(started.map(({ name, ends }) => ends.catch((error: unknown) => report({ name, error }))))
  return { sensors: () => sensors(), pushed: mqtt.length > 0 ? [flukso] : [], ended: ended.then(() => {}) }
}

/** Tokens that were put into the data folder, and those that the settings name. One that cannot be read is told once, and is no other's trouble. */
const tokensOf = ({ sensors }: FluksoHttp, { folder, report }: RemoteRooms) => {
  const kept = openSensorTokens(folder)
  const told = new Set<string>()
  return (): ReadonlyMap<string, string> => {
    const all = kept.entries()
    for (const { sensor, token } of sensors) {
      try {
        const given = readSecret(token, `flukso.http.sensors, ${sensor}`)
        if (!SENSOR_HEX.test(given))
          throw new Refused(`flukso.http.sensors, ${sensor}: what stands where its token is said to be is not 32 hex digits.`)
        all.set(sensor, given)
      } catch (error) {
        const { message } = error as Error
        if (!told.has(message)) report({ name: 'flukso', error })
        told.add(message)
      }
    }
    return all
  }
}
