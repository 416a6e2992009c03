import {
  type AwsCallOptions,
  type AwsJsonClient,
  type BatchGetSecretValueError,
  type BatchGetSecretValueResponse,
  errorCodeOfAws,
  type GetSecretValueResponse,
  parseSecretArn,
  type SecretsManagerOperations,
} from '@keyplane/aws'
import { type Outcome, SecretsError, type SecretVersion, toSecretsError } from '@keyplane/core'
import { quotable } from '@keyplane/http'
import { versionOfAnswer } from './aws-answers.ts'

const operation = 'BatchGetSecretValue'
const maxPages = 20

const malformed = (what: string): SecretsError =>
  new SecretsError('bad_response', `${operation}: AWS's answer ${what}.`, { source: 'aws' })

/** Whether an ARN, partial or whole, is this one. */
const isArnOf = (id: string, arn: string): boolean => {
  if (id === arn) return true
  const [asked, whole] = [parseSecretArn(id), parseSecretArn(arn)]
  return asked !== undefined && asked.suffix === undefined && whole?.suffix !== undefined && arn.startsWith(`${id}-`)
    ? whole.name === asked.name
    : false
}

const isOf = (id: string, { ARN: arn, Name: name }: GetSecretValueResponse): boolean =>
  id.startsWith('arn:') ? arn !== undefined && isArnOf(id, arn) : id === name

const refusal = (error: BatchGetSecretValueError): SecretsError => {
  const name = quotable(error.ErrorCode ?? '', { maxLength: 256 })
  const message = quotable(typeof error.Message === 'string' ? error.Message : '', { maxLength: 4_096 })
  const { code, reason } = errorCodeOfAws({ name, status: 400, message })
  return new SecretsError(code, `${operation}: AWS answered ${name}${message === '' ? '' : `: ${message}`}`, {
    source: 'aws',
    ...(reason === undefined ? {} : { reason }),
    upstream: { protocol: 'aws-json-1.1', code: name, status: 400, message },
  })
}

const given = (entry: GetSecretValueResponse): Outcome<SecretVersion> => {
  try {
    return { ok: true, value: versionOfAnswer(entry, operation) }
  } catch (thrown) {
    return { ok: false, error: toSecretsError(thrown) }
  }
}

const listOf = <T extends object>(list: readonly T[] | undefined): readonly T[] => {
  if (!Array.isArray(list ?? [])) throw malformed('has something else in place of a list')
  return (list ?? []).filter((entry): entry is T => typeof entry === 'object' && entry !== null)
}

const addOutcomes = (
  outcomes: Map<string, Outcome<SecretVersion>>,
  ids: readonly string[],
  page: BatchGetSecretValueResponse,
): void => {
  const [values, errors] = [listOf(page.SecretValues), listOf(page.Errors)]
  for (const id of ids) {
    const value = values.find((entry) => isOf(id, entry))
    const error = errors.find((entry) => entry.SecretId === id && typeof entry.ErrorCode === 'string')
    if (value) outcomes.set(id, given(value))
    else if (error) outcomes.set(id, { ok: false, error: refusal(error) })
  }
}

/** What BatchGetSecretValue says of each id. One that it leaves out is not in the map: nothing was said of it. */
export const awsBatch = async (
  client: Pick<AwsJsonClient<SecretsManagerOperations>, 'call'>,
  ids: readonly string[],
  begin: () => AwsCallOptions,
): Promise<ReadonlyMap<string, Outcome<SecretVersion>>> => {
  const outcomes = new Map<string, Outcome<SecretVersion>>()
  let next: { readonly NextToken?: string } = {}
  for (let pages = 0; pages < maxPages; pages++) {
    const page = await client.call(operation, { SecretIdList: ids, ...next }, begin())
    addOutcomes(outcomes, ids, page)
    if (!page.NextToken) return outcomes
    next = { NextToken: page.NextToken }
  }
  throw malformed('has no end')
}
