import type { Archive } from '../infra/archive.js'
import type { Log, NewRecord } from '../infra/log.js'
import type { Store } from '../infra/store.js'
import { emptyReadings } from '../schemas/blocks.js'
import type { Readings, Reject } from '../schemas/generated.js'
import { resolved } from '../schemas/reject.js'
import { backfillTopic, readingsTopic, Topics } from '../schemas/topics.js'
import type { Wire } from '../schemas/wire.js'
import { admit } from './admission.js'
import type { Parsed, Payload, Source } from './contract.js'
import { Footprint, type Touched, vanishedRows } from './vanished.js'

/** Past this age at receipt, a block goes to the back-fill topic, so that history never delays live readings (DESIGN §3). */
const LIVE_MS = 26 * 3_600_000
/** Blocks stored in one go. */
const APPEND_BLOCKS = 500
/** … or about this many rows: packing them takes a few milliseconds, in which nothing live is served. */
const APPEND_ROWS = 65_536
const REJECT_EXAMPLES = 5

export interface ProducerRooms {
  log: Log
  wire: Wire
  archive: Archive
  sources: readonly Source[]
  /** The point a native id stands for, by the registry. */
  resolve(native: string): string
  memory: ProducerMemory
  /** Where readings made by an older parser are looked up. */
  store: Store
}

/** What producers remember (topic producers.state): payloads whose readings are all stored. */
export interface ProducerMemory {
  get(key: string): unknown
  put(key: string, value: unknown): Promise<void>
}

export interface Ingested {
  origin: string
  name: string
  /** Empty when no source knows the payload. */
  source: string
  /** Rows that went into the ledger. */
  readings: number
  rejects: { reason: string; count: number; examples: Reject[] }[]
  /** The same bytes were read before; nothing was appended now. */
  already: boolean
  /** Where its readings went, whenever it was read: the first MAX_TOLD series. */
  touched: Touched[]
}

/** What a source tells whoever watches it: what it read, what went wrong, or how it is now. */
export type Told = Ingested | { name: string; error: unknown } | { name: string; said: string }
export type Report = (told: Told) => void

export interface IngestOptions {
  /** To the back-fill topics, whatever its age. */
  backfill?: boolean
  /** Read it even if the same bytes were read before: by a newer parser, say. What is not rejected any more is resolved then. */
  again?: boolean
  /** The name these bytes were rejected under, when they are read under another now: those rejects are resolved too. */
  insteadOf?: string
  progress?(rows: number): void
  /** Whoever brings it knows by a position of its own what was read: of this payload nothing is remembered. Brought again, it is read again. */
  passing?: boolean
  /** Stops between two pieces; what was stored stays, and the payload is read again another time. */
  signal?: AbortSignal
}

const payloadKey = (source: Source, { origin, name }: Payload): string =>
  `payload ${source.name} ${origin} ${source.says?.(name) ?? ''}`.trimEnd()

/** What is remembered of a payload that was read to its end. */
interface Known {
  parserVersion: number
  name: string
  readings: number
  receivedAt: number
  touched: Touched[]
}

/** Series remembered per payload; one that touches more is not compared when a newer parser reads it again. */
const MAX_TOUCHED = 5_000
/** Series told to whoever brings the payload: a file of a whole town is not listed meter by meter. */
const MAX_TOLD = 100
const told = (touched: readonly Touched[]): Touched[] => touched.slice(0, MAX_TOLD)

/** Keeps the raw bytes, then reads them into the log. Resolves when everything is stored. */
export const ingest = async (
  rooms: ProducerRooms,
  body: AsyncIterable<Buffer>,
  name: string,
  receivedAt: number,
  options: IngestOptions = {}
): Promise<Ingested> => {
  // Whoever knows by a position what was read brings very many small ones.
  const kept = await rooms.archive.put(body, { name, receivedAt, packed: options.passing })
  return ingestKept(
    rooms,
    { origin: kept.origin, name, receivedAt, bytes: kept.bytes, open: () => rooms.archive.open(kept.origin) },
    options
  )
}

