import { closeSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { Refused } from './errors.js'

/** A sensor's id, and its token: 32 lower-case hex digits each. */
const HEX = /^[0-9a-f]{32}$/
const Tokens = z.record(z.string().regex(HEX), z.string().regex(HEX))
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
    const known = Tokens.safeParse(json(text))
    // What is wrong with it is not quoted: that would be a token.
    if (!known.success)
      throw new Refused(`${path} is not {"<sensor>": "<token>", …}, 32 hex digits each: mend it, or import the workbook again.`)
    return new Map(Object.entries(known.data))
  }
  return {
    get: (sid) => entries().get(sid),
    entries,
    put: (tokens) => {
      if (tokens.size === 0) return
      const all = entries()
      for (const [sid, token] of tokens) {
        if (!HEX.test(sid))
          throw new Refused(`A sensor's id is 32 hex digits (0-9, a-f), which ${JSON.stringify(sid.slice(0, 40))} is not.`)
        if (!HEX.test(token)) throw new Refused(`The token of sensor ${sid} is not 32 hex digits (0-9, a-f): copy it again from its page.`)
        all.set(sid, token)
      }
      if (all.size > MOST) throw new Refused(`${path} would hold more than ${MOST} tokens.`)
      mkdirSync(folder, { recursive: true })
      replace(path, `${JSON.stringify(Object.fromEntries([...all].sort()), null, 1)}\n`)
    }
  }
}

const json = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return null
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
