import { fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { WebSocket } from 'ws'
import { PROTOCOL } from '../api/client/frames.js'
import { type Figure, median, percentile } from './figure.js'
import type { Command, Told } from './live-child.js'
import { writeBlocks, writeCurves } from './made-up.js'
import { POINT } from './pulse.js'

const CHILD = fileURLToPath(new URL('./live-child.js', import.meta.url))

export interface LiveSizes {
  /** Readings timed while nothing else happens. */
  idle: number
  /** What is imported meanwhile: supply points of a year of curves, sensors and their blocks of level 16. */
  backfill: { points: number; months: number; sensors: number; blocks: number }
  sockets: number
  /** Readings that go to all of them. */
  broadcasts: number
}

class Child {
  private constructor(
    private readonly process: ReturnType<typeof fork>,
    /** Rejects when it ends: whoever waits for an answer would wait for ever. */
    private readonly ended: Promise<never>,
    readonly ready: Extract<Told, { told: 'ready' }>
  ) {}

  static async start(data: string, settings: object = {}): Promise<Child> {
    mkdirSync(data, { recursive: true })
    const process = fork(CHILD, [data, JSON.stringify(settings)], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
    const ended = once(process, 'exit').then(([code]) => Promise.reject(new Error(`The platform ended with ${code}.`)))
    const [ready] = await Promise.race([once(process, 'message'), ended])
    return new Child(process, ended, ready)
  }

  tell(command: Command): void {
    this.process.send(command)
  }

  async ask<T extends Told['told']>(command: Command, told: T): Promise<Extract<Told, { told: T }>> {
    this.tell(command)
    for (;;) {
      const [answer] = (await Promise.race([once(this.process, 'message'), this.ended])) as [Told]
      if (answer.told === told) return answer as Extract<Told, { told: T }>
    }
  }

  async stop(): Promise<void> {
    const exited = once(this.process, 'exit')
    this.tell({ do: 'stop' })
    await exited
  }
}

const opened = async (url: string): Promise<WebSocket> => {
  const socket = new WebSocket(url, { perMessageDeflate: false })
  await once(socket, 'open')
  return socket
}

/** A socket that follows the meter; resolves when everything that comes is new. */
const follower = async ({ ready }: Child, measure: 'readings' | 'intervals'): Promise<WebSocket> => {
  const socket = await opened(ready.url)
  socket.send(JSON.stringify({ t: 'hello', protocol: PROTOCOL, auth: { token: ready.token } }))
  socket.send(JSON.stringify({ t: 'sub', id: 1, select: { points: [POINT], measure }, from: 'latest', credit: 10_000_000 }))
  await frame(socket, (text) => text.includes('"t":"live"'))
  return socket
}

const frame = (socket: WebSocket, wanted: (text: string) => boolean): Promise<string> =>
  new Promise((resolve, reject) => {
    const look = (data: Buffer) => {
      const text = data.toString()
      if (text.startsWith('{"t":"error"')) return reject(new Error(text))
      if (!wanted(text)) return
      socket.off('message', look)
      resolve(text)
    }
    socket.on('message', look)
  })

const isData = (text: string): boolean => text.startsWith('{"t":"data"')

/** Milliseconds from sending one thing until it comes back, one at a time, until told to stop. */
const timeEach = async (pauseMs: number, goOn: (done: number) => boolean, once: () => Promise<unknown>): Promise<number[]> => {
  const times: number[] = []
  while (goOn(times.length)) {
    await sleep(pauseMs * (0.5 + Math.random()))
    const began = performance.now()
    await once()
    times.push(performance.now() - began)
  }
  return times
}

const PAUSE_MS = 10

export interface LatencySizes {
  idle: LiveSizes['idle']
  /** null: nothing is imported meanwhile. */
  backfill: LiveSizes['backfill'] | null
}

interface Round {
  readings: number[]
  intervals: number[]
  echoes: number[]
}

/** One live reading a time: sent to the process that has the platform, until it is in a data frame here. `settings`: beside the defaults. */
export const latency = async (
  folder: string,
  sizes: LatencySizes,
  say: (text: string) => void,
  { part = 'Live reading to websocket', settings = {} }: { part?: string; settings?: object } = {}
): Promise<Figure[]> => {
  const child = await Child.start(join(folder, 'live'), settings)
  let n = 0
  child.tell({ do: 'read', n: n++ })
  await sleep(500)
  const bare = await opened(child.ready.bare)
  const followers = { readings: await follower(child, 'readings'), intervals: await follower(child, 'intervals') }
  const readOnce = async (): Promise<[number, number]> => {
    const began = performance.now()
    const arrive = (socket: WebSocket) => frame(socket, isData).then(() => performance.now() - began)
    const arrived = Promise.all([arrive(followers.readings), arrive(followers.intervals)])
    child.tell({ do: 'read', n: n++ })
    return arrived
  }
  const echoOnce = async () => {
    const back = frame(bare, () => true)
    child.tell({ do: 'echo', frame: 'x'.repeat(300) })
    await back
  }
  const round = async (goOn: (done: number) => boolean): Promise<Round> => {
    const read: [number, number][] = []
    const echoes: number[] = []
    await timeEach(PAUSE_MS, goOn, async () => {
      read.push(await readOnce())
      echoes.push(...(await timeEach(PAUSE_MS, (done) => done === 0, echoOnce)))
    })
    return { readings: read.map(([ms]) => ms), intervals: read.map(([, ms]) => ms), echoes }
  }
  const figuresOf = ({ readings, intervals, echoes }: Round, when: string): Figure[] =>
    [
      { what: 'the reading itself', times: readings },
      { what: 'its interval', times: intervals }
    ].flatMap(({ what, times }) =>
      [0.5, 0.99].map((share) => ({
        part,
        what: `${what}, ${when}, p${share * 100} of ${times.length}`,
        value: percentile(times, share),
        unit: 'ms',
        ...(share === 0.99 && { aim: { most: 50 } }),
        peer: { name: 'a frame through the same process without a platform', value: percentile(echoes, share) }
      }))
    )
  await round((done) => done < 50) // warm
  const figures = figuresOf(await round((done) => done < sizes.idle), 'idle')
  if (sizes.backfill !== null) {
    const { points, months, sensors, blocks } = sizes.backfill
    const files = join(folder, 'backfill')
    const readings = writeCurves(files, points, months) + writeBlocks(files, 16, sensors, blocks)
    say(`live readings during a back-fill of ${readings} readings`)
    let running = true
    const began = performance.now()
    const imported = child.ask({ do: 'import', files }, 'imported').then((told) => {
      running = false
      return told
    })
    const busy = await round(() => running)
    const rate = (await imported).readings / ((performance.now() - began) / 1000)
    figures.push(...figuresOf(busy, `during a back-fill of ${(readings / 1e6).toFixed(1)} M readings (${Math.round(rate / 1000)} k/s)`))
  }
  for (const socket of [bare, ...Object.values(followers)]) socket.terminate()
  await child.stop()
  return figures
}

/** One reading to many sockets, beside a server that sends the same bytes to as many and does nothing else. */
const fanOut = async (folder: string, { sockets, broadcasts }: LiveSizes): Promise<Figure[]> => {
  const child = await Child.start(join(folder, 'fan-out'))
  child.tell({ do: 'read', n: 0 })
  await sleep(500)
  const ours: WebSocket[] = []
  const bare: WebSocket[] = []
  for (let i = 0; i < sockets; i += 50) {
    const here = Array.from({ length: Math.min(50, sockets - i) })
    ours.push(...(await Promise.all(here.map(() => follower(child, 'readings')))))
    bare.push(...(await Promise.all(here.map(() => opened(child.ready.bare)))))
  }
  const delivered = (all: readonly WebSocket[], wanted: (data: Buffer) => boolean): Promise<void> =>
    new Promise((resolve) => {
      let missing = all.length
      const count = (data: Buffer) => {
        if (!wanted(data)) return
        if (--missing === 0) {
          for (const socket of all) socket.off('message', count)
          resolve()
        }
      }
      for (const socket of all) socket.on('message', count)
    })
  const run = async (all: readonly WebSocket[], wanted: (data: Buffer) => boolean, command: (n: number) => Command) => {
    const cpu = (await child.ask({ do: 'cpu' }, 'cpu')).seconds
    const began = performance.now()
    for (let n = 0; n < broadcasts; n++) {
      const all_ = delivered(all, wanted)
      child.tell(command(n))
      await all_
    }
    const seconds = (performance.now() - began) / 1000
    const cpuSeconds = (await child.ask({ do: 'cpu' }, 'cpu')).seconds - cpu
    const deliveries = broadcasts * sockets
    return { rate: deliveries / seconds, cpuUs: (cpuSeconds * 1e6) / deliveries }
  }
  let sample = ''
  let n = 1
  ours[0].on('message', (data: Buffer) => {
    if (isData(data.toString())) sample = data.toString()
  })
  const starts = Buffer.from('{"t":"data"')
  const data = (bytes: Buffer) => bytes.subarray(0, starts.length).equals(starts)
  const rounds: { our: Awaited<ReturnType<typeof run>>; their: Awaited<ReturnType<typeof run>> }[] = []
  for (let i = 0; i < 3; i++) {
    const our = await run(ours, data, () => ({ do: 'read', n: n++ }))
    const their = await run(
      bare,
      () => true,
      () => ({ do: 'echo', frame: sample })
    )
    rounds.push({ our, their })
  }
  for (const socket of [...ours, ...bare]) socket.terminate()
  await child.stop()
  const of = (pick: (round: (typeof rounds)[number]) => number) => median(rounds.map(pick))
  const part = 'Fan-out'
  const name = 'a bare ws server sending the same bytes'
  return [
    {
      part,
      what: `one reading to ${sockets} sockets, each with a subscription`,
      value: of(({ our }) => our.rate),
      unit: 'deliveries/s',
      peer: { name, value: of(({ their }) => their.rate) }
    },
    {
      part,
      what: `CPU time of the server, everything from the reading on, ${sockets} sockets`,
      value: of(({ our }) => our.cpuUs),
      unit: 'µs/delivery',
      peer: { name, value: of(({ their }) => their.cpuUs) }
    }
  ]
}

export const live = async (folder: string, sizes: LiveSizes, say: (text: string) => void): Promise<Figure[]> => [
  ...(await latency(folder, sizes, say)),
  ...(await fanOut(folder, sizes))
]