/** Reads bytes the archive has. */
export const ingestKept = async (rooms: ProducerRooms, payload: Payload, options: IngestOptions = {}): Promise<Ingested> => {
  const { origin, name } = payload
  const source = await sourceOf(rooms.sources, payload)
  if (source === null) return refuse(rooms, payload)
  const key = payloadKey(source, payload)
  // Of what was rejected whole, each file is told: empty ones are all alike.
  const named = `${key} ${name}`
  const known = (rooms.memory.get(key) ?? rooms.memory.get(named)) as Known | undefined
  // Under two names that say the same, equal bytes are read once, also when they are read again.
  if (known !== undefined && (options.again ? known.name !== name : known.parserVersion === source.parserVersion))
    return { origin, name, source: source.name, readings: 0, rejects: [], already: true, touched: told(known.touched) }
  const tally = new Tally()
  const footprint = new Footprint()
  const older = known !== undefined && known.parserVersion < source.parserVersion ? known : null
  const open = options.again ? await openRejects(rooms, payload, options.insteadOf) : new Map<string, Reject>()
  let pending: Readings[] = []
  let pendingRows = 0
  const send = async () => {
    await appendBlocks(rooms, pending, options.backfill ?? false)
    pending = []
    pendingRows = 0
  }
  for await (const parsed of source.parse(payload)) {
    options.signal?.throwIfAborted()
    const { blocks, rejects } = screened(parsed, source, name)
    tally.add(blocks, rejects)
    await appendRejects(rooms, rejects)
    for (const reject of rejects) open.delete(identity(reject))
    for (const native of blocks) {
      const block = { ...native, point: rooms.resolve(native.point) }
      footprint.add(block)
      if (older !== null) footprint.addRows(block)
      pending.push(block)
      pendingRows += block.rows
    }
    if (pending.length >= APPEND_BLOCKS || pendingRows >= APPEND_ROWS) await send()
    options.progress?.(parsed.rows)
  }
  if (older !== null) {
    for await (const block of vanishedRows(rooms.store, origin, source.parserVersion, older.touched, footprint, payload.receivedAt))
      pending.push(block)
  }
  await send()
  // Before it is noted as read: after a crash between the two it is read once more.
  await appendRejects(
    rooms,
    [...open.values()].map((reject) => resolved(reject, source.name, source.parserVersion))
  )
  const touched = footprint.touched()
  const done: Known = {
    parserVersion: source.parserVersion,
    name,
    readings: tally.readings,
    receivedAt: payload.receivedAt,
    touched: touched.length > MAX_TOUCHED ? [] : touched
  }
  if (!options.passing) await rooms.memory.put(tally.readings > 0 || rooms.memory.get(key) !== undefined ? key : named, done)
  return { origin, name, source: source.name, readings: tally.readings, rejects: tally.list(), already: false, touched: told(touched) }
}

/** Rejects of one payload that are looked up; of more than that the newest. */
const MAX_OPEN = 100_000

const identity = ({ name, line, field }: Reject): string => `${name}\0${line}\0${field}`

/** What is rejected of a payload now. Other rooms' rejects (of InfluxDB, say) are none of ours. */
const openRejects = async (
  { store, sources }: ProducerRooms,
  { origin, name }: Payload,
  insteadOf = name
): Promise<Map<string, Reject>> => {
  const found = await store.rejects({ origin, limit: MAX_OPEN })
  const names = ['', ...sources.map((source) => source.name)]
  const ours = found.filter((reject) => (reject.name === name || reject.name === insteadOf) && names.includes(reject.source))
  return new Map(ours.map((reject) => [identity(reject), reject]))
}

/** What a pushed source sent, without a payload: nothing is kept of it but its readings. Resolves, with the rows stored, when they are. */
export const publish = async (
  rooms: ProducerRooms,
  source: Source,
  parsed: Parsed,
  receivedAt: number,
  options: Pick<IngestOptions, 'backfill'> = {}
): Promise<number> => {
  const received = { ...parsed, readings: parsed.readings.map((block) => ({ ...block, ingestedAt: receivedAt })) }
  const { blocks, rejects } = screened(received, source, '')
  await appendRejects(rooms, rejects)
  await appendBlocks(
    rooms,
    blocks.map((block) => ({ ...block, point: rooms.resolve(block.point) })),
    options.backfill ?? false
  )
  return blocks.reduce((sum, { rows }) => sum + rows, 0)
}

