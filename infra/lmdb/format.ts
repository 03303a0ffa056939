import { Refused } from '../errors.js'
import type { Environment } from './env.js'

/** Raised when what is in the working file changes its meaning. 2: packed chunks, bundled readings. */
const FORMAT = 2

/** A folder is only read by programs that know how it was written. */
export const checkFormat = async (env: Environment): Promise<void> => {
  const table = env.table('meta')
  const key = Buffer.from('format')
  const stored = table.get(key)?.readUInt16BE(0)
  if (stored === FORMAT) return
  if (stored !== undefined || table.getCount() > 0) {
    throw new Refused(
      `The data folder ${env.folder} has format ${stored ?? 1}, and this program writes format ${FORMAT}. Use the program that made it, or a new folder and import the raw files (${env.folder}/raw) again.`
    )
  }
  const value = Buffer.allocUnsafe(2)
  value.writeUInt16BE(FORMAT)
  await env.write(() => table.put(key, value))
}
