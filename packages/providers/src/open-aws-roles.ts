import { type AwsClientOptions, type AwsCredentialSource, awsJsonClient } from '@keyplane/aws'
import { type Clock, SecretsError, toSecretsError } from '@keyplane/core'
import { assumeRole } from './aws-assume-role.ts'
import { type AwsCallReport, reportingClient } from './aws-call-report.ts'
import { AwsRoles } from './aws-roles.ts'

export interface OpenAwsRolesOptions {
  readonly maxRoles: number
  /** Of the clients that read by a role. */
  readonly transport: Omit<AwsClientOptions, 'credentials'> & { readonly clock: Clock }
  readonly stsEndpoint: string | undefined
  /** Who assumes the roles. */
  readonly credentials: AwsCredentialSource
  readonly onCall: ((call: AwsCallReport) => void) | undefined
}

/** Clients by role, each call of theirs told like the provider's own, AssumeRole among them. */
export const openAwsRoles = (options: OpenAwsRolesOptions): AwsRoles => {
  const { maxRoles, transport, stsEndpoint, credentials, onCall } = options
  const { clock } = transport
  const { endpoint: _, ...sts } = transport
  const stsOptions = { ...sts, credentials, ...(stsEndpoint !== undefined && { endpoint: stsEndpoint }) }
  return new AwsRoles({
    maxRoles,
    clock,
    assume: async (roleArn) => {
      const beganAtMs = clock.monotonicMs()
      const report = (outcome: string): void =>
        onCall?.({ operation: 'AssumeRole', outcome, durationMs: clock.monotonicMs() - beganAtMs })
      try {
        const found = await assumeRole(roleArn, stsOptions)
        report('ok')
        return found
      } catch (thrown) {
        report(toSecretsError(thrown).code)
        throw thrown
      }
    },
    open: (roleCredentials) => {
      const client = awsJsonClient({ ...transport, credentials: roleCredentials })
      return {
        call: onCall ? reportingClient(client, onCall, clock).call : client.call.bind(client),
        close: () => client.close(),
      }
    },
  })
}

/** For a provider that was told of no roles. */
export const noRoles = (source: string): SecretsError =>
  new SecretsError('unsupported', 'The aws provider assumes no role for a single read.', { source })
