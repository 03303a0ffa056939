import type { Duplex } from 'node:stream'
import { createGunzip } from 'node:zlib'
import { bunzip2, Ended } from './bzip2.js'

/**
 * Compressed payloads, recognised by their FIRST BYTES; names lie (`.ZIP`, `.bz2` or nothing at all):
 *   gzip  1F 8B 08      one or several members, one content
 *   bzip2 42 5A 68      one or several streams, one content
 *   zip   50 4B 03 04   a content per file inside, in the order of its directory; each may itself be gzip or bzip2
 *   otherwise the bytes are the content.
 */
export interface Content {
  /** Name of the file inside a zip, otherwise the given one. */
  name: string
  /** Plain bytes. A `Damage`, when there is one, is the last item: what came before it is valid. Read it before the next content. */
  chunks: AsyncIterable<Buffer | Damage>
}

/** Why (the rest of) a content can't be had; a value, for the caller to turn into a Reject. */
export interface Damage {
  reason: 'gzip-corrupt' | 'bzip2-corrupt' | 'zip-corrupt' | 'truncated' | 'expands-too-much' | 'encrypted' | 'unknown-compression'
  expected: string
  found: string
  advice: string
}

export const isDamage = (item: Buffer | Damage): item is Damage => !Buffer.isBuffer(item)

/** What a payload may grow to. Load curves shrink 10 to 80 times; 10 GB of zeros shrink to 7 KB. */
export interface Bounds {
  bytes: number
  /** Plain bytes per compressed byte, once `freeBytes` have been written. */
  ratio: number
  freeBytes: number
}
export const BOUNDS: Bounds = { bytes: 16 * 1024 ** 3, ratio: 1000, freeBytes: 64 * 1024 ** 2 }

/** Counts what went in and came out over all layers of a payload. */
export class Budget {
  private compressed = 0
  private plain = 0
  constructor(private readonly bounds: Bounds) {}

  took(bytes: number): void {
    this.compressed += bytes
  }
  gave(bytes: number): void {
    this.plain += bytes
  }
  /** Bytes that may still come; below 0: too many came. */
  room = (): number => {
    const { bytes, ratio, freeBytes } = this.bounds
    return Math.min(bytes, Math.max(freeBytes, ratio * this.compressed)) - this.plain
  }
}

const AGAIN = 'Ask for the file again; what was read before this place is kept.'

export const damaged = (reason: Damage['reason'], found: string): Damage => {
  if (reason === 'expands-too-much') {
    return {
      reason,
      expected: 'a file that does not expand beyond the bound',
      found,
      advice: 'Unpack it by hand and import the plain file if it is meant.'
    }
  }
  if (reason === 'encrypted') return { reason, expected: 'a file without password', found, advice: 'Ask for it unencrypted.' }
  if (reason === 'unknown-compression')
    return { reason, expected: 'zip method 0 (stored) or 8 (deflate)', found, advice: 'Pack it with a usual tool.' }
  return { reason, expected: reason === 'truncated' ? 'the end of the file' : 'intact data', found, advice: AGAIN }
}

export async function* decompress(name: string, source: AsyncIterable<Buffer>, bounds = BOUNDS): AsyncGenerator<Content> {
  const budget = new Budget(bounds)
  const { head, all } = await peek(source)
  if (head.length >= 4 && head.readUInt32BE(0) === 0x504b0304) {
    const { unzip } = await import('./zip.js')
    yield* unzip(name, all, budget)
  } else {
    yield { name, chunks: unpack(head, counted(all, budget), budget) }
  }
}

/** Content of a file that is no zip. */
export const unpack = (head: Buffer, all: AsyncIterable<Buffer>, budget: Budget): AsyncIterable<Buffer | Damage> => {
  if (head.length >= 3 && head.readUIntBE(0, 3) === 0x1f8b08) return gunzip(all, budget)
  if (head.length >= 3 && head.readUIntBE(0, 3) === 0x425a68) return bunzip(all, budget)
  return all
}

