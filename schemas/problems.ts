import { isAlias, isMap, isScalar, isSeq, LineCounter, parseDocument } from 'yaml'
import { z } from 'zod'

/**
 * What is wrong in a file that people write, said so that they can mend it without reading this program:
 * where (file, line, key), what stands there and what was expected, and what to do.
 */
export interface Problem {
  file: string
  /** 1-based. */
  line: number
  /** As one would point at it: `http.listen[0]`. Empty: the file as a whole. */
  key: string
  message: string
  /** Empty when the message says it all. */
  mend: string
}

export const problemText = ({ file, line, key, message, mend }: Problem): string =>
  `${file}:${line}: ${key ? `${key}: ` : ''}${message}.${mend ? ` ${mend}` : ''}`

export type Path = readonly PropertyKey[]

/** A schema may say of itself `meta({ expected, mend, secret })`: words for people, and whether what was found must stay unsaid. */
interface Words {
  expected?: string
  mend?: string
  secret?: boolean
}

/** A YAML file with its line numbers. */
export interface YamlFile {
  file: string
  content: unknown
  /** Problems of the YAML itself; `content` is not to be trusted if there are any. */
  problems: Problem[]
  /** The line of a key or list entry, or of the nearest thing around it that is there. */
  lineOf(path: Path): number
  problem(path: Path, message: string, mend?: string): Problem
}

/** `core` reads numbers and booleans; `text` leaves every scalar the text it was, so that 0012 and 1.80 stay what people wrote. */
export const openYaml = (text: string, file: string, scalars: 'core' | 'text'): YamlFile => {
  const lines = new LineCounter()
  const document = parseDocument(text, {
    schema: scalars === 'text' ? 'failsafe' : 'core',
    merge: true,
    lineCounter: lines,
    prettyErrors: false
  })
  const lineAt = (offset: number | undefined): number => (offset === undefined ? 1 : lines.linePos(offset).line)
  const lineOf = (path: Path): number => {
    let node: unknown = document.contents
    let offset = isMap(node) || isSeq(node) ? node.range?.[0] : undefined
    for (const step of path) {
      if (isAlias(node)) node = node.resolve(document)
      if (isMap(node)) {
        const pair = node.items.find(({ key }) => (isScalar(key) ? String(key.value) : key) === String(step))
        if (!pair) break
        offset = isScalar(pair.key) ? (pair.key.range?.[0] ?? offset) : offset
        node = pair.value
      } else if (isSeq(node) && typeof step === 'number' && node.items[step]) {
        node = node.items[step]
        offset = (node as { range?: [number, number, number] }).range?.[0] ?? offset
      } else break
    }
    return lineAt(offset)
  }
  const problem = (path: Path, message: string, mend = ''): Problem => ({ file, line: lineOf(path), key: keyText(path), message, mend })
  const problems = document.errors.map(
    (error): Problem => ({
      file,
      line: lineAt(error.pos[0]),
      key: '',
      message: error.code === 'DUPLICATE_KEY' ? 'a key stands here twice' : `this is not YAML: ${error.message.replace(/\.$/, '')}`,
      mend: error.code === 'DUPLICATE_KEY' ? 'Keep one of the two.' : 'Check indentation, quotes and brackets there.'
    })
  )
  let content: unknown
  try {
    if (problems.length === 0) content = document.toJS({ maxAliasCount: 100_000 }) ?? {}
  } catch (error) {
    problems.push({
      file,
      line: 1,
      key: '',
      message: `this is not YAML: ${(error as Error).message}`,
      mend: 'Check the anchors (&) and aliases (*).'
    })
  }
  // A file with nothing but comments is, as text, the empty string.
  return { file, content: content === '' ? {} : content, problems, lineOf, problem }
}

export const keyText = (path: Path): string =>
  path.map((step, i) => (typeof step === 'number' ? `[${step}]` : i === 0 ? String(step) : `.${String(step)}`)).join('')

/** Checks a file against a schema: its value, or problems with line, key, expectation and mend. */
export const checkYaml = <Schema extends z.ZodType>(
  yaml: YamlFile,
  schema: Schema
): { value: z.output<Schema> } | { problems: Problem[] } => {
  if (yaml.problems.length > 0) return { problems: yaml.problems }
  const parsed = schema.safeParse(yaml.content)
  if (parsed.success) return { value: parsed.data }
  const shape = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as Shape
  return { problems: parsed.error.issues.flatMap((issue) => problemsOf(issue, yaml, shape)) }
}

