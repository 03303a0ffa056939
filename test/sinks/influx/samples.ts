import type { Alert } from '../../../schemas/generated.js'
import { MAY } from '../../schemas/blocks-at-random.js'

export const alert = (some: Partial<Alert> = {}): Alert => ({
  rule: 'silent',
  subject: 'p',
  register: '1.8.0',
  source: 'flukso',
  state: 'firing',
  severity: 'warning',
  since: MAY,
  at: MAY + 60_000,
  until: null,
  value: null,
  threshold: null,
  unit: 'ms',
  text: 'Nothing came.',
  rows: [],
  occurrences: 1,
  reminders: 0,
  notify: true,
  expires: MAY + 86_400_000,
  ackedBy: '',
  note: '',
  rev: 7,
  ruleVersion: 1,
  knownAt: MAY,
  ...some
})
