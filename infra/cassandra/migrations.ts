/**
 * The tables, as CQL. Versions are only ever added: the list of a version that was released stays as it is, and each statement may run
 * again. The partition comes first in each key, and is bounded by its month (or day, or shard).
 */
const blocks = (table: string, content: string) => `CREATE TABLE IF NOT EXISTS ${table} (
  point text, register text, grid text, bucket int,
  first bigint, made tinyint, tag bigint, last bigint,
  folds bigint static,
  ${content},
  PRIMARY KEY ((point, register, grid, bucket), first, made, tag, last)
) WITH compaction = {'class': 'UnifiedCompactionStrategy'}`

const versions = (table: string, name: string) => `CREATE TABLE IF NOT EXISTS ${table} (
  ${name} text, valid_from bigint, known_at bigint, record blob,
  PRIMARY KEY ((${name}), valid_from, known_at)
)`

const alerts = (table: string, key: string, partition?: string) => `CREATE TABLE IF NOT EXISTS ${table} (
  ${partition === undefined ? '' : `${partition}, `}subject text, since bigint, rule text, register text, record blob,
  PRIMARY KEY (${key})
) WITH CLUSTERING ORDER BY (since DESC, ${partition === undefined ? '' : 'subject ASC, '}rule ASC, register ASC)`

export const MIGRATIONS: readonly (readonly string[])[] = [
  [
    // A record of readings is pointed at by its position, so each stays whole and bears it.
    blocks('readings', 'bundle frozen<list<frozen<tuple<text, int, bigint, blob>>>>'),
    blocks('intervals', 'block blob'),
    blocks('slots', 'block blob'),
    `CREATE TABLE IF NOT EXISTS buckets (
      point text, register text, in_table text, grid text, bucket int, longest_ms bigint,
      PRIMARY KEY ((point, register), in_table, grid, bucket)
    )`,
    // Rows here live until their day is folded. One that came back by way of an old replica would cost a look, hence the short grace.
    `CREATE TABLE IF NOT EXISTS foldable (
      shard int, closes bigint, in_table text, point text, register text, grid text, bucket int, tag bigint,
      PRIMARY KEY ((shard), closes, in_table, point, register, grid, bucket, tag)
    ) WITH gc_grace_seconds = 3600`,
    `CREATE TABLE IF NOT EXISTS contents (
      name text, part text, bucket int,
      PRIMARY KEY ((name), part, bucket)
    ) WITH CLUSTERING ORDER BY (part ASC, bucket DESC)`,
    `CREATE TABLE IF NOT EXISTS written_days (
      known_day int, shard int, point text, register text, start bigint,
      end bigint, amount bigint, op int, quality int, rev bigint, known_at bigint,
      PRIMARY KEY ((known_day, shard), point, register, start)
    )`,
    `CREATE TABLE IF NOT EXISTS latest (
      point text, register text, newest text, first_at bigint,
      PRIMARY KEY ((point), register)
    )`,
    versions('points', 'point'),
    versions('installations', 'installation'),
    `CREATE TABLE IF NOT EXISTS suspects (
      point text, register text, bucket int, at bigint, device text, value bigint, reason text, record blob,
      PRIMARY KEY ((point, register, bucket), at, device, value, reason)
    )`,
    `CREATE TABLE IF NOT EXISTS suspect_reasons (
      reason text, bucket int, point text, register text, at bigint, device text, value bigint, counted int,
      PRIMARY KEY ((reason, bucket), point, register, at, device, value)
    )`,
    `CREATE TABLE IF NOT EXISTS rejects (
      origin text, line bigint, field text, record blob,
      PRIMARY KEY ((origin), line, field)
    )`,
    `CREATE TABLE IF NOT EXISTS reject_order (
      reason text, bucket int, ingested_at bigint, origin text, line bigint, field text, record blob,
      PRIMARY KEY ((reason, bucket), ingested_at, origin, line, field)
    ) WITH CLUSTERING ORDER BY (ingested_at DESC, origin ASC, line ASC, field ASC)`
  ],
  [
    alerts('alerts', '(subject), since, rule, register'),
    alerts('alert_order', '(bucket), since, subject, rule, register', 'bucket int'),
    // Rows here live until their alert is over; a sixteenth of the subjects in each shard.
    `${alerts('active_alerts', '(shard), since, subject, rule, register', 'shard int')} AND gc_grace_seconds = 3600`
  ]
]
