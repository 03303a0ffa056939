import { spawn } from 'node:child_process'
import { existsSync, openSync } from 'node:fs'
import { copyFile, mkdir, open, rename, rm } from 'node:fs/promises'
import { connect, createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { javaPath } from './jars.js'

/** A real engine as a plain process on loopback, for developers and tests. It ends with the process that started it. */
export interface Engine {
  readonly pid: number
  /** Asks it to end and waits; killed when it has not after 20 s. */
  stop(): Promise<void>
  /** What a power cut does: SIGKILL, at once. */
  kill(): Promise<void>
}

interface Program {
  /** Of the log file `<folder>/<name>.log`, and in errors. */
  name: string
  args?: readonly string[]
  /** Its data; also where it runs. Made when missing. */
  folder: string
  /** Asked every 50 ms until true. */
  answers(): Promise<boolean>
  /** Default 120 s. */
  patienceMs?: number
}

export interface NativeProgram extends Program {
  /** Path of the executable. */
  command: string
}

export interface JavaProgram extends Program {
  /** Folder of jars, from fetchJars. */
  jars: string
  mainClass: string
  /** -X and -D flags. */
  jvm?: readonly string[]
}

const STOP_MS = 20_000
const POLL_MS = 50
const LOG_TAIL_BYTES = 4_000

/** As startProgram, on the JVM. */
export const startJava = async (program: JavaProgram): Promise<Engine> => {
  const { jars, mainClass, jvm = [], args = [] } = program
  const archive = classArchive(program)
  const flags = ['-cp', join(jars, '*'), ...archive.flags, ...jvm]
  const engine = await startProgram({ ...program, command: await javaPath(), args: [...flags, mainClass, ...args] })
  const stop = async () => {
    await engine.stop()
    await archive.keep()
  }
  return { ...engine, stop }
}

/** Starts it and resolves when it answers. Rejects with the end of its log when it ends or stays silent. */
export const startProgram = async (program: NativeProgram): Promise<Engine> => {
  const { name, folder, answers, patienceMs = 120_000 } = program
  await mkdir(folder, { recursive: true })
  const log = join(folder, `${name}.log`)
  const output = openSync(log, 'w')
  const child = spawn(program.command, program.args ?? [], { cwd: folder, stdio: ['ignore', output, output] })
  const ended = new Promise<void>((resolve) => {
    child.once('exit', () => resolve())
    child.once('error', () => resolve())
  })
  const running = () => child.exitCode === null && child.signalCode === null
  const killNow = () => void child.kill('SIGKILL')
  const forget = endingWithUs(killNow)
  void ended.then(forget)
  const engine: Engine = {
    pid: child.pid ?? 0,
    async stop() {
      child.kill('SIGTERM')
      const killing = setTimeout(killNow, STOP_MS)
      await ended
      clearTimeout(killing)
    },
    async kill() {
      killNow()
      await ended
    }
  }
  for (let waitedMs = 0; waitedMs < patienceMs; waitedMs += POLL_MS) {
    if (!running()) throw new Error(`${name} ended while it started. The end of ${log}:\n${await endOf(log)}`)
    if (await answers()) return engine
    await sleep(POLL_MS)
  }
  await engine.kill()
  throw new Error(`${name} did not answer within ${patienceMs / 1000} s. The end of ${log}:\n${await endOf(log)}`)
}

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/** Calls `kill` when this process ends by itself, or by a signal that nobody else listens to: a signal skips `exit`. Returns how to call it off. */
const endingWithUs = (kill: () => void): (() => void) => {
  const onSignal = (signal: NodeJS.Signals) => {
    // Who listens ends in an order of its own, and comes by `exit` or `stop`.
    if (process.listeners(signal).some((listener) => !ours.has(listener))) return
    kill()
    forget()
    // The last engine's turn: what the signal does where nobody listens.
    if (process.listenerCount(signal) === 0) process.kill(process.pid, signal)
  }
  const forget = () => {
    ours.delete(onSignal)
    process.removeListener('exit', kill)
    for (const signal of SIGNALS) process.removeListener(signal, onSignal)
  }
  ours.add(onSignal)
  process.once('exit', kill)
  for (const signal of SIGNALS) process.on(signal, onSignal)
  return forget
}

/** Listeners of engines that run. */
const ours = new Set<NodeJS.SignalsListener | (() => void)>()

/** The classes a program loads, as the JVM wrote them down when it first ended: later starts take a third of the time. */
const classArchive = ({ name, jars, folder }: JavaProgram) => {
  const path = join(jars, `${name}.jsa`)
  if (existsSync(path)) return { flags: [`-XX:SharedArchiveFile=${path}`, '-Xshare:auto'], keep: async () => {} }
  const written = join(folder, `${name}.jsa`)
  return {
    flags: [`-XX:ArchiveClassesAtExit=${written}`],
    async keep() {
      if (!existsSync(written)) return
      // Copied first, as the data may be on another disk, then renamed, so that nobody reads half of it.
      await copyFile(written, `${path}.${process.pid}`)
      await rename(`${path}.${process.pid}`, path)
      await rm(written)
    }
  }
}

const endOf = async (log: string): Promise<string> => {
  const file = await open(log)
  try {
    const { size } = await file.stat()
    const { buffer, bytesRead } = await file.read(Buffer.alloc(LOG_TAIL_BYTES), 0, LOG_TAIL_BYTES, Math.max(0, size - LOG_TAIL_BYTES))
    return buffer.subarray(0, bytesRead).toString()
  } finally {
    await file.close()
  }
}

/** Whether something takes connections on a loopback port. */
export const accepts = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port })
    const answer = (open: boolean) => {
      socket.destroy()
      resolve(open)
    }
    socket.once('connect', () => answer(true))
    socket.once('error', () => answer(false))
  })

/** Loopback ports that nobody has now, all different. */
export const freePorts = async (count: number): Promise<number[]> => {
  const servers = Array.from({ length: count }, () => createServer())
  const ports: number[] = []
  for (const server of servers) {
    await new Promise<void>((resolve, reject) => server.once('error', reject).listen(0, '127.0.0.1', resolve))
    ports.push((server.address() as { port: number }).port)
  }
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))))
  return ports
}
