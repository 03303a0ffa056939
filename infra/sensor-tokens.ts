import { closeSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { jsonOf } from '../schemas/json.js'
import { SENSOR_HEX } from '../schemas/sensor.js'
import { Refused } from './errors.js'

const Hex = z.string().regex(SENSOR_HEX)
const Tokens = z.record(Hex, Hex)
const MOST = 100_000

/**
 * Tokens of Fluksometer sensors, in `<data>/sensor-tokens.json`, which only its owner reads. Nowhere else: not in the registry, on a
 * topic, in a log or an answer. Read anew at every question, so that what another process put there counts at once.
 */
export interface SensorTokens {
  /** Undefined: none is known. */
  get(sid: string): string | undefined
  /** Token by sensor. */
  entries(): Map<string, string>
  /** Adds these, or puts them in the place of older ones; the others stay. Durable when it returns. Throws Refused, and keeps nothing, when one is no token. */
  put(tokens: ReadonlyMap<string, string>): void
  /** Forgets the token of a sensor; false: none was known. Durable when it returns. */
  remove(sid: string): boolean
}

export const openSensorTokens = (folder: string): SensorTokens => {
  const path = join(folder, 'sensor-tokens.json')
  const entries = (): Map<string, string> => {
    let text: string
    try {
      text = readFileSync(path, 'utf8')
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return new Map()
      throw new Refused(`${path} cannot be read: ${(error as NodeJS.ErrnoException).code}. It has to belong to whoever runs this program.`)
    }
    const known = Tokens.safeParse(jsonOf(text))
    // What is wrong with it is not quoted: that would be a token.
    if (!known.success)
      throw new Refused(`${path} is not {"<sensor>": "<token>", …}, 32 hex digits each: mend it, or import the workbook again.`)
    return new Map(Object.entries(known.data))
  }
  const write = (all: ReadonlyMap<string, string>): void =>
    replace(path, `${JSON.stringify(Object.fromEntries([...all].sort()), null, 1)}\n`)
  return {
    get: (sid) => entries().get(sid),
    entries,
    put: (tokens) => {
      if (tokens.size === 0) return
      const all = entries()
      for (const [sid, token] of tokens) {
        if (!SENSOR_HEX.test(sid))
          throw new Refused(`A sensor's id is 32 hex digits (0-9, a-f), which ${JSON.stringify(sid.slice(0, 40))} is not.`)
        if (!SENSOR_HEX.test(token))
          throw new Refused(`The token of sensor ${sid} is not 32 hex digits (0-9, a-f): copy it again from its page.`)
        all.set(sid, token)
      }
      if (all.size > MOST) throw new Refused(`${path} would hold more than ${MOST} tokens.`)
      mkdirSync(folder, { recursive: true })
      write(all)
    },
    remove: (sid) => {
      const all = entries()
      const isKnown = all.delete(sid)
      if (isKnown) write(all)
      return isKnown
    }
  }
}

/** Whole or not at all, and nobody else's at any moment. */
const replace = (path: string, text: string): void => {
  const unfinished = `${path}.${process.pid}.new`
  rmSync(unfinished, { force: true })
  const file = openSync(unfinished, 'wx', 0o600)
  try {
    writeSync(file, text)
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
  renameSync(unfinished, path)
}
