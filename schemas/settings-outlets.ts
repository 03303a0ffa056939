import { Cron } from 'croner'
import { z } from 'zod'
import { CUTS } from './half-days.js'
import { Secret } from './secret.js'
import { isZone } from './zone.js'

/**
 * What leaves the ledger for people and programs outside. Absent: nothing does.
 *
 *   mail:
 *     host: mail.example.org
 *     tls: starttls                            # or implicit, none
 *     login: { user: wattledger, password: { file: /run/secrets/mail } }
 *     from: 'Wattledger <wattledger@example.org>'
 *     recipients:
 *       - { name: caretaker, to: [caretaker@example.org], delayMinutes: 5 }
 *       - { name: project, to: [a@example.org, b@example.org], rules: [missing, 'sign-*'], subjects: ['CDB*'],
 *           schedule: '0 7 * * *', zone: Europe/Brussels }
 *   webhooks:
 *     - { name: desk, url: 'https://desk.example.org/hooks/energy', secret: { env: DESK_SECRET } }
 *   sftp:
 *     host: files.example.org
 *     user: upload
 *     key: { file: /run/secrets/sftp-key }
 *     hostKeys: ['SHA256:…']                   # as ssh-keygen -lf prints it
 *     folder: /upload
 */
const Name = z
  .string()
  .regex(/^[a-z0-9][a-z0-9-]{0,39}$/)
  .meta({ expected: 'lower-case letters, digits and hyphens', description: 'Ours for it: what waits is kept under this name.' })

const Patterns = z
  .array(
    z
      .string()
      .regex(/^[^*]{0,200}\*?$/)
      .min(1)
      .meta({ expected: 'a name, or its beginning and *', mend: "Write it as 'CDB*' or in full." })
  )
  .min(1)
  .max(10_000)

const Wanted = {
  name: Name,
  rules: Patterns.optional().meta({ expected: 'a list of rules', description: 'Rules that are told; absent: all.' }),
  subjects: Patterns.optional().meta({
    expected: 'a list of points, installations or sources',
    description: 'Whose alerts are told; absent: all.'
  })
}

const namesDiffer = <Each extends { name: string }>(list: readonly Each[]): boolean =>
  new Set(list.map(({ name }) => name)).size === list.length
const SAME_NAME = 'two of them have the same name'

const Host = z
  .string()
  .regex(/^[A-Za-z0-9.:_-]{1,253}$/)
  .meta({ expected: 'the name of a machine', mend: 'Write the name alone, without a protocol or a port.' })
const Port = z.int().min(1).max(65_535)
const User = z.string().min(1).max(200).meta({ expected: 'a user name' })

const Address = z.email().max(254).meta({ expected: 'an address such as anna@example.org' })

/** Five fields of cron: what croner reads beyond them (seconds, years) would be looked at by nobody. */
const isSchedule = (text: string): boolean => {
  if (text.trim().split(/\s+/).length !== 5) return false
  try {
    return new Cron(text, { paused: true }).nextRun() !== null
  } catch {
    return false
  }
}

const Recipient = z.strictObject({
  ...Wanted,
  to: z.array(Address).min(1).max(50).meta({ expected: 'a list of addresses', description: 'All of them get the same mail.' }),
  delayMinutes: z.int().min(0).max(1440).default(2).meta({
    expected: 'a whole number of minutes up to 1440',
    description: 'So long it waits for more before a mail goes out; what comes and is taken back in that time is told to nobody.'
  }),
  schedule: z.string().refine(isSchedule, 'this is no schedule').optional().meta({
    expected: 'minute, hour, day, month and weekday, such as 0 7 * * 1-5',
    description: 'Mails go out at these times only; absent: after the delay.'
  }),
  zone: z
    .string()
    .refine(isZone, 'there is no such time zone')
    .default('UTC')
    .meta({ expected: 'an IANA zone such as Europe/Brussels', description: 'Of the schedule, and of the times in the mail.' })
})
export type Recipient = z.output<typeof Recipient>

