import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { verifySignature } from '@keyplane/aws'
import { uuid } from '@keyplane/core'
import { FunctionPool } from './function-pool.ts'
import type { FunctionProcessParts } from './function-process.ts'
import type { LocalFunction } from './local-function.ts'

export interface FunctionHostOptions extends Omit<FunctionProcessParts, 'onLine'> {
  readonly functions: readonly LocalFunction[]
  /** Who may call the functions. */
  readonly accessKey: { readonly accessKeyId: string; readonly secretAccessKey: string }
  readonly account: string
  readonly region: string
  /** On 127.0.0.1. Default: a free one. */
  readonly port?: number
  /** A line that a function wrote. */
  readonly onLine: (name: string, line: string) => void
}

export interface FunctionHost {
  readonly url: string
  close(): Promise<void>
}

/** A rotation event has a few hundred bytes; Lambda takes six million. */
const maxEventBytes = 6_291_456

/**
 * Functions of this machine behind Lambda's Invoke API, for whoever signs as AWS does.
 * @see https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html
 */
export const startFunctionHost = async (options: FunctionHostOptions): Promise<FunctionHost> => {
  const { functions, onLine, port = 0 } = options
  const pools = new Map(
    functions.map((each) => [
      each.name,
      new FunctionPool(each, { ...options, onLine: (line) => onLine(each.name, line) }),
    ]),
  )
  const server = createServer((request, response) => {
    serve(request, response, pools, options).catch(() => response.destroy())
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen({ host: '127.0.0.1', port }, resolve)
  })
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: async () => {
      await Promise.all([...pools.values()].map((each) => each.close()))
      server.close()
      server.closeAllConnections()
    },
  }
}

const serve = async (
  request: IncomingMessage,
  response: ServerResponse,
  pools: ReadonlyMap<string, FunctionPool>,
  options: FunctionHostOptions,
): Promise<void> => {
  const requestId = uuid(options.random)
  const answer = (status: number, body: string, headers: Record<string, string> = {}): void => {
    response.writeHead(status, { 'content-type': 'application/json', 'x-amzn-requestid': requestId, ...headers })
    response.end(body)
  }
  const refuse = (status: number, type: string, Message: string): void =>
    answer(status, JSON.stringify({ Type: 'User', Message }), { 'x-amzn-errortype': type })
  const body = await bounded(request)
  if (!body) return refuse(413, 'RequestTooLargeException', `An event has at most ${maxEventBytes} bytes.`)
  const unsigned = refusedSignature(request, body, options)
  if (unsigned !== undefined) return refuse(403, 'AccessDeniedException', unsigned)
  const target = targetOf(request, options)
  const found = target && pools.get(target.name)
  if (!found) return refuse(404, 'ResourceNotFoundException', `Function not found: ${target?.arn ?? request.url ?? ''}`)
  const type = request.headers['x-amz-invocation-type'] ?? 'RequestResponse'
  if (type === 'DryRun') return answer(204, '')
  if (found.isFull) return refuse(429, 'TooManyRequestsException', 'Rate Exceeded.')
  const event = body.toString() || '{}'
  if (type === 'Event') {
    void found.invoke(event, target.arn)
    return answer(202, '')
  }
  const { payload, functionError } = await found.invoke(event, target.arn, leaving(response))
  answer(200, payload, {
    'x-amz-executed-version': '$LATEST',
    ...(functionError && { 'x-amz-function-error': functionError }),
  })
}

/** Aborted where the caller waits no longer. */
const leaving = (response: ServerResponse): AbortSignal => {
  const left = new AbortController()
  response.once('close', () => left.abort())
  return left.signal
}

/** The body, unless it is longer than any event: nobody has shown a key yet. */
const bounded = async (request: IncomingMessage): Promise<Buffer | undefined> => {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length
    if (bytes > maxEventBytes) return undefined
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

/** The function that a request names: by name, partial ARN or ARN, with or without a qualifier. */
const targetOf = (
  { method, url = '' }: IncomingMessage,
  { account, region }: FunctionHostOptions,
): { readonly name: string; readonly arn: string } | undefined => {
  const [, escaped = ''] = /^\/2015-03-31\/functions\/([^/?]+)\/invocations(?:\?|$)/.exec(url) ?? []
  if (method !== 'POST' || escaped === '') return undefined
  const [, owner, name] =
    /^(?:(?:arn:aws[\w-]*:lambda:([\w-]+:\d{12}):|\d{12}:)function:)?([\w-]{1,64})(?::[\w$-]+)?$/.exec(
      unescaped(escaped),
    ) ?? []
  if (name === undefined || (owner !== undefined && owner !== `${region}:${account}`)) return undefined
  return { name, arn: `arn:aws:lambda:${region}:${account}:function:${name}` }
}

const unescaped = (text: string): string => {
  try {
    return decodeURIComponent(text)
  } catch {
    return ''
  }
}

const refusedSignature = (
  { method = '', url = '', rawHeaders }: IncomingMessage,
  body: Buffer,
  { accessKey, clock }: FunctionHostOptions,
): string | undefined => {
  const verified = verifySignature(
    { method, target: url, rawHeaders, body },
    {
      findSecretKey: (id) => (id === accessKey.accessKeyId ? accessKey : undefined),
      services: ['lambda'],
      nowMs: clock.nowMs(),
    },
  )
  return verified.ok ? undefined : verified.message
}
