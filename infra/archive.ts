import { createHash, randomUUID } from 'node:crypto'
import { createReadStream, createWriteStream } from 'node:fs'
import { mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable, Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGunzip, createGzip } from 'node:zlib'
import { Damaged, DiskFull, isFull, Refused } from './errors.js'
import { syncFolder } from './files.js'

/**
 * The raw archive: every payload as it came, so that it can be parsed again. `raw/<ab>/<sha-256 of the original bytes>`, with `.gz`
 * where we compressed it, and beside it `.json`, what is known of the first receipt. A name may say what the bytes mean: equal bytes
 * under another name have a receipt of their own, `<sha-256>.name-<hash of the name>.json`, which sorts behind the first.
 */
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

export interface Archive {
  /** Resolves when the bytes are durable. Memory stays bounded however large the payload. */
  put(body: AsyncIterable<Buffer> | Iterable<Buffer>, receipt: { name: string; receivedAt: number; source?: string }): Promise<Stored>
  /** The original bytes. Rejects when there is no such payload, or they are damaged. */
  open(origin: string): AsyncIterable<Buffer>
  /** Under the name they first came under. */
  get(origin: string): Promise<RawFile | null>
  /** All of it, once for each name; the first name of a payload comes first. */
  list(): AsyncIterable<RawFile>
}

/** First bytes of what gains nothing from being compressed again: gzip, zip, bzip2, zstd. */
const COMPRESSED = ['1f8b', '504b0304', '425a68', '28b52ffd'].map((magic) => Buffer.from(magic, 'hex'))
const DAY_MS = 86_400_000
const NAME_DIGITS = 16

const isCompressed = (head: Buffer): boolean => COMPRESSED.some((magic) => head.subarray(0, magic.length).equals(magic))

/** The chunks, the first of them at least four bytes unless there is no more. */
async function* withHead(body: AsyncIterable<Buffer> | Iterable<Buffer>): AsyncGenerator<Buffer> {
  let head: Buffer | null = Buffer.alloc(0)
  for await (const chunk of body) {
    if (!head) {
      yield chunk
      continue
    }
    head = Buffer.concat([head, chunk])
    if (head.length < 4) continue
    yield head
    head = null
  }
  if (head) yield head
}

const missing = (error: { code?: string }): null => {
  if (error.code === 'ENOENT') return null
  throw error
}

const exists = async (path: string): Promise<boolean> => (await stat(path).catch(missing)) !== null

