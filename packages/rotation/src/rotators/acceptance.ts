import { SecretsError } from '@keyplane/core'
import type { Acceptance } from '../ports/rotator.ts'

/** Does something; a failure by one certain reason is the target's no. */
export const acceptance = async (refusal: string, act: () => Promise<unknown>): Promise<Acceptance> => {
  try {
    await act()
    return 'accepted'
  } catch (error) {
    if (error instanceof SecretsError && error.reason === refusal) return 'refused'
    throw error
  }
}
