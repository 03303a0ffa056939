import type { Parsed, Payload, Source } from '../contract.js'
import { fromPath } from './block.js'
import { PARSER_VERSION, parseBlock, SOURCE } from './parse.js'
import { MAX_COMPRESSED } from './unpack.js'

/** Load-curve files of distributors are also sent gzipped; they begin with the name of their curve. */
const CURVE_FILE = /^(RF5D|F5D|P5D|F1|P1|P2|A5D|B5D)/i
const UNDER_SENSOR = /(?:^|[\\/])[0-9a-f]{32}[\\/](?:.*[\\/])?[^\\/]+\.gz$/

const isGzip = (head: Buffer): boolean => head[0] === 0x1f && head[1] === 0x8b

/** One byte more than a block may have is enough to know that it is too large. */
const readBounded = async (payload: Payload): Promise<Buffer> => {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of payload.open()) {
    const room = MAX_COMPRESSED + 1 - size
    chunks.push(chunk.length > room ? chunk.subarray(0, room) : chunk)
    size += Math.min(chunk.length, room)
    if (size > MAX_COMPRESSED) break
  }
  return chunks.length === 1 ? chunks[0] : Buffer.concat(chunks, size)
}

/** tmpo blocks of Fluksometers, from files: one block a payload. */
export const flukso: Source = {
  name: SOURCE,
  parserVersion: PARSER_VERSION,
  zone: () => 'Europe/Brussels',
  aheadMs: 5 * 60_000,

  /**
   * The name decides: the JSON inside is out of reach of the first bytes. Where a path says block or sensor, even bytes that are not
   * gzip are ours, to be rejected with the reason. Any other `.gz` is taken when it is gzip and not a distributor's curve; a source
   * that knows its gzipped files better stands before this one in the list.
   */
  recognises(name, head) {
    if (fromPath(name) || UNDER_SENSOR.test(name)) return true
    const file = name.slice(Math.max(name.lastIndexOf('/'), name.lastIndexOf('\\')) + 1)
    return file.endsWith('.gz') && isGzip(head) && !CURVE_FILE.test(file)
  },

  timeOf: (name) => {
    const id = fromPath(name)
    return id === null ? null : id.bid * 1000
  },

  says: (name) => {
    const id = fromPath(name)
    return id === null ? '' : `${id.sid}/${id.rid}/${id.level}/${id.bid}`
  },

  async *parse(payload): AsyncIterable<Parsed> {
    yield* parseBlock(await readBounded(payload), payload)
  }
}
