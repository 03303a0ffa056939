import { readFileSync } from 'node:fs'
import { Refused } from './errors.js'

/** The authorities to trust, PEM, where the settings say they stand; undefined where they say nothing: those of the system. `what` names the setting. */
export const readCa = (path: string | undefined, what: string): string | undefined => {
  if (path === undefined) return undefined
  try {
    return readFileSync(path, 'utf8')
  } catch {
    throw new Refused(`${what}: the file ${path}, where the settings say it is, cannot be read.`)
  }
}
