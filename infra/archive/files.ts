import { createHash, randomUUID } from 'node:crypto'
import { createReadStream, createWriteStream } from 'node:fs'
import { mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable, Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGunzip, createGzip } from 'node:zlib'
import { Damaged, DiskFull, isFull } from '../errors.js'
import { syncFolder } from '../files.js'
import { type Body, isCompressed, type RawFile, type Receipt, type Stored } from './contract.js'

/**
 * Payloads in files of their own: `<ab>/<sha-256 of the original bytes>`, with `.gz` where we compressed it, and beside it `.json`, what
 * is known of the first receipt. A name may say what the bytes mean: equal bytes under another name have a receipt of their own,
 * `<sha-256>.name-<hash of the name>.json`, which sorts behind the first.
 */
export interface Files {
  /** `elsewhere`: takes the receipt of bytes that are kept in another way, and says so. */
  put(body: Body, receipt: Receipt, elsewhere: (file: RawFile) => Promise<boolean>): Promise<Stored>
  /** Another name of bytes that are here; false where they are not. */
  addName(file: RawFile): Promise<boolean>
  /** Null where they are not here. Rejects, having yielded them, when they are damaged. */
  open(origin: string): Promise<AsyncIterable<Buffer> | null>
  get(origin: string): Promise<RawFile | null>
  list(): AsyncIterable<RawFile>
}

const DAY_MS = 86_400_000
const NAME_DIGITS = 16

/** The chunks, the first of them at least four bytes unless there is no more. */
async function* withHead(body: Body): AsyncGenerator<Buffer> {
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

/** Writes the payload under a name of its own, hashing it on the way. */
const receive = async (body: Body, path: string) => {
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

export const openFiles = async (raw: string): Promise<Files> => {
  const unfinished = join(raw, 'unfinished')
  await mkdir(unfinished, { recursive: true })
  await removeOld(unfinished)

  const folderOf = (origin: string): string => join(raw, origin.slice(0, 2))
  const pathOf = async (origin: string): Promise<string | null> => {
    const path = join(folderOf(origin), origin)
    if (await exists(path)) return path
    return (await exists(`${path}.gz`)) ? `${path}.gz` : null
  }

  const writeReceipt = async (file: RawFile, suffix = ''): Promise<void> => {
    const temporary = join(unfinished, `${randomUUID()}.json`)
    try {
      const handle = await open(temporary, 'wx')
      try {
        await handle.writeFile(JSON.stringify(file))
        await handle.sync()
      } finally {
        await handle.close()
      }
      await rename(temporary, join(folderOf(file.origin), `${file.origin}${suffix}.json`))
    } finally {
      await rm(temporary, { force: true })
    }
  }

  const receiptOf = async (path: string): Promise<RawFile | null> => {
    const receipt = await readFile(path, 'utf8').catch(missing)
    return receipt === null ? null : JSON.parse(receipt)
  }

  const get: Files['get'] = async (origin) => {
    if (!(await pathOf(origin))) return null
    return receiptOf(join(folderOf(origin), `${origin}.json`))
  }

  const addName: Files['addName'] = async (file) => {
    const first = await get(file.origin)
    if (first === null) return false
    const suffix = `.name-${createHash('sha256').update(file.name).digest('hex').slice(0, NAME_DIGITS)}`
    if (first.name === file.name || (await exists(join(folderOf(file.origin), `${file.origin}${suffix}.json`)))) return true
    await writeReceipt(file, suffix)
    await syncFolder(folderOf(file.origin))
    return true
  }

  const put: Files['put'] = async (body, { name, receivedAt, source = '' }, elsewhere) => {
    const temporary = join(unfinished, randomUUID())
    try {
      const { origin, bytes, suffix } = await receive(body, temporary)
      const file: RawFile = { origin, name, receivedAt, bytes, source }
      if ((await addName(file)) || (await elsewhere(file))) return { origin, bytes, existed: true }
      const home = folderOf(origin)
      if (await mkdir(home, { recursive: true })) await syncFolder(raw)
      // The receipt first: a payload that is there has one.
      await writeReceipt(file)
      await rename(temporary, join(home, `${origin}${suffix}`))
      await syncFolder(home)
      return { origin, bytes, existed: false }
    } catch (error) {
      throw isFull(error) ? noRoom(raw, name, error) : error
    } finally {
      await rm(temporary, { force: true })
    }
  }

  const list: Files['list'] = async function* () {
    for (const group of (await readdir(raw)).filter((name) => /^[0-9a-f]{2}$/.test(name)).sort()) {
      for (const name of (await readdir(join(raw, group))).sort()) {
        const file = name.endsWith('.json') ? await receiptOf(join(raw, group, name)) : null
        // A crash may leave a receipt whose bytes never came.
        if (file && (await pathOf(file.origin))) yield file
      }
    }
  }

  const openFile: Files['open'] = async (origin) => {
    const path = await pathOf(origin)
    return path === null ? null : original(path, origin)
  }

  return { put, addName, open: openFile, get, list }
}

async function* original(path: string, origin: string): AsyncGenerator<Buffer> {
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

export const noRoom = (raw: string, name: string, cause: unknown): DiskFull =>
  new DiskFull(`The raw archive ${raw} is full: ${name} was not kept, and nothing of it was taken in. Free some space and send it again.`, {
    cause
  })

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
