import { awsProvider } from '@keyplane/secrets/providers'
import { type FakeClock, fakeClock, seededRandom } from '@keyplane/testkit'
import { onTestFinished } from 'vitest'
import { parseAgentConfig } from '../src/config.ts'
import { type UpstreamCall, UpstreamMeter } from '../src/metrics/upstream-meter.ts'
import { type RunningAgent, startAgent } from '../src/start-agent.ts'
import { AwsDouble } from './aws-double.ts'
import { memoryLog } from './memory-log.ts'
import { token } from './token.ts'
import { type Answer, exchange, parseAnswer } from './wire.ts'

export interface AwsAgent {
  readonly agent: RunningAgent
  readonly aws: AwsDouble
  readonly log: ReturnType<typeof memoryLog>
  readonly clock: FakeClock
  readonly upstream: UpstreamMeter
  /** One request with the token; time goes on while its answer is waited for. */
  ask(target: string, headers?: readonly string[]): Promise<Answer>
  close(): Promise<void>
}

/** The secret that most tests read. */
export const addMyTest = (aws: AwsDouble): void => void aws.add('MyTest', 'the value')

/** The agent over the real aws provider, in front of a double of AWS on this machine; they end with the test. */
export const startAwsAgent = async (
  toml = '',
  prepare: (aws: AwsDouble) => void = () => {},
  clock: FakeClock = fakeClock(),
): Promise<AwsAgent> => {
  const aws = new AwsDouble()
  const endpoint = await aws.listen()
  const log = memoryLog()
  const upstream = new UpstreamMeter(clock)
  const config = parseAgentConfig(`http_port = 0\n${toml}`)
  const credentials = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'k' }
  const { maxRoles } = config
  const onCall = (call: UpstreamCall): void => upstream.note(call)
  const from = { region: 'us-east-1', endpoint, stsEndpoint: endpoint, credentials, clock }
  const source = awsProvider({ ...from, maxRoles, onCall })
  prepare(aws)
  const agent = await startAgent({
    config,
    source,
    names: (query, call) => source.names(query, call),
    identity: async () => ({ account: '123456789012' }),
    upstream,
    env: { AWS_TOKEN: token },
    log,
    announce: () => {},
    clock,
    random: seededRandom(1),
  })
  const pace = { waiting: 0, going: false }
  /** Lets time pass while somebody waits and AWS has nothing to do: for repeated attempts, and for hangs. */
  const goOn = async (): Promise<void> => {
    if (pace.going) return
    pace.going = true
    while (pace.waiting > 0) {
      await new Promise((resolve) => setTimeout(resolve, 5))
      if (pace.waiting > 0 && aws.answering === 0) await clock.advance(20)
    }
    pace.going = false
  }
  const ask = async (target: string, headers: readonly string[] = []): Promise<Answer> => {
    const head = [`GET ${target} HTTP/1.1`, 'Host: localhost', `X-Vault-Token: ${token}`, ...headers, '', '']
    pace.waiting += 1
    void goOn()
    try {
      return parseAnswer(await exchange(agent.port, [head.join('\r\n')], { answers: 1 }))
    } finally {
      pace.waiting -= 1
    }
  }
  const close = async (): Promise<void> => {
    await agent.close(0)
    await aws.close()
  }
  onTestFinished(close)
  return { agent, aws, log, clock, upstream, ask, close }
}
