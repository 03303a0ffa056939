import { decoding } from '../../schemas/decoding.js'
import type { Suspect } from '../../schemas/generated.js'
import { Op } from '../../schemas/quality.js'
import type { Wire } from '../../schemas/wire.js'
import { bucketOf } from '../blocks/buckets.js'
import type { SeriesKey } from '../store.js'
import type { BucketIndex } from './bucket-index.js'
import { type Contents, summed } from './contents.js'
import { addTo, inFlight, type Session, type Statement } from './session.js'

// The rev decides, whoever writes when. Withdrawn ones stay, unseen, so that an older one that comes again does not return.
const PUT =
  'INSERT INTO suspects (point, register, bucket, at, device, value, reason, record) VALUES (?, ?, ?, ?, ?, ?, ?, ?) USING TIMESTAMP ?'
const PUT_REASON =
  'INSERT INTO suspect_reasons (reason, bucket, point, register, at, device, value, counted) VALUES (?, ?, ?, ?, ?, ?, ?, ?) USING TIMESTAMP ?'
const RANGE = 'SELECT record FROM suspects WHERE point = ? AND register = ? AND bucket = ? AND at >= ? AND at < ?'
const COUNT = 'SELECT SUM(counted) AS found FROM suspect_reasons WHERE reason = ? AND bucket = ?'

/** Readings that were not believed, by series and UTC month. */
export class Suspects {
  constructor(
    private readonly session: Session,
    private readonly wire: Wire,
    private readonly index: BucketIndex,
    private readonly contents: Contents
  ) {}

  async put(suspects: readonly Suspect[]): Promise<void> {
    const partitions = new Map<string, Statement[]>()
    for (const suspect of suspects) {
      const { point, register, at, device, value, reason, op, rev } = suspect
      const bucket = bucketOf(at, 'month')
      const record = this.wire.encode('Suspect', suspect)
      addTo(partitions, `${point}\0${register}\0${bucket}`, {
        query: PUT,
        params: [point, register, bucket, at, device, value, reason, record, rev],
        bytes: record.length
      })
      const counted = op === Op.WITHDRAWN ? 0 : 1
      addTo(partitions, `${reason}\0${bucket}`, {
        query: PUT_REASON,
        params: [reason, bucket, point, register, at, device, value, counted, rev]
      })
    }
    await this.index.put(suspects.map((suspect) => ({ id: bucketIdOf(suspect, suspect.at), longestMs: 0 })))
    await this.contents.put(suspects.map(({ reason, at }) => ({ name: 'suspects', part: reason, bucket: bucketOf(at, 'month') })))
    await this.session.writeEach(partitions)
  }

  async of(series: SeriesKey, from: number, to: number): Promise<Suspect[]> {
    if (!(from < to)) return []
    const buckets = await this.index.range(bucketIdOf(series, from), bucketOf(to - 1, 'month'))
    const found: Suspect[][] = buckets.map(() => [])
    await inFlight(buckets.entries(), async ([i, { id }]) => {
      const rows = await this.session.all(RANGE, [id.point, id.register, id.bucket, from, to])
      found[i] = await Promise.all(rows.map(({ record }) => decoding(this.wire)('Suspect', record)))
    })
    return found.flat().filter(({ op }) => op !== Op.WITHDRAWN)
  }

  async counts(): Promise<Map<string, number>> {
    return summed(await this.contents.all('suspects'), async ({ part, bucket }) => {
      const { rows } = await this.session.page(COUNT, [part, bucket])
      return rows[0].found
    })
  }
}

const bucketIdOf = ({ point, register }: SeriesKey, at: number) =>
  ({ table: 'suspects', point, register, grid: '', bucket: bucketOf(at, 'month') }) as const
