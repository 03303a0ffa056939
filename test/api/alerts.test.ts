import { afterAll, beforeAll, expect, test } from 'vitest'
import { alertKey, parseAlertKey } from '../../schemas/alerts.js'
import type { Alert } from '../../schemas/generated.js'
import { HOUR, type Ledger, openLedger, START, writeDay } from './ledger.js'

let ledger: Ledger
const alert = (subject: string, since: number, said: Partial<Alert> = {}): Alert => ({
  rule: 'silent',
  subject,
  register: '',
  source: 'flukso',
  state: 'firing',
  severity: 'warning',
  since,
  at: since + HOUR,
  until: null,
  value: null,
  threshold: 1,
  unit: 'ms',
  text: 'Nothing came.',
  rows: [],
  occurrences: 1,
  reminders: 0,
  notify: true,
  expires: null,
  ackedBy: '',
  note: '',
  rev: 1,
  ruleVersion: 1,
  knownAt: since,
  ...said
})
beforeAll(async () => {
  ledger = await openLedger()
  await writeDay(ledger.store, 'flukso/a')
  await writeDay(ledger.store, 'flukso/b')
  await ledger.store.write({
    alerts: [
      alert('flukso/a', START),
      alert('flukso/a', START + 5 * HOUR, { rule: 'jump', register: '1.8.0', state: 'retracted' }),
      alert('flukso/b', START + HOUR),
      alert('c0ffee', START + 2 * HOUR, { rule: 'block-rejected' })
    ]
  })
})
afterAll(() => ledger.close())
const get = async (url: string, headers = ledger.as('admin')) => (await ledger.app.inject({ url, headers })).json()
const told = async (query = '', headers = ledger.as('admin')): Promise<string[]> =>
  (await get(`/v1/alerts${query}`, headers)).alerts.map(({ subject, rule }: { subject: string; rule: string }) => `${subject} ${rule}`)

test('newest first, by point, rule, beginning, and whether active', async () => {
  expect(await told()).toEqual(['flukso/a jump', 'c0ffee block-rejected', 'flukso/b silent', 'flukso/a silent'])
  expect(await told('?point=flukso/a&active=true')).toEqual(['flukso/a silent'])
  expect(await told('?rule=block-rejected')).toEqual(['c0ffee block-rejected'])
  expect(await told('?from=2024-03-01T00:00:00Z&to=2024-03-01T01:00:00Z')).toEqual(['flukso/b silent'])
  expect(await get('/v1/alerts?limit=1')).toMatchObject({ more: true, alerts: [{ subject: 'flukso/a' }] })
})

test('a reader is told of points that are open to them, for the time that is, and of nothing else', async () => {
  const a = ledger.as('reader', [{ point: 'flukso/a', from: null, to: null }])
  expect(await told('', a)).toEqual(['flukso/a jump', 'flukso/a silent'])
  const early = ledger.as('reader', [{ point: 'flukso/a', from: null, to: START + 2 * HOUR }])
  expect(await told('', early)).toEqual(['flukso/a silent'])
  expect((await get('/v1/alerts?point=flukso/b', a)).error.code).toBe('not_found')
})

test('only an admin acknowledges', async () => {
  const payload = { alertKey: alertKey(alert('flukso/a', START)) }
  const ask = async (headers: Record<string, string>) =>
    (await ledger.app.inject({ method: 'POST', url: '/v1/alerts/ack', headers, payload })).statusCode
  expect(await ask(ledger.as('reader', [{ point: 'flukso/a', from: null, to: null }]))).toBe(403)
  expect(await ask(ledger.as('admin'))).toBe(202)
})

test('a key names one alert, whatever is in the name of its subject', () => {
  const odd = { rule: 'silent', subject: 'flukso/~a~b', register: '1.8.0/share', since: -5 }
  expect(parseAlertKey(alertKey(odd))).toEqual(odd)
  for (const wrong of ['', 'x', 'a~b~c~d', 'a~1~c']) expect(parseAlertKey(wrong)).toBeNull()
})
