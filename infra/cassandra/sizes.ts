import type { Session } from './session.js'

const MIB = 1024 * 1024

const TABLES = {
  readings: ['readings'],
  intervals: ['intervals'],
  slots: ['slots'],
  'written-days': ['written_days'],
  series: ['buckets', 'foldable', 'contents'],
  latest: ['latest'],
  registry: ['points', 'installations'],
  suspects: ['suspects', 'suspect_reasons'],
  rejects: ['rejects', 'reject_order'],
  alerts: ['alerts', 'alert_order', 'active_alerts']
} as const

/**
 * Bytes on the disks of all nodes, replicas included, in whole MiB as the nodes tell them. A table that has rows but no file yet counts as
 * one MiB: its rows lie in memory and in the commit log.
 */
export const sizesOf = async (session: Session): Promise<Map<string, number>> => {
  const mebibytes = await session.mebibytes()
  const sizes = new Map<string, number>()
  for (const [name, tables] of Object.entries(TABLES)) {
    const each = tables.map(
      async (table) => mebibytes.get(table) || ((await session.page(`SELECT * FROM ${table} LIMIT 1`, [])).rows.length > 0 ? 1 : 0)
    )
    sizes.set(name, (await Promise.all(each)).reduce((sum, size) => sum + size, 0) * MIB)
  }
  return sizes
}
