import { createHash } from 'node:crypto'
import { join } from 'node:path'
import type { Archive, Body, Receipt, Stored } from './archive/contract.js'
import { openFiles } from './archive/files.js'
import { openPacked, type Packed } from './archive/packed.js'
import { Refused } from './errors.js'

export type { Archive, RawFile, Stored } from './archive/contract.js'

/**
 * The raw archive of a data folder, `raw/`: payloads in files of their own (files.ts), and small ones of which there are many together
 * (packed.ts). `shared`: other machines may have the folder as well, over a network on which LMDB does not work; nothing is packed there.
 */
export const openArchive = async (folder: string, { shared = false } = {}): Promise<Archive> => {
  const raw = join(folder, 'raw')
  const files = await openFiles(raw)
  const packed = shared ? null : openPacked(join(raw, 'packed'))

  const pack = async (packed: Packed, body: Body, { name, receivedAt, source = '' }: Receipt): Promise<Stored> => {
    const whole = await collected(body)
    const file = { origin: createHash('sha256').update(whole).digest('hex'), name, receivedAt, bytes: whole.length, source }
    const existed = (await files.addName(file)) || (await packed.put(file, whole))
    return { origin: file.origin, bytes: file.bytes, existed }
  }

  async function* original(origin: string): AsyncGenerator<Buffer> {
    const bytes = await files.open(origin)
    if (bytes !== null) yield* bytes
    else {
      const whole = await packed?.open(origin)
      if (!whole) throw new Refused(`The raw archive ${raw} has no payload ${origin}.`)
      yield whole
    }
  }

  async function* list() {
    yield* files.list()
    if (packed !== null) yield* packed.list()
  }

  return {
    put: (body, receipt) =>
      packed !== null && receipt.packed
        ? pack(packed, body, receipt)
        : files.put(body, receipt, async (file) => (await packed?.addName(file)) ?? false),
    open: original,
    get: async (origin) => (await files.get(origin)) ?? packed?.get(origin) ?? null,
    list,
    close: async () => packed?.close()
  }
}

const collected = async (body: Body): Promise<Buffer> => {
  const chunks: Buffer[] = []
  for await (const chunk of body) chunks.push(chunk)
  return Buffer.concat(chunks)
}
