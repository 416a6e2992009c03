import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

const arn = (id: string): string => `arn:aws:secretsmanager:us-east-1:123456789012:secret:${id}-AbCdEf`
const secretOf = (id: string) => ({
  ARN: arn(id),
  Name: id,
  VersionId: '11111111-1111-4111-8111-111111111111',
  SecretString: `value of ${id}`,
  VersionStages: ['AWSCURRENT'],
  CreatedDate: 1_569_534_789.046,
})

interface Input {
  readonly SecretId?: string
  readonly SecretIdList?: readonly string[]
  readonly Name?: string
}

/** Secrets Manager and Parameter Store, which have whatever they are asked for. */
export class AwsDouble {
  readonly calls: string[] = []
  /** Answers nothing. */
  hangs = false
  readonly #server = createServer((request, response) => {
    let body = ''
    request.on('data', (chunk) => {
      body += String(chunk)
    })
    request.on('end', () => {
      const operation = String(request.headers['x-amz-target']).split('.')[1] ?? ''
      this.calls.push(operation)
      if (!this.hangs) response.end(JSON.stringify(answerTo(operation, JSON.parse(body) as Input)))
    })
  })

  async listen(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve))
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise((resolve) => this.#server.close(resolve))
  }
}

const answerTo = (operation: string, { SecretId = '', SecretIdList = [], Name = '' }: Input): object => {
  if (operation === 'BatchGetSecretValue') return { SecretValues: SecretIdList.map(secretOf), Errors: [] }
  if (operation === 'GetSecretValue') return secretOf(SecretId)
  if (operation === 'DescribeSecret')
    return { ARN: arn(SecretId), Name: SecretId, VersionIdsToStages: { [secretOf('').VersionId]: ['AWSCURRENT'] } }
  if (operation === 'GetParameter')
    return {
      Parameter: {
        Name,
        ARN: `arn:aws:ssm:us-east-1:123456789012:parameter${Name}`,
        DataType: 'text',
        Type: 'String',
        Value: `value of ${Name}`,
        Version: 1,
        LastModifiedDate: 1_569_534_789.5,
      },
    }
  return { __type: 'UnknownOperationException' }
}
