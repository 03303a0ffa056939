import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Embedded, openEmbedded } from '../../../infra/lmdb/open.js'
import type { Alert } from '../../../schemas/generated.js'
import { Topics } from '../../../schemas/topics.js'
import type { Outlet } from '../../../sinks/outbox/run.js'

export const MINUTE = 60_000
export const NOON = Date.UTC(2026, 4, 1, 12)

/** A log of its own with alerts on it, and a clock that is set by hand. */
export interface Rig {
  embedded: Embedded
  now: number
  /** Steps of alerts, worth telling, as of now. */
  tell(...steps: Partial<Alert>[]): Promise<void>
  /** Whatever can be done now has been done. */
  settled(outlet: Outlet): Promise<void>
  /** Closes the log and opens it again, as a restart does. */
  reopen(): Promise<void>
  close(): Promise<void>
}

export const stop = async ({ processings }: Outlet): Promise<void> => {
  for (const processing of processings) await processing.stop()
}

export const openRig = async (): Promise<Rig> => {
  const folder = mkdtempSync(join(tmpdir(), 'wattledger-outlets-'))
  const open = async () => {
    const embedded = await openEmbedded(folder, { partitions: 4 })
    await embedded.log.create([Topics.alerts, Topics.alertOutbox, Topics.rejected])
    return embedded
  }
  let rev = 0
  const rig: Rig = {
    embedded: await open(),
    now: NOON,
    tell: async (...steps) => {
      const { log, wire } = rig.embedded
      const records = steps.map((step) => {
        const alert: Alert = {
          ...EMPTY,
          since: rig.now,
          at: rig.now,
          knownAt: rig.now,
          expires: rig.now + 15 * MINUTE,
          rev: ++rev,
          ...step
        }
        return { key: alert.subject, value: wire.encode('Alert', alert) }
      })
      await log.append(Topics.alerts, records)
    },
    settled: async ({ processings }) => {
      for (const processing of processings) await processing.drained()
    },
    reopen: async () => {
      await rig.embedded.close()
      rig.embedded = await open()
    },
    close: async () => {
      await rig.embedded.close()
      rmSync(folder, { recursive: true, force: true })
    }
  }
  return rig
}

const EMPTY: Alert = {
  rule: 'missing',
  subject: 'HOME01',
  register: '',
  source: 'flukso',
  state: 'firing',
  severity: 'warning',
  since: 0,
  at: 0,
  until: null,
  value: 12.5,
  threshold: 10,
  unit: '%',
  text: '12.5 % of the day are missing.',
  rows: [],
  occurrences: 1,
  reminders: 0,
  notify: true,
  expires: null,
  ackedBy: '',
  note: '',
  rev: 0,
  ruleVersion: 1,
  knownAt: 0
}