interface Shape extends Words {
  properties?: Record<string, Shape>
  additionalProperties?: Shape | boolean
  items?: Shape
  anyOf?: Shape[]
  oneOf?: Shape[]
  allOf?: Shape[]
}

const alternatives = (shape: Shape): Shape[] => [
  shape,
  ...[...(shape.anyOf ?? []), ...(shape.oneOf ?? []), ...(shape.allOf ?? [])].flatMap(alternatives)
]

const inside = (shape: Shape | undefined, step: PropertyKey): Shape | undefined => {
  for (const option of shape ? alternatives(shape) : []) {
    if (typeof step === 'number' && option.items) return option.items
    if (option.properties && Object.hasOwn(option.properties, step)) return option.properties[String(step)]
    if (typeof option.additionalProperties === 'object') return option.additionalProperties
  }
  return undefined
}

const problemsOf = (issue: z.core.$ZodIssue, yaml: YamlFile, whole: Shape): Problem[] => {
  const shape = issue.path.reduce<Shape | undefined>(inside, whole)
  const words: Words = (shape && alternatives(shape).find(({ expected }) => expected)) ?? {}
  if (issue.code === 'unrecognized_keys') {
    const known = shape ? alternatives(shape).flatMap(({ properties }) => Object.keys(properties ?? {})) : []
    return issue.keys.map((key) => {
      if (words.secret) return yaml.problem([...issue.path, key], 'this is not a key here', words.mend)
      return yaml.problem([...issue.path, key], 'nobody knows this key here', suggestion(key, known))
    })
  }
  const found = issue.path.reduce<unknown>((value, step) => (value as Record<PropertyKey, unknown> | undefined)?.[step], yaml.content)
  if (issue.code === 'custom') return [yaml.problem(issue.path, issue.message, (issue.params?.mend as string | undefined) ?? words.mend)]
  const expected = words.expected ?? expectation(issue)
  const message =
    found === undefined
      ? `is missing; expected ${expected}`
      : `expected ${expected}, found ${words.secret ? 'something else' : foundText(found)}`
  return [yaml.problem(issue.path, message, words.mend)]
}

const KINDS: Record<string, string> = {
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'keys with values',
  record: 'keys with values'
}

const expectation = (issue: z.core.$ZodIssue): string => {
  if (issue.code === 'invalid_type') return KINDS[issue.expected] ?? issue.expected
  if (issue.code === 'invalid_value') return `one of ${issue.values.map(String).join(', ')}`
  if (issue.code === 'too_small') return `at least ${issue.minimum}`
  if (issue.code === 'too_big') return `at most ${issue.maximum}`
  return issue.message
}

const foundText = (value: unknown): string => {
  if (value === null || value === '') return 'nothing'
  if (Array.isArray(value)) return 'a list'
  if (typeof value === 'object') return 'keys with values'
  return typeof value === 'string' ? `"${value.slice(0, 60)}"` : String(value)
}

/** "Did you mean ...?", or what is known here. */
export const suggestion = (word: string, known: readonly string[]): string => {
  const near = known
    .map((candidate) => ({ candidate, edits: distance(word.toLowerCase(), candidate.toLowerCase()) }))
    .filter(({ candidate, edits }) => edits <= Math.max(1, Math.floor(Math.max(word.length, candidate.length) / 3)))
    .sort((a, b) => a.edits - b.edits)[0]
  if (near) return `Did you mean "${near.candidate}"?`
  return known.length > 0 ? `Known here: ${known.join(', ')}.` : 'Remove it.'
}

/** Levenshtein distance, with a swap of neighbours as one edit. */
const distance = (a: string, b: string): number => {
  const table = Array.from({ length: a.length + 1 }, (_, i) =>
    Array.from({ length: b.length + 1 }, (_, j) => (i === 0 ? j : j === 0 ? i : 0))
  )
  for (let i = 1; i <= a.length; i++) {
    for (let j = 1; j <= b.length; j++) {
      table[i][j] = Math.min(table[i - 1][j] + 1, table[i][j - 1] + 1, table[i - 1][j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1))
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) table[i][j] = Math.min(table[i][j], table[i - 2][j - 2] + 1)
    }
  }
  return table[a.length][b.length]
}