/** The first 4 bytes (fewer when there are no more), and everything, those included. */
export const peek = async (source: AsyncIterable<Buffer>): Promise<{ head: Buffer; all: AsyncIterable<Buffer> }> => {
  const input = source[Symbol.asyncIterator]()
  let head: Buffer = Buffer.alloc(0)
  while (head.length < 4) {
    const next = await input.next()
    if (next.done) break
    head = head.length === 0 ? next.value : Buffer.concat([head, next.value])
  }
  return { head, all: resumed(head, input) }
}

async function* resumed(head: Buffer, input: AsyncIterator<Buffer>): AsyncGenerator<Buffer> {
  try {
    if (head.length > 0) yield head
    for (let next = await input.next(); !next.done; next = await input.next()) yield next.value
  } finally {
    await input.return?.()
  }
}

async function* counted(source: AsyncIterable<Buffer>, budget: Budget): AsyncGenerator<Buffer> {
  for await (const chunk of source) {
    budget.took(chunk.length)
    yield chunk
  }
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error)).slice(0, 200)

async function* gunzip(source: AsyncIterable<Buffer>, budget: Budget): AsyncGenerator<Buffer | Damage> {
  yield* bounded(through(source, createGunzip()), budget, (error) =>
    damaged(isUnexpectedEnd(error) ? 'truncated' : 'gzip-corrupt', messageOf(error))
  )
}

async function* bunzip(source: AsyncIterable<Buffer>, budget: Budget): AsyncGenerator<Buffer | Damage> {
  yield* bounded(bunzip2(guarded(source), budget.room), budget, (error) =>
    error instanceof Ended ? damaged('truncated', 'the data ends inside a block') : damaged('bzip2-corrupt', messageOf(error))
  )
}

export const isUnexpectedEnd = (error: unknown): boolean => (error as { code?: string }).code === 'Z_BUF_ERROR'

/** A failure to read the source: bad weather, not bad data. It goes on to the caller as it is. */
class SourceFailed extends Error {}

export async function* guarded(source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  try {
    yield* source
  } catch (cause) {
    throw new SourceFailed('reading the payload failed', { cause })
  }
}

/** Plain bytes until they pass the budget or decoding fails, which becomes the last item. */
export async function* bounded(
  plain: AsyncIterable<Buffer>,
  budget: Budget,
  damageOf: (error: unknown) => Damage
): AsyncGenerator<Buffer | Damage> {
  const output = plain[Symbol.asyncIterator]()
  try {
    for (;;) {
      let next: IteratorResult<Buffer>
      try {
        next = await output.next()
      } catch (error) {
        if (error instanceof SourceFailed) throw error.cause
        yield damageOf(error)
        return
      }
      if (next.done) return
      budget.gave(next.value.length)
      if (budget.room() < 0) {
        yield damaged('expands-too-much', 'more plain bytes than the bound')
        return
      }
      yield next.value
    }
  } finally {
    await output.return?.()
  }
}

/**
 * What a codec makes of the source; when it fails, what it made before comes first (a pipeline would drop what is buffered).
 * zlib itself keeps the last, unfinished 16 KB to itself when data are corrupt; not when they are only cut short.
 */
export async function* through(source: AsyncIterable<Buffer>, codec: Duplex): AsyncGenerator<Buffer> {
  let wake = () => {}
  let failure: unknown
  let over = false
  const ring = () => wake()
  codec.on('readable', ring)
  codec.on('end', () => {
    over = true
    wake()
  })
  codec.on('error', (error) => {
    failure ??= error
    wake()
  })
  const feed = async () => {
    for await (const chunk of source) {
      if (codec.destroyed) return
      if (!codec.write(chunk)) await new Promise<void>((resolve) => codec.once('drain', resolve).once('close', resolve))
    }
    codec.end()
  }
  feed().catch((cause) => {
    failure ??= new SourceFailed('reading the payload failed', { cause })
    wake()
  })
  try {
    for (;;) {
      const chunk = codec.read() as Buffer | null
      if (chunk !== null) yield chunk
      else if (failure !== undefined) throw failure
      else if (over) return
      else await new Promise<void>((resolve) => (wake = resolve))
    }
  } finally {
    codec.destroy()
  }
}
