import { SecretsError, type SecretProvider, type SecretVersion, TextValue } from '@keyplane/core'

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
