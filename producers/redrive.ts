import { Refused } from '../infra/errors.js'
import type { Store } from '../infra/store.js'
import type { Reject } from '../schemas/generated.js'
import type { Payload } from './contract.js'
import { ingestKept, type ProducerMemory, type ProducerRooms, sourceOf } from './run.js'

/**
 * Redrive: payloads of which something was rejected are read again from the raw bytes that are kept, by the present parsers and rules.
 * `reparse` does the same to the whole archive. A line that is read now leaves the rejects; one that is rejected again stays, and its
 * payload is not read again by itself until a newer parser, or another source, knows it.
 */
export interface Wanted {
  /** Absent: everything that is rejected. */
  reason?: string
  /** A payload: its SHA-256, or at least eight of its first digits, or its name with or without folders. */
  file?: string
  /** The name to read it under, for a payload that came under a wrong one. */
  as?: string
  /** Also those that were tried before without success. */
  again?: boolean
}

/** not-kept: no raw bytes; not-recognised: no source knows it under this name; tried: this parser has rejected it before. */
export type Outcome = 'read' | 'tried' | 'not-kept' | 'not-recognised'

export interface Redriven {
  origin: string
  name: string
  source: string
  outcome: Outcome
  /** Redrives of this payload so far, this one included. */
  attempts: number
  /** What was asked for of the payload's rejects, and all that it has afterwards. */
  rejects: number
  left: number
  /** Rows read. */
  readings: number
}

/** Remembered of a payload that was redriven, or was being redriven when the process ended. */
interface Tried {
  attempts: number
  /** Name and version of the parser that read it to its end; empty while it has not. */
  parser: string
}

/** How often a payload was redriven. */
export const attemptsOf = (memory: ProducerMemory, { origin, name }: Pick<Reject, 'origin' | 'name'>): number =>
  (memory.get(keyOf(origin, name)) as Tried | undefined)?.attempts ?? 0

const keyOf = (origin: string, name: string): string => `redrive ${origin} ${name}`

const MIN_DIGITS = 8
const HASH = /^[0-9a-f]+$/

const isOf = ({ origin, name }: Pick<Reject, 'origin' | 'name'>, file: string): boolean =>
  name === file || name.endsWith(`/${file}`) || (file.length >= MIN_DIGITS && HASH.test(file) && origin.startsWith(file))

/** Rejects by payload: bytes under a name. In the order in which they came, so that history costs least. */
export const byPayload = (rejects: readonly Reject[]): Reject[][] => {
  const payloads = new Map<string, Reject[]>()
  for (const reject of rejects) {
    const key = `${reject.origin}\0${reject.name}`
    const group = payloads.get(key)
    if (group) group.push(reject)
    else payloads.set(key, [reject])
  }
  return [...payloads.values()].sort(([a], [b]) => a.ingestedAt - b.ingestedAt || (a.name < b.name ? -1 : 1))
}

/** Open rejects of a file as somebody names it, or of all. */
export const rejectsOf = async (store: Pick<Store, 'rejects'>, file?: string, reason?: string): Promise<Reject[]> => {
  const origin = file !== undefined && file.length === 64 && HASH.test(file) ? file : undefined
  const found = await store.rejects({ origin, reason, limit: MAX_REJECTS })
  return file === undefined ? found : found.filter((reject) => isOf(reject, file))
}

/** Rejects that are looked at; of more than that the newest. */
const MAX_REJECTS = 1_000_000

/** Reads what is wanted again. Ended half-way and begun again, it goes on where it was; done twice, the second time finds nothing to do. */
export async function* redrive(rooms: ProducerRooms, { reason, file, as, again = false }: Wanted): AsyncGenerator<Redriven> {
  const payloads = byPayload(await rejectsOf(rooms.store, file, reason))
  if (as !== undefined && payloads.length !== 1)
    throw new Refused(
      `A name is given to one file; of "${file ?? ''}" ${payloads.length === 0 ? 'nothing is rejected' : `${payloads.length} files are rejected`}.`
    )
  for (const rejects of payloads) yield await redriveOne(rooms, rejects, as, again)
}

/** Rooms whose appends go to another log, while what is remembered and kept here stays as it is: to see what a redrive would do. */
export const rehearsal = (rooms: ProducerRooms, to: Pick<ProducerRooms, 'log' | 'wire'>): ProducerRooms => {
  const remembered = new Map<string, unknown>()
  return {
    ...rooms,
    log: to.log,
    wire: to.wire,
    memory: {
      get: (key) => (remembered.has(key) ? remembered.get(key) : rooms.memory.get(key)),
      put: async (key, value) => void remembered.set(key, value)
    },
    archive: { ...rooms.archive, put: async () => ({ origin: '', bytes: 0, existed: true }) }
  }
}

const redriveOne = async (rooms: ProducerRooms, rejects: readonly Reject[], as: string | undefined, again: boolean): Promise<Redriven> => {
  const { origin, name, ingestedAt: receivedAt } = rejects[0]
  const key = keyOf(origin, as ?? name)
  const tried = (rooms.memory.get(key) as Tried | undefined) ?? { attempts: 0, parser: '' }
  const told = {
    origin,
    name: as ?? name,
    source: rejects[0].source,
    attempts: tried.attempts,
    rejects: rejects.length,
    left: rejects.length,
    readings: 0
  }
  const kept = await rooms.archive.get(origin)
  if (kept === null) return { ...told, outcome: 'not-kept' }
  const payload: Payload = { origin, name: as ?? name, receivedAt, bytes: kept.bytes, open: () => rooms.archive.open(origin) }
  const source = await sourceOf(rooms.sources, payload)
  if (source === null) return { ...told, outcome: 'not-recognised' }
  const parser = `${source.name} ${source.parserVersion}`
  if (tried.parser === parser && !again) return { ...told, source: source.name, outcome: 'tried' }
  const attempts = tried.attempts + 1
  await rooms.memory.put(key, { attempts, parser: '' })
  // A name says what bytes mean: who reads the archive again must find the one they were understood under.
  if (as !== undefined) await rooms.archive.put(payload.open(), { name: as, receivedAt })
  const done = await ingestKept(rooms, payload, { backfill: true, again: true, insteadOf: name })
  await rooms.memory.put(key, { attempts, parser })
  const left = done.rejects.reduce((sum, { count }) => sum + count, 0)
  return { ...told, source: source.name, outcome: 'read', attempts, left, readings: done.readings }
}
