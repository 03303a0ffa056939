import { decoding } from '../../schemas/decoding.js'
import type { Installation, Point } from '../../schemas/generated.js'
import type { Wire } from '../../schemas/wire.js'
import type { Latest } from '../store.js'
import { addTo, type Row, type Session, type Statement } from './session.js'

// One cell, so that of two readings of one instant either is taken whole. The event time decides, whoever writes when.
const PUT_NEWEST = 'INSERT INTO latest (point, register, newest) VALUES (?, ?, ?) USING TIMESTAMP ?'
// Time turned round: the earliest wins.
const PUT_FIRST = 'UPDATE latest USING TIMESTAMP ? SET first_at = ? WHERE point = ? AND register = ?'

const PUT_VERSION = {
  points: 'INSERT INTO points (point, valid_from, known_at, record) VALUES (?, ?, ?, ?) USING TIMESTAMP ?',
  installations: 'INSERT INTO installations (installation, valid_from, known_at, record) VALUES (?, ?, ?, ?) USING TIMESTAMP ?'
}

/** The newest reading of each series, and every version of what people said about points and installations. */
export class Versions {
  constructor(
    private readonly session: Session,
    private readonly wire: Wire
  ) {}

  async putLatest(all: readonly Latest[]): Promise<void> {
    const partitions = new Map<string, Statement[]>()
    for (const { firstAt, ...newest } of all) {
      const { point, register, at } = newest
      addTo(
        partitions,
        point,
        { query: PUT_NEWEST, params: [point, register, JSON.stringify(newest), at] },
        { query: PUT_FIRST, params: [-firstAt, firstAt, point, register] }
      )
    }
    await this.session.writeEach(partitions)
  }

  async latest(point?: string): Promise<Latest[]> {
    const rows = await this.#rows('SELECT point, newest, first_at FROM latest', point)
    const found: Latest[] = rows.map(({ newest, first_at }) => ({ ...JSON.parse(newest), firstAt: first_at.toNumber() }))
    return found.sort((a, b) => compare(a.point, b.point) || compare(a.register, b.register))
  }

  async putPoints(points: readonly Point[]): Promise<void> {
    await this.#putVersions(
      'points',
      points.map((each) => [each.point, each, this.wire.encode('Point', each)])
    )
  }

  async points(point?: string): Promise<Point[]> {
    const rows = await this.#rows('SELECT point, record FROM points', point)
    const found = await Promise.all(rows.map(({ record }) => decoding(this.wire)('Point', record)))
    return found.sort((a, b) => compare(a.point, b.point) || byVersion(a, b))
  }

  async putInstallations(installations: readonly Installation[]): Promise<void> {
    await this.#putVersions(
      'installations',
      installations.map((each) => [each.installation, each, this.wire.encode('Installation', each)])
    )
  }

  async installations(): Promise<Installation[]> {
    const rows = await this.#rows('SELECT record FROM installations')
    const found = await Promise.all(rows.map(({ record }) => decoding(this.wire)('Installation', record)))
    return found.sort((a, b) => compare(a.installation, b.installation) || byVersion(a, b))
  }

  async #putVersions(table: keyof typeof PUT_VERSION, versions: readonly (readonly [string, Version, Buffer])[]): Promise<void> {
    const partitions = new Map<string, Statement[]>()
    for (const [name, { validFrom, knownAt }, record] of versions)
      addTo(partitions, name, { query: PUT_VERSION[table], params: [name, validFrom, knownAt, record, knownAt], bytes: record.length })
    await this.session.writeEach(partitions)
  }

  #rows(query: string, point?: string): Promise<Row[]> {
    return point === undefined ? this.session.all(query, []) : this.session.all(`${query} WHERE point = ?`, [point])
  }
}

interface Version {
  validFrom: number
  knownAt: number
}

const byVersion = (a: Version, b: Version): number => a.validFrom - b.validFrom || a.knownAt - b.knownAt

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)
