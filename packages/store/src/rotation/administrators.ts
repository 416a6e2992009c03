import type { SecretValue } from '@keyplane/core'
import { awsError } from '../aws-errors.ts'
import { secretTarget } from '../secretsmanager/secret-target.ts'
import type { SecretsTable } from '../storage/secrets-table.ts'
import { isBuiltIn } from './built-in-rotators.ts'
import type { StoredVersions } from './stored-versions.ts'

/** The logins by which the store's own rotators change others' passwords: secrets that other secrets name. */
export class Administrators {
  readonly #secrets: SecretsTable
  readonly #versions: StoredVersions

  constructor(secrets: SecretsTable, versions: StoredVersions) {
    this.#secrets = secrets
    this.#versions = versions
  }

  /** As `Rotating.masterOf`. */
  async arnFor(secretId: string, functionArn: string): Promise<string | null> {
    if (!isBuiltIn(functionArn)) return null
    return masterArnOf((await this.#versions.current(secretId)).value) ?? null
  }

  /** The current value of another secret of the same account and region. */
  async login(secretId: string, arn: string): Promise<SecretValue> {
    const { secret } = await this.#versions.secret(secretId)
    const target = secretTarget(arn, secret)
    const found = target.account === secret.account ? await this.#secrets.find(target) : undefined
    if (!found) throw awsError('ResourceNotFoundException', "Secrets Manager can't find the specified secret.")
    return (await this.#versions.current(found.id)).value
  }
}

/** The secret with the login of somebody who may change others' passwords, as AWS's rotation functions name it. */
export const masterArnOf = (value: SecretValue): string | undefined => {
  if (value.kind !== 'text') return undefined
  try {
    const { masterarn } = JSON.parse(value.reveal()) as { readonly masterarn?: unknown }
    return typeof masterarn === 'string' && masterarn !== '' ? masterarn : undefined
  } catch {
    return undefined
  }
}
