import { createReadStream } from 'node:fs'
import { Readable } from 'node:stream'
import type { FastifyInstance } from 'fastify'

/** A ledger as commands see it: the same HTTP questions, to the process that owns the folder or to one opened for this command. */
export interface Ledger {
  /** Whether another process owns the folder and goes on when this command ends. */
  running: boolean
  get(path: string): Promise<unknown>
  /** The body of the answer as it comes; rejects when it breaks off before its end. `body`: what is posted; absent: it is a GET. */
  getBytes(path: string, body?: unknown): AsyncIterable<Uint8Array>
  /** Texts and bytes go as they are, with their type; anything else as JSON. */
  send(method: 'POST' | 'DELETE', path: string, body?: unknown, type?: string): Promise<unknown>
  /** Reads one file into the ledger; `progress` is called with rows read, when this process reads them itself. */
  importFile(path: string, name: string, progress: (rows: number) => void): Promise<Imported>
  /** Waits until what was imported can be asked for. */
  settle(): Promise<void>
  close(): Promise<void>
}

export interface Imported {
  origin: string
  name: string
  source: string
  readings: number
  rejects: { reason: string; count: number; examples: { line: number; field: string; expected: string; found: string; advice: string }[] }[]
  already: boolean
}

/** What the API answered instead of what was asked for. */
export class Refusal extends Error {
  constructor(
    readonly code: string,
    message: string
  ) {
    super(message)
  }
}

const answerOf = (status: number, text: string): unknown => {
  const body: unknown = text === '' ? null : parsed(text)
  if (status < 400) return body
  const {
    code = 'internal',
    message = text,
    issues = []
  } = (body as { error?: Partial<{ code: string; message: string; issues: { path: string; message: string }[] }> })?.error ?? {}
  throw new Refusal(code, [message, ...issues.slice(0, 20).map((issue) => `  ${issue.path}: ${issue.message}`)].join('\n'))
}

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

async function* unbroken(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    yield* bytes
  } catch (error) {
    throw new Refusal(
      'unavailable',
      `The answer broke off: what came is not whole. Ask again; the log of the ledger says why. (${(error as Error).message})`
    )
  }
}

const isRaw = (body: unknown): body is string | Buffer => typeof body === 'string' || Buffer.isBuffer(body)

const posted = (body: unknown): RequestInit => ({
  method: 'POST',
  body: JSON.stringify(body),
  headers: { 'content-type': 'application/json' }
})

/** The process that owns the folder, over HTTP. */
export const remoteLedger = (url: string, token: string): Ledger => {
  const authorization = `Bearer ${token}`
  const ask = async (path: string, init: RequestInit = {}): Promise<Response> => {
    try {
      return await fetch(new URL(path, url), { ...init, headers: { ...init.headers, authorization } })
    } catch (error) {
      throw new Refusal(
        'unavailable',
        `The process at ${url} owns this data folder but does not answer; is it stopping? (${(error as Error).message})`
      )
    }
  }
  const answer = async (response: Response) => answerOf(response.status, await response.text())
  return {
    running: true,
    get: async (path) => answer(await ask(path)),
    getBytes: async function* (path, body) {
      const response = await ask(path, body === undefined ? {} : posted(body))
      if (response.status >= 400 || response.body === null) await answer(response)
      else yield* unbroken(response.body)
    },
    send: async (method, path, body, type = 'application/json') =>
      answer(
        await ask(
          path,
          body === undefined ? { method } : { method, body: isRaw(body) ? body : JSON.stringify(body), headers: { 'content-type': type } }
        )
      ),
    importFile: async (path, name) => {
      const body = Readable.toWeb(createReadStream(path)) as ReadableStream
      const init = { method: 'POST', body, duplex: 'half', headers: { 'content-type': 'application/octet-stream' } } as RequestInit
      return (await answer(await ask(`/v1/files?name=${encodeURIComponent(name)}`, init))) as Imported
    },
    settle: async () => {},
    close: async () => {}
  }
}

/** What this command opened itself. */
export interface Opened {
  app: Pick<FastifyInstance, 'inject' | 'listen'>
  token: string
  importFile(body: Readable, name: string, options: { backfill: boolean; progress(rows: number): void }): Promise<Imported>
  settle(): Promise<void>
  close(): Promise<void>
}

export const localLedger = (opened: Opened): Ledger => {
  const authorization = `Bearer ${opened.token}`
  const ask = async (method: 'GET' | 'POST' | 'DELETE', url: string, payload?: string | Buffer, type = 'application/json') => {
    const headers: Record<string, string> = payload === undefined ? { authorization } : { authorization, 'content-type': type }
    return opened.app.inject({ method, url, headers, payload })
  }
  let served: Promise<Ledger> | undefined
  return {
    running: false,
    get: async (path) => {
      const { statusCode, payload } = await ask('GET', path)
      return answerOf(statusCode, payload)
    },
    getBytes: async function* (path, body) {
      // Through a socket: without one nothing holds a long answer back, and it would fill the memory.
      served ??= opened.app.listen({ host: '127.0.0.1', port: 0 }).then((url) => remoteLedger(url, opened.token))
      yield* (await served).getBytes(path, body)
    },
    send: async (method, path, body, type) => {
      const { statusCode, payload } = await ask(method, path, body === undefined || isRaw(body) ? body : JSON.stringify(body), type)
      return answerOf(statusCode, payload)
    },
    importFile: (path, name, progress) => opened.importFile(createReadStream(path), name, { backfill: true, progress }),
    settle: () => opened.settle(),
    close: () => opened.close()
  }
}
