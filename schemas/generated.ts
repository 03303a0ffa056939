// Made from the .avsc files by `npm run generate`; do not edit.

/** What somebody wants done with an alert. Key of the topic: subject. It comes back as a state of the alert. */
export interface AlertCommand {
  /** ack. */
  command: string
  /** With subject, register and since, the identity of the alert. */
  rule: string
  /** Point or installation, as in the alert. */
  subject: string
  /** As in the alert. */
  register: string
  /** As in the alert. */
  since: number
  /** Name of who wants it, as in registry.people. */
  by: string
  /** What they say to it, at most 500 characters. */
  note: string
  /** When it was asked for, UTC ms. */
  at: number
}

export interface AlertEvidence {
  /** Register of the row. */
  register: string
  /** Start of the interval, or the instant of the reading, UTC ms. */
  start: number
  /** End of the interval; equals `start` for a reading. */
  end: number
  /** Topic of the record that shows it; of an interval, that of its later reading. */
  topic: string
  /** Its partition. */
  partition: number
  /** Its offset. */
  offset: number
}

/** One step of one alert. Its identity is (rule, subject, register, since); the higher rev is the present state. Key of the topic: subject. */
export interface Alert {
  /** silent, backwards, jump, frozen, clock-drift, block-rejected, platform-late ... */
  rule: string
  /** Point or installation; of block-rejected the origin of the payload, of platform-late the source. */
  subject: string
  /** Register; empty when the rule concerns the whole subject. */
  register: string
  /** Producer of what it is about. */
  source: string
  /** pending, firing, flapping, acked, resolving (all of these active), ok (resolved), retracted (a revision removed the cause). */
  state: string
  /** info, warning or critical; it moves both ways. */
  severity: string
  /** When its condition began, event time. */
  since: number
  /** When this step happened, event time. */
  at: number
  /** When its condition ended, event time; null: it holds still. */
  until: null | number
  /** What was measured, in `unit`. */
  value: null | number
  /** What it was held against, in `unit`; null: the rule has no number. */
  threshold: null | number
  /** Unit of `value` and `threshold`: ms, Wh, count ... */
  unit: string
  /** One sentence for people. */
  text: string
  /** Evidence, oldest first: the rows that show it, at most 8. Empty where what shows it is that nothing came. */
  rows: AlertEvidence[]
  /** How often the condition came within this alert. */
  occurrences: number
  /** How often it was repeated because nobody acknowledged it. */
  reminders: number
  /** This step is worth telling people. False for what is only recorded, during back-fill say. */
  notify: boolean
  /** Whoever delivers tells nobody after this instant (UTC ms), so that a topic read again tells nobody either; null: no such limit. */
  expires: null | number
  /** Name of who acknowledged it; empty: nobody did. */
  ackedBy: string
  /** What they said to it. */
  note: string
  /** Revision of the subject; the higher wins. */
  rev: number
  /** Version of the rule. */
  ruleVersion: number
  /** `ingestedAt` (or the heartbeat) of what caused this step, UTC ms. */
  knownAt: number
}

export interface Member {
  /** Metering point. */
  point: string
  /** OBIS code or plain word. */
  register: string
  /** Factor in P_tot: -1, 0 or 1. */
  tot: number
  /** Factor in P_prod: -1, 0 or 1. */
  prod: number
  /** Factor in the electric-vehicle series: -1, 0 or 1. */
  ve: number
  /** Factor in P_cons as people wrote it: kept and shown; P_cons is P_tot - P_prod. */
  cons: number
  /** What it measures, for people: Mains, PV, Phase L1. */
  label: string
  /** Serial of the device that reads it, as people wrote it. */
  device: string
  /** Local date since when it is there, as people wrote it. */
  startDate: string
}

/** An installation or group, one row per version. Every (installation, validFrom, knownAt) is kept for ever. */
export interface Installation {
  /** Id. */
  installation: string
  /** From when on this holds, UTC ms. */
  validFrom: number
  /** When it was entered. */
  knownAt: number
  /** The version with this validFrom is taken back. */
  deleted: boolean
  /** Caption for people. */
  name: string
  /** IANA zone. */
  zone: string
  /** Of the site, degrees north; null: not said. */
  latitude: null | number
  /** Of the site, degrees east; null: not said. */
  longitude: null | number
  /** What it is made of. */
  members: Member[]
}

/** Exact energy between two readings of one point and register. A row's identity is (point, register, start). rows = 0 and beat > 0 is a heartbeat passed on. How a column is written: docs/columns.md. */
export interface Intervals {
  /** Metering point. Empty on a heartbeat. */
  point: string
  /** OBIS code or plain word. */
  register: string
  /** Wh, varh, VAh, L, g, s, count ...; amounts are in thousandths of it (mWh, mL). */
  unit: string
  /** Producer of the readings; on a heartbeat, the one that was listening. */
  source: string
  /** Length in ms of the source's own intervals (a load curve's hour); 0 between register readings. */
  native: number
  /** Version of the counter and precedence rules that made the rows. */
  ruleVersion: number
  /** Heartbeat: UTC ms; 0 otherwise. */
  beat: number
  /** Names that `rule`, `factor` and the topics index; the first is the empty word. */
  words: string[]
  /** Partition of the readings' records. */
  partition: number
  /** Number of rows. */
  rows: number
  /** Column. UTC ms, written as the distance from the end of the row before; the first absolute. */
  start: number[]
  /** Column. UTC ms, excluded, written as end - start. */
  end: number[]
  /** Column. Energy in thousandths of `unit`, plain. UNKNOWN: the known part. */
  milli: number[]
  /** Column. 0 PUT, 1 WITHDRAWN, 2 UNKNOWN, plain. Empty: PUT. */
  op: number[]
  /** Column. UNKNOWN: the least it may be, written as low - milli. Empty: milli. */
  low: number[]
  /** Column. UNKNOWN: the most it may be, written as high - milli; -1: no rated power is registered, so nobody knows. Empty: milli. */
  high: number[]
  /** Column. As in Readings, plain. Empty: RAW. */
  quality: number[]
  /** Column. Index into `words`, plain: counter, curve, gap, glitch, rollover, reset, replacement, backwards, jump, joined by + where several fired. */
  rule: number[]
  /** Column. Revision of the series that wrote the row, plain; the higher wins. */
  rev: number[]
  /** Column. `ingestedAt` of what caused the row, UTC ms, written as differences, the first absolute; it never falls within a series. */
  knownAt: number[]
  /** Column. Instant of the first reading, written as fromAt - start. Empty: start. */
  fromAt: number[]
  /** Column. What the register showed then, in thousandths of `unit`, written as the distance from the toValue of the row before (from 0 when native > 0). */
  fromValue: number[]
  /** Column. Instant of the second reading, written as toAt - end. Empty: end. */
  toAt: number[]
  /** Column. What the register showed then, written as toValue - fromValue - milli. Empty: fromValue + milli. */
  toValue: number[]
  /** Column. Topic of the first reading's record, index into `words`, written as the distance from the toTopic of the row before. */
  fromTopic: number[]
  /** Column. Offset of the first reading's record, written as the distance from the toOffset of the row before. */
  fromOffset: number[]
  /** Column. Topic of the second reading's record, index into `words`, plain. */
  toTopic: number[]
  /** Column. Offset of the second reading's record, written as differences, the first absolute. */
  toOffset: number[]
  /** Column. Index into `words` of the factor applied (registry id, value and valid_from), plain; empty, or an empty word: none. */
  factor: number[]
  /** Column. Travel of the register since the factor became valid, in thousandths of `unit` before the factor, plain. Empty: no factor. */
  travel: number[]
}

