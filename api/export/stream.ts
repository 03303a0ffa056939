import { Readable } from 'node:stream'

/** How long an export waits for whoever takes it. */
const IDLE_MS = 60_000

/**
 * Bytes at the pace of whoever takes them, ended when nothing is taken for `idleMs`: a stalled client must not hold a place for ever.
 * What ends it early destroys the stream, so that HTTP's last chunk is missing and no client takes a part for the whole.
 */
export const paced = (bytes: AsyncIterable<string | Uint8Array>, idleMs = IDLE_MS): Readable => {
  const stream: Readable = Readable.from(
    (async function* () {
      for await (const piece of bytes) {
        const stalled = setTimeout(() => stream.destroy(new Error(`The client took nothing for ${idleMs} ms.`)), idleMs)
        try {
          yield piece
        } finally {
          clearTimeout(stalled)
        }
      }
    })(),
    { objectMode: false }
  )
  return stream
}

/** Few at a time: each reads the store as fast as it is taken. */
export class Places {
  #taken = 0
  constructor(private readonly most: number) {}

  /** False when all are taken. */
  take(): boolean {
    if (this.#taken === this.most) return false
    this.#taken++
    return true
  }

  leave(): void {
    this.#taken--
  }
}
