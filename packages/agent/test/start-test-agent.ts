import type { Clock } from '@keyplane/core'
import type { ReceiptOptions } from '@keyplane/secrets'
import { fakeClock, seededRandom } from '@keyplane/testkit'
import { onTestFinished } from 'vitest'
import type { AuditBatches } from '../src/audit/read-trail.ts'
import { parseAgentConfig } from '../src/config.ts'
import { startAgent } from '../src/start-agent.ts'
import { memoryLog } from './memory-log.ts'
import { OneSecret } from './one-secret.ts'
import { token } from './token.ts'

/** An agent over a source of one secret; it ends with the test. */
export const startTestAgent = async (
  options: {
    toml?: string
    port?: number
    clock?: Clock
    env?: Record<string, string>
    audit?: AuditBatches
    receipts?: ReceiptOptions
  } = {},
) => {
  const source = new OneSecret()
  const log = memoryLog()
  const announced: string[] = []
  const clock = options.clock ?? fakeClock()
  const agent = await startAgent({
    config: parseAgentConfig(`http_port = ${options.port ?? 0}\n${options.toml ?? ''}`),
    source,
    env: options.env ?? { AWS_TOKEN: token },
    log,
    announce: (line) => announced.push(line),
    clock,
    random: seededRandom(1),
    ...(options.audit && { audit: options.audit }),
    ...(options.receipts && { receipts: options.receipts }),
  })
  onTestFinished(() => agent.close(0))
  return { agent, source, log, announced, clock, port: agent.port }
}
