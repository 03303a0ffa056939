import { z } from 'zod'
import { checkYaml, openYaml, type Problem } from './problems.js'
import { Secret } from './secret.js'
import { Cassandra, Kafka, SchemaRegistry } from './settings-cluster.js'
import { Flukso } from './settings-flukso.js'
import { Influx } from './settings-influx.js'
import { Mail, Sftp, Webhooks } from './settings-outlets.js'
import { Rtu } from './settings-rtu.js'

/**
 * The one settings file, `wattledger.yaml`. Everything has a default: an empty file, or none, runs a small site.
 *
 *   data: ./data                      # where the ledger lives
 *   http:
 *     listen: [ '127.0.0.1:8080' ]    # '0.0.0.0:8080' opens it to the network
 *     token: { file: /run/secrets/token }             # the owner's; absent: made at first start, <data>/token
 *     cursorSecret: { file: /run/secrets/cursor }     # the same for every process that answers; absent: <data>/live-key
 *   folders:                          # files that appear here are read
 *     - path: ./inbox
 *     - { path: ./flukso, source: flukso }
 *   log: { partitions: 4, segmentAfterDays: 35 }
 *   archive: { raw: true }            # keep the bytes as they came
 *   limits: { upload: 2 GiB, body: 16 MiB }
 *   flukso: …                         # Fluksometers that are asked or heard: schemas/settings-flukso.ts
 *   rtu: …                            # pages of ABB RTUs: schemas/settings-rtu.ts
 *   influx: …                         # a copy for analysts: schemas/settings-influx.ts
 *   mail: …, webhooks: …, sftp: …     # alerts and files that leave: schemas/settings-outlets.ts
 *   kafka: …, cassandra: …            # cluster mode: schemas/settings-cluster.ts
 *
 * Reading the environment and the files that secrets point to is main.ts's work; here is only what the file says.
 */

const UNITS = { '': 1, B: 1, kB: 1e3, MB: 1e6, GB: 1e9, KiB: 2 ** 10, MiB: 2 ** 20, GiB: 2 ** 30, TiB: 2 ** 40 } as const

/** Bytes, from `2 GiB`, `500 MB` or a plain number of bytes. */
const Size = z
  .union([z.int(), z.string().regex(/^\d{1,12} ?(B|kB|MB|GB|KiB|MiB|GiB|TiB)?$/)])
  .transform((size): number => {
    if (typeof size === 'number') return size
    const match = /^(\d+) ?(.*)$/.exec(size)!
    return Number(match[1]) * UNITS[match[2] as keyof typeof UNITS]
  })
  .refine((bytes) => bytes >= 1024, 'expected at least 1 KiB')
  .meta({ expected: 'a size such as 2 GiB', mend: 'Write a whole number and B, kB, MB, GB, KiB, MiB, GiB or TiB.' })

const HOW_LISTEN = {
  expected: 'an address and port such as 127.0.0.1:8080',
  mend: "Write 'address:port'; for every network of this machine, '0.0.0.0:8080'."
}
const ADDRESS = /^(\[[0-9a-fA-F:.]+\]|[\w.-]+):(\d{1,5})$/

const Listen = z
  .string()
  .regex(ADDRESS)
  .refine((text) => Number(ADDRESS.exec(text)?.[2] ?? 0) <= 65_535, 'a port is a number up to 65535')
  .transform((text) => {
    const match = ADDRESS.exec(text)!
    return { host: match[1].replace(/^\[|\]$/g, ''), port: Number(match[2]) }
  })
  .meta(HOW_LISTEN)

const Folder = z.strictObject({
  path: z.string().min(1).meta({ expected: 'a folder', description: 'Folder to watch, with its subfolders.' }),
  source: z
    .string()
    .regex(/^[a-z][a-z0-9-]*$/)
    .optional()
    .meta({ expected: 'the name of a source', description: 'Source of its files; absent: recognised file by file.' })
})

