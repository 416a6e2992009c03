import type { Incident } from './incident.ts'

/**
 * Where incidents are kept, so that each is told once by all replicas that share it. A program keeps it in its memory, or
 * in the database that its replicas share.
 */
export interface AlertLedger {
  /**
   * Replaces what is kept under a key by what `step` makes of it, as one act among all replicas, and gives what `step` gave.
   * `step` is pure, and may be called again where another replica was quicker.
   */
  update<T extends { readonly kept: Incident | undefined }>(
    key: string,
    step: (kept: Incident | undefined) => T,
  ): Promise<T>
}

/** Of one process. Its keys are those of the configuration, so they are few. */
export const memoryLedger = (): AlertLedger => {
  const incidents = new Map<string, Incident>()
  return {
    update: async (key, step) => {
      const result = step(incidents.get(key))
      if (result.kept) incidents.set(key, result.kept)
      return result
    },
  }
}
