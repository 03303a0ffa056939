import { readFileSync } from 'node:fs'
import { createTransport } from 'nodemailer'
import type { Mail } from '../../schemas/settings-outlets.js'
import { NotTaken } from '../outbox/channel.js'
import type { Digest } from './digest.js'

const CONNECT_MS = 15_000
const SILENCE_MS = 30_000
const SAID_CHARACTERS = 200

export interface Letter extends Digest {
  to: readonly string[]
  /** The same for the same letter, so that mail programs show a repeated one once. */
  id: string
}

/** Resolves with the addresses the server refused, where it took others; rejects with NotTaken when it took none. */
export type Send = (letter: Letter) => Promise<string[]>

/** Sends over one connection a letter. `password`: what stands where the settings say, asked each time. */
export const sender =
  (settings: Mail, password: () => string): Send =>
  async ({ to, id, subject, text, html }) => {
    const { host, port, tls, ca, login, from } = settings
    let secret = ''
    try {
      secret = login ? password() : ''
      const transport = createTransport({
        host,
        port,
        secure: tls === 'implicit',
        requireTLS: tls === 'starttls',
        ignoreTLS: tls === 'none',
        ...(login && { auth: { user: login.user, pass: secret } }),
        tls: { minVersion: 'TLSv1.2', ...(ca !== undefined && { ca: readFileSync(ca) }) },
        connectionTimeout: CONNECT_MS,
        greetingTimeout: CONNECT_MS,
        socketTimeout: SILENCE_MS,
        // What stands in an alert is text: no file and no address in it is fetched.
        disableFileAccess: true,
        disableUrlAccess: true
      })
      const domain = from.replace(/^.*@|>$/g, '')
      const sent = await transport.sendMail({
        from,
        to: [...to],
        subject,
        text,
        html,
        messageId: `<${id}@${domain}>`,
        headers: { 'Auto-Submitted': 'auto-generated', Precedence: 'bulk' }
      })
      return sent.rejected
    } catch (error) {
      const said = (error as Error).message.replaceAll(secret === '' ? '\u0000' : secret, '…')
      throw new NotTaken(
        `${host}:${port} does not take the mail: ${said.slice(0, SAID_CHARACTERS)}. See mail in the settings; what waits is kept.`
      )
    }
  }
