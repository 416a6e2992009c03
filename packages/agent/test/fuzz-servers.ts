import { createHash } from 'node:crypto'
import { openSecrets } from '@keyplane/secrets'
import { fakeClock, seededRandom } from '@keyplane/testkit'
import { agentApp } from '../src/app.ts'
import { Callers } from '../src/guards/callers.ts'
import { knownHost } from '../src/guards/known-host.ts'
import { RequestLimit } from '../src/guards/request-limit.ts'
import { fastPath } from '../src/http/fast-path.ts'
import type { AgentRequest, AgentResponse } from '../src/http/messages.ts'
import { HttpDate } from '../src/http/response-bytes.ts'
import { AgentServer } from '../src/http/server.ts'
import { Meters } from '../src/metrics/meters.ts'
import { AnswerBodies } from '../src/routes/answer-bodies.ts'
import { getPlainSecret } from '../src/routes/get-secret.ts'
import { Token } from '../src/token.ts'
import { Oracle } from './fuzz-oracle.ts'
import { OneSecret } from './one-secret.ts'
import { token } from './token.ts'

const tokenHeaders = ['x-aws-parameters-secrets-token', 'x-vault-token']
/** What the fast path may answer; it knows no other body than the secret's. */
const plainTarget = /^\/secretsmanager\/get\?secretId=[A-Za-z0-9/_.@:-]+$/
const maxEchoedBytes = 40_000

/** The answer with the request as it was read beside it, so that two readings that end alike differ all the same. */
export const echoed = (body: string, { method, target, rawHeaders }: AgentRequest): string => {
  const heard = JSON.stringify([body, method, target, rawHeaders])
  return heard.length <= maxEchoedBytes ? heard : createHash('sha256').update(heard).digest('hex')
}

export interface FuzzServers {
  readonly agentPort: number
  readonly oraclePort: number
  readonly oracle: Oracle
  /** Requests that the fast path answered. */
  readonly fastAnswers: () => number
  /** What went wrong inside. */
  readonly faults: unknown[]
  close(): Promise<void>
}

/** The agent and plain `node:http`, over one app. */
export const startFuzzServers = async (): Promise<FuzzServers> => {
  const clock = fakeClock()
  const log = { warn: () => {}, error: () => {} }
  const random = seededRandom(1)
  const secrets = openSecrets({
    providers: [new OneSecret()],
    environment: false,
    strict: true,
    env: {},
    clock,
    random,
    log,
  })
  const [limit, bodies, date, faults] = [
    new RequestLimit(800),
    new AnswerBodies(),
    new HttpDate(clock),
    [] as unknown[],
  ]
  const callers = new Callers(new Token(token))
  const parts = {
    callers,
    tokenHeaders,
    limit,
    date,
    secrets,
    bodies,
    clock,
    pathPrefix: '/v1/',
    log: { debug: () => {} },
    meters: new Meters(),
    unreadiness: () => undefined,
    gather: () => [],
    host: knownHost(),
  }
  const inner = agentApp(parts)
  const app = async (request: AgentRequest): Promise<AgentResponse> => {
    const answer = await inner(request)
    return plainTarget.test(request.target) ? answer : { ...answer, body: echoed(String(answer.body), request) }
  }
  let fastAnswers = 0
  const hit = (id: string) => {
    const reading = secrets.peek({ id })
    if (!reading) return undefined
    fastAnswers += 1
    return { version: reading.version, response: bodies.of(reading.version) }
  }
  const onError = (error: unknown): void => void faults.push(error)
  const agent = new AgentServer({
    app,
    fastPath: fastPath({ ...parts, hit, miss: getPlainSecret(parts) }),
    limit,
    date,
    onError,
  })
  const agentPort = await agent.listen(0)
  agent.ready()
  const oracle = new Oracle(app, date.text)
  const oraclePort = await oracle.listen()
  await secrets.read({ id: 'MyTest' })
  const close = async (): Promise<void> => {
    oracle.close()
    await agent.close(0)
  }
  return { agentPort, oraclePort, oracle, fastAnswers: () => fastAnswers, faults, close }
}
