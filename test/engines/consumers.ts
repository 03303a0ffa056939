import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'
import type { Json } from '../whole/platform.js'

const ROOT = resolve(import.meta.dirname, '../..')
const DOC = readFileSync(join(ROOT, 'docs/topics.md'), 'utf8')
const run = promisify(execFile)

export const NODE = /```js\n([\s\S]*?)```/.exec(DOC)![1]
export const PYTHON = /```python\n([\s\S]*?)```/.exec(DOC)![1]

/** A Python with what docs/topics.md installs, in a folder; what went wrong where there is none to be had. */
export const pythonWith = async (folder: string): Promise<{ python: string } | { missing: string }> => {
  const packages = /`pip install ([^`]*)`/.exec(DOC)![1].split(' ')
  const python = join(folder, 'bin/python')
  try {
    await run('python3', ['-m', 'venv', folder])
    await run(python, ['-m', 'pip', 'install', '--quiet', '--only-binary', ':all:', ...packages], { timeout: 240_000 })
    return { python }
  } catch (error) {
    return { missing: `no Python with ${packages.join(' ')}: ${String((error as Error).message).slice(0, 300)}` }
  }
}

/** A consumer of docs/topics.md in a process of its own: the document's text, and nothing else of ours. */
export class Consumer {
  readonly rows: Json[] = []
  readonly #process: ChildProcess
  #trouble = ''

  constructor(command: string, args: readonly string[], code: string, token: string) {
    this.#process = spawn(command, args, { cwd: ROOT, env: { ...process.env, WATTLEDGER_TOKEN: token }, stdio: ['pipe', 'pipe', 'pipe'] })
    this.#process.stderr!.on('data', (text) => {
      this.#trouble += text
    })
    createInterface({ input: this.#process.stdout! }).on('line', (line) => this.rows.push(JSON.parse(line)))
    this.#process.stdin!.end(code)
  }

  /** Current rows of a topic: of each identity the highest rev, and none that is withdrawn. */
  current(topic: string, identity: (row: Json) => string): Json[] {
    if (this.#process.exitCode !== null) throw new Error(`The consumer ended: ${this.#trouble}`)
    const rows = new Map<string, Json>()
    for (const row of this.rows) {
      if (row.topic !== topic) continue
      const other = rows.get(identity(row))
      if (!other || other.rev <= row.rev) rows.set(identity(row), row)
    }
    return [...rows.values()].filter(({ op }) => op !== 1)
  }

  stop(): void {
    this.#process.kill('SIGKILL')
  }
}
