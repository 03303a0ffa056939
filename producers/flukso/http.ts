import { Agent, request } from 'undici'
import { z } from 'zod'
import { jsonOf } from '../../schemas/json.js'
import { bounded } from '../bounded.js'
import { isBlockId } from './block.js'
import type { Position, StoredBlock } from './sync.js'
import { MAX_COMPRESSED } from './unpack.js'

/**
 * The two calls of the vendor's service (its rule: sync.ts). The token goes in a header, never in an address, where logs would keep it.
 *
 *   GET <url>/sensor/<sid>/tmpo/sync?rid=&lvl=&bid=     application/json: [{rid, lvl, bid, ext: 'gz'}, …]
 *   GET <url>/sensor/<sid>/tmpo/<rid>/<lvl>/<bid>       application/gzip: the block
 */
export interface TmpoServer {
  sync(sid: string, token: string, position: Position): Promise<Answer<StoredBlock[]>>
  block(sid: string, token: string, block: StoredBlock): Promise<Answer<Buffer>>
  close(): Promise<void>
}

/**
 * refused     the token, for good: a wrong one, or a sensor that was removed
 * gone        a block that was compacted away since it was listed: ask again
 * away        nobody answers, or only later (5xx, 597: the service is tidying up)
 * unexpected  something else than such a service says
 */
export type Trouble = 'refused' | 'gone' | 'away' | 'unexpected'
export type Answer<Value> = { value: Value } | { trouble: Trouble; detail: string }

export interface ServerOptions {
  url: string
  /** PEM; absent: the system's authorities. */
  ca?: string
  /** Most connections. */
  parallel: number
  /** Aborted: calls end at once, as `away`. */
  signal: AbortSignal
  /** Most from the request to the first byte, and between two pieces of an answer; default 30 s. */
  silenceMs?: number
}

const CONNECT_MS = 15_000
const SILENCE_MS = 30_000
/** A whole call: whoever trickles holds a sensor's turn no longer. */
const CALL_MS = 300_000
/** Two years of a sensor are some hundred blocks, each 48 characters of a list. */
const MAX_LIST = 1024 * 1024

const Listed = z.array(z.object({ rid: z.int().min(0), lvl: z.int(), bid: z.int(), ext: z.literal('gz') }))

export const openServer = ({ url, ca, parallel, signal, silenceMs = SILENCE_MS }: ServerOptions): TmpoServer => {
  const dispatcher = new Agent({
    connections: parallel,
    headersTimeout: silenceMs,
    bodyTimeout: silenceMs,
    maxResponseSize: MAX_COMPRESSED,
    connect: { ca, timeout: CONNECT_MS }
  })
  const get = async (path: string, accept: string, token: string, most: number): Promise<Answer<Buffer>> => {
    try {
      const { statusCode, body } = await request(`${url}${path}`, {
        dispatcher,
        headers: { accept, 'x-version': '1.0', 'x-token': token },
        signal: AbortSignal.any([signal, AbortSignal.timeout(CALL_MS)])
      })
      if (statusCode !== 200) {
        await body.dump({ limit: 65_536 }).catch(() => {})
        return { trouble: troubleOf(statusCode), detail: `status ${statusCode}` }
      }
      const value = await bounded(body, most)
      return value === null ? { trouble: 'unexpected', detail: `an answer of more than ${most} bytes` } : { value }
    } catch (error) {
      return { trouble: 'away', detail: reasonOf(error) }
    }
  }
  return {
    sync: async (sid, token, { rid, level, bid }) => {
      const answer = await get(`/sensor/${sid}/tmpo/sync?rid=${rid}&lvl=${level}&bid=${bid}`, 'application/json', token, MAX_LIST)
      return 'trouble' in answer ? withoutGone(answer) : listed(answer.value)
    },
    block: (sid, token, { rid, level, bid }) =>
      get(`/sensor/${sid}/tmpo/${rid}/${level}/${bid}`, 'application/gzip', token, MAX_COMPRESSED),
    close: () => dispatcher.destroy()
  }
}

const troubleOf = (status: number): Trouble => {
  if (status === 401 || status === 403) return 'refused'
  if (status === 404) return 'gone'
  return status >= 500 || status === 429 ? 'away' : 'unexpected'
}

/** A list cannot be gone: then this is no such service. */
const withoutGone = <Value>(answer: Answer<Value>): Answer<Value> =>
  'trouble' in answer && answer.trouble === 'gone' ? { ...answer, trouble: 'unexpected' } : answer

const listed = (bytes: Buffer): Answer<StoredBlock[]> => {
  const known = Listed.safeParse(jsonOf(bytes.toString('utf8')))
  if (!known.success) return { trouble: 'unexpected', detail: 'an answer that is no list of blocks' }
  const blocks = known.data.map(({ rid, lvl, bid }) => ({ rid, level: lvl, bid }))
  const odd = blocks.find((block) => !isBlockId(block))
  return odd ? { trouble: 'unexpected', detail: `a block of level ${odd.level} at ${odd.bid}` } : { value: blocks }
}

const UNKNOWN_AUTHORITY = /SELF_SIGNED|UNABLE_TO_(VERIFY|GET_ISSUER)/

/** What a person can act on; a message may name the request, a code does not. */
const reasonOf = (error: unknown): string => {
  const { code, name, cause } = error as NodeJS.ErrnoException & { cause?: NodeJS.ErrnoException }
  const reason = code ?? cause?.code ?? name
  return UNKNOWN_AUTHORITY.test(reason) ? `${reason}: name the PEM of the service's authority under flukso.http.ca` : reason
}
