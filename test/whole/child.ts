import { type ChildProcess, spawn } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Given, Json } from './platform.js'

/** The program as users start it: what `npm test` has built just before. */
const MAIN = new URL('../../dist/main.js', import.meta.url).pathname

export interface Ended {
  code: number | null
  signal: string | null
  stdout: string
  stderr: string
  /** Of --json: an object for every line of stdout. */
  objects: Json[]
}

export interface Running {
  process: ChildProcess
  /** Lines of stdout so far. */
  lines: string[]
  stderr(): string
  ended: Promise<Ended>
  /** The first line that is wanted, whether it has come or not. */
  line(wanted: (line: string) => boolean): Promise<string>
}

export interface How {
  /** Another program of Node's than ours. */
  program?: string
  cwd?: string
  /** Arguments of node itself. */
  node?: string[]
  /** A shell line that runs it, with "$0" "$@" in its place. */
  shell?: string
  uid?: number
}

export const start = (args: readonly string[], { program = MAIN, cwd, node = [], shell, uid }: How = {}): Running => {
  const command = [process.execPath, ...node, program, ...args]
  const [file, ...rest] = shell === undefined ? command : ['bash', '-c', shell, ...command]
  const child = spawn(file, rest, { cwd, uid, stdio: ['ignore', 'pipe', 'pipe'] })
  const lines: string[] = []
  const waiting = new Set<() => void>()
  const wake = () => {
    for (const look of waiting) look()
  }
  createInterface({ input: child.stdout }).on('line', (line) => {
    lines.push(line)
    wake()
  })
  let stderr = ''
  child.stderr.on('data', (text) => {
    stderr += text
  })
  const ended = new Promise<Ended>((resolve) => {
    child.on('close', (code, signal) => {
      const stdout = lines.map((line) => `${line}\n`).join('')
      // A line that a kill cut is no object.
      const objects = lines.flatMap((line) => (line.startsWith('{') && line.endsWith('}') ? [JSON.parse(line)] : []))
      resolve({ code, signal, stdout, stderr, objects })
      wake()
    })
  })
  const line: Running['line'] = (wanted) =>
    new Promise((resolve, reject) => {
      let over = false
      const look = () => {
        const found = lines.find(wanted)
        if (found === undefined && !over) return
        waiting.delete(look)
        if (found !== undefined) resolve(found)
        else reject(new Error(`It ended before it said so.\n${lines.join('\n')}\n${stderr}`))
      }
      waiting.add(look)
      void ended.then(() => {
        over = true
        look()
      })
      look()
    })
  return { process: child, lines, stderr: () => stderr, ended, line }
}

export const run = (args: readonly string[], how: How = {}): Promise<Ended> => start(args, how).ended

/** `start` with an address of the system's choice, once it answers. */
export interface Server extends Running {
  url: string
}

export const serve = async (args: readonly string[], how: How = {}): Promise<Server> => {
  const running = start(['start', '--json', ...args], how)
  const { listening } = JSON.parse(await running.line((line) => line.includes('"listening"')))
  return { ...running, url: listening[0] }
}

export const stop = ({ process: child, ended }: Running): Promise<Ended> => {
  child.kill('SIGTERM')
  return ended
}

/** Lays files down as they would lie in somebody's folder. */
export const lay = (folder: string, files: readonly Given[]): void => {
  for (const { name, bytes } of files) {
    const path = join(folder, name)
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, bytes)
  }
}

/** Asks again until it holds; the last failure is told. */
export const until = async <T>(ask: () => Promise<T>, patienceMs = 30_000): Promise<T> => {
  const end = Date.now() + patienceMs
  for (;;) {
    try {
      return await ask()
    } catch (error) {
      if (Date.now() > end) throw error
      await sleep(50)
    }
  }
}
