import { existsSync, readFileSync } from 'node:fs'
import { mkdir, rename, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { z } from 'zod'
import type { RecordName } from '../../schemas/generated.js'

/** What a registry has answered, on disk too: a process that starts while the registry is away knows all it knew before. */
export interface SchemaCache {
  idOf(name: RecordName, schema: string): number | null
  schemaOf(id: number): { name: RecordName; schema: string } | null
  /** Resolves when written. */
  remember(id: number, name: RecordName, schema: string): Promise<void>
}

const Entry = z.object({ id: z.int(), name: z.string(), schema: z.string() })

/** `file` absent: kept in memory only. One that cannot be read is begun anew: it holds nothing the registry does not have. */
export const openSchemaCache = (file?: string): SchemaCache => {
  const entries = new Map<number, { name: RecordName; schema: string }>()
  for (const { id, name, schema } of file === undefined ? [] : stored(file)) entries.set(id, { name: name as RecordName, schema })
  let writing = Promise.resolve()
  const write = async () => {
    if (file === undefined) return
    await mkdir(dirname(file), { recursive: true })
    await writeFile(`${file}.new`, JSON.stringify([...entries].map(([id, entry]) => ({ id, ...entry }))))
    await rename(`${file}.new`, file)
  }
  return {
    idOf: (name, schema) => {
      for (const [id, entry] of entries) if (entry.name === name && entry.schema === schema) return id
      return null
    },
    schemaOf: (id) => entries.get(id) ?? null,
    remember: (id, name, schema) => {
      entries.set(id, { name, schema })
      writing = writing.then(write, write)
      return writing
    }
  }
}

const stored = (file: string): z.output<typeof Entry>[] => {
  if (!existsSync(file)) return []
  try {
    return z.array(Entry).parse(JSON.parse(readFileSync(file, 'utf8')))
  } catch {
    return []
  }
}