export const openArchive = async (folder: string): Promise<Archive> => {
  const raw = join(folder, 'raw')
  const unfinished = join(raw, 'unfinished')
  await mkdir(unfinished, { recursive: true })
  await removeOld(unfinished)

  const folderOf = (origin: string): string => join(raw, origin.slice(0, 2))
  const pathOf = async (origin: string): Promise<string | null> => {
    const path = join(folderOf(origin), origin)
    if (await exists(path)) return path
    return (await exists(`${path}.gz`)) ? `${path}.gz` : null
  }

  /** Writes the payload under a name of its own, hashing it on the way. */
  const receive = async (body: AsyncIterable<Buffer> | Iterable<Buffer>, path: string) => {
    const hash = createHash('sha256')
    const chunks = withHead(body)
    const first = await chunks.next()
    const head: Buffer = first.done ? Buffer.alloc(0) : first.value
    const compressed = isCompressed(head)
    let bytes = 0
    const counted = async function* () {
      for (let each: IteratorResult<Buffer> = { value: head, done: false }; !each.done; each = await chunks.next()) {
        hash.update(each.value)
        bytes += each.value.length
        yield each.value
      }
    }
    const packing = compressed ? new Transform({ transform: (chunk, _, done) => done(null, chunk) }) : createGzip()
    await pipeline(Readable.from(counted(), { objectMode: false }), packing, createWriteStream(path, { flags: 'wx', flush: true }))
    return { origin: hash.digest('hex'), bytes, suffix: compressed ? '' : '.gz' }
  }

  const writeReceipt = async (file: RawFile, temporary: string, suffix = ''): Promise<void> => {
    const handle = await open(temporary, 'wx')
    try {
      await handle.writeFile(JSON.stringify(file))
      await handle.sync()
    } finally {
      await handle.close()
    }
    await rename(temporary, join(folderOf(file.origin), `${file.origin}${suffix}.json`))
  }

  const addName = async (file: RawFile, temporary: string): Promise<void> => {
    const suffix = `.name-${createHash('sha256').update(file.name).digest('hex').slice(0, NAME_DIGITS)}`
    if (await exists(join(folderOf(file.origin), `${file.origin}${suffix}.json`))) return
    await writeReceipt(file, temporary, suffix)
    await syncFolder(folderOf(file.origin))
  }

  const receiptOf = async (path: string): Promise<RawFile | null> => {
    const receipt = await readFile(path, 'utf8').catch(missing)
    return receipt === null ? null : JSON.parse(receipt)
  }

  const put: Archive['put'] = async (body, { name, receivedAt, source = '' }) => {
    const temporary = join(unfinished, randomUUID())
    try {
      const { origin, bytes, suffix } = await receive(body, temporary)
      const first = await get(origin)
      if (first) {
        if (first.name !== name) await addName({ origin, name, receivedAt, bytes, source }, `${temporary}.json`)
        return { origin, bytes, existed: true }
      }
      const home = folderOf(origin)
      if (await mkdir(home, { recursive: true })) await syncFolder(raw)
      // The receipt first: a payload that is there has one.
      await writeReceipt({ origin, name, receivedAt, bytes, source }, `${temporary}.json`)
      await rename(temporary, join(home, `${origin}${suffix}`))
      await syncFolder(home)
      return { origin, bytes, existed: false }
    } catch (error) {
      if (!isFull(error)) throw error
      throw new DiskFull(
        `The raw archive ${raw} is full: ${name} was not kept, and nothing of it was taken in. Free some space and send it again.`,
        { cause: error }
      )
    } finally {
      await rm(temporary, { force: true })
      await rm(`${temporary}.json`, { force: true })
    }
  }

  async function* original(origin: string): AsyncGenerator<Buffer> {
    const path = await pathOf(origin)
    if (!path) throw new Refused(`The raw archive ${raw} has no payload ${origin}.`)
    const stream = createReadStream(path)
    const bytes = path.endsWith('.gz') ? stream.pipe(createGunzip()) : stream
    stream.on('error', (error) => bytes.destroy(error))
    const hash = createHash('sha256')
    try {
      for await (const chunk of bytes) {
        hash.update(chunk)
        yield chunk
      }
    } finally {
      stream.destroy()
    }
    if (hash.digest('hex') !== origin) throw new Damaged(`The payload ${path} is damaged: its bytes are not those that were received.`)
  }

  const get = async (origin: string): Promise<RawFile | null> => {
    if (!(await pathOf(origin))) return null
    return receiptOf(join(folderOf(origin), `${origin}.json`))
  }

  async function* list(): AsyncGenerator<RawFile> {
    for (const group of (await readdir(raw)).filter((name) => /^[0-9a-f]{2}$/.test(name)).sort()) {
      for (const name of (await readdir(join(raw, group))).sort()) {
        const file = name.endsWith('.json') ? await receiptOf(join(raw, group, name)) : null
        // A crash may leave a receipt whose bytes never came.
        if (file && (await pathOf(file.origin))) yield file
      }
    }
  }

  return { put, open: original, get, list }
}

/** What a crash left half received: whoever sent it was not told that it is stored. */
const removeOld = async (folder: string): Promise<void> => {
  for (const name of await readdir(folder)) {
    const path = join(folder, name)
    const age = await stat(path)
      .then(({ mtimeMs }) => Date.now() - mtimeMs)
      .catch(missing)
    if (age !== null && age > DAY_MS) await rm(path, { force: true })
  }
}