export interface Device {
  /** Serial, recycle id ... as readings name it; empty: unnamed. */
  id: string
  /** Register it counts; empty: all of the point. */
  register: string
  /** Built in, UTC ms. */
  from: number
  /** Taken out, UTC ms; null: still in. */
  to: null | number
  /** Register when built in, thousandths of the unit; null: not noted. */
  opening: null | number
  /** Register when taken out, thousandths of the unit; null: not noted. */
  closing: null | number
}

export interface RegisterRules {
  /** OBIS code or plain word; empty: every register of the point. */
  register: string
  /** CT ratio, gain or sign, as a decimal or a fraction n/d. */
  factor: string
  /** Where the dial starts again at 0, thousandths of the unit. */
  dial: null | number
  /** Rated power (or flow) as thousandths of the unit per hour, after the factor. */
  ratedPerHour: null | number
  /** Expected time between readings, ms. */
  expectedMs: null | number
  /** Fall taken as jitter, thousandths of the unit. */
  backwardTolerance: number
  /** Longest a decision waits before it goes out provisionally, ms. */
  maxHoldMs: number
  /** A slot boundary this soon after an interval's start takes nothing of it, ms. */
  holdMs: number
  /** Where the register starts after a reset, thousandths of the unit. */
  start: number
  /** strict, home-assistant, emoncms, oed, period-day, period-week, period-month. */
  profile: string
}

/** What people say about one metering point, one row per version. Every (point, validFrom, knownAt) is kept for ever. A later validFrom replaces the whole row from then on. */
export interface Point {
  /** Metering point. */
  point: string
  /** From when on this holds, UTC ms. */
  validFrom: number
  /** When it was entered. */
  knownAt: number
  /** The version with this validFrom is taken back. */
  deleted: boolean
  /** Name for people. */
  name: string
  /** IANA zone; empty: the zone of its source. */
  zone: string
  /** Native ids, as `<source>/<id>`, that stand for this point. */
  natives: string[]
  /** The meters of the point in time. A register that was set by hand is two entries of one id. */
  devices: Device[]
  /** Settings per register. */
  registers: RegisterRules[]
  /** Ids of installations and groups that it is, or ever was, a member of, whatever the version: every version counts. Entered with them. */
  installations: string[]
}

export type ReadingKind = 'OTHER' | 'COUNTER' | 'INTERVAL' | 'GAUGE' | 'STATE' | 'FLAGS'

/** The readings one payload held for one point and register, in time order, at most 4096 rows or 64 KB. Everything but the columns is constant. rows = 0 with one entry in `at` is a heartbeat: the source was listening at that instant. How a column is written: docs/columns.md. */
export interface Readings {
  /** Metering point: CUPS cut to 20 characters, otherwise <source>/<native id>. Empty on a heartbeat. */
  point: string
  /** OBIS code where one exists (1.8.0 import, 2.8.0 export, 5.8.0 ... reactive), otherwise a plain word. */
  register: string
  /** COUNTER: what a register showed at an instant. INTERVAL: an amount over (at - span, at]. GAUGE: a momentary quantity. STATE, FLAGS: index into, or bit mask over, `words`. */
  kind: ReadingKind
  /** Load-curve type of the source (F5D, RF5D, P5D ...); empty when there is none. */
  curve: string
  /** Wh, varh, VAh, mL, m3, gal, lb, g, s, W, count ... */
  unit: string
  /** A value is column x 10^-scale units; chosen so that what the source printed is exact. */
  scale: number
  /** Smallest change the source can show, in column units (x 10^-scale). */
  step: number
  /** Vocabulary of STATE and FLAGS; empty otherwise. */
  words: string[]
  /** The meter itself (serial, recycle id, valve id); empty when the source does not say. */
  device: string
  /** Boot count of the device, when it tells one. It decides nothing alone. */
  boot: null | number
  /** Name of the producer. */
  source: string
  /** SHA-256 (hex) of the raw bytes in the archive, or a block id. Never a secret. */
  origin: string
  /** What else the payload said once for all rows (file, invoice, block level). */
  attrs: Record<string, string>
  /** Revision by the source. Curve files: file date (yyyymmdd) x 100 + version. */
  revision: number
  /** Version of the parser that made these rows; a higher one replaces. */
  parserVersion: number
  /** When the payload was received, UTC ms. */
  ingestedAt: number
  /** Number of rows. */
  rows: number
  /** Column. Event time, UTC ms; END for INTERVAL. Written as differences, the first absolute. */
  at: number[]
  /** Column. Length in ms of what the reading covers, plain. Empty: instants. */
  span: number[]
  /** Column. Written as differences, the first absolute. A row of quality NO_DATA or DATA_LOSS has no value: its difference is 0 and it is never read. */
  value: number[]
  /** Column. Index into VALIDATED, VALID, EDITED, DERIVED, RAW, ESTIMATED, QUESTIONABLE, PARTIAL, NO_DATA, DATA_LOSS (best first), plain. Empty: RAW. */
  quality: number[]
  /** Column. The source's own method or quality number, plain. Empty: it gives none. */
  code: number[]
  /** Column. Bits, plain: 0-7 quality byte, 8 firm, 9 firmness known, 10 season flag, 11 ambiguous local time, 12 season mismatch. Empty: 0. */
  flags: number[]
  /** Column. 1-based line of the payload, written as differences. Empty: the payload has no lines. */
  line: number[]
}

