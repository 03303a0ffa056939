import { once } from 'node:events'
import { createWriteStream } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInflateRaw, crc32 } from 'node:zlib'
import { type Entry, fromBufferPromise, openPromise, type ZipFile } from 'yauzl'
import { type Budget, bounded, type Content, type Damage, damaged, isUnexpectedEnd, peek, through, unpack } from './compression.js'

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

const directoryDamage = (error: unknown): Damage => {
  const message = error instanceof Error ? error.message : String(error)
  return damaged(message.startsWith('End of central directory') ? 'truncated' : 'zip-corrupt', message.slice(0, 200))
}

async function* only(damage: Damage): AsyncGenerator<Damage> {
  yield damage
}

/** yauzl opens both ways; whoever opened closes. */
const OPTIONS = { lazyEntries: true, autoClose: false }

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
  const open = () => (file === null ? fromBufferPromise(Buffer.concat(parts), OPTIONS) : openPromise(join(folder, 'payload.zip'), { ...OPTIONS, autoClose: true }))
  return { size, open, remove }
}

const write = (file: ReturnType<typeof createWriteStream>, chunk: Buffer) =>
  new Promise<void>((resolve, reject) => file.write(chunk, (error) => (error ? reject(error) : resolve())))

/** Plain bytes of one file. yauzl gives it packed: unpacking here keeps what came before a corruption and checks size and checksum. */
async function* memberOf(zip: ZipFile, entry: Entry, budget: Budget): AsyncGenerator<Buffer | Damage> {
  if (entry.isEncrypted()) return yield damaged('encrypted', entry.fileName)
  if (entry.compressionMethod !== 0 && entry.compressionMethod !== 8) {
    return yield damaged('unknown-compression', `method ${entry.compressionMethod}`)
  }
  let packed: AsyncIterable<Buffer>
  try {
    packed = await zip.openReadStreamPromise(entry, { decodeFileData: false })
  } catch (error) {
    return yield directoryDamage(error)
  }
  const { head, all } = await peek(checked(entry.compressionMethod === 0 ? packed : through(packed, createInflateRaw()), entry))
    .catch((error) => ({ head: null, all: failing(error) }))
  const plain = head === null ? all : all
  yield* bounded(plain, budget, memberDamage)
}
