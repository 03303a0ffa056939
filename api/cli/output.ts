/** Where results and messages go. With --json every result is an object on a line of its own, and stdout holds nothing else. */
export interface Output {
  json: boolean
  /** A result; `text` makes it readable when not --json. */
  object(value: Record<string, unknown>, text: () => string): void
  /** Results of one kind, shown together when not --json. */
  objects(values: readonly Record<string, unknown>[], text: () => string): void
  raw(text: string): void
  /** A message: stderr, so that results can be piped. */
  say(text: string): void
}

export const outputOf = (json: boolean): Output => ({
  json,
  object: (value, text) => void process.stdout.write(json ? `${JSON.stringify(value)}\n` : `${text()}\n`),
  objects: (values, text) => {
    if (json) for (const value of values) process.stdout.write(`${JSON.stringify(value)}\n`)
    else process.stdout.write(`${text()}\n`)
  },
  raw: (text) => void process.stdout.write(text),
  say: (text) => void process.stderr.write(`${text}\n`)
})
