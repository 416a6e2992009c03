import type { AuditRecord } from '@keyplane/core'
import { fakeClock, seededRandom } from '@keyplane/testkit'
import { describe, expect, it } from 'vitest'
import type { Alert } from './alert.ts'
import { type AlertLedger, memoryLedger } from './alert-ledger.ts'
import { Alerts, type Condition } from './alerts.ts'

const outage = (level: Condition['level']): Condition => ({
  environment: 'production',
  kind: 'outage',
  level,
  facts: { what: 'payments.key', source: 'openbao', reason: 'sealed' },
})

const start = (ledger?: AlertLedger) => {
  const clock = fakeClock()
  const [sent, records, lines]: [Alert[], AuditRecord[], string[]] = [[], [], []]
  const note = (line: string): void => void lines.push(line)
  const audit = { append: async (record: AuditRecord): Promise<void> => void records.push(record) }
  const send = (alert: Alert): void => void sent.push(alert)
  const parts = { audit, clock, log: { warn: note, error: note }, repeatEveryMs: 3_600_000, send }
  const replica = (seed: number): Alerts =>
    new Alerts({ ...parts, ...(ledger && { ledger }), random: seededRandom(seed) })
  return { clock, sent, records, lines, replica }
}

/** A ledger that replicas share, and that may be away. */
const awayLedger = () => {
  const shared = memoryLedger()
  let there = true
  const ledger: AlertLedger = {
    update: (key, step) => (there ? shared.update(key, step) : Promise.reject(new Error('no connection'))),
  }
  return { ledger, isThere: (is: boolean): void => void (there = is) }
}

describe('alerts', () => {
  it('are sent, logged and recorded, with the same id from the beginning to the end', async () => {
    const { clock, sent, records, lines, replica } = start()
    const alerts = replica(1)
    expect(await alerts.look(outage('normal'))).toBe(false)
    expect(await alerts.look(outage('critical'))).toBe(true)
    await clock.advance(10_000)
    expect(await alerts.look(outage('normal'))).toBe(true)
    await clock.advance(30_000)
    expect(await alerts.look(outage('normal'))).toBe(false)
    const since = '2026-01-01T00:00:00.000Z'
    const [{ id } = expect.unreachable()] = sent
    const facts = { id, environment: 'production', kind: 'outage', what: 'payments.key', since }
    expect(sent).toEqual([
      { ...facts, severity: 'critical', reminder: false, source: 'openbao', reason: 'sealed', at: since },
      {
        ...facts,
        severity: 'recovered',
        reminder: false,
        source: 'openbao',
        reason: 'sealed',
        at: '2026-01-01T00:00:40.000Z',
      },
    ])
    expect(lines[0]).toBe(
      `Alert, critical: outage of production began. payments.key · openbao · sealed · since ${since}`,
    )
    expect(records).toMatchObject([
      { action: 'alert:critical', resource: 'production', decision: 'error', requestId: id },
      { action: 'alert:recovered', resource: 'production', decision: 'allow', requestId: id },
    ])
  })

  it('of replicas that share a ledger are told once', async () => {
    const { sent, replica } = start(memoryLedger())
    const [one, other] = [replica(1), replica(2)]
    for (const alerts of [one, other, one]) await alerts.look(outage('degraded'))
    expect(sent).toHaveLength(1)
  })

  it('are told although what is shared can’t be asked, and although no record is taken', async () => {
    const broken: AlertLedger = { update: () => Promise.reject(new Error('no connection')) }
    const { sent, lines, replica } = start(broken)
    const alerts = replica(1)
    await alerts.look(outage('degraded'))
    await alerts.look(outage('degraded'))
    expect(sent).toHaveLength(1)
    expect(lines[0]).toContain('can’t be shared'.replace('’', "'"))
  })

  it('of an incident that began while nothing could be shared end when it can, and so does the next one', async () => {
    const { ledger, isThere } = awayLedger()
    const { clock, sent, replica } = start(ledger)
    const alerts = replica(1)
    for (const _ of ['first', 'second']) {
      isThere(false)
      await alerts.look(outage('critical'))
      isThere(true)
      for (let looks = 0; looks < 8; looks += 1) {
        await clock.advance(10_000)
        await alerts.look(outage('normal'))
      }
    }
    expect(sent.map(({ severity }) => severity)).toEqual(['critical', 'recovered', 'critical', 'recovered'])
    expect(new Set(sent.map(({ id }) => id)).size).toBe(2)
  })

  it('go on where what is shared is lost, and are not told again', async () => {
    const { ledger, isThere } = awayLedger()
    const { sent, replica } = start(ledger)
    const alerts = replica(1)
    await alerts.look(outage('critical'))
    isThere(false)
    await alerts.look(outage('critical'))
    expect(sent).toHaveLength(1)
  })
})
