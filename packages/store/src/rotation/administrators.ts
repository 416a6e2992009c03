import { type SecretValue, toSecretsError } from '@keyplane/core'
import { awsError } from '../aws-errors.ts'
import { secretTarget } from '../secretsmanager/secret-target.ts'
import type { SecretsTable } from '../storage/secrets-table.ts'
import { type Administered, administered, nobody } from './administered.ts'
import { takesAdmin } from './built-in-rotators.ts'
import type { StoredVersions } from './stored-versions.ts'

/** The logins by which the store's own rotators change others' passwords: secrets that other secrets name. */
export class Administrators {
  readonly #secrets: SecretsTable
  readonly #versions: StoredVersions

  constructor(secrets: SecretsTable, versions: StoredVersions) {
    this.#secrets = secrets
    this.#versions = versions
  }

  /** As `Rotating.administered`. */
  async of(secretId: string, functionArn: string): Promise<Administered> {
    if (!takesAdmin(functionArn)) return nobody
    const value = await this.#versions.current(secretId).then((current) => current.value, withoutValue)
    return value ? administered(value, { secretId, functionArn }) : nobody
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

/** Nothing is rotated before there is a value, but how it is to be may be said. */
const withoutValue = (error: unknown): undefined => {
  if (toSecretsError(error).code !== 'version_not_found') throw error
}
