import type { Alert } from './generated.js'

/** Neither resolved nor retracted. */
export const isActiveAlert = ({ state }: Pick<Alert, 'state'>): boolean => state !== 'ok' && state !== 'retracted'

export type AlertIdentity = Pick<Alert, 'rule' | 'subject' | 'register' | 'since'>

/** The identity of an alert as one word, for addresses and frames. Rules and registers have no `~`. */
export const alertKey = ({ rule, subject, register, since }: AlertIdentity): string => [rule, since, register, subject].join('~')

/** Null: no alert has such a key. */
export const parseAlertKey = (key: string): AlertIdentity | null => {
  const [rule, since, register, ...subject] = key.split('~')
  if (subject.length === 0 || !/^-?\d{1,16}$/.test(since)) return null
  return { rule, since: Number(since), register, subject: subject.join('~') }
}
