import { seededRandom } from '@keyplane/testkit'
import { type Received, send } from './fuzz-connection.ts'
import { headStart, type OracleRecord, repairHead } from './fuzz-oracle.ts'
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
  /** Streams with a request for another protocol, which are held to less. */
  readonly upgrades: number
  /** Streams cut within the end of a head, in which a refusal overtook the answers before it. */
  readonly overtaken: number
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

/** Whether a read may end within the empty line that ends a head. */
const cutsHeadEnd = (pieces: readonly Buffer[]): boolean => {
  const text = Buffer.concat(pieces).toString('latin1')
  let at = 0
  return pieces.slice(0, -1).some(({ length }) => {
    at += length
    return /\r\n\r\n/.test(text.slice(at - 3, at + 3))
  })
}

/**
 * Where a read ended within the empty line, the agent gives `node:http` the next head along with the rest of that line;
 * if it can't be read, the refusal overtakes the answer that is being made. What is said is right, and cut short.
 */
const isBeginning = ({ texts }: Expected, text: string): boolean => {
  const said = text.endsWith(badRequest) ? text.slice(0, -badRequest.length) : text
  return texts.some((wanted) => wanted.startsWith(said))
}

/** Both readings of streams, and whether they differ in anything that is not declared. */
class Comparison {
  readonly #servers: FuzzServers
  oddHeads = 0
  upgrades = 0
  overtaken = 0
  serverErrors = 0

  constructor(servers: FuzzServers) {
    this.#servers = servers
  }

  /** Nothing, or what differs. */
  async of({ pieces }: FuzzStream): Promise<string | undefined> {
    const plain = await this.#ask(pieces)
    const expected = await this.#expected(plain, Buffer.concat(pieces))
    const agent = await this.#askAgent(pieces, expected, plain.record?.hadUpgrade)
    if (isAsExpected(agent, expected)) return undefined
    if (cutsHeadEnd(pieces) && agent.ended && isBeginning(expected, agent.text)) {
      this.overtaken += 1
      return undefined
    }
    if (plain.record?.hadUpgrade) {
      // After a request for another protocol that nobody listens for, `node:http` forgets what the same read brought, and
      // goes deaf at the next fault. By then it depends on reads: the agent has to say no less, and no 5xx.
      this.upgrades += 1
      const isMore = agent.text.startsWith(expected.texts[0] ?? '')
      return isMore ? undefined : this.#told({ pieces, agent, expected, plain })
    }
    return this.#told({ pieces, agent, expected, plain })
  }

  #told({ pieces, agent, expected, plain }: Told): string {
    const [first = ''] = expected.texts
    const same = commonLength(agent.text, first)
    const [said, wanted] = [agent.text.slice(same), first.slice(same)].map(short)
    return JSON.stringify({ sent: pieces.map(short), said, wanted, same, ended: agent.ended, ...plain.record })
  }

  async #ask(pieces: readonly Buffer[]): Promise<Plain> {
    const received = await send(this.#servers.oraclePort, pieces, { closes: true })
    const record = this.#servers.oracle.take(received.port)
    return { ...received, ...(record && { record }) }
  }

  async #askAgent(
    pieces: readonly Buffer[],
    { texts, ended }: Expected,
    hadUpgrade: boolean | undefined,
  ): Promise<Received> {
    const isEnough = (text: string): boolean => (!ended || hadUpgrade === true) && texts.includes(text)
    const agent = await send(this.#servers.agentPort, pieces, { isEnough })
    this.serverErrors += agent.text.match(/^HTTP\/1\.1 5\d\d /gm)?.length ?? 0
    return agent
  }

  /** What the agent should say, given what `node:http` said. */
  async #expected({ text, record }: Plain, sent: Buffer): Promise<Expected> {
    const { refused, requests = 0, hadBody, answeredBytes } = record ?? {}
    const lost = answersLost(text, answeredBytes)
    const ended = true
    if (refused === undefined || refused === 'HPE_HEADER_OVERFLOW') return { texts: [text, ...lost], ended }
    const at = text.lastIndexOf('HTTP/1.1 400 Bad Request')
    const [before, last] = [text.slice(0, at), text.slice(at)]
    // Not refused, but for our closing: it waited for more.
    if (refused === 'HPE_INVALID_EOF_STATE') return { texts: [before], ended: false }
    if (hadBody === true) return { texts: [text, ...lost], ended }
    const head = sent.subarray(headStart(sent, requests))
    if (head.toString('latin1', 0, 16) === 'PRI * HTTP/2.0\r\n') return { texts: [before], ended: true }
    const repaired = repairHead(head)
    if (repaired === 'incomplete') return { texts: [before], ended: false }
    if (repaired === 'malformed') return { texts: [text, ...lost], ended }
    // Or it is malformed before it is too long.
    if (repaired === 'too long') return { texts: [before + last.replace('400 Bad Request', tooLong), text], ended }
    const again = await this.#ask([repaired.bytes])
    if (again.record?.refused !== undefined || again.record?.hadBody !== false) return { texts: [text, ...lost], ended }
    this.oddHeads += 1
    const answer = asSent(again.text, repaired)
    // A HEAD that only the agent reads is its connection's last request, whatever follows the answer's head.
    const bare = repaired.method === 'HEAD' ? [before + answer.slice(0, answer.indexOf('\r\n\r\n') + 4)] : []
    return { texts: [before + answer, ...bare], ended: true }
  }
}

/**
 * Where what follows a request can't be read (its body, or the next head in the same read), the refusal may go out before
 * the answers that are still being made, which are lost then; or once more behind an answer that was the last one.
 */
const answersLost = (text: string, answeredBytes: number | undefined): string[] => {
  if (answeredBytes === undefined) return []
  const texts = [text + badRequest]
  for (let at = text.indexOf('HTTP/1.1 ', answeredBytes); at >= 0; at = text.indexOf('HTTP/1.1 ', at + 1))
    texts.push(text.slice(0, at) + badRequest)
  return texts
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
  const { oddHeads, upgrades, overtaken, serverErrors } = comparison
  const fastAnswers = servers.fastAnswers()
  return {
    seed,
    requests: sent,
    streams: count,
    fastAnswers,
    oddHeads,
    upgrades,
    overtaken,
    serverErrors,
    faults,
    heapMb: memory,
  }
}
