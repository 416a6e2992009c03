import { verifySignature } from '@keyplane/aws'
import type { SecretValue } from '@keyplane/core'
import type { Asked, Behaviour } from './http-double.ts'

export const doubleCredentials = {
  accessKeyId: 'AKIDEXAMPLE',
  secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY',
}

interface Version {
  readonly id: string
  readonly text?: string
  readonly base64?: string
  labels: string[]
}

interface Secret {
  readonly name: string
  readonly versions: Version[]
  deleted: boolean
}

/** AWS's texts as recorded from it. */
const absent = "Secrets Manager can't find the specified secret."
const denied = (id: string): string =>
  `User: arn:aws:iam::123456789012:user/test is not authorized to perform: secretsmanager:GetSecretValue on resource: ${id} ` +
  'because no identity-based policy allows the secretsmanager:GetSecretValue action'
const deleting = "You can't perform this operation on the secret because it was marked for deletion."

const createdDate = 1_569_534_789.046

class Refusal {
  readonly type: string
  readonly message: string
  constructor(type: string, message: string) {
    this.type = type
    this.message = message
  }
}

type Member =
  | 'SecretId'
  | 'Name'
  | 'VersionId'
  | 'VersionStage'
  | 'ClientRequestToken'
  | 'SecretString'
  | 'SecretBinary'
  | 'NextToken'
type Input = { readonly [M in Member]?: string } & {
  readonly SecretIdList?: readonly string[]
  readonly MoveToVersionId?: string
  readonly RemoveFromVersionId?: string
  readonly Filters?: readonly { readonly Values: readonly string[] }[]
}

const arnOf = (name: string): string => `arn:aws:secretsmanager:eu-west-1:123456789012:secret:${name}-AbCdEf`

/** As much of Secrets Manager as the aws provider asks of it. Signatures are verified; a name that holds `DENIED` is refused. */
export class SecretsManagerDouble {
  readonly #secrets = new Map<string, Secret>()
  /** Refuses BatchGetSecretValue by this error, as where its permission is missing. */
  batchRefusal: string | undefined

  add(name: string, value: SecretValue): void {
    const version = {
      id: `${String(this.#secrets.size).padStart(8, '0')}-0000-4000-8000-00000000seed`,
      labels: ['AWSCURRENT'],
    }
    const held =
      value.kind === 'text' ? { text: value.reveal() } : { base64: Buffer.from(value.reveal()).toString('base64') }
    this.#secrets.set(name, { name, versions: [{ ...version, ...held }], deleted: false })
  }

  answer = (asked: Asked): Behaviour => {
    const options = { findSecretKey: () => doubleCredentials, region: 'eu-west-1', services: ['secretsmanager'] }
    const verified = verifySignature(asked, { ...options, nowMs: Date.now() })
    if (!verified.ok)
      return { status: 400, body: JSON.stringify({ __type: verified.error, message: verified.message }) }
    const operation = String(asked.headers['x-amz-target']).split('.')[1] ?? ''
    try {
      return { body: JSON.stringify(this.#perform(operation, JSON.parse(Buffer.from(asked.body).toString()))) }
    } catch (thrown) {
      if (!(thrown instanceof Refusal)) throw thrown
      return { status: 400, body: JSON.stringify({ __type: thrown.type, Message: thrown.message }) }
    }
  }

  #perform(operation: string, input: Input): object {
    switch (operation) {
      case 'GetSecretValue':
        return this.#get(input)
      case 'BatchGetSecretValue':
        return this.#batch(input.SecretIdList ?? [])
      case 'UpdateSecretVersionStage':
        return this.#moveStage(this.#live(input), input)
      case 'DescribeSecret':
        return this.#facts(this.#find(input), 'VersionIdsToStages')
      case 'ListSecrets':
        return this.#list(input)
      case 'PutSecretValue':
        return this.#put(this.#live(input), input)
      case 'CreateSecret':
        return this.#create(input)
      case 'DeleteSecret':
        this.#live(input).deleted = true
        return {}
      default:
        throw new Refusal('UnknownOperationException', '')
    }
  }

  #find({ SecretId: id = '' }: Input): Secret {
    if (id.includes('DENIED')) throw new Refusal('AccessDeniedException', denied(id))
    const secret = [...this.#secrets.values()].find(({ name }) => name === id || arnOf(name) === id)
    if (!secret) throw new Refusal('ResourceNotFoundException', absent)
    return secret
  }

  #live(input: Input): Secret {
    const secret = this.#find(input)
    if (secret.deleted) throw new Refusal('InvalidRequestException', deleting)
    return secret
  }