const LOOPBACK = ['localhost', '127.0.0.1', '::1']

export const Mail = z
  .strictObject({
    host: Host,
    port: Port.default(587).meta({ expected: 'a port', description: '587 with starttls, 465 with implicit TLS.' }),
    tls: z.enum(['starttls', 'implicit', 'none']).default('starttls').meta({
      expected: 'starttls, implicit or none',
      description: 'With starttls, a server that offers no TLS is refused.'
    }),
    ca: z.string().min(1).optional().meta({ expected: 'a PEM file', description: 'Authority to trust; absent: those of Node.' }),
    login: z.strictObject({ user: User, password: Secret }).optional(),
    from: z
      .string()
      .regex(/^(?:[^<>\r\n]{1,100} <)?[^\s<>@]+@[^\s<>@]+>?$/)
      .meta({ expected: "an address, or 'Name <address>'" }),
    recipients: z.array(Recipient).min(1).max(1000).refine(namesDiffer, SAME_NAME)
  })
  .refine(({ tls, login, host }) => tls !== 'none' || !login || LOOPBACK.includes(host), {
    path: ['tls'],
    message: 'a password is not sent without TLS'
  })
export type Mail = z.output<typeof Mail>

export const Webhook = z.strictObject({
  ...Wanted,
  url: z
    .url({ protocol: /^https?$/ })
    .refine((url) => {
      if (!URL.canParse(url)) return false
      const { protocol, hostname, username, password } = new URL(url)
      return `${username}${password}` === '' && (protocol === 'https:' || LOOPBACK.includes(hostname.replace(/^\[|\]$/g, '')))
    }, 'it has to be https, but for this machine, and hold no user or password')
    .meta({ expected: 'an address such as https://desk.example.org/hooks/energy' }),
  secret: Secret.meta({
    description: 'Signs what is sent, as Standard Webhooks say: whsec_ and base64, or any text of 24 characters or more.'
  })
})
export type Webhook = z.output<typeof Webhook>

export const Webhooks = z.array(Webhook).min(1).max(100).refine(namesDiffer, SAME_NAME)

export const Sftp = z
  .strictObject({
    host: Host,
    port: Port.default(22).meta({ expected: 'a port' }),
    user: User,
    key: Secret.optional().meta({ description: 'Private key, PEM or OpenSSH, without a passphrase.' }),
    password: Secret.optional(),
    hostKeys: z
      .array(
        z
          .string()
          .regex(/^SHA256:[A-Za-z0-9+/]{43}$/)
          .meta({
            expected: 'a fingerprint such as SHA256:jgVX…',
            mend: 'ssh-keyscan HOST | ssh-keygen -lf - prints it: compare it with its owner.'
          })
      )
      .min(1)
      .meta({ expected: 'a list of fingerprints', description: 'Keys the server may show; another one is refused.' }),
    folder: z.string().min(1).max(500).default('/upload').meta({ expected: 'a folder of the server', description: 'It has to be there.' }),
    installations: Patterns.optional().meta({
      expected: 'a list of installations',
      description: 'Installations and groups that are sent; absent: all.'
    }),
    since: z.iso
      .date()
      .optional()
      .meta({ expected: 'a day such as 2022-07-01', description: 'First local day that is sent; absent: all there is.' }),
    cut: z.enum(CUTS).default(CUTS[0]).meta({
      expected: '10:00Z or noon',
      description: 'AM ends at 10:00 UTC all year, as files of this kind always did, or at noon of the installation.'
    }),
    graceMinutes: z.int().min(0).max(10_080).default(30).meta({
      expected: 'a whole number of minutes up to 10080',
      description: 'So long after its end, and after its last change, a half-day is sent.'
    })
  })
  .refine(({ key, password }) => (key === undefined) !== (password === undefined), 'name a key or a password, one of them')
export type Sftp = z.output<typeof Sftp>