/** A line, block or file that could not be read. Nothing of it is in the ledger; the raw bytes are kept. Its identity is (origin, name, line, field); of one identity the higher parser version counts, then the later receipt, then `resolved`. */
export interface Reject {
  /** Name of the producer. */
  source: string
  /** SHA-256 (hex) of the raw bytes in the archive, or a block id. */
  origin: string
  /** File name or address the payload came under, without secrets. */
  name: string
  /** 1-based line; 0: the whole payload. */
  line: number
  /** Column or key that is wrong; empty: the whole line. */
  field: string
  /** A word to count by: control-letters, not-a-number, not-gzip, in-the-future ...; resolved: the same bytes were read again, and this was not rejected any more. */
  reason: string
  /** What would have been right. */
  expected: string
  /** What stood there, at most 200 characters. */
  found: string
  /** What to do about it. */
  advice: string
  /** When the payload was received. */
  ingestedAt: number
  /** Version of the parser. */
  parserVersion: number
}

/** Load curve of one point and register on a stored grid. A row's identity is (point, register, grid, start). rows = 0 and beat > 0 is a heartbeat passed on. How a column is written: docs/columns.md. */
export interface Slots {
  /** Metering point. Empty on a heartbeat. */
  point: string
  /** OBIS code or plain word. */
  register: string
  /** Wh, varh, VAh, L ... */
  unit: string
  /** Producer of the readings; on a heartbeat, the one that was listening. */
  source: string
  /** PT15M, PT1H, P1D, P1M; days and months in the point's zone. */
  grid: string
  /** amount x 10^-scale units: 3 milli, 6 micro on grids under a minute. */
  scale: number
  /** Heartbeat: UTC ms; 0 otherwise. */
  beat: number
  /** Number of rows. */
  rows: number
  /** Column. UTC ms, written as the distance from the end of the row before; the first absolute. */
  start: number[]
  /** Column. UTC ms, excluded, written as end - start. */
  end: number[]
  /** Column. Energy in the slot, plain; known part only where something is unknown. */
  amount: number[]
  /** Column. 0 PUT, 1 WITHDRAWN, plain. Empty: PUT. */
  op: number[]
  /** Column. Worst of what is inside; PARTIAL when not wholly covered. As in Readings, plain. Empty: RAW. */
  quality: number[]
  /** Column. Time under rows that are not UNKNOWN, written as coveredMs - length. Empty: wholly covered. */
  coveredMs: number[]
  /** Column. Time under gap rows that cross a slot border, plain. Empty: 0. */
  estimatedMs: number[]
  /** Column. Readings expected by the registered interval, plain; -1: none is registered. Empty: -1. */
  expected: number[]
  /** Column. Accepted readings in (start, end], plain. */
  received: number[]
  /** Column. Revision of the series that wrote the row, plain; the higher wins. */
  rev: number[]
  /** Column. `knownAt` of the interval that caused the row, UTC ms, written as differences, the first absolute. */
  knownAt: number[]
}

/** A reading that parses and is not believed. Its identity is (point, register, at, device, value, reason); a re-fold emits only what differs. */
export interface Suspect {
  /** Metering point. */
  point: string
  /** OBIS code or plain word. */
  register: string
  /** Name of the producer. */
  source: string
  /** The meter, when known. */
  device: string
  /** Event time of the reading, UTC ms; of the first of a run. */
  at: number
  /** Event time of the last reading of the run; equals `at` for one reading. */
  until: number
  /** Readings the run stands for. */
  count: number
  /** What the register showed, in thousandths of `unit`. */
  value: number
  /** Wh, varh, L ... */
  unit: string
  /** glitch, backwards, jump, negative, over-dial, conflict, overlap, foreign-device ... */
  reason: string
  /** The figures that decided, in words. */
  detail: string
  /** Topic of the reading's record. */
  topic: string
  /** Its partition. */
  partition: number
  /** Its offset; -1 when unknown. */
  offset: number
  /** Line of the payload; 0: it has none. */
  line: number
  /** 0 PUT, 1 WITHDRAWN. */
  op: number
  /** Revision of the series; the higher wins. */
  rev: number
  /** `ingestedAt` of what caused it. */
  knownAt: number
  /** Version of the rules. */
  ruleVersion: number
}

