import { systemClock, systemRandom } from '@keyplane/core'
import { describe, expect, it } from 'vitest'
import type { Alert } from '../src/alerts/alert.ts'
import type { AlertLedger } from '../src/alerts/alert-ledger.ts'
import { Alerts } from '../src/alerts/alerts.ts'
import type { Level } from '../src/alerts/incident.ts'

/** Two replicas' ledgers over one place, and what ends them. */
export interface ScratchLedgers {
  readonly ledgers: readonly [AlertLedger, AlertLedger]
  remove(): Promise<void>
}

/** The rule of a ledger: what several see is told by one. */
export const describeLedger = (place: string, start: () => Promise<ScratchLedgers>): void => {
  describe(`incidents in ${place}`, () => {
    it('are told once by replicas that see them at the same moment, each step of them', async () => {
      const { ledgers, remove } = await start()
      const sent: Alert[] = []
      const problems: string[] = []
      const note = (problem: string): void => void problems.push(problem)
      const replicas = ledgers.map(
        (ledger) =>
          new Alerts({
            ledger,
            audit: { append: async () => {} },
            log: { warn: note, error: () => {} },
            clock: systemClock,
            random: systemRandom,
            repeatEveryMs: 0,
            send: (alert) => void sent.push(alert),
          }),
      )
      const look = (alerts: Alerts, level: Level): Promise<boolean> =>
        alerts.look({
          environment: 'production',
          kind: 'outage',
          level,
          facts: { what: 'payments.key', source: 'openbao', reason: 'sealed' },
        })
      for (const level of ['degraded', 'critical'] as const)
        await Promise.all([...replicas, ...replicas, ...replicas].map((alerts) => look(alerts, level)))
      expect(sent.map(({ severity }) => severity)).toEqual(['degraded', 'critical'])
      expect(new Set(sent.map(({ id }) => id)).size).toBe(1)
      expect(problems).toEqual([])
      await remove()
    })

    it('are kept apart by their keys, as they are', async () => {
      const { ledgers, remove } = await start()
      const [one, other] = ledgers
      const incident = { id: 'i', sinceMs: 1, told: 'degraded', toldAtMs: 1, views: {}, returns: 0 } as const
      const kept = { ...incident, facts: { what: 'w', source: 's', reason: 'r' } }
      await one.update('a', () => ({ kept }))
      expect(await other.update('a', (found) => ({ kept: found }))).toEqual({ kept })
      expect(await other.update('b', (found) => ({ kept: found }))).toEqual({ kept: undefined })
      await remove()
    })
  })
}
