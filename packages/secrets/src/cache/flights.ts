import type { Clock, Freshness, Reading, SecretRef, SecretsError } from '@keyplane/core'
import { Flight } from './flight.ts'

/** What a flight is for. */
export interface Errand {
  readonly key: string
  readonly ref: SecretRef
  /** The value itself is wanted, not evidence that the kept one is still right. */
  readonly fromOrigin: boolean
}

/** The calls under way: one a key, whatever the number of callers. */
export class Flights {
  readonly #clock: Clock
  readonly #fetch: (errand: Errand, flight: Flight<Reading>) => Promise<Reading>
  readonly #byKey = new Map<string, Flight<Reading>>()
  /** Waiting for the call under way to end, for callers that may join none begun earlier. */
  readonly #next = new Map<string, Flight<Reading>>()
  /** Every call that may still bring values, also those that nobody may join any more. */
  readonly #underWay = new Set<Flight<Reading>>()

  constructor(clock: Clock, fetch: (errand: Errand, flight: Flight<Reading>) => Promise<Reading>) {
    this.#clock = clock
    this.#fetch = fetch
  }

  /** Calls under way. */
  get count(): number {
    return this.#underWay.size
  }

  has(key: string): boolean {
    return this.#byKey.has(key)
  }

  /** The flight that a caller with this wish may join, begun if need be. */
  for(key: string, ref: SecretRef, wanted: Freshness = {}): Flight<Reading> {
    const current = usable(this.#byKey.get(key))
    if (!current) {
      const fromOrigin = wanted.maxAgeMs === 0 || wanted.exceptVersion !== undefined
      return this.#launch(this.#byKey, { key, ref, fromOrigin })
    }
    if (wanted.maxAgeMs !== 0) return current
    // Who wants the origin's answer joins no call begun earlier; all who come meanwhile share the next one.
    return usable(this.#next.get(key)) ?? this.#launch(this.#next, { key, ref, fromOrigin: true }, current)
  }

  /** After a write or an invalidation of `id` (or of everything): no later reader joins what is under way. */
  overtake(id?: string): void {
    // Every call that may be joined is under way; to clear an empty map costs as much as to clear a full one.
    if (this.#underWay.size === 0) return
    for (const flight of this.#underWay) flight.overtake(id)
    this.#byKey.clear()
    this.#next.clear()
  }

  /** Ends every call under way. */
  end(reason: SecretsError): void {
    for (const flight of this.#underWay) flight.end(reason)
  }

  #launch(slots: Map<string, Flight<Reading>>, errand: Errand, after?: Flight<Reading>): Flight<Reading> {
    const { key } = errand
    const flight: Flight<Reading> = new Flight(this.#clock, async (self) => {
      // Registered before it begins, so that even a source that answers at once finds it so.
      await (after ? after.over() : undefined)
      if (this.#next.get(key) === self) {
        this.#next.delete(key)
        this.#byKey.set(key, self)
      }
      self.beganAtMs = this.#clock.monotonicMs()
      try {
        return await this.#fetch(errand, self)
      } finally {
        this.#underWay.delete(self)
        if (this.#byKey.get(key) === self) this.#byKey.delete(key)
      }
    })
    slots.set(key, flight)
    this.#underWay.add(flight)
    return flight
  }
}

const usable = (flight: Flight<Reading> | undefined): Flight<Reading> | undefined =>
  flight?.abandoned ? undefined : flight
