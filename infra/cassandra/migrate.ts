import { createHash, randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Client } from 'cassandra-driver'
import { Refused, Unavailable } from '../errors.js'
import { translated } from './failures.js'
import { MIGRATIONS } from './migrations.js'

/** Whoever migrates and dies is waited for this long. */
const HELD_S = 60
const POLL_MS = 200

/**
 * Brings the tables of a keyspace up to this program. Any number of processes may do so at once: one works, the others wait for it; a
 * migration that was broken off is done again by the next.
 */
export const migrate = async (client: Client, migrations: readonly (readonly string[])[] = MIGRATIONS): Promise<void> => {
  const holder = randomUUID()
  try {
    await client.execute(versionTable(client.keyspace))
    for (let waitedMs = 0; (await storedVersion(client)) < migrations.length; waitedMs += POLL_MS) {
      if (await hold(client, holder)) await advance(client, holder, migrations)
      else if (waitedMs > 2 * HELD_S * 1000)
        throw new Unavailable(
          `Another process has been changing the tables of keyspace ${client.keyspace} for two minutes. Look at it, or start again.`
        )
      else await sleep(POLL_MS)
    }
  } catch (error) {
    throw translated(error)
  }
  const stored = await storedVersion(client)
  if (stored > migrations.length)
    throw new Refused(
      `The tables of keyspace ${client.keyspace} have version ${stored}, and this program knows ${migrations.length}. Use the newer program that made them.`
    )
}

const advance = async (client: Client, holder: string, migrations: readonly (readonly string[])[]): Promise<void> => {
  try {
    for (let version = (await storedVersion(client)) + 1; version <= migrations.length; version++) {
      for (const statement of migrations[version - 1]) {
        await hold(client, holder)
        await client.execute(statement)
      }
      await client.execute(`UPDATE migrations SET version = ? WHERE name = 'tables' IF version != ?`, [version, version], {
        prepare: true
      })
    }
  } finally {
    await client.execute(`UPDATE migrations SET holder = null WHERE name = 'tables' IF holder = ?`, [holder], { prepare: true })
  }
}

/** Takes the work, or keeps it for longer. */
const hold = async (client: Client, holder: string): Promise<boolean> => {
  const query = `UPDATE migrations USING TTL ${HELD_S} SET holder = ? WHERE name = 'tables' IF holder IN (null, ?)`
  return (await client.execute(query, [holder, holder], { prepare: true })).wasApplied()
}

const storedVersion = async (client: Client): Promise<number> => {
  const { rows } = await client.execute(`SELECT version FROM migrations WHERE name = 'tables'`)
  return rows[0]?.version ?? 0
}

/** Its id follows from its name: made on two nodes at once, it is still one table. */
const versionTable = (keyspace: string): string => {
  const hex = createHash('sha256').update(`${keyspace}.migrations`).digest('hex')
  const id = `${hex.slice(0, 8)}-${hex.slice(8, 12)}-5${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`
  return `CREATE TABLE IF NOT EXISTS migrations (name text PRIMARY KEY, version int, holder text) WITH ID = ${id}`
}
