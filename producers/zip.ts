import { once } from 'node:events'
import { createWriteStream } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { crc32, createInflateRaw } from 'node:zlib'
import { type Entry, fromBufferPromise, openPromise, type ZipFile } from 'yauzl'
import {
  type Budget,
  bounded,
  type Content,
  type Damage,
  damaged,
  guarded,
  isDamage,
  isUnexpectedEnd,
  peek,
  through,
  unpack
} from './compression.js'

/** A zip's directory stands at its end: up to this size it is held in memory, a larger one goes through a temporary file. */
const IN_MEMORY = 64 * 1024 ** 2
/** Directory entries looked at. */
const MAX_ENTRIES = 10_000

/** A content per file of the zip; one without bytes but with its damage when the directory can't be read. */
export async function* unzip(name: string, source: AsyncIterable<Buffer>, budget: Budget, inMemory = IN_MEMORY): AsyncGenerator<Content> {
  const spooled = await spool(source, inMemory)
  budget.took(spooled.size)
  let zip: ZipFile | undefined
  try {
    zip = await spooled.open()
    let seen = 0
    for await (const entry of zip.eachEntry()) {
      if (entry.fileName.endsWith('/')) continue
      if (++seen > MAX_ENTRIES) throw new Error(`more than ${MAX_ENTRIES} files inside`)
      yield { name: entry.fileName, chunks: memberOf(zip, entry, budget) }
    }
  } catch (error) {
    yield { name, chunks: only(directoryDamage(error)) }
  } finally {
    zip?.close()
    await spooled.remove()
  }
}

/** What yauzl says about bytes; what the system says about our temporary file is not damage. */
const directoryDamage = (error: unknown): Damage => {
  if (error instanceof Error && 'syscall' in error) throw error
  const message = error instanceof Error ? error.message : String(error)
  return damaged(message.startsWith('End of central directory') ? 'truncated' : 'zip-corrupt', message.slice(0, 200))
}

async function* only(damage: Damage): AsyncGenerator<Damage> {
  yield damage
}

const spool = async (source: AsyncIterable<Buffer>, inMemory: number) => {
  const parts: Buffer[] = []
  let size = 0
  let folder = ''
  let file: ReturnType<typeof createWriteStream> | null = null
  const remove = async () => {
    file?.destroy()
    if (folder !== '') await rm(folder, { recursive: true, force: true })
  }
  try {
    for await (const chunk of source) {
      size += chunk.length
      if (file === null) parts.push(chunk)
      if (file === null && size > inMemory) {
        folder = await mkdtemp(join(tmpdir(), 'wattledger-zip-'))
        file = createWriteStream(join(folder, 'payload.zip'))
        await once(file, 'ready')
        for (const part of parts.splice(0)) await write(file, part)
      } else if (file !== null) await write(file, chunk)
    }
    if (file !== null) await new Promise<void>((resolve, reject) => file?.once('error', reject).end(resolve))
  } catch (error) {
    await remove()
    throw error
  }
  const open = () => (file === null ? fromBufferPromise(Buffer.concat(parts)) : openPromise(join(folder, 'payload.zip')))
  return { size, open, remove }
}

const write = (file: ReturnType<typeof createWriteStream>, chunk: Buffer) =>
  new Promise<void>((resolve, reject) => file.write(chunk, (error) => (error ? reject(error) : resolve())))

/**
 * Plain bytes of one file. yauzl gives it packed: unpacking here keeps what came before a corruption, and checks size and checksum.
 * A file that is bzip2 or gzip itself is unpacked once more; where the outer layer breaks, the inner one decodes what it got.
 */
async function* memberOf(zip: ZipFile, entry: Entry, budget: Budget): AsyncGenerator<Buffer | Damage> {
  if (entry.isEncrypted()) return yield damaged('encrypted', entry.fileName)
  const method = entry.compressionMethod
  if (method !== 0 && method !== 8) return yield damaged('unknown-compression', `method ${method}`)
  const broken: Damage[] = []
  const { head, all } = await peek(untilBroken(zip, entry, budget, broken))
  for await (const item of unpack(head, all, budget)) {
    if (isDamage(item) && broken.length > 0) break
    yield item
  }
  yield* broken
}

async function* untilBroken(zip: ZipFile, entry: Entry, budget: Budget, broken: Damage[]): AsyncGenerator<Buffer> {
  let packed: AsyncIterable<Buffer>
  try {
    packed = await zip.openReadStreamPromise(entry, { decodeFileData: false })
  } catch (error) {
    broken.push(directoryDamage(error))
    return
  }
  const plain = entry.compressionMethod === 0 ? guarded(packed) : through(packed, createInflateRaw())
  for await (const item of bounded(checked(plain, entry), budget, memberDamage)) {
    if (isDamage(item)) broken.push(item)
    else yield item
  }
}

async function* checked(plain: AsyncIterable<Buffer>, entry: Entry): AsyncGenerator<Buffer> {
  let size = 0
  let checksum = 0
  for await (const chunk of plain) {
    size += chunk.length
    if (size > entry.uncompressedSize) break
    checksum = crc32(chunk, checksum)
    yield chunk
  }
  if (size !== entry.uncompressedSize) throw new Error('not as long as the directory says')
  if (checksum !== entry.crc32) throw new Error('checksum')
}

const memberDamage = (error: unknown): Damage =>
  damaged(isUnexpectedEnd(error) ? 'truncated' : 'zip-corrupt', error instanceof Error ? error.message : String(error))
