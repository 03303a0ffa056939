import { get, type IncomingMessage } from 'node:http'
import type { Json } from '../whole/platform.js'
import { until } from './platform.js'

export type Line = Json & { t: string; cursor?: string }

/** Follows a stream of JSON lines, as curl does. */
export class LineReader {
  readonly lines: Line[] = []
  ended = false

  private constructor(readonly answer: IncomingMessage) {
    let text = ''
    answer.setEncoding('utf8').on('data', (piece) => {
      const lines = `${text}${piece}`.split('\n')
      // Without its newline a line is not whole, and never will be when the stream was cut.
      text = lines.pop()!
      for (const line of lines) this.lines.push(JSON.parse(line))
    })
    answer
      .on('error', () => {})
      .on('close', () => {
        this.ended = true
      })
  }

  static async open(http: string, path: string, token: string, query: Record<string, string> = {}): Promise<LineReader> {
    const headers = { authorization: `Bearer ${token}` }
    const answer = await new Promise<IncomingMessage>((found, failed) => {
      get(`${http}${path}?${new URLSearchParams(query)}`, { headers, agent: false }, found).on('error', failed)
    })
    if (answer.statusCode !== 200) throw new Error(`HTTP ${answer.statusCode}`)
    return new LineReader(answer)
  }

  of(t: string): Line[] {
    return this.lines.filter((line) => line.t === t)
  }

  /** The first line of a kind, once there are so many of it. */
  async has(t: string, many = 1): Promise<Line> {
    await until(() => this.of(t).length >= many, 30_000).catch((error) => {
      throw new Error(`${many} ${t}; there are ${JSON.stringify(this.lines).slice(-1500)}`, { cause: error })
    })
    return this.of(t)[many - 1]
  }

  get cursor(): string {
    return this.lines.findLast(({ cursor }) => cursor !== undefined)!.cursor!
  }

  close(): void {
    this.answer.destroy()
  }
}