/** The first source that recognises a payload; null when none does. */
export const sourceOf = async (sources: readonly Source[], payload: Payload): Promise<Source | null> => {
  let head: Buffer = Buffer.alloc(0)
  for await (const chunk of payload.open()) {
    head = chunk.subarray(0, 64)
    break
  }
  return sources.find((source) => source.recognises(payload.name, head)) ?? null
}

const refuse = async (rooms: ProducerRooms, { origin, name, receivedAt }: Payload): Promise<Ingested> => {
  const reject: Reject = {
    source: '',
    origin,
    name,
    line: 0,
    field: '',
    reason: 'not-recognised',
    expected: `a file of ${rooms.sources
      .filter(({ pushed, fetched }) => !pushed && !fetched)
      .map((source) => source.name)
      .join(' or ')}, under the name it was made with`,
    found: name.slice(-200),
    advice: 'Give the file its own name back (F5D_0031_0762_20240816.0, <sensor>/0/8/1404224512.gz ...) and send it again.',
    ingestedAt: receivedAt,
    parserVersion: 1
  }
  await appendRejects(rooms, [reject])
  const rejects = [{ reason: reject.reason, count: 1, examples: [reject] }]
  return { origin, name, source: '', readings: 0, rejects, already: false, touched: [] }
}

const screened = (parsed: Parsed, source: Source, name: string): { blocks: Readings[]; rejects: Reject[] } => {
  const blocks: Readings[] = []
  // The time of a line stands in the block of each of its registers, and is one reject.
  const refused = new Map<string, Reject>()
  for (const block of parsed.readings) {
    const admitted = admit(block, source.aheadMs, name)
    blocks.push(...admitted.blocks)
    for (const reject of admitted.rejects) refused.set(`${reject.line} ${reject.field}`, reject)
  }
  return { blocks, rejects: [...parsed.rejects, ...refused.values()] }
}

const appendBlocks = async ({ log, wire }: ProducerRooms, blocks: readonly Readings[], backfill: boolean): Promise<void> => {
  const topics = new Map<string, NewRecord[]>()
  for (const block of blocks) {
    const late = backfill || block.ingestedAt - block.at[block.rows - 1] > LIVE_MS
    const topic = late ? backfillTopic(block.source) : readingsTopic(block.source)
    const record = { key: block.point, value: wire.encode('Readings', block) }
    const list = topics.get(topic)
    if (list === undefined) topics.set(topic, [record])
    else list.push(record)
  }
  for (const [topic, records] of topics) await log.append(topic, records)
}

const appendRejects = async ({ log, wire }: ProducerRooms, rejects: readonly Reject[]): Promise<void> => {
  if (rejects.length === 0) return
  await log.append(
    Topics.rejected,
    rejects.map((reject) => ({ key: reject.origin, value: wire.encode('Reject', reject) }))
  )
}

/** A heartbeat: each source listens, now. To every partition, so that silence has a clock everywhere. */
export const heartbeat = async ({ log, wire, sources }: Pick<ProducerRooms, 'log' | 'wire' | 'sources'>, at: number): Promise<void> => {
  for (const { name, parserVersion } of sources) {
    const value = wire.encode('Readings', { ...emptyReadings(), source: name, parserVersion, ingestedAt: at, at: [at] })
    const records = Array.from({ length: log.partitions }, (_, partition) => ({ key: '', value, partition }))
    await log.append(readingsTopic(name), records)
  }
}

/** Counts rows and rejects of one payload, keeping the first of each reason as an example. */
class Tally {
  readings = 0
  readonly #reasons = new Map<string, { reason: string; count: number; examples: Reject[] }>()

  add(blocks: readonly Readings[], rejects: readonly Reject[]): void {
    for (const block of blocks) this.readings += block.rows
    for (const reject of rejects) {
      const entry = this.#reasons.get(reject.reason) ?? { reason: reject.reason, count: 0, examples: [] }
      entry.count++
      if (entry.examples.length < REJECT_EXAMPLES) entry.examples.push(reject)
      this.#reasons.set(reject.reason, entry)
    }
  }

  list(): Ingested['rejects'] {
    return [...this.#reasons.values()].sort((a, b) => b.count - a.count)
  }
}
