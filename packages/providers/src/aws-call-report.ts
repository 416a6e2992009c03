import type { AwsJsonClient, SecretsManagerOperations } from '@keyplane/aws'
import { type Clock, toSecretsError } from '@keyplane/core'

/** One call to AWS, as it ended; an attempt that was repeated is a call of its own. */
export interface AwsCallReport {
  readonly operation: string
  /** `ok`, `aborted`, or the failure's code. */
  readonly outcome: string
  readonly durationMs: number
}

type Client = Pick<AwsJsonClient<SecretsManagerOperations>, 'call'>

/** The client, telling of each call; `aborted` where its caller left or lost patience. */
export const reportingClient = (client: Client, onCall: (call: AwsCallReport) => void, clock: Clock): Client => ({
  call: async (operation, input, options) => {
    const beganAtMs = clock.monotonicMs()
    const report = (outcome: string): void =>
      onCall({ operation, outcome, durationMs: clock.monotonicMs() - beganAtMs })
    try {
      const answer = await client.call(operation, input, options)
      report('ok')
      return answer
    } catch (thrown) {
      report(options?.signal?.aborted ? 'aborted' : toSecretsError(thrown).code)
      throw thrown
    }
  },
})
