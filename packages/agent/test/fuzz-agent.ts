import { seededRandom } from '@keyplane/testkit'
import { type Received, send } from './fuzz-connection.ts'
import { headStart, hideUpgrades, type OracleRecord, repairHead } from './fuzz-oracle.ts'
import { echoed, type FuzzServers, startFuzzServers } from './fuzz-servers.ts'
import { type FuzzStream, FuzzStreams } from './fuzz-streams.ts'
import { parseAnswer } from './wire.ts'

export interface FuzzOptions {
  readonly seed: number
  /** Requests to send at least. */
  readonly requests: number
  /** Of the agent of `startFuzzServers` in another process, on another runtime say. Default: one in this process. */
  readonly agentPort?: number
}

export interface FuzzResult {
  readonly seed: number
  readonly requests: number
  readonly streams: number
  readonly fastAnswers: number
  /** Heads that `node:http` refused and the agent, as declared, answered. */
  readonly oddHeads: number
  /** Answers with 5xx. */
  readonly serverErrors: number
  /** What went wrong, as much as is worth a look. */
  readonly faults: readonly string[]
  /** The heap in MB after a first part, and at the end. */
  readonly heapMb: readonly [number, number]
}

const concurrent = 64
const maxFaults = 20

interface Expected {
  /** Each of them is right. */
  readonly texts: readonly string[]
  readonly ended: boolean
}

interface Told {
  readonly pieces: readonly Buffer[]
  readonly agent: Received
  readonly expected: Expected
  readonly plain: Plain
}

type Plain = Received & { readonly record?: OracleRecord }

const isAsExpected = (agent: Received, { texts, ended }: Expected): boolean =>
  texts.includes(agent.text) && agent.ended === ended

/** Both readings of streams, and whether they differ in anything that is not declared. */
class Comparison {
  readonly #servers: FuzzServers
  oddHeads = 0
  serverErrors = 0

  constructor(servers: FuzzServers) {
    this.#servers = servers
  }

  /** Nothing, or what differs. */
  async of({ pieces }: FuzzStream): Promise<string | undefined> {
    const plain = await this.#ask(pieces)
    const expected = await this.#expected(plain, Buffer.concat(pieces))
    const agent = await this.#askAgent(pieces, expected)
    if (isAsExpected(agent, expected)) return undefined
    return this.#told({ pieces, agent, expected, plain })
  }

  #told({ pieces, agent, expected, plain }: Told): string {
    const [first = ''] = expected.texts
    const same = commonLength(agent.text, first)
    const [said, wanted] = [agent.text.slice(same), first.slice(same)].map(short)
    return JSON.stringify({ sent: pieces.map(short), said, wanted, same, ended: agent.ended, ...plain.record })
  }

  async #ask(pieces: readonly Buffer[]): Promise<Plain> {
    const hidden = hideUpgrades(Buffer.concat(pieces))
    let at = 0
    const same = pieces.map(({ length }) => hidden.subarray(at, (at += length)))
    const received = await send(this.#servers.oraclePort, same, { closes: true })
    const record = this.#servers.oracle.take(received.port)
    return { ...received, ...(record && { record }) }
  }

  async #askAgent(pieces: readonly Buffer[], { texts, ended }: Expected): Promise<Received> {
    const isEnough = (text: string): boolean => !ended && texts.includes(text)
    const agent = await send(this.#servers.agentPort, pieces, { isEnough })
    this.serverErrors += agent.text.match(/^HTTP\/1\.1 5\d\d /gm)?.length ?? 0
    return agent
  }

  /** What the agent should say, given what `node:http` said. */
  async #expected({ text, record }: Plain, sent: Buffer): Promise<Expected> {
    const { refused, requests = 0, hadBody, isEndless, isBeyondLimits } = record ?? {}
    const ended = true
    // The refusal takes the place of an answer to what has no end.
    const others = isEndless && !isBeyondLimits ? answersBefore(text, requests - 1) : undefined
    if (others !== undefined) return { texts: [others + badRequest], ended }
    if (refused === undefined || refused === 'HPE_HEADER_OVERFLOW') return { texts: [text], ended }
    const at = text.lastIndexOf('HTTP/1.1 400 Bad Request')
    const [before, last] = [text.slice(0, at), text.slice(at)]
    // Not refused, but for our closing: it waited for more.
    if (refused === 'HPE_INVALID_EOF_STATE') return { texts: [before], ended: false }
    if (hadBody === true) return { texts: [text], ended }
    const head = sent.subarray(headStart(sent, requests))
    if (head.toString('latin1', 0, 16) === 'PRI * HTTP/2.0\r\n') return { texts: [before], ended: true }
    const repaired = repairHead(head)
    if (repaired === 'incomplete') return { texts: [before], ended: false }
    if (repaired === 'malformed') return { texts: [text], ended }
    // Or it is malformed before it is too long.
    if (repaired === 'too long') return { texts: [before + last.replace('400 Bad Request', tooLong), text], ended }
    const again = await this.#ask([repaired.bytes])
    if (again.record?.refused !== undefined || again.record?.hadBody !== false) return { texts: [text], ended }
    this.oddHeads += 1
    const answer = asSent(again.text, repaired)
    const said = repaired.method === 'HEAD' ? answer.slice(0, answer.indexOf('\r\n\r\n') + 4) : answer
    return { texts: [before + said], ended }
  }
}

