import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface UpstreamDouble {
  readonly url: string
  /** Calls so far, by operation. */
  readonly calls: Map<string, number>
  /** How long each answer takes. */
  delayMs: number
  close(): Promise<void>
}

/** The value of every secret: about 1 KB. */
export const secretText: string = JSON.stringify({ username: 'app', password: 'x'.repeat(980) })

const versionId = '11111111-1111-4111-8111-111111111111'
const createdSeconds = 1_700_000_000

const factsOf = (name: string): object => ({
  ARN: name.startsWith('arn:') ? name : `arn:aws:secretsmanager:us-east-1:000000000000:secret:${name}-a1b2c3`,
  Name: name,
})

const valueOf = (name: string): object => ({
  ...factsOf(name),
  VersionId: versionId,
  SecretString: secretText,
  VersionStages: ['AWSCURRENT'],
  CreatedDate: createdSeconds,
})

const describe = (name: string): object => ({
  ...factsOf(name),
  LastChangedDate: createdSeconds,
  VersionIdsToStages: { [versionId]: ['AWSCURRENT'] },
})

const identityXml =
  '<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult>' +
  '<Arn>arn:aws:iam::000000000000:user/bench</Arn><UserId>bench</UserId><Account>000000000000</Account>' +
  '</GetCallerIdentityResult></GetCallerIdentityResponse>'

const answers: Readonly<Record<string, (input: { SecretId?: string; SecretIdList?: string[] }) => object>> = {
  GetSecretValue: ({ SecretId = '' }) => valueOf(SecretId),
  DescribeSecret: ({ SecretId = '' }) => describe(SecretId),
  BatchGetSecretValue: ({ SecretIdList = [] }) => ({ SecretValues: SecretIdList.map(valueOf), Errors: [] }),
}

const bodyOf = async (request: IncomingMessage): Promise<string> => {
  let body = ''
  for await (const chunk of request) body += String(chunk)
  return body
}

/** Stands in for AWS: every secret is there, signatures are not looked at, calls are counted, answers take their time. */
export const startUpstreamDouble = async (): Promise<UpstreamDouble> => {
  const calls = new Map<string, number>()
  const double = { delayMs: 0 }
  const server = createServer(async (request, response) => {
    const body = await bodyOf(request)
    const target = request.headers['x-amz-target']
    const operation = typeof target === 'string' ? target.slice(target.indexOf('.') + 1) : 'GetCallerIdentity'
    calls.set(operation, (calls.get(operation) ?? 0) + 1)
    if (double.delayMs > 0) await new Promise((resolve) => setTimeout(resolve, double.delayMs))
    if (operation === 'GetCallerIdentity') return response.setHeader('content-type', 'text/xml').end(identityXml)
    const answer = answers[operation]
    response.statusCode = answer ? 200 : 400
    response.setHeader('content-type', 'application/x-amz-json-1.1')
    return response.end(JSON.stringify(answer ? answer(JSON.parse(body)) : { __type: 'AccessDeniedException' }))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return Object.assign(double, {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    calls,
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  })
}

/** All calls that could be about a secret. */
export const countCalls = ({ calls }: UpstreamDouble): number =>
  [...calls].reduce((sum, [operation, count]) => (operation === 'GetCallerIdentity' ? sum : sum + count), 0)
