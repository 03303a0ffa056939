/**
 * Writes generated.ts from the .avsc files: their text, and a TypeScript interface for each record. Run by `npm run generate`;
 * test/schemas/generated.test.ts fails when it was forgotten.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

type Avro =
  | string
  | Avro[]
  | { type: Avro; name?: string; items?: Avro; values?: Avro; fields?: Field[]; symbols?: string[]; logicalType?: string; doc?: string }
interface Field {
  name: string
  type: Avro
  doc?: string
}

const PRIMITIVES: Record<string, string> = {
  string: 'string',
  int: 'number',
  long: 'number',
  double: 'number',
  float: 'number',
  boolean: 'boolean',
  null: 'null',
  bytes: 'Buffer'
}

const interfaces = (schema: Avro, out: string[]): string => {
  if (typeof schema === 'string') return PRIMITIVES[schema] ?? schema
  if (Array.isArray(schema)) return schema.map((branch) => interfaces(branch, out)).join(' | ')
  if (schema.type === 'array') return `${interfaces(schema.items as Avro, out)}[]`.replace(/^(.* \| .*)\[\]$/, '($1)[]')
  if (schema.type === 'map') return `Record<string, ${interfaces(schema.values as Avro, out)}>`
  if (schema.type === 'enum') {
    out.push(`export type ${schema.name} = ${(schema.symbols as string[]).map((symbol) => `'${symbol}'`).join(' | ')}\n`)
    return schema.name as string
  }
  if (schema.type !== 'record') return interfaces(schema.type, out)
  const lines = (schema.fields as Field[]).map((field) => {
    const type = interfaces(field.type, out)
    return `${field.doc ? `  /** ${field.doc} */\n` : ''}  ${field.name}: ${type}\n`
  })
  out.push(`${schema.doc ? `/** ${schema.doc} */\n` : ''}export interface ${schema.name} {\n${lines.join('')}}\n`)
  return schema.name as string
}

/** The text generated.ts must have for the .avsc files in `folder`. */
export const generate = (folder: string): string => {
  const files = readdirSync(folder)
    .filter((file) => file.endsWith('.avsc'))
    .sort()
  const out: string[] = ['// Made from the .avsc files by `npm run generate`; do not edit.\n']
  const texts: string[] = []
  for (const file of files) {
    const schema = JSON.parse(readFileSync(join(folder, file), 'utf8'))
    const name = interfaces(schema, out)
    texts.push(`  ${name}: ${JSON.stringify(JSON.stringify(schema))}`)
  }
  out.push(
    `/** The Avro schemas by record name, as published. */\nexport const SCHEMAS = {\n${texts.join(',\n')}\n} as const\nexport type RecordName = keyof typeof SCHEMAS\n`
  )
  return out.join('\n')
}

if (process.argv[1]?.endsWith('generate.js')) writeFileSync('schemas/generated.ts', generate('schemas'))