export const Settings = z
  .strictObject({
    data: z
      .string()
      .min(1)
      .default('./data')
      .meta({ expected: 'a folder', description: 'Where the ledger, its log and its archive live.' }),
    http: z
      .strictObject({
        listen: z.array(Listen).min(1).prefault(['127.0.0.1:8080']).meta({ description: 'Addresses and ports to listen on.' }),
        token: Secret.optional().meta({ description: "The owner's token; absent: made at first start, in the data folder." }),
        cursorSecret: Secret.optional().meta({
          description: 'Signs where live clients stand; the same for all processes that answer. Absent: made, in the data folder.'
        })
      })
      .prefault({}),
    folders: z
      .array(Folder)
      .default([])
      .meta({ expected: 'a list of folders', mend: 'Write one line per folder: "- path: ./inbox".', description: 'Folders to watch.' }),
    log: z
      .strictObject({
        partitions: z.int().min(1).max(1024).default(4).meta({
          expected: 'a whole number from 1 to 1024',
          description: 'Partitions of every topic; fixed when the data folder is made.'
        }),
        segmentAfterDays: z
          .int()
          .min(1)
          .max(36_500)
          .default(35)
          .meta({ expected: 'a whole number of days, at least 1', description: 'Age at which records move to read-only segment files.' })
      })
      .prefault({}),
    archive: z
      .strictObject({
        raw: z.boolean().default(true).meta({ expected: 'true or false', description: 'Keep the raw bytes of everything read.' })
      })
      .prefault({}),
    limits: z
      .strictObject({
        upload: Size.prefault('2 GiB').meta({ description: 'Largest file taken over HTTP.' }),
        body: Size.prefault('16 MiB').meta({ description: 'Largest other request, such as a registry file.' })
      })
      .prefault({}),
    flukso: Flukso.optional().meta({
      expected: 'http, mqtt or both',
      description: 'Fluksometers that are asked or heard; absent: only their files.'
    }),
    rtu: z
      .array(Rtu)
      .max(500)
      .optional()
      .meta({ expected: 'a list of { url }', description: 'ABB RTUs whose pages are read; absent: none.' }),
    influx: Influx.optional().meta({ expected: 'an address, a bucket and a token', description: 'A copy for analysts; absent: none.' }),
    mail: Mail.optional().meta({ expected: 'a server, a sender and recipients', description: 'Alerts by mail; absent: none.' }),
    webhooks: Webhooks.optional().meta({ expected: 'a list of { name, url, secret }', description: 'Alerts to programs; absent: none.' }),
    sftp: Sftp.optional().meta({ expected: 'a server, its key, a user and a folder', description: 'Half-day files; absent: none.' }),
    kafka: Kafka.optional().meta({ expected: 'brokers and how to reach them', description: 'The log, in cluster mode; absent: embedded.' }),
    cassandra: Cassandra.optional().meta({
      expected: 'nodes and how to reach them',
      description: 'The store, in cluster mode; absent: embedded.'
    }),
    schemaRegistry: SchemaRegistry.optional().meta({
      expected: 'the address of a registry',
      description: 'Hands out schema ids, in cluster mode.'
    })
  })
  .superRefine((settings, context) => {
    const missing = settings.kafka && !settings.cassandra ? 'cassandra' : settings.cassandra && !settings.kafka ? 'kafka' : null
    if (missing)
      context.addIssue({
        code: 'custom',
        path: [missing === 'kafka' ? 'cassandra' : 'kafka'],
        message: `cluster mode needs a ${missing} block too`
      })
    if (settings.schemaRegistry && !settings.kafka)
      context.addIssue({
        code: 'custom',
        path: ['schemaRegistry'],
        message: 'a schema registry is used in cluster mode only: name kafka and cassandra'
      })
  })
export type Settings = z.output<typeof Settings>

export const loadSettings = (text: string, file: string): { settings: Settings } | { problems: Problem[] } => {
  const checked = checkYaml(openYaml(text, file, 'core'), Settings)
  return 'problems' in checked ? checked : { settings: checked.value }
}
