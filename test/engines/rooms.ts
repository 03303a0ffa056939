import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Settings } from '../../schemas/settings.js'
import { type Ended, type Running, start } from '../whole/child.js'

/** A room of a cluster in a process of its own, as `wattledger run` starts it. */
export interface Room extends Running {
  url: string
  /** SIGTERM; how it ended, and how long that took. */
  drain(): Promise<Ended & { tookMs: number }>
  kill(): Promise<Ended>
}

/** Starts one with a settings file and a data folder of its own; resolves when it answers. `folder` holds both. */
export const startRoom = async (args: readonly string[], settings: Partial<Settings>, folder: string): Promise<Room> => {
  const file = join(folder, 'wattledger.yaml')
  // JSON is YAML.
  writeFileSync(file, JSON.stringify({ ...settings, data: join(folder, 'data'), http: { ...settings.http, listen: ['127.0.0.1:0'] } }))
  const running = start(['run', ...args, '--json', '--config', file])
  const { listening } = JSON.parse(await running.line((line) => line.includes('"listening"')))
  const end = (signal: NodeJS.Signals) => {
    running.process.kill(signal)
    return running.ended
  }
  return {
    ...running,
    url: listening[0],
    drain: async () => {
      const began = performance.now()
      const ended = await end('SIGTERM')
      return { ...ended, tookMs: performance.now() - began }
    },
    kill: () => end('SIGKILL')
  }
}
