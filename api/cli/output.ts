import pino, { type Logger } from 'pino'

/** Where results and messages go. With --json every result is an object on a line of its own, and stdout holds nothing else. */
export interface Output {
  json: boolean
  /** A result; `text` makes it readable when not --json. */
  object(value: Record<string, unknown>, text: () => string): void
  /** Results of one kind, shown together when not --json. */
  objects(values: readonly Record<string, unknown>[], text: () => string): void
  raw(bytes: string | Uint8Array): void
  /** A message: stderr, so that results can be piped. */
  say(text: string): void
  /** For what goes wrong in requests; absent: not logged. */
  logger?: Logger
}

export const outputOf = (json: boolean): Output => ({
  json,
  object: (value, text) => void process.stdout.write(json ? `${JSON.stringify(value)}\n` : `${text()}\n`),
  objects: (values, text) => {
    if (json) for (const value of values) process.stdout.write(`${JSON.stringify(value)}\n`)
    else process.stdout.write(`${text()}\n`)
  },
  raw: (bytes) => void process.stdout.write(bytes),
  say: (text) => void process.stderr.write(`${text}\n`)
})

/** Of a process among many: everything is a line of JSON on stdout, with who said it. Requests are logged only when they fail. */
export const logOf = (who: Record<string, unknown>): Output => {
  const log = pino({ base: who, redact: ['req.headers', 'res.headers'] })
  return {
    json: true,
    object: (value) => log.info(value),
    objects: (values) => {
      for (const value of values) log.info(value)
    },
    raw: (bytes) => log.info(String(bytes)),
    say: (text) => log.warn(text),
    logger: log.child({}, { level: 'error' })
  }
}
