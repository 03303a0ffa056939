import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'

export interface Child {
  /** Resolves with the line of its output that begins so; rejects when it ends without. */
  says(word: string): Promise<string>
  /** Lets it go on from where it stopped. */
  go(): void
  signal(signal: 'SIGSTOP' | 'SIGCONT' | 'SIGKILL' | 'SIGTERM'): void
  /** SIGKILL; resolves when it is gone. */
  kill(): Promise<void>
  ended: Promise<void>
}

/** A program of `children/`, which is given one JSON argument and says what it does line by line. */
export const childProcess = (program: string, settings: object): Child => {
  const file = new URL(`./children/${program}.mjs`, import.meta.url).pathname
  const child = spawn(process.execPath, [file, JSON.stringify(settings)], { stdio: ['pipe', 'pipe', 'inherit'] })
  child.stdin.on('error', () => {})
  const lines: string[] = []
  const waiting = new Set<() => void>()
  const look = () => {
    for (const each of waiting) each()
  }
  createInterface({ input: child.stdout }).on('line', (line) => {
    lines.push(line)
    look()
  })
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()))
  void ended.then(look)
  return {
    says: (word) =>
      new Promise((resolve, reject) => {
        const answer = () => {
          const line = lines.find((each) => each.startsWith(word))
          const over = child.exitCode !== null || child.signalCode !== null
          if (line === undefined && !over) return
          waiting.delete(answer)
          if (line !== undefined) resolve(line)
          else reject(new Error(`It ended without saying "${word}", but: ${lines.join(' | ')}`))
        }
        waiting.add(answer)
        answer()
      }),
    go: () => void child.stdin.write('go\n'),
    signal: (signal) => void child.kill(signal),
    kill: () => {
      child.kill('SIGKILL')
      return ended
    },
    ended
  }
}
