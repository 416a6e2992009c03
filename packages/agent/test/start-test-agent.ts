import { type Clock, SecretsError, type SecretProvider, type SecretVersion, TextValue } from '@keyplane/core'
import type { ReceiptOptions } from '@keyplane/secrets'
import { fakeClock, seededRandom } from '@keyplane/testkit'
import type { AuditBatches } from '../src/audit/read-trail.ts'
import { parseAgentConfig } from '../src/config.ts'
import { type AgentLog, startAgent } from '../src/start-agent.ts'

export const token = 'test-token-0123456789'

/** A source of one secret, whose answers a test decides. */
export class OneSecret implements SecretProvider {
  readonly name = 'one'
  text = 'the value'
  version = '11111111-1111-4111-8111-111111111111'
  failure: SecretsError | undefined
  reads = 0
  /** Ids in the order in which they were asked for. */
  readonly asked: string[] = []
  gate: Promise<void> | undefined

  async get({ id }: { id: string }): Promise<SecretVersion> {
    this.reads += 1
    this.asked.push(id)
    await this.gate
    if (this.failure) throw this.failure
    if (id !== 'MyTest') throw notFound()
    return Object.freeze({
      id: 'arn:aws:secretsmanager:us-east-1:000000000000:secret:MyTest-a1b2c3',
      name: 'MyTest',
      version: this.version,
      stages: ['current'] as const,
      createdAtMs: 1_569_534_789_046,
      value: new TextValue(this.text),
    })
  }
}

const notFound = (): SecretsError =>
  new SecretsError('secret_not_found', 'not found', {
    upstream: {
      protocol: 'aws-json-1.1',
      code: 'ResourceNotFoundException',
      status: 400,
      message: "Secrets Manager can't find the specified secret.",
    },
  })

/** Keeps what is logged, for tests that look for what must not be there. */
export const memoryLog = (): AgentLog & { readonly lines: string[] } => {
  const lines: string[] = []
  const note = (facts: object, message: string): void => void lines.push(`${JSON.stringify(facts)} ${message}`)
  return { level: 'debug', lines, debug: note, info: note, warn: note, error: note }
}

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
  return { agent, source, log, announced, clock, port: agent.port }
}