/** The Avro schemas by record name, as published. */
export const SCHEMAS = {
  AlertCommand: "{\"type\":\"record\",\"name\":\"AlertCommand\",\"namespace\":\"wattledger\",\"doc\":\"What somebody wants done with an alert. Key of the topic: subject. It comes back as a state of the alert.\",\"fields\":[{\"name\":\"command\",\"type\":\"string\",\"doc\":\"ack.\"},{\"name\":\"rule\",\"type\":\"string\",\"doc\":\"With subject, register and since, the identity of the alert.\"},{\"name\":\"subject\",\"type\":\"string\",\"doc\":\"Point or installation, as in the alert.\"},{\"name\":\"register\",\"type\":\"string\",\"default\":\"\",\"doc\":\"As in the alert.\"},{\"name\":\"since\",\"type\":{\"type\":\"long\",\"logicalType\":\"timestamp-millis\"},\"doc\":\"As in the alert.\"},{\"name\":\"by\",\"type\":\"string\",\"doc\":\"Name of who wants it, as in registry.people.\"},{\"name\":\"note\",\"type\":\"string\",\"default\":\"\",\"doc\":\"What they say to it, at most 500 characters.\"},{\"name\":\"at\",\"type\":{\"type\":\"long\",\"logicalType\":\"timestamp-millis\"},\"doc\":\"When it was asked for, UTC ms.\"}]}",
  Alert: "{\"type\":\"record\",\"name\":\"Alert\",\"namespace\":\"wattledger\",\"doc\":\"One step of one alert. Its identity is (rule, subject, register, since); the higher rev is the present state. Key of the topic: subject.\",\"fields\":[{\"name\":\"rule\",\"type\":\"string\",\"doc\":\"silent, backwards, jump, frozen, clock-drift, block-rejected, platform-late ...\"},{\"name\":\"subject\",\"type\":\"string\",\"doc\":\"Point or installation; of block-rejected the origin of the payload, of platform-late the source.\"},{\"name\":\"register\",\"type\":\"string\",\"default\":\"\",\"doc\":\"Register; empty when the rule concerns the whole subject.\"},{\"name\":\"source\",\"type\":\"string\",\"default\":\"\",\"doc\":\"Producer of what it is about.\"},{\"name\":\"state\",\"type\":\"string\",\"doc\":\"pending, firing, flapping, acked, resolving (all of these active), ok (resolved), retracted (a revision removed the cause).\"},{\"name\":\"severity\",\"type\":\"string\",\"default\":\"warning\",\"doc\":\"info, warning or critical; it moves both ways.\"},{\"name\":\"since\",\"type\":{\"type\":\"long\",\"logicalType\":\"timestamp-millis\"},\"doc\":\"When its condition began, event time.\"},{\"name\":\"at\",\"type\":{\"type\":\"long\",\"logicalType\":\"timestamp-millis\"},\"doc\":\"When this step happened, event time.\"},{\"name\":\"until\",\"type\":[\"null\",{\"type\":\"long\",\"logicalType\":\"timestamp-millis\"}],\"default\":null,\"doc\":\"When its condition ended, event time; null: it holds still.\"},{\"name\":\"value\",\"type\":[\"null\",\"double\"],\"default\":null,\"doc\":\"What was measured, in `unit`.\"},{\"name\":\"threshold\",\"type\":[\"null\",\"double\"],\"default\":null,\"doc\":\"What it was held against, in `unit`; null: the rule has no number.\"},{\"name\":\"unit\",\"type\":\"string\",\"default\":\"\",\"doc\":\"Unit of `value` and `threshold`: ms, Wh, count ...\"},{\"name\":\"text\",\"type\":\"string\",\"default\":\"\",\"doc\":\"One sentence for people.\"},{\"name\":\"rows\",\"type\":{\"type\":\"array\",\"items\":{\"type\":\"record\",\"name\":\"AlertEvidence\",\"fields\":[{\"name\":\"register\",\"type\":\"string\",\"doc\":\"Register of the row.\"},{\"name\":\"start\",\"type\":{\"type\":\"long\",\"logicalType\":\"timestamp-millis\"},\"doc\":\"Start of the interval, or the instant of the reading, UTC ms.\"},{\"name\":\"end\",\"type\":{\"type\":\"long\",\"logicalType\":\"timestamp-millis\"},\"doc\":\"End of the interval; equals `start` for a reading.\"},{\"name\":\"topic\",\"type\":\"string\",\"doc\":\"Topic of the record that shows it; of an interval, that of its later reading.\"},{\"name\":\"partition\",\"type\":\"int\",\"doc\":\"Its partition.\"},{\"name\":\"offset\",\"type\":\"long\",\"doc\":\"Its offset.\"}]}},\"default\":[],\"doc\":\"Evidence, oldest first: the rows that show it, at most 8. Empty where what shows it is that nothing came.\"},{\"name\":\"occurrences\",\"type\":\"int\",\"default\":1,\"doc\":\"How often the condition came within this alert.\"},{\"name\":\"reminders\",\"type\":\"int\",\"default\":0,\"doc\":\"How often it was repeated because nobody acknowledged it.\"},{\"name\":\"notify\",\"type\":\"boolean\",\"default\":true,\"doc\":\"This step is worth telling people. False for what is only recorded, during back-fill say.\"},{\"name\":\"expires\",\"type\":[\"null\",{\"type\":\"long\",\"logicalType\":\"timestamp-millis\"}],\"default\":null,\"doc\":\"Whoever delivers tells nobody after this instant (UTC ms), so that a topic read again tells nobody either; null: no such limit.\"},{\"name\":\"ackedBy\",\"type\":\"string\",\"default\":\"\",\"doc\":\"Name of who acknowledged it; empty: nobody did.\"},{\"name\":\"note\",\"type\":\"string\",\"default\":\"\",\"doc\":\"What they said to it.\"},{\"name\":\"rev\",\"type\":\"long\",\"doc\":\"Revision of the subject; the higher wins.\"},{\"name\":\"ruleVersion\",\"type\":\"int\",\"default\":1,\"doc\":\"Version of the rule.\"},{\"name\":\"knownAt\",\"type\":{\"type\":\"long\",\"logicalType\":\"timestamp-millis\"},\"doc\":\"`ingestedAt` (or the heartbeat) of what caused this step, UTC ms.\"}]}",
  Installation: "{\"type\":\"record\",\"name\":\"Installation\",\"namespace\":\"wattledger\",\"doc\":\"An installation or group, one row per version. Every (installation, validFrom, knownAt) is kept for ever.\",\"fields\":[{\"name\":\"installation\",\"type\":\"string\",\"doc\":\"Id.\"},{\"name\":\"validFrom\",\"type\":{\"type\":\"long\",\"logicalType\":\"timestamp-millis\"},\"doc\":\"From when on this holds, UTC ms.\"},{\"name\":\"knownAt\",\"type\":{\"type\":\"long\",\"logicalType\":\"timestamp-millis\"},\"doc\":\"When it was entered.\"},{\"name\":\"deleted\",\"type\":\"boolean\",\"default\":false,\"doc\":\"The version with this validFrom is taken back.\"},{\"name\":\"name\",\"type\":\"string\",\"default\":\"\",\"doc\":\"Caption for people.\"},{\"name\":\"zone\",\"type\":\"string\",\"default\":\"\",\"doc\":\"IANA zone.\"},{\"name\":\"latitude\",\"type\":[\"null\",\"double\"],\"default\":null,\"doc\":\"Of the site, degrees north; null: not said.\"},{\"name\":\"longitude\",\"type\":[\"null\",\"double\"],\"default\":null,\"doc\":\"Of the site, degrees east; null: not said.\"},{\"name\":\"members\",\"type\":{\"type\":\"array\",\"items\":{\"type\":\"record\",\"name\":\"Member\",\"fields\":[{\"name\":\"point\",\"type\":\"string\",\"doc\":\"Metering point.\"},{\"name\":\"register\",\"type\":\"string\",\"doc\":\"OBIS code or plain word.\"},{\"name\":\"tot\",\"type\":\"int\",\"default\":0,\"doc\":\"Factor in P_tot: -1, 0 or 1.\"},{\"name\":\"prod\",\"type\":\"int\",\"default\":0,\"doc\":\"Factor in P_prod: -1, 0 or 1.\"},{\"name\":\"ve\",\"type\":\"int\",\"default\":0,\"doc\":\"Factor in the electric-vehicle series: -1, 0 or 1.\"},{\"name\":\"cons\",\"type\":\"int\",\"default\":0,\"doc\":\"Factor in P_cons as people wrote it: kept and shown; P_cons is P_tot - P_prod.\"},{\"name\":\"label\",\"type\":\"string\",\"default\":\"\",\"doc\":\"What it measures, for people: Mains, PV, Phase L1.\"},{\"name\":\"device\",\"type\":\"string\",\"default\":\"\",\"doc\":\"Serial of the device that reads it, as people wrote it.\"},{\"name\":\"startDate\",\"type\":\"string\",\"default\":\"\",\"doc\":\"Local date since when it is there, as people wrote it.\"}]}},\"default\":[],\"doc\":\"What it is made of.\"}]}",
  Intervals: "{\"type\":\"record\",\"name\":\"Intervals\",\"namespace\":\"wattledger\",\"doc\":\"Exact energy between two readings of one point and register. A row's identity is (point, register, start). rows = 0 and beat > 0 is a heartbeat passed on. How a column is written: docs/columns.md.\",\"fields\":[{\"name\":\"point\",\"type\":\"string\",\"doc\":\"Metering point. Empty on a heartbeat.\"},{\"name\":\"register\",\"type\":\"string\",\"doc\":\"OBIS code or plain word.\"},{\"name\":\"unit\",\"type\":\"string\",\"doc\":\"Wh, varh, VAh, L, g, s, count ...; amounts are in thousandths of it (mWh, mL).\"},{\"name\":\"source\",\"type\":\"string\",\"default\":\"\",\"doc\":\"Producer of the readings; on a heartbeat, the one that was listening.\"},{\"name\":\"native\",\"type\":\"long\",\"default\":0,\"doc\":\"Length in ms of the source's own intervals (a load curve's hour); 0 between register readings.\"},{\"name\":\"ruleVersion\",\"type\":\"int\",\"default\":1,\"doc\":\"Version of the counter and precedence rules that made the rows.\"},{\"name\":\"beat\",\"type\":\"long\",\"default\":0,\"doc\":\"Heartbeat: UTC ms; 0 otherwise.\"},{\"name\":\"words\",\"type\":{\"type\":\"array\",\"items\":\"string\"},\"default\":[],\"doc\":\"Names that `rule`, `factor` and the topics index; the first is the empty word.\"},{\"name\":\"partition\",\"type\":\"int\",\"default\":0,\"doc\":\"Partition of the readings' records.\"},{\"name\":\"rows\",\"type\":\"int\",\"doc\":\"Number of rows.\"},{\"name\":\"start\",\"type\":{\"type\":\"array\",\"items\":\"long\"},\"default\":[],\"doc\":\"Column. UTC ms, written as the distance from the end of the row before; the first absolute.\"},{\"name\":\"end\",\"type\":{\"type\":\"array\",\"items\":\"long\"},\"default\":[],\"doc\":\"Column. UTC ms, excluded, written as end - start.\"},{\"name\":\"milli\",\"type\":{\"type\":\"array\",\"items\":\"long\"},\"default\":[],\"doc\":\"Column. Energy in thousandths of `unit`, plain. UNKNOWN: the known part.\"},{\"name\":\"op\",\"type\":{\"type\":\"array\",\"items\":\"long\"},\"default\":[],\"doc\":\"Column. 0 PUT, 1 WITHDRAWN, 2 UNKNOWN, plain. Empty: PUT.\"},{\"name\":\"low\",\"type\":{\"type\":\"array\",\"items\":\"long\"},\"default\":[],\"doc\":\"Column. UNKNOWN: the least it may be, written as low - milli. Empty: milli.\"},{\"name\":\"high\",\"type\":{\"type\":\"array\",\"items\":\"long\"},\"default\":[],\"doc\":\"Column. UNKNOWN: the most it may be, written as high - milli; -1: no rated power is registered, so nobody knows. Empty: milli.\"},{\"name\":\"quality\",\"type\":{\"type\":\"array\",\"items\":\"long\"},\"default\":[],\"doc\":\"Column. As in Readings, plain. Empty: RAW.\"},{\"name\":\"rule\",\"type\":{\"type\":\"array\",\"items\":\"long\"},\"default\":[],\"doc\":\"Column. Index into `words`, plain: counter, curve, gap, glitch, rollover, reset, replacement, backwards, jump, joined by + where several fired.\"},{\"name\":\"rev\",\"type\":{\"type\":\"array\",\"items\":\"long\"},\"default\":[],\"doc\":\"Column. Revision of the series that wrote the row, plain; the higher wins.\"},{\"name\":\"knownAt\",\"type\":{\"type\":\"array\",\"items\":\"long\"},\"default\":[],\"doc\":\"Column. `ingestedAt` of what caused the row, UTC ms, written as differences, the first absolute; it never falls within a series.\"},{\"name\":\"fromAt\",\"type\":{\"type\":\"array\",\"items\":\"long\"},\"default\":[],\"doc\":\"Column. Instant of the first reading, written as fromAt - start. Empty: start.\"},{\"name\":\"fromValue\",\"type\":{\"type\":\"array\",\"items\":\"long\"},\"default\":[],\"doc\":\"Column. What the register showed then, in thousandths of `unit`, written as the distance from the toValue of the row before (from 0 when native > 0).\"},{\"name\":\"toAt\",\"type\":{\"type\":\"array\",\"items\":\"long\"},\"default\":[],\"doc\":\"Column. Instant of the second reading, written as toAt - end. Empty: end.\"},{\"name\":\"toValue\",\"type\":{\"type\":\"array\",\"items\":\"long\"},\"default\":[],\"doc\":\"Column. What the register showed then, written as toValue - fromValue - milli. Empty: fromValue + milli.\"},{\"name\":\"fromTopic\",\"type\":{\"type\":\"array\",\"items\":\"long\"},\"default\":[],\"doc\":\"Column. Topic of the first reading's record, index into `words`, written as the distance from the toTopic of the row before.\"},{\"name\":\"fromOffset\",\"type\":{\"type\":\"array\",\"items\":\"long\"},\"default\":[],\"doc\":\"Column. Offset of the first reading's record, written as the distance from the toOffset of the row before.\"},{\"name\":\"toTopic\",\"type\":{\"type\":\"array\",\"items\":\"long\"},\"default\":[],\"doc\":\"Column. Topic of the second reading's record, index into `words`, plain.\"},{\"name\":\"toOffset\",\"type\":{\"type\":\"array\",\"items\":\"long\"},\"default\":[],\"doc\":\"Column. Offset of the second reading's record, written as differences, the first absolute.\"},{\"name\":\"factor\",\"type\":{\"type\":\"array\",\"items\":\"long\"},\"default\":[],\"doc\":\"Column. Index into `words` of the factor applied (registry id, value and valid_from), plain; empty, or an empty word: none.\"},{\"name\":\"travel\",\"type\":{\"type\":\"array\",\"items\":\"long\"},\"default\":[],\"doc\":\"Column. Travel of the register since the factor became valid, in thousandths of `unit` before the factor, plain. Empty: no factor.\"}]}",
  Point: "{\"type\":\"record\",\"name\":\"Point\",\"namespace\":\"wattledger\",\"doc\":\"What people say about one metering point, one row per version. Every (point, validFrom, knownAt) is kept for ever. A later validFrom replaces the whole row from then on.\",\"fields\":[{\"name\":\"point\",\"type\":\"string\",\"doc\":\"Metering point.\"},{\"name\":\"validFrom\",\"type\":{\"type\":\"long\",\"logicalType\":\"timestamp-millis\"},\"doc\":\"From when on this holds, UTC ms.\"},{\"name\":\"knownAt\",\"type\":{\"type\":\"long\",\"logicalType\":\"timestamp-millis\"},\"doc\":\"When it was entered.\"},{\"name\":\"deleted\",\"type\":\"boolean\",\"default\":false,\"doc\":\"The version with this validFrom is taken back.\"},{\"name\":\"name\",\"type\":\"string\",\"default\":\"\",\"doc\":\"Name for people.\"},{\"name\":\"zone\",\"type\":\"string\",\"default\":\"\",\"doc\":\"IANA zone; empty: the zone of its source.\"},{\"name\":\"natives\",\"type\":{\"type\":\"array\",\"items\":\"string\"},\"default\":[],\"doc\":\"Native ids, as `<source>/<id>`, that stand for this point.\"},{\"name\":\"devices\",\"type\":{\"type\":\"array\",\"items\":{\"type\":\"record\",\"name\":\"Device\",\"fields\":[{\"name\":\"id\",\"type\":\"string\",\"doc\":\"Serial, recycle id ... as readings name it; empty: unnamed.\"},{\"name\":\"register\",\"type\":\"string\",\"default\":\"\",\"doc\":\"Register it counts; empty: all of the point.\"},{\"name\":\"from\",\"type\":{\"type\":\"long\",\"logicalType\":\"timestamp-millis\"},\"doc\":\"Built in, UTC ms.\"},{\"name\":\"to\",\"type\":[\"null\",{\"type\":\"long\",\"logicalType\":\"timestamp-millis\"}],\"default\":null,\"doc\":\"Taken out, UTC ms; null: still in.\"},{\"name\":\"opening\",\"type\":[\"null\",\"long\"],\"default\":null,\"doc\":\"Register when built in, thousandths of the unit; null: not noted.\"},{\"name\":\"closing\",\"type\":[\"null\",\"long\"],\"default\":null,\"doc\":\"Register when taken out, thousandths of the unit; null: not noted.\"}]}},\"default\":[],\"doc\":\"The meters of the point in time. A register that was set by hand is two entries of one id.\"},{\"name\":\"registers\",\"type\":{\"type\":\"array\",\"items\":{\"type\":\"record\",\"name\":\"RegisterRules\",\"fields\":[{\"name\":\"register\",\"type\":\"string\",\"doc\":\"OBIS code or plain word; empty: every register of the point.\"},{\"name\":\"factor\",\"type\":\"string\",\"default\":\"1\",\"doc\":\"CT ratio, gain or sign, as a decimal or a fraction n/d.\"},{\"name\":\"dial\",\"type\":[\"null\",\"long\"],\"default\":null,\"doc\":\"Where the dial starts again at 0, thousandths of the unit.\"},{\"name\":\"ratedPerHour\",\"type\":[\"null\",\"long\"],\"default\":null,\"doc\":\"Rated power (or flow) as thousandths of the unit per hour, after the factor.\"},{\"name\":\"expectedMs\",\"type\":[\"null\",\"long\"],\"default\":null,\"doc\":\"Expected time between readings, ms.\"},{\"name\":\"backwardTolerance\",\"type\":\"long\",\"default\":0,\"doc\":\"Fall taken as jitter, thousandths of the unit.\"},{\"name\":\"maxHoldMs\",\"type\":\"long\",\"default\":86400000,\"doc\":\"Longest a decision waits before it goes out provisionally, ms.\"},{\"name\":\"holdMs\",\"type\":\"long\",\"default\":0,\"doc\":\"A slot boundary this soon after an interval's start takes nothing of it, ms.\"},{\"name\":\"start\",\"type\":\"long\",\"default\":0,\"doc\":\"Where the register starts after a reset, thousandths of the unit.\"},{\"name\":\"profile\",\"type\":\"string\",\"default\":\"strict\",\"doc\":\"strict, home-assistant, emoncms, oed, period-day, period-week, period-month.\"}]}},\"default\":[],\"doc\":\"Settings per register.\"},{\"name\":\"installations\",\"type\":{\"type\":\"array\",\"items\":\"string\"},\"default\":[],\"doc\":\"Ids of installations and groups that it is, or ever was, a member of, whatever the version: every version counts. Entered with them.\"}]}",
  Readings: "{\"type\":\"record\",\"name\":\"Readings\",\"namespace\":\"wattledger\",\"doc\":\"The readings one payload held for one point and register, in time order, at most 4096 rows or 64 KB. Everything but the columns is constant. rows = 0 with one entry in `at` is a heartbeat: the source was listening at that instant. How a column is written: docs/columns.md.\",\"fields\":[{\"name\":\"point\",\"type\":\"string\",\"doc\":\"Metering point: CUPS cut to 20 characters, otherwise <source>/<native id>. Empty on a heartbeat.\"},{\"name\":\"register\",\"type\":\"string\",\"doc\":\"OBIS code where one exists (1.8.0 import, 2.8.0 export, 5.8.0 ... reactive), otherwise a plain word.\"},{\"name\":\"kind\",\"type\":{\"type\":\"enum\",\"name\":\"ReadingKind\",\"symbols\":[\"OTHER\",\"COUNTER\",\"INTERVAL\",\"GAUGE\",\"STATE\",\"FLAGS\"],\"default\":\"OTHER\"},\"doc\":\"COUNTER: what a register showed at an instant. INTERVAL: an amount over (at - span, at]. GAUGE: a momentary quantity. STATE, FLAGS: index into, or bit mask over, `words`.\"},{\"name\":\"curve\",\"type\":\"string\",\"default\":\"\",\"doc\":\"Load-curve type of the source (F5D, RF5D, P5D ...); empty when there is none.\"},{\"name\":\"unit\",\"type\":\"string\",\"doc\":\"Wh, varh, VAh, mL, m3, gal, lb, g, s, W, count ...\"},{\"name\":\"scale\",\"type\":\"int\",\"default\":0,\"doc\":\"A value is column x 10^-scale units; chosen so that what the source printed is exact.\"},{\"name\":\"step\",\"type\":\"long\",\"default\":1,\"doc\":\"Smallest change the source can show, in column units (x 10^-scale).\"},{\"name\":\"words\",\"type\":{\"type\":\"array\",\"items\":\"string\"},\"default\":[],\"doc\":\"Vocabulary of STATE and FLAGS; empty otherwise.\"},{\"name\":\"device\",\"type\":\"string\",\"default\":\"\",\"doc\":\"The meter itself (serial, recycle id, valve id); empty when the source does not say.\"},{\"name\":\"boot\",\"type\":[\"null\",\"long\"],\"default\":null,\"doc\":\"Boot count of the device, when it tells one. It decides nothing alone.\"},{\"name\":\"source\",\"type\":\"string\",\"doc\":\"Name of the producer.\"},{\"name\":\"origin\",\"type\":\"string\",\"default\":\"\",\"doc\":\"SHA-256 (hex) of the raw bytes in the archive, or a block id. Never a secret.\"},{\"name\":\"attrs\",\"type\":{\"type\":\"map\",\"values\":\"string\"},\"default\":{},\"doc\":\"What else the payload said once for all rows (file, invoice, block level).\"},{\"name\":\"revision\",\"type\":\"long\",\"default\":0,\"doc\":\"Revision by the source. Curve files: file date (yyyymmdd) x 100 + version.\"},{\"name\":\"parserVersion\",\"type\":\"int\",\"default\":1,\"doc\":\"Version of the parser that made these rows; a higher one replaces.\"},{\"name\":\"ingestedAt\",\"type\":{\"type\":\"long\",\"logicalType\":\"timestamp-millis\"},\"doc\":\"When the payload was received, UTC ms.\"},{\"name\":\"rows\",\"type\":\"int\",\"doc\":\"Number of rows.\"},{\"name\":\"at\",\"type\":{\"type\":\"array\",\"items\":\"long\"},\"default\":[],\"doc\":\"Column. Event time, UTC ms; END for INTERVAL. Written as differences, the first absolute.\"},{\"name\":\"span\",\"type\":{\"type\":\"array\",\"items\":\"long\"},\"default\":[],\"doc\":\"Column. Length in ms of what the reading covers, plain. Empty: instants.\"},{\"name\":\"value\",\"type\":{\"type\":\"array\",\"items\":\"long\"},\"default\":[],\"doc\":\"Column. Written as differences, the first absolute. A row of quality NO_DATA or DATA_LOSS has no value: its difference is 0 and it is never read.\"},{\"name\":\"quality\",\"type\":{\"type\":\"array\",\"items\":\"long\"},\"default\":[],\"doc\":\"Column. Index into VALIDATED, VALID, EDITED, DERIVED, RAW, ESTIMATED, QUESTIONABLE, PARTIAL, NO_DATA, DATA_LOSS (best first), plain. Empty: RAW.\"},{\"name\":\"code\",\"type\":{\"type\":\"array\",\"items\":\"long\"},\"default\":[],\"doc\":\"Column. The source's own method or quality number, plain. Empty: it gives none.\"},{\"name\":\"flags\",\"type\":{\"type\":\"array\",\"items\":\"long\"},\"default\":[],\"doc\":\"Column. Bits, plain: 0-7 quality byte, 8 firm, 9 firmness known, 10 season flag, 11 ambiguous local time, 12 season mismatch. Empty: 0.\"},{\"name\":\"line\",\"type\":{\"type\":\"array\",\"items\":\"long\"},\"default\":[],\"doc\":\"Column. 1-based line of the payload, written as differences. Empty: the payload has no lines.\"}]}",
  Reject: "{\"type\":\"record\",\"name\":\"Reject\",\"namespace\":\"wattledger\",\"doc\":\"A line, block or file that could not be read. Nothing of it is in the ledger; the raw bytes are kept. Its identity is (origin, name, line, field); of one identity the higher parser version counts, then the later receipt, then `resolved`.\",\"fields\":[{\"name\":\"source\",\"type\":\"string\",\"doc\":\"Name of the producer.\"},{\"name\":\"origin\",\"type\":\"string\",\"doc\":\"SHA-256 (hex) of the raw bytes in the archive, or a block id.\"},{\"name\":\"name\",\"type\":\"string\",\"default\":\"\",\"doc\":\"File name or address the payload came under, without secrets.\"},{\"name\":\"line\",\"type\":\"long\",\"default\":0,\"doc\":\"1-based line; 0: the whole payload.\"},{\"name\":\"field\",\"type\":\"string\",\"default\":\"\",\"doc\":\"Column or key that is wrong; empty: the whole line.\"},{\"name\":\"reason\",\"type\":\"string\",\"doc\":\"A word to count by: control-letters, not-a-number, not-gzip, in-the-future ...; resolved: the same bytes were read again, and this was not rejected any more.\"},{\"name\":\"expected\",\"type\":\"string\",\"default\":\"\",\"doc\":\"What would have been right.\"},{\"name\":\"found\",\"type\":\"string\",\"default\":\"\",\"doc\":\"What stood there, at most 200 characters.\"},{\"name\":\"advice\",\"type\":\"string\",\"default\":\"\",\"doc\":\"What to do about it.\"},{\"name\":\"ingestedAt\",\"type\":{\"type\":\"long\",\"logicalType\":\"timestamp-millis\"},\"doc\":\"When the payload was received.\"},{\"name\":\"parserVersion\",\"type\":\"int\",\"default\":1,\"doc\":\"Version of the parser.\"}]}",
  Slots: "{\"type\":\"record\",\"name\":\"Slots\",\"namespace\":\"wattledger\",\"doc\":\"Load curve of one point and register on a stored grid. A row's identity is (point, register, grid, start). rows = 0 and beat > 0 is a heartbeat passed on. How a column is written: docs/columns.md.\",\"fields\":[{\"name\":\"point\",\"type\":\"string\",\"doc\":\"Metering point. Empty on a heartbeat.\"},{\"name\":\"register\",\"type\":\"string\",\"doc\":\"OBIS code or plain word.\"},{\"name\":\"unit\",\"type\":\"string\",\"doc\":\"Wh, varh, VAh, L ...\"},{\"name\":\"source\",\"type\":\"string\",\"default\":\"\",\"doc\":\"Producer of the readings; on a heartbeat, the one that was listening.\"},{\"name\":\"grid\",\"type\":\"string\",\"doc\":\"PT15M, PT1H, P1D, P1M; days and months in the point's zone.\"},{\"name\":\"scale\",\"type\":\"int\",\"default\":3,\"doc\":\"amount x 10^-scale units: 3 milli, 6 micro on grids under a minute.\"},{\"name\":\"beat\",\"type\":\"long\",\"default\":0,\"doc\":\"Heartbeat: UTC ms; 0 otherwise.\"},{\"name\":\"rows\",\"type\":\"int\",\"doc\":\"Number of rows.\"},{\"name\":\"start\",\"type\":{\"type\":\"array\",\"items\":\"long\"},\"default\":[],\"doc\":\"Column. UTC ms, written as the distance from the end of the row before; the first absolute.\"},{\"name\":\"end\",\"type\":{\"type\":\"array\",\"items\":\"long\"},\"default\":[],\"doc\":\"Column. UTC ms, excluded, written as end - start.\"},{\"name\":\"amount\",\"type\":{\"type\":\"array\",\"items\":\"long\"},\"default\":[],\"doc\":\"Column. Energy in the slot, plain; known part only where something is unknown.\"},{\"name\":\"op\",\"type\":{\"type\":\"array\",\"items\":\"long\"},\"default\":[],\"doc\":\"Column. 0 PUT, 1 WITHDRAWN, plain. Empty: PUT.\"},{\"name\":\"quality\",\"type\":{\"type\":\"array\",\"items\":\"long\"},\"default\":[],\"doc\":\"Column. Worst of what is inside; PARTIAL when not wholly covered. As in Readings, plain. Empty: RAW.\"},{\"name\":\"coveredMs\",\"type\":{\"type\":\"array\",\"items\":\"long\"},\"default\":[],\"doc\":\"Column. Time under rows that are not UNKNOWN, written as coveredMs - length. Empty: wholly covered.\"},{\"name\":\"estimatedMs\",\"type\":{\"type\":\"array\",\"items\":\"long\"},\"default\":[],\"doc\":\"Column. Time under gap rows that cross a slot border, plain. Empty: 0.\"},{\"name\":\"expected\",\"type\":{\"type\":\"array\",\"items\":\"long\"},\"default\":[],\"doc\":\"Column. Readings expected by the registered interval, plain; -1: none is registered. Empty: -1.\"},{\"name\":\"received\",\"type\":{\"type\":\"array\",\"items\":\"long\"},\"default\":[],\"doc\":\"Column. Accepted readings in (start, end], plain.\"},{\"name\":\"rev\",\"type\":{\"type\":\"array\",\"items\":\"long\"},\"default\":[],\"doc\":\"Column. Revision of the series that wrote the row, plain; the higher wins.\"},{\"name\":\"knownAt\",\"type\":{\"type\":\"array\",\"items\":\"long\"},\"default\":[],\"doc\":\"Column. `knownAt` of the interval that caused the row, UTC ms, written as differences, the first absolute.\"}]}",
  Suspect: "{\"type\":\"record\",\"name\":\"Suspect\",\"namespace\":\"wattledger\",\"doc\":\"A reading that parses and is not believed. Its identity is (point, register, at, device, value, reason); a re-fold emits only what differs.\",\"fields\":[{\"name\":\"point\",\"type\":\"string\",\"doc\":\"Metering point.\"},{\"name\":\"register\",\"type\":\"string\",\"doc\":\"OBIS code or plain word.\"},{\"name\":\"source\",\"type\":\"string\",\"default\":\"\",\"doc\":\"Name of the producer.\"},{\"name\":\"device\",\"type\":\"string\",\"default\":\"\",\"doc\":\"The meter, when known.\"},{\"name\":\"at\",\"type\":{\"type\":\"long\",\"logicalType\":\"timestamp-millis\"},\"doc\":\"Event time of the reading, UTC ms; of the first of a run.\"},{\"name\":\"until\",\"type\":{\"type\":\"long\",\"logicalType\":\"timestamp-millis\"},\"doc\":\"Event time of the last reading of the run; equals `at` for one reading.\"},{\"name\":\"count\",\"type\":\"int\",\"default\":1,\"doc\":\"Readings the run stands for.\"},{\"name\":\"value\",\"type\":\"long\",\"doc\":\"What the register showed, in thousandths of `unit`.\"},{\"name\":\"unit\",\"type\":\"string\",\"doc\":\"Wh, varh, L ...\"},{\"name\":\"reason\",\"type\":\"string\",\"doc\":\"glitch, backwards, jump, negative, over-dial, conflict, overlap, foreign-device ...\"},{\"name\":\"detail\",\"type\":\"string\",\"default\":\"\",\"doc\":\"The figures that decided, in words.\"},{\"name\":\"topic\",\"type\":\"string\",\"default\":\"\",\"doc\":\"Topic of the reading's record.\"},{\"name\":\"partition\",\"type\":\"int\",\"default\":0,\"doc\":\"Its partition.\"},{\"name\":\"offset\",\"type\":\"long\",\"default\":-1,\"doc\":\"Its offset; -1 when unknown.\"},{\"name\":\"line\",\"type\":\"long\",\"default\":0,\"doc\":\"Line of the payload; 0: it has none.\"},{\"name\":\"op\",\"type\":\"int\",\"default\":0,\"doc\":\"0 PUT, 1 WITHDRAWN.\"},{\"name\":\"rev\",\"type\":\"long\",\"doc\":\"Revision of the series; the higher wins.\"},{\"name\":\"knownAt\",\"type\":{\"type\":\"long\",\"logicalType\":\"timestamp-millis\"},\"doc\":\"`ingestedAt` of what caused it.\"},{\"name\":\"ruleVersion\",\"type\":\"int\",\"default\":1,\"doc\":\"Version of the rules.\"}]}"
} as const
export type RecordName = keyof typeof SCHEMAS
