import { Agent, request } from 'node:http'
import { signRequest } from '@keyplane/aws'

export interface BareUpstream {
  readonly call: () => Promise<void>
  close(): void
}

type Environment = Readonly<Record<string, string | undefined>>

/** One request, signed once and sent again and again over a connection of its own: the upstream's time and nothing else. */
export const bareUpstream = (env: Environment, operation: string, input: object): BareUpstream => {
  const url = new URL(env['AWS_ENDPOINT_URL_SECRETS_MANAGER'] ?? '')
  const body = JSON.stringify(input)
  const plain = {
    host: url.host,
    'content-type': 'application/x-amz-json-1.1',
    'x-amz-target': `secretsmanager.${operation}`,
  }
  const signature = signRequest({
    method: 'POST',
    target: '/',
    headers: plain,
    body,
    credentials: {
      accessKeyId: env['AWS_ACCESS_KEY_ID'] ?? '',
      secretAccessKey: env['AWS_SECRET_ACCESS_KEY'] ?? '',
    },
    region: env['AWS_REGION'] ?? '',
    service: 'secretsmanager',
    atMs: Date.now(),
  })
  const headers = { ...plain, ...signature, 'content-length': String(Buffer.byteLength(body)) }
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  return { call: () => send({ url, headers, body, agent }), close: () => agent.destroy() }
}

interface Call {
  readonly url: URL
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  readonly agent: Agent
}

const send = ({ url, headers, body, agent }: Call): Promise<void> =>
  new Promise((resolve, reject) => {
    const call = request(url, { method: 'POST', headers, agent }, (response) => {
      if (response.statusCode !== 200) reject(new Error(`The store answered ${response.statusCode}.`))
      response.on('data', () => {})
      response.on('end', resolve)
    })
    call.on('error', reject)
    call.end(body)
  })