  #get(input: Input): object {
    const secret = this.#live(input)
    const label = input.VersionStage ?? 'AWSCURRENT'
    const version = secret.versions.find(({ id, labels }) =>
      input.VersionId === undefined ? labels.includes(label) : id === input.VersionId,
    )
    if (!version) {
      const which = input.VersionId === undefined ? `staging label: ${label}` : `VersionId: ${input.VersionId}`
      throw new Refusal(
        'ResourceNotFoundException',
        `Secrets Manager can't find the specified secret value for ${which}`,
      )
    }
    const value = version.text === undefined ? { SecretBinary: version.base64 } : { SecretString: version.text }
    const names = { ARN: arnOf(secret.name), Name: secret.name, VersionId: version.id }
    return { ...names, ...value, VersionStages: version.labels, CreatedDate: createdDate }
  }

  #batch(ids: readonly string[]): object {
    if (this.batchRefusal !== undefined) throw new Refusal(this.batchRefusal, 'not authorized')
    const [values, errors]: [object[], object[]] = [[], []]
    for (const id of ids)
      try {
        values.push(this.#get({ SecretId: id }))
      } catch (thrown) {
        const { type, message } = thrown as Refusal
        errors.push({ SecretId: id, ErrorCode: type, Message: message })
      }
    return { SecretValues: values.reverse(), Errors: errors }
  }

  #moveStage(secret: Secret, input: Input): object {
    const { VersionStage: label = '', MoveToVersionId: to, RemoveFromVersionId: from } = input
    const holder = secret.versions.find(({ labels }) => labels.includes(label))
    if (holder && holder.id !== from && holder.id !== to)
      throw new Refusal(
        'InvalidParameterException',
        `The parameter RemoveFromVersionId can't be empty. Staging label ${label} is currently attached to version ${holder.id}, so you must explicitly reference that version in RemoveFromVersionId.`,
      )
    if (holder) holder.labels = holder.labels.filter((held) => held !== label)
    secret.versions.find(({ id }) => id === to)?.labels.push(label)
    return { ARN: arnOf(secret.name), Name: secret.name }
  }

  #facts(secret: Secret, member: string): object {
    const held = secret.versions.filter(({ labels }) => labels.length > 0).map(({ id, labels }) => [id, labels])
    const dates = {
      CreatedDate: createdDate,
      LastChangedDate: createdDate,
      ...(secret.deleted && { DeletedDate: createdDate }),
    }
    return { ARN: arnOf(secret.name), Name: secret.name, ...dates, [member]: Object.fromEntries(held) }
  }

  /** Two a page, so that every list has pages. */
  #list(input: Input): object {
    const [filter] = input.Filters ?? []
    const from = Number(input.NextToken ?? 0)
    const all = [...this.#secrets.values()].filter(
      ({ name, deleted }) => !deleted && name.startsWith(filter?.Values[0] ?? ''),
    )
    const page = all.slice(from, from + 2).map((secret) => this.#facts(secret, 'SecretVersionsToStages'))
    return { SecretList: page, ...(from + 2 < all.length && { NextToken: String(from + 2) }) }
  }

  #put(secret: Secret, input: Input): object {
    const token = String(input.ClientRequestToken)
    const held = {
      ...(input.SecretString !== undefined && { text: input.SecretString }),
      ...(input.SecretBinary !== undefined && { base64: input.SecretBinary }),
    }
    const known = secret.versions.find(({ id }) => id === token)
    if (known && known.text !== input.SecretString)
      throw new Refusal(
        'ResourceExistsException',
        `You can't use ClientRequestToken ${token} because that value is already in use for a version of secret ${arnOf(secret.name)}.`,
      )
    if (!known) {
      for (const version of secret.versions)
        version.labels = version.labels.includes('AWSCURRENT') ? ['AWSPREVIOUS'] : []
      secret.versions.push({ id: token, ...held, labels: ['AWSCURRENT'] })
    }
    const labels = secret.versions.find(({ id }) => id === token)?.labels
    return { ARN: arnOf(secret.name), Name: secret.name, VersionId: token, VersionStages: labels }
  }

  #create(input: Input): object {
    const { Name: name = '' } = input
    if (this.#secrets.has(name))
      throw new Refusal('ResourceExistsException', `The operation failed because the secret ${name} already exists.`)
    const secret: Secret = { name, versions: [], deleted: false }
    this.#secrets.set(name, secret)
    const { VersionStages: _, ...created } = this.#put(secret, input) as { VersionStages: unknown }
    return created
  }
}
