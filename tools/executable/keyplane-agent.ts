/** What the agent's executable begins with: `keyplane agent` without the other commands, by the name it was called. */
import { basename } from 'node:path'
import { bringCredentialChain } from '@keyplane/aws'
import { SecretsError } from '@keyplane/core'
import { agentNamed } from '../../packages/cli/src/commands/agent.ts'
import { processEnvironment } from '../../packages/cli/src/config.ts'
import { openContext } from '../../packages/cli/src/context.ts'
import { endWithReader } from '../../packages/cli/src/end-with-reader.ts'
import { exitCodeOf, exitCodes } from '../../packages/cli/src/exit-codes.ts'
import { keepSmall } from './resident-pages.ts'

bringCredentialChain(() => import('@aws-sdk/credential-provider-node'))
endWithReader()
// Where the system's C library is another one, the process stays as large as it is.
void keepSmall().catch(() => undefined)
try {
  const agent = agentNamed(basename(process.argv0), { withoutSources: ['azure', 'gcp'] })
  process.exitCode = await agent(openContext({}, processEnvironment), process.argv.slice(2), {})
} catch (thrown) {
  const isExpected = thrown instanceof SecretsError
  process.stderr.write(`${isExpected ? thrown.message : ((thrown as Error).stack ?? String(thrown))}\n`)
  process.exitCode = isExpected ? exitCodeOf[thrown.code] : exitCodes.error
}
