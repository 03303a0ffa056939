import { tailOf } from './block.js'
import type { TmpoServer, Trouble } from './http.js'
import type { Position, StoredBlock } from './sync.js'

/** Where a sensor begins that nothing is known of. */
export const START: Position = { rid: 0, level: 0, bid: 0 }

export interface Wanted {
  sid: string
  token: string
  from: Position
  /** Keeps a block and reads it into the ledger; resolves when it is stored. `history`: what comes now is of days ago. */
  take(name: string, bytes: Buffer, history: boolean): Promise<void>
  /** Where the next sync begins. Called when the blocks until there are stored. */
  keep(position: Position): Promise<void>
  signal: AbortSignal
}

export interface Synced {
  blocks: number
  /** Null: up to date. */
  trouble: { trouble: Trouble; detail: string } | null
}

/** Blocks that go while they are fetched are those of a device that is tidying up: it is soon done. */
const ATTEMPTS = 4
/** Older than this, blocks are a sensor's past, not its present. */
const PRESENT_S = 26 * 3600

const nameOf = (sid: string, { rid, level, bid }: StoredBlock): string => `${sid}/${rid}/${level}/${bid}.gz`

/** Of one counter after the other, oldest first; levels say how old nothing is. */
const inTime = (a: StoredBlock, b: StoredBlock): number => a.rid - b.rid || a.bid - b.bid || b.level - a.level

const isBeyond = (a: Position, b: Position): boolean => a.rid > b.rid || (a.rid === b.rid && tailOf(a) > tailOf(b))

/**
 * Brings one sensor up to date: asks what there is after its position, fetches that in time order, and keeps the position when all
 * of it is stored, or what came before something went wrong. A crash in between fetches blocks again, which changes nothing.
 *
 * - The service tells what ends after the client's block, whatever its rid: of a rid that is new, blocks that end before would never
 *   come. So where one turns up, it is asked for from its beginning.
 * - A block that is gone was compacted away: what there is is asked for again. One that is listed every time and never there is
 *   passed over in the end, and told: nothing newer would ever come.
 */
export const syncSensor = async (server: TmpoServer, { sid, token, from, take, keep, signal }: Wanted, nowS: number): Promise<Synced> => {
  let position = from
  let ask = from
  let beginning = from.level > 0 ? from.rid : Number.POSITIVE_INFINITY
  const fetched = new Set<string>()
  const conclude = async (trouble: Synced['trouble']): Promise<Synced> => {
    if (isBeyond(position, from)) await keep(position)
    return { blocks: fetched.size, trouble }
  }
  for (let attempt = 1; ; attempt++) {
    const answer = await server.sync(sid, token, ask)
    if ('trouble' in answer) return conclude(answer)
    const blocks = answer.value.filter((block) => !fetched.has(nameOf(sid, block))).sort(inTime)
    const history = blocks.length > 0 && nowS - blocks[0].bid > PRESENT_S
    let gone: Synced['trouble'] = null
    for (const block of blocks) {
      if (signal.aborted) return conclude({ trouble: 'away', detail: 'stopping' })
      const name = nameOf(sid, block)
      const got = await server.block(sid, token, block)
      if ('trouble' in got) {
        if (got.trouble !== 'gone') return conclude(got)
        gone = { trouble: 'gone', detail: `${name} is listed and not there` }
        if (attempt < ATTEMPTS) break
        continue
      }
      try {
        await take(name, got.value, history)
      } catch (error) {
        await conclude(null)
        throw error
      }
      fetched.add(name)
      if (isBeyond(block, position)) position = block
    }
    const isNew = position.rid > beginning
    if (attempt >= ATTEMPTS || (gone === null && !isNew)) return conclude(gone)
    if (isNew) beginning = position.rid
    ask = isNew || beginning > from.rid ? { ...START, rid: position.rid } : position
  }
}
