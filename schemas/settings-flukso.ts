import { z } from 'zod'
import { Secret } from './secret.js'
import { SENSOR_HEX } from './sensor.js'

/**
 * Fluksometers that are asked, and those that are heard. Absent: only their block files are read.
 *
 *   flukso:
 *     http: {}                                   # asks api.flukso.net for every sensor whose token is known
 *     mqtt:                                      # listens to the broker on each device, or to one they all pass on to
 *       - url: 'mqtt://192.168.1.20:1883'
 *
 * with everything said:
 *
 *   flukso:
 *     http:
 *       url: 'https://api.flukso.net'
 *       ca: /etc/wattledger/flukso-ca.pem        # the service's own authority; absent: those of the system
 *       everyMinutes: 5
 *       parallel: 8                              # sensors at a time
 *       sensors:                                 # beside those that were imported or pasted, whose tokens lie in the data folder
 *         - { sensor: fed676021dacaaf6a12a8dda7685be34, token: { file: /run/secrets/clamp } }
 *     mqtt:
 *       - url: 'mqtts://broker.example:8883'
 *         name: cellar                           # in what is said of it; absent: host and port
 *         login: { user: wattledger, password: { env: MQTT_PASSWORD } }
 *         ca: /etc/wattledger/broker-ca.pem
 */
const Ca = z.string().min(1).optional().meta({ expected: 'a PEM file', description: 'Authority to trust; absent: those of the system.' })

const isBare = (url: string): boolean => {
  const { username, password, search, hash } = new URL(url)
  return `${username}${password}${search}${hash}` === ''
}

const Http = z.strictObject({
  url: z
    .url({ protocol: /^https?$/ })
    .refine(isBare, 'an address holds no user, password or question: tokens are named apart')
    .transform((url) => url.replace(/\/+$/, ''))
    .prefault('https://api.flukso.net')
    .meta({ expected: 'an address such as https://api.flukso.net', description: 'Where blocks of sensors are fetched.' }),
  ca: Ca,
  everyMinutes: z
    .number()
    .min(0.05)
    .max(1440)
    .default(5)
    .meta({ expected: 'minutes, such as 5', description: 'Time from one round to the next; a tenth more or less, by chance.' }),
  parallel: z.int().min(1).max(64).default(8).meta({ expected: 'a whole number from 1 to 64', description: 'Sensors asked at a time.' }),
  sensors: z
    .array(
      z.strictObject({
        sensor: z
          .string()
          .regex(SENSOR_HEX)
          .meta({ expected: 'the id of a sensor: 32 hex digits', mend: 'Copy it from the page of the sensor, in lower case.' }),
        token: Secret
      })
    )
    .max(10_000)
    .default([])
    .meta({ expected: 'a list of { sensor, token }', description: 'Sensors beside those whose tokens lie in the data folder.' })
})

const Broker = z.strictObject({
  url: z
    .url({ protocol: /^mqtts?$/ })
    .refine(isBare, 'an address holds no user or password: they are named under login')
    .meta({ expected: 'an address such as mqtt://192.168.1.20:1883', mend: 'Write mqtt://host:port, or mqtts:// for TLS.' }),
  name: z
    .string()
    .regex(/^[\w.:-]{1,64}$/)
    .optional()
    .meta({ expected: 'a word', description: 'What it is called in messages; absent: host and port.' }),
  login: z
    .strictObject({ user: z.string().min(1).max(200).meta({ expected: 'a user name' }), password: Secret })
    .optional()
    .meta({ expected: '{ user, password: { env: NAME } }', description: 'Absent: none, as on the devices themselves.' }),
  ca: Ca
})

export const Flukso = z.strictObject({
  http: Http.optional().meta({ expected: '{} or { url, … }', description: 'Blocks, asked for; absent: nobody is asked.' }),
  mqtt: z
    .array(Broker)
    .max(500)
    .default([])
    .meta({ expected: 'a list of { url }', description: 'Brokers whose sensors are heard: one per device, or one for all.' })
})
export type FluksoHttp = z.output<typeof Http>
export type FluksoBroker = z.output<typeof Broker>
