import type { AddressInfo } from 'node:net'
import PostalMime from 'postal-mime'
import { SMTPServer, type SMTPServerOptions } from 'smtp-server'

export interface Received {
  to: string[]
  subject: string
  text: string
  html: string
  id: string
  secure: boolean
}

/** A real SMTP server on loopback, and what it took. */
export interface MailServer {
  port: number
  received: Received[]
  /** What is said to a letter instead of taking it; null: it is taken. `lost`: it is taken, and the answer is. */
  judge(verdict: (to: string[]) => { code: number; message: string } | 'lost' | null): void
  /** What is said to an address. */
  refuse(isRefused: (address: string) => boolean): void
  close(): Promise<void>
}

export const mailServer = async (options: SMTPServerOptions = {}, port = 0): Promise<MailServer> => {
  let judge: Parameters<MailServer['judge']>[0] = () => null
  let refused: (address: string) => boolean = () => false
  const received: Received[] = []
  const server = new SMTPServer({
    disableReverseLookup: true,
    disabledCommands: ['STARTTLS', 'AUTH'],
    logger: false,
    onRcptTo: ({ address }, _session, done) =>
      refused(address) ? done(Object.assign(new Error('no such user'), { responseCode: 550 })) : done(),
    onData: (stream, session, done) => {
      const parts: Buffer[] = []
      stream.on('data', (part: Buffer) => parts.push(part))
      stream.on('end', async () => {
        const to = session.envelope.rcptTo.map(({ address }) => address)
        const verdict = judge(to)
        if (verdict !== null && verdict !== 'lost') return done(Object.assign(new Error(verdict.message), { responseCode: verdict.code }))
        const { subject = '', text = '', html = '', messageId = '' } = await PostalMime.parse(Buffer.concat(parts))
        received.push({ to, subject, text, html, id: messageId, secure: session.secure })
        if (verdict === 'lost') for (const connection of server.connections) (connection as unknown as { close(): void }).close()
        else done()
      })
    },
    ...options
  })
  server.on('error', () => {})
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  return {
    port: (server.server.address() as AddressInfo).port,
    received,
    judge: (verdict) => {
      judge = verdict
    },
    refuse: (isRefused) => {
      refused = isRefused
    },
    close: () => new Promise((resolve) => server.close(resolve))
  }
}
