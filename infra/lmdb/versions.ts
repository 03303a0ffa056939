import type { Installation, Point } from '../../schemas/generated.js'
import type { Wire } from '../../schemas/wire.js'
import type { Latest } from '../store.js'
import type { Environment, Table } from './env.js'
import { after, timeKey, wordsKey } from './keys.js'

/** The newest reading of each series, and every version of what people said about points and installations. */
export class Versions {
  readonly #latest: Table
  readonly #points: Table
  readonly #installations: Table

  constructor(
    env: Environment,
    private readonly wire: Wire
  ) {
    this.#latest = env.table('latest')
    this.#points = env.table('points')
    this.#installations = env.table('installations')
  }

  /** Inside a transaction. The later instant wins; of equal ones the one that comes last. */
  putLatest(latest: Latest): void {
    const key = wordsKey(latest.point, latest.register)
    const stored = this.#latest.get(key)
    const other: Latest | null = stored ? JSON.parse(stored.toString()) : null
    const newer = other && other.at > latest.at ? other : latest
    const firstAt = Math.min(latest.firstAt, other?.firstAt ?? latest.firstAt)
    this.#latest.put(key, Buffer.from(JSON.stringify({ ...newer, firstAt })))
  }

  latest(point?: string): Latest[] {
    return [...ofPrefix(this.#latest, point)].map((value) => JSON.parse(value.toString()))
  }

  /** Inside a transaction. */
  putPoint(point: Point): void {
    this.#points.put(versionKey(point.point, point), this.wire.encode('Point', point))
  }

  points(point?: string): Point[] {
    return [...ofPrefix(this.#points, point)].map((value) => this.wire.decode('Point', value))
  }

  /** Inside a transaction. */
  putInstallation(installation: Installation): void {
    this.#installations.put(versionKey(installation.installation, installation), this.wire.encode('Installation', installation))
  }

  installations(): Installation[] {
    return [...ofPrefix(this.#installations)].map((value) => this.wire.decode('Installation', value))
  }
}

const versionKey = (name: string, { validFrom, knownAt }: { validFrom: number; knownAt: number }): Buffer =>
  Buffer.concat([wordsKey(name), timeKey(validFrom), timeKey(knownAt)])

function* ofPrefix(table: Table, name?: string): Generator<Buffer> {
  const range = name === undefined ? {} : { start: wordsKey(name), end: after(wordsKey(name)) }
  for (const { value } of table.getRange(range)) yield value
}
