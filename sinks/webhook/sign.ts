import { createHmac } from 'node:crypto'

const PREFIX = 'whsec_'

/** The key that a secret stands for, by Standard Webhooks: base64 after `whsec_`; any other text is taken as it is. */
const keyOf = (secret: string): Buffer =>
  secret.startsWith(PREFIX) ? Buffer.from(secret.slice(PREFIX.length), 'base64') : Buffer.from(secret, 'utf8')

export const LEAST_KEY_BYTES = 24

export const isLongEnough = (secret: string): boolean => keyOf(secret).length >= LEAST_KEY_BYTES

/** Headers of Standard Webhooks, version 1: HMAC-SHA-256 of `id.timestamp.body`. `at`: UTC ms. */
export const signed = (secret: string, id: string, at: number, body: string): Record<string, string> => {
  const timestamp = String(Math.floor(at / 1000))
  const mac = createHmac('sha256', keyOf(secret)).update(`${id}.${timestamp}.${body}`).digest('base64')
  return { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': `v1,${mac}` }
}
