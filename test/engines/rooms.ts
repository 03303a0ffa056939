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

/** What it is started with: a settings file and a data folder of its own, both in `folder`. */
export const roomArgs = (args: readonly string[], settings: Partial<Settings>, folder: string): string[] => {
  const file = join(folder, 'wattledger.yaml')
  // JSON is YAML.
  writeFileSync(file, JSON.stringify({ ...settings, data: join(folder, 'data'), http: { ...settings.http, listen: ['127.0.0.1:0'] } }))
  return ['run', ...args, '--json', '--config', file]
}

/** Where it answers, once it does. */
export const addressOf = async (running: Running): Promise<string> =>
  JSON.parse(await running.line((line) => line.includes('"listening"'))).listening[0]

/** Resolves when it answers. */
export const startRoom = async (args: readonly string[], settings: Partial<Settings>, folder: string): Promise<Room> => {
  const running = start(roomArgs(args, settings, folder))
  const url = await addressOf(running)
  const end = (signal: NodeJS.Signals) => {
    running.process.kill(signal)
    return running.ended
  }
  return {
    ...running,
    url,
    drain: async () => {
      const began = performance.now()
      const ended = await end('SIGTERM')
      return { ...ended, tookMs: performance.now() - began }
    },
    kill: () => end('SIGKILL')
  }
}
