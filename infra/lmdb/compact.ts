import { existsSync, statSync } from 'node:fs'
import { open, rename, rm } from 'node:fs/promises'
import { syncFolder } from '../files.js'
import { openEnvironment, workingFile } from './env.js'

/** Less is not worth the time. */
const LEAST_BYTES = 1024 * 1024
/** Pages that come free are used again, but the file never shrinks: an import leaves about half of it free. */
const MOST_FREE = 0.3

/**
 * Before the folder is used: writes the working file anew without its free pages, when there are many (1 GB takes a few seconds).
 * The old file stays until the new one is complete and synced. Bytes given back; 0 when nothing was done.
 */
export const compactFolder = async (folder: string): Promise<number> => {
  const path = workingFile(folder)
  const copy = `${path}.compact`
  await rm(copy, { force: true })
  if (!existsSync(path) || statSync(path).size < LEAST_BYTES) return 0
  const env = openEnvironment(folder)
  try {
    const { fileBytes, usedBytes } = env.size()
    if (1 - usedBytes / fileBytes < MOST_FREE) return 0
    await env.copyTo(copy)
  } catch {
    // No room for a second file, most likely. The first one is whole, so work goes on with it.
    await rm(copy, { force: true })
    return 0
  } finally {
    await env.close()
  }
  const handle = await open(copy, 'r+')
  await handle.sync()
  await handle.close()
  const saved = statSync(path).size - statSync(copy).size
  await rename(copy, path)
  await syncFolder(folder)
  return saved
}
