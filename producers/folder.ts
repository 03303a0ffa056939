import { createReadStream } from 'node:fs'
import { readdir, stat } from 'node:fs/promises'
import { join, relative } from 'node:path'
import type { Source } from './contract.js'
import { type Ingested, ingest, type ProducerRooms } from './run.js'

export interface FoundFile {
  path: string
  /** Path below the folder it was found in. */
  name: string
  bytes: number
  changedAt: number
}

/** Files of a folder and the folders below it, hidden ones and partial uploads aside. A file stands for itself. */
export const findFiles = async (folder: string): Promise<FoundFile[]> => {
  const top = await stat(folder)
  if (!top.isDirectory()) return [{ path: folder, name: folder, bytes: top.size, changedAt: top.mtimeMs }]
  const found: FoundFile[] = []
  const entries = await readdir(folder, { withFileTypes: true, recursive: true })
  for (const entry of entries) {
    const path = join(entry.parentPath, entry.name)
    const name = relative(folder, path)
    if (!entry.isFile() || name.split(/[\\/]/).some((part) => part.startsWith('.')) || /\.(part|tmp|filepart|crdownload)$/i.test(name))
      continue
    const { size, mtimeMs } = await stat(path)
    found.push({ path, name, bytes: size, changedAt: mtimeMs })
  }
  return found
}

/** Oldest first, as far as names tell: history in order costs least. */
export const inTimeOrder = (files: readonly FoundFile[], sources: readonly Source[]): FoundFile[] => {
  const keyed = files.map((file) => ({
    file,
    time: Math.max(...sources.map((source) => source.timeOf?.(file.name) ?? Number.NEGATIVE_INFINITY))
  }))
  keyed.sort((a, b) => a.time - b.time || (a.file.name < b.file.name ? -1 : 1))
  return keyed.map(({ file }) => file)
}

/** Reads a folder's files that it has not read yet, or that changed since; one that is still growing waits for the next look. */
export class FolderWatch {
  #before = new Map<string, string>()
  #trouble = ''

  constructor(
    private readonly rooms: ProducerRooms,
    readonly folder: string,
    private readonly settleMs: number
  ) {}

  async look(now: number, report: (result: Ingested | { name: string; error: unknown }) => void, signal: AbortSignal): Promise<void> {
    const files = await this.#find(report)
    const present = new Map(files.map((file) => [file.path, `${file.bytes} ${file.changedAt}`]))
    for (const file of inTimeOrder(files, this.rooms.sources)) {
      const stamp = present.get(file.path) as string
      const key = `file ${file.path}`
      const still = this.#before.get(file.path) === stamp || now - file.changedAt > this.settleMs
      if (!still || this.rooms.memory.get(key) === stamp) continue
      try {
        report(await ingest(this.rooms, createReadStream(file.path), file.name, now, { signal }))
        await this.rooms.memory.put(key, stamp)
      } catch (error) {
        if (signal.aborted) return
        report({ name: file.name, error })
      }
    }
    this.#before = present
  }

  /** A folder that cannot be read is said once, and again when the reason changes; it may come back. */
  async #find(report: (result: { name: string; error: unknown }) => void): Promise<FoundFile[]> {
    try {
      const files = await findFiles(this.folder)
      this.#trouble = ''
      return files
    } catch (error) {
      const trouble = (error as Error).message
      if (trouble !== this.#trouble) report({ name: this.folder, error })
      this.#trouble = trouble
      return []
    }
  }
}
