import { z } from 'zod'
import { Secret } from './secret.js'
import { isZone } from './zone.js'

/**
 * ABB RTUs whose pages are read, those of a low-voltage cabin say.
 *
 *   rtu:
 *     - url: 'http://192.168.1.30'
 *       name: cabin                                  # its point is rtu/cabin; absent: rtu/192.168.1.30
 *       login: { user: reader, password: { env: RTU_PASSWORD } }
 *       zone: Europe/Brussels                        # of the times on its pages
 *       everyMinutes: 5
 */
export const Rtu = z.strictObject({
  url: z
    .url({ protocol: /^https?$/ })
    .refine((url) => {
      const { username, password, search, hash, pathname } = new URL(url)
      return `${username}${password}${search}${hash}` === '' && pathname === '/'
    }, 'an address holds no path, user, password or question: who asks is named under login')
    .meta({
      expected: 'an address such as http://192.168.1.30',
      mend: 'Write http://, the name or number of the RTU, and nothing behind it.'
    }),
  name: z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/)
    .optional()
    .meta({ expected: 'a word', description: 'Its point is rtu/<name>; absent: rtu/<host>.' }),
  login: z
    .strictObject({
      user: z
        .string()
        .regex(/^[^:"\\]{1,200}$/)
        .meta({ expected: 'a user name without : and "' }),
      password: Secret
    })
    .optional()
    .meta({ expected: '{ user, password: { env: NAME } }', description: 'Digest authentication, as RTUs ask for it.' }),
  ca: z.string().min(1).optional().meta({ expected: 'a PEM file', description: 'Authority to trust; absent: those of the system.' }),
  zone: z
    .string()
    .refine(isZone, 'expected a time zone such as Europe/Brussels')
    .default('Europe/Brussels')
    .meta({ expected: 'a time zone such as Europe/Brussels', description: 'Zone of the times on its pages.' }),
  everyMinutes: z
    .number()
    .min(0.05)
    .max(1440)
    .default(5)
    .meta({ expected: 'minutes, such as 5', description: 'From one look to the next.' })
})
export type Rtu = z.output<typeof Rtu>