/** The first of the answers, so many of them; nothing where no other one follows. */
const answersBefore = (text: string, count: number): string | undefined => {
  let at = 0
  for (let answer = 0; answer < count && at >= 0; answer += 1) at = text.indexOf('HTTP/1.1 ', at + 1)
  return at < 0 ? undefined : text.slice(0, at)
}

const badRequest = `HTTP/1.1 400 Bad Request\r\ncontent-type: text/plain\r\ncontent-length: 0\r\ndate: ${new Date(Date.UTC(2026, 0, 1)).toUTCString()}\r\nconnection: close\r\n\r\n`

const tooLong = '431 Request Header Fields Too Large'

/** The answer to the repaired head, as one to the head that was sent: the connection's last. */
const asSent = (received: string, { method, target }: { readonly method: string; readonly target: string }): string => {
  const { headers, body } = parseAnswer(received)
  const [, statusLine] = /^(HTTP\/1\.1 [^\r]*)\r\n/.exec(received) ?? []
  const heard = heardIn(body)
  const said = heard ? echoed(heard.body, { method, target, rawHeaders: heard.rawHeaders }) : body
  const length = Buffer.byteLength(said, 'utf8')
  const type = headers['content-type']
  return `${statusLine}\r\ncontent-type: ${type}\r\ncontent-length: ${length}\r\ndate: ${headers['date']}\r\nconnection: close\r\n\r\n${Buffer.from(said).toString('latin1')}`
}

const heardIn = (body: string): { body: string; rawHeaders: string[] } | undefined => {
  if (!body.startsWith('["')) return undefined
  const [said, , , rawHeaders] = JSON.parse(Buffer.from(body, 'latin1').toString('utf8')) as [
    string,
    string,
    string,
    string[],
  ]
  return { body: said, rawHeaders }
}

/** Up to the beginning of the first answer that differs. */
const commonLength = (a: string, b: string): number => {
  let length = 0
  while (length < a.length && a[length] === b[length]) length += 1
  return Math.max(0, a.lastIndexOf('HTTP/1.1 ', length))
}

const short = (bytes: Buffer | string): string => {
  const said = bytes.toString('latin1' as BufferEncoding)
  return said.length <= 1_500 ? said : `${said.slice(0, 900)}… ${said.length} characters …${said.slice(-300)}`
}

/** The heap after a collection, where there can be one (`--expose-gc`). */
const heapMb = (): number => {
  ;(globalThis as { gc?: () => void }).gc?.()
  return process.memoryUsage().heapUsed / 1_048_576
}

/** Sends that many requests, odd and plain ones, to the agent and to `node:http`, and compares. */
export const fuzzAgent = async ({ seed, requests, agentPort }: FuzzOptions): Promise<FuzzResult> => {
  const started = await startFuzzServers()
  const servers = { ...started, agentPort: agentPort ?? started.agentPort }
  const streams = new FuzzStreams(seededRandom(seed))
  const comparison = new Comparison(servers)
  const faults: string[] = []
  const crashed = (error: unknown): void => void faults.push(`uncaught: ${String((error as Error).stack)}`)
  process.on('uncaughtException', crashed)
  process.on('unhandledRejection', crashed)
  let [sent, count, early] = [0, 0, 0]
  const client = async (): Promise<void> => {
    while (sent < requests && faults.length < maxFaults) {
      const stream = streams.next()
      sent += stream.requests
      count += 1
      if (early === 0 && sent > requests / 4) early = heapMb()
      // A connection that is reset while it is written to may lose what it was sent: what differs, differs again.
      const difference = (await comparison.of(stream)) && (await comparison.of(stream))
      if (difference !== undefined) faults.push(difference)
    }
  }
  await Promise.all(Array.from({ length: concurrent }, client))
  const memory = [early, heapMb()] as const
  process.removeListener('uncaughtException', crashed)
  process.removeListener('unhandledRejection', crashed)
  await servers.close()
  faults.push(...servers.faults.map((fault) => `inside: ${String((fault as Error).stack ?? fault)}`))
  const { oddHeads, serverErrors } = comparison
  const fastAnswers = servers.fastAnswers()
  return {
    seed,
    requests: sent,
    streams: count,
    fastAnswers,
    oddHeads,
    serverErrors,
    faults,
    heapMb: memory,
  }
}
