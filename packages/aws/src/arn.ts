import { partitionOf } from './partition.ts'

export interface SecretArnParts {
  /** Default: the region's own. */
  readonly partition?: string
  readonly region: string
  /** Twelve digits. */
  readonly account: string
  readonly name: string
  /** The six characters that AWS adds to a name. */
  readonly suffix: string
}

export interface ParsedSecretArn {
  readonly partition: string
  readonly region: string
  readonly account: string
  /** All that follows `secret:`. */
  readonly resource: string
  /** The resource without the suffix, if it has one. */
  readonly name: string
  /** Absent in a partial ARN, which stands for the one secret of that name. */
  readonly suffix?: string
}

const pattern = /^arn:(aws[a-z-]*):secretsmanager:([a-z0-9-]+):(\d{12}):secret:([\w/+=.@!-]+)$/
const completed = /^(.+)-([A-Za-z0-9]{6})$/

/** The ARN of a secret. */
export const secretArn = ({ partition, region, account, name, suffix }: SecretArnParts): string =>
  `arn:${partition ?? partitionOf(region).name}:secretsmanager:${region}:${account}:secret:${name}-${suffix}`

/**
 * The parts of a secret's ARN, or `undefined` where the text is none.
 *
 * A resource that ends in a hyphen and six alphanumerics is taken as complete, as AWS does: the partial ARN of a secret
 * that is itself named `X-a1b2c3` finds nothing.
 * @see https://docs.aws.amazon.com/secretsmanager/latest/userguide/troubleshoot.html#ARN_secretnamehyphen
 */
export const parseSecretArn = (text: string): ParsedSecretArn | undefined => {
  const match = pattern.exec(text)
  if (!match) return undefined
  const [, partition = '', region = '', account = '', resource = ''] = match
  const [, name, suffix] = completed.exec(resource) ?? []
  return name !== undefined && suffix !== undefined
    ? { partition, region, account, resource, name, suffix }
    : { partition, region, account, resource, name: resource }
}
