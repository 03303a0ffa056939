import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { CassandraSettings } from '../../infra/cassandra/open.js'
import type { Cluster } from '../../infra/local/kafka.js'
import type { Settings } from '../../schemas/settings.js'
import { type Running, start, until } from '../whole/child.js'
import { type Given, temporary } from '../whole/platform.js'
import { cassandraRig } from './cassandra.js'
import { kafkaForTest } from './kafka.js'
import { addressOf, roomArgs } from './rooms.js'
import { type Supervised, supervised } from './supervised.js'

/** Three brokers, Cassandra, and rooms that are started again when they end. */
export interface Site {
  kafka: Cluster
  cassandra: CassandraSettings
  settings: Partial<Settings>
  folder(): string
  /** `wattledger run ARGS`. */
  room(args: string): Supervised
  /** Any other process; as the rooms, it is stopped when the site is closed. */
  supervise(name: string, start: () => Running): Supervised
  /** Brings a file to an `api`, again and again until it is acknowledged; the refusals before that. */
  bring(api: Supervised, file: Given): Promise<number>
  close(): Promise<void>
}

const TOKEN = 'a-token-that-only-the-tests-know-0123456789'
/** Somebody with a file waits this long for an answer, and asks again. */
const ANSWER_MS = 90_000
const AGAIN_MS = 500
/** One that ends while it starts, as when an engine is slow, is started again. */
const STARTING_MS = 180_000

/** Where a room answers, once it does. */
export const answering = (room: Supervised): Promise<string> => until(() => addressOf(room.now()), STARTING_MS)

export const openSite = async (partitions: number): Promise<Site> => {
  const [kafka, rig] = await Promise.all([kafkaForTest({ size: 3 }), cassandraRig()])
  const cassandra = rig.settings()
  const folders: string[] = []
  const folder = () => {
    const made = temporary()
    folders.push(made)
    return made
  }
  const token = join(folder(), 'token')
  writeFileSync(token, TOKEN)
  const settings = {
    http: { token: { file: token } } as Settings['http'],
    kafka: { brokers: [...kafka.brokers], partitions, replicas: 3 },
    cassandra: { nodes: [...cassandra.contactPoints], dataCenter: cassandra.dataCenter, keyspace: cassandra.keyspace, replicas: 1 }
  }
  const processes: Supervised[] = []
  const supervise: Site['supervise'] = (name, start) => {
    const process = supervised(name, start)
    processes.push(process)
    return process
  }
  return {
    kafka,
    cassandra,
    settings,
    folder,
    room: (args) => {
      const command = roomArgs(args.split(' '), settings, folder())
      return supervise(args, () => start(command))
    },
    supervise,
    bring: async (api, { name, bytes }) => {
      for (let refused = 0; ; refused++) {
        try {
          const url = new URL(`/v1/files?name=${name}`, await answering(api))
          const headers = { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/octet-stream' }
          const answer = await fetch(url, { method: 'POST', headers, body: bytes, signal: AbortSignal.timeout(ANSWER_MS) })
          if (answer.ok) return refused
        } catch {
          // It died over it, or has not come back yet.
        }
        await sleep(AGAIN_MS)
      }
    },
    close: async () => {
      await Promise.all(processes.map((process) => process.stop()))
      await Promise.all([kafka.close(), rig.close()])
      for (const each of folders) rmSync(each, { recursive: true, force: true })
    }
  }
}
