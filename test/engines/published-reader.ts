import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { text } from 'node:stream/consumers'
import type { CassandraSettings } from '../../infra/cassandra/open.js'
import type { Json } from '../whole/platform.js'

const ROOT = resolve(import.meta.dirname, '../..')
const READER = /### A reader[\s\S]*?```js\n([\s\S]*?)```/.exec(readFileSync(resolve(ROOT, 'docs/cassandra.md'), 'utf8'))![1]

export interface Asked {
  /** intervals, or a grid. */
  what: string
  point: string
  register?: string
  from: string
  to: string
}

/** Rows as the reader of docs/cassandra.md finds them: a process of its own, with what is published and nothing else of ours. */
export const readPublished = async (
  { contactPoints, keyspace }: CassandraSettings,
  { what, point, register = '1.8.0', from, to }: Asked
): Promise<Json[]> => {
  const args = ['--input-type=module', '-', contactPoints[0], keyspace, what, point, register, from, to]
  const reader = spawn(process.execPath, args, { cwd: ROOT, stdio: ['pipe', 'pipe', 'pipe'] })
  const [ended, said, trouble] = [once(reader, 'exit'), text(reader.stdout), text(reader.stderr)]
  reader.stdin.end(READER)
  if ((await ended)[0] !== 0) throw new Error(`The reader failed: ${await trouble}`)
  const lines = (await said).split('\n').filter((line) => line !== '')
  return lines.map((line) => JSON.parse(line))
}
