/** What is known of a receipt. */
export interface RawFile {
  /** SHA-256 (hex) of the original bytes. */
  origin: string
  /** File name or address it came under, without secrets. */
  name: string
  /** UTC ms. */
  receivedAt: number
  /** Of the original. */
  bytes: number
  source: string
}

export interface Stored {
  origin: string
  bytes: number
  /** The same bytes were there already. */
  existed: boolean
}

export interface Receipt {
  name: string
  receivedAt: number
  source?: string
  /** One of very many small ones, whole in memory: it is kept together with others. */
  packed?: boolean
}

export type Body = AsyncIterable<Buffer> | Iterable<Buffer>

/** The raw archive: every payload as it came, so that it can be parsed again. */
export interface Archive {
  /** Resolves when the bytes are durable. Memory stays bounded however large the payload, unless it is to be packed. */
  put(body: Body, receipt: Receipt): Promise<Stored>
  /** The original bytes. Rejects when there is no such payload, or they are damaged. */
  open(origin: string): AsyncIterable<Buffer>
  /** Under the name they first came under. */
  get(origin: string): Promise<RawFile | null>
  /** All of it, once for each name; the first name of a payload comes first. */
  list(): AsyncIterable<RawFile>
  /** Opened again, it is as before, whether it was closed or not. */
  close(): Promise<void>
}

/** First bytes of what gains nothing from being compressed again: gzip, zip, bzip2, zstd. */
const COMPRESSED = ['1f8b', '504b0304', '425a68', '28b52ffd'].map((magic) => Buffer.from(magic, 'hex'))

export const isCompressed = (head: Buffer): boolean => COMPRESSED.some((magic) => head.subarray(0, magic.length).equals(magic))
